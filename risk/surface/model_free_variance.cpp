#include "risk/surface/model_free_variance.hpp"

namespace keel::risk {
namespace {

// What a log contract holds beyond its tangent at the boundary.
double log_payoff(double strike, double boundary, double years) {
    return 2.0 / years * ((strike - boundary) / boundary - std::log(strike / boundary));
}

// Sum of weight times price over one side: strikes from the boundary outwards.
class Side {
public:
    Side(double boundary, double forward, double years, OptionType type)
        : boundary_{boundary}, forward_{forward}, years_{years}, type_{type} {}

    void add(const StrikeVolatility& at, double next_strike) {
        const double rise = log_payoff(next_strike, boundary_, years_) - log_payoff(at.strike, boundary_, years_);
        const double slope = rise / std::abs(next_strike - at.strike);
        const double weight = slope - slope_before_;
        slope_before_ = slope;
        value_ += weight * black76_price({.forward = forward_,
                                          .strike = at.strike,
                                          .years = years_,
                                          .volatility = at.volatility,
                                          .type = type_});
    }
    [[nodiscard]] double value() const { return value_; }

private:
    double boundary_, forward_, years_;
    OptionType type_;
    double slope_before_{0.0};
    double value_{0.0};
};

bool are_usable(std::span<const StrikeVolatility> smile, double forward, double years) {
    if (smile.size() < 3 || smile.size() > kVarianceStrikesMax) return false;
    if (!(years > 0.0) || !std::isfinite(years) || !(forward > 0.0) || !std::isfinite(forward)) return false;
    for (std::size_t i = 0; i < smile.size(); ++i) {
        const StrikeVolatility& at = smile[i];
        if (!(at.strike > 0.0) || !std::isfinite(at.strike)) return false;
        if (!(at.volatility > 0.0) || !std::isfinite(at.volatility)) return false;
        if (i > 0 && at.strike <= smile[i - 1].strike) return false;
    }
    return smile.front().strike <= forward && smile.back().strike > forward;
}

}  // namespace

bool replicated_variance(std::span<const StrikeVolatility> smile, double forward, double years, double& out) {
    if (!are_usable(smile, forward, years)) return false;
    std::size_t middle = 0;
    while (smile[middle + 1].strike <= forward) ++middle;
    const double boundary = smile[middle].strike;
    const std::size_t last = smile.size() - 1;
    Side calls{boundary, forward, years, OptionType::call};
    for (std::size_t i = middle; i <= last; ++i) {
        const double beyond = 2.0 * smile[last].strike - smile[last - 1].strike;
        calls.add(smile[i], i < last ? smile[i + 1].strike : beyond);
    }
    Side puts{boundary, forward, years, OptionType::put};
    for (std::size_t i = middle + 1; i-- > 0;) {
        const double beyond = std::max(2.0 * smile[0].strike - smile[1].strike, 0.5 * smile[0].strike);
        puts.add(smile[i], i > 0 ? smile[i - 1].strike : beyond);
    }
    const double shift = forward / boundary;
    const double variance = 2.0 / years * (std::log(shift) - (shift - 1.0)) + calls.value() + puts.value();
    if (!std::isfinite(variance)) return false;
    out = variance;
    return true;
}

}  // namespace keel::risk
