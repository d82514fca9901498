#include "risk/exposure/concentration.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kUpdatesMax = 4'096;  // between two sums made anew
constexpr double kLeftMin = 1e-6;           // of the greatest sum of squares since then

double counted(double part) { return std::isfinite(part) ? std::max(0.0, part) : 0.0; }

}  // namespace

Concentration concentration(std::span<const double> parts) {
    double sum = 0.0;
    double squares = 0.0;
    std::array<double, 3> top{};  // descending
    for (const double part : parts) {
        const double value = counted(part);
        sum += value;
        squares += value * value;
        if (value <= top[2]) continue;
        top[2] = value;
        std::ranges::sort(top, std::greater{});
    }
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    if (!(sum > 0.0)) return {kNaN, kNaN, kNaN, kNaN};
    const double hhi = squares / (sum * sum);
    return {.hhi = hhi, .effective_bets = 1.0 / hhi, .top1 = top[0] / sum, .top3 = (top[0] + top[1] + top[2]) / sum};
}

bool ConcentrationState::set(std::size_t part, double value) {
    KEEL_ASSERT(part < parts_.size());
    if (!std::isfinite(value)) return false;
    const double before = parts_[part];
    const double after = counted(value);
    parts_[part] = after;
    sum_ += after - before;
    squares_ += after * after - before * before;
    squares_max_ = std::max(squares_max_, squares_);
    if (++updates_ >= kUpdatesMax || squares_ < kLeftMin * squares_max_) sum_anew();
    return true;
}

void ConcentrationState::sum_anew() {
    sum_ = squares_ = 0.0;
    updates_ = 0;
    for (const double kept : parts_) {
        sum_ += kept;
        squares_ += kept * kept;
    }
    squares_max_ = squares_;
}

double ConcentrationState::hhi() const {
    return sum_ > 0.0 ? squares_ / (sum_ * sum_) : std::numeric_limits<double>::quiet_NaN();
}

}  // namespace keel::risk
