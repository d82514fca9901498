#include "risk/metrics/jump_test.hpp"

#include <cmath>
#include <numbers>

#include "engine/core/assert.hpp"

namespace keel::risk {

JumpTest::JumpTest(const JumpTestConfig& config) : products_(config.window - 2), zero_run_max_{config.zero_run_max} {
    KEEL_ASSERT(config.window >= 4 && config.tests >= 3);
    KEEL_ASSERT(config.significance > 0.0 && config.significance < 1.0);
    const double c = std::sqrt(2.0 / std::numbers::pi);
    const double log_tests = std::log(static_cast<double>(config.tests));
    const double root = std::sqrt(2.0 * log_tests);
    centre_ = root / c - (std::log(std::numbers::pi) + std::log(log_tests)) / (2.0 * c * root);
    scale_ = 1.0 / (c * root);
    threshold_ = -std::log(-std::log1p(-config.significance));
}

JumpTestResult JumpTest::on_return(double log_return) {
    JumpTestResult out{.observation = judge_return(log_return)};
    if (out.observation != Observation::taken) {
        ++refused_;
        return out;
    }
    zero_run_ = log_return == 0.0 ? zero_run_ + 1 : 0;
    if (zero_run_ > zero_run_max_) {
        zero_run_ = zero_run_max_ + 1;
        ++frozen_;
        out.observation = Observation::frozen;
        return out;
    }
    const double variance = sum_.value() / static_cast<double>(products_.size());
    if (size_ == products_.size() && variance > kStepVarianceMin) {
        out.known = true;
        out.standardised = log_return / std::sqrt(variance);
        out.score = (std::abs(out.standardised) - centre_) / scale_;
        out.jump = out.score > threshold_;
    }
    const double magnitude = std::abs(log_return);
    if (magnitude_last_ >= 0.0) add_product(magnitude * magnitude_last_);
    magnitude_last_ = magnitude;
    return out;
}

void JumpTest::add_product(double product) {
    if (size_ == products_.size()) {
        sum_.add(-products_[next_]);
    } else {
        ++size_;
    }
    sum_.add(product);
    products_[next_] = product;
    next_ = (next_ + 1) % products_.size();
    if (next_ != 0) return;
    // Once per window the sum is taken anew, so that nothing of a return that left stays behind.
    sum_ = CompensatedSum{};
    for (std::size_t i = 0; i < size_; ++i) sum_.add(products_[i]);
}

void JumpTest::hash_into(StateHash& hash) const {
    hash.add(size_);
    hash.add(next_);
    hash.add(zero_run_);
    hash.add_real(sum_.value());
    hash.add_real(magnitude_last_);
}

}  // namespace keel::risk
