#include "risk/metrics/bar_returns.hpp"

#include <limits>

#include "engine/core/assert.hpp"

namespace keel::risk {

BarReturns::BarReturns(std::size_t factors, std::uint32_t span_max)
    : span_max_{span_max}, factors_(factors), returns_(factors), live_(factors) {
    KEEL_ASSERT(factors > 0 && span_max > 0);
}

Observation BarReturns::on_price(std::size_t factor, double price, UnixNanos time) {
    KEEL_ASSERT(factor < factors_.size());
    Factor& row = factors_[factor];
    Observation judged = judge_price(price);
    if (judged == Observation::taken && row.price > 0.0 && time < row.time) judged = Observation::out_of_order;
    if (judged != Observation::taken) {
        ++refused_;
        return judged;
    }
    row.price = price;
    row.time = time;
    row.touched = true;
    return judged;
}

std::size_t BarReturns::close_bar() {
    std::size_t count = 0;
    for (std::size_t i = 0; i < factors_.size(); ++i) {
        const double value = close(factors_[i]);
        live_[i] = std::isnan(value) ? 0 : 1;
        returns_[i] = std::isnan(value) ? 0.0 : value;
        count += live_[i];
    }
    return count;
}

// The bar's return, or NaN where there is none.
double BarReturns::close(Factor& factor) {
    constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
    if (factor.span <= span_max_) ++factor.span;  // stops one beyond the maximum
    if (!factor.touched) {
        factor.time = UnixNanos{};  // a stamp from the future must not shut the factor out for longer than a bar
        return kNone;
    }
    const bool first = factor.price_closed == 0.0 || factor.span > span_max_;
    const double log_return = first ? 0.0 : std::log(factor.price / factor.price_closed);
    const double scaled = log_return / std::sqrt(static_cast<double>(factor.span));
    factor.price_closed = factor.price;
    factor.span = 0;
    factor.touched = false;
    if (first) return kNone;
    if (judge_return(log_return) == Observation::taken) return scaled;
    ++refused_;
    return kNone;
}

void BarReturns::hash_into(StateHash& hash) const {
    for (const Factor& factor : factors_) {
        hash.add_real(factor.price);
        hash.add_real(factor.price_closed);
        hash.add(factor.time);
        hash.add(factor.span);
        hash.add(factor.touched);
    }
    for (const double value : returns_) hash.add_real(value);
}

}  // namespace keel::risk
