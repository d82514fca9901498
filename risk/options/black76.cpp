#include "risk/options/black76.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace keel::risk {
namespace {

constexpr double kInverseSqrt2 = std::numbers::sqrt2 / 2.0;
constexpr double kInverseSqrt2Pi = std::numbers::inv_sqrtpi * kInverseSqrt2;

double sign_of(OptionType type) { return type == OptionType::put ? -1.0 : 1.0; }

// The limit of no remaining uncertainty: expiry, or a volatility of zero.
OptionGreeks intrinsic_greeks(const OptionInputs& in) {
    const double theta = sign_of(in.type);
    const double discount = std::exp(-in.rate * in.years);
    const double moneyness = theta * (in.forward - in.strike);
    OptionGreeks out;
    if (moneyness > 0.0) {
        out.price = discount * moneyness;
        out.delta = discount * theta;
    } else if (moneyness == 0.0) {
        out.delta = discount * theta / 2.0;
    }
    out.theta = in.rate * out.price;
    out.rho = -in.years * out.price;
    out.charm = in.rate * out.delta;
    return out;
}

}  // namespace

double normal_cdf(double x) { return 0.5 * std::erfc(-x * kInverseSqrt2); }

double normal_pdf(double x) { return kInverseSqrt2Pi * std::exp(-0.5 * x * x); }

bool is_priceable(const OptionInputs& in) {
    return std::isfinite(in.forward) && std::isfinite(in.strike) && std::isfinite(in.years) &&
           std::isfinite(in.volatility) && std::isfinite(in.rate) && in.forward > 0.0 && in.strike > 0.0 &&
           in.years >= 0.0 && in.volatility >= 0.0 && in.type != OptionType::none;
}

double log_of_ratio(double a, double b) {
    const double gap = a - b;
    if (std::abs(gap) <= 0.5 * b) return std::log1p(gap / b);
    const double ratio = a / b;
    return std::isnormal(ratio) ? std::log(ratio) : std::log(a) - std::log(b);
}

BlackTerms black_terms(const OptionInputs& in) {
    const double log_moneyness = log_of_ratio(in.forward, in.strike);
    const double deviation = in.volatility * std::sqrt(in.years);
    const double d1 = log_moneyness / deviation + 0.5 * deviation;
    return {.deviation = deviation, .d1 = d1, .d2 = d1 - deviation};
}

PricingStatus black76(const OptionInputs& in, OptionGreeks& out) {
    if (!is_priceable(in)) return PricingStatus::bad_input;
    if (in.volatility * std::sqrt(in.years) == 0.0) {
        const OptionGreeks limit = intrinsic_greeks(in);
        if (!std::isfinite(limit.price + limit.delta + limit.theta + limit.rho + limit.charm)) {
            return PricingStatus::bad_input;
        }
        out = limit;
        return PricingStatus::ok;
    }
    const auto [deviation, d1, d2] = black_terms(in);
    const double theta = sign_of(in.type);
    const double discount = std::exp(-in.rate * in.years);
    const double density = discount * normal_pdf(d1);
    const double root_years = std::sqrt(in.years);
    // What multiplies a density of zero may be infinite; beyond 38 deviations curvature is zero.
    const double c1 = density > 0.0 ? d1 : 0.0;
    const double c2 = density > 0.0 ? d2 : 0.0;

    // Named one by one: the test for finite numbers then reads registers, not a struct on its way through memory.
    const double delta = discount * theta * normal_cdf(theta * d1);
    const double price = in.forward * delta - discount * theta * in.strike * normal_cdf(theta * d2);
    const double gamma = density / (in.forward * deviation);
    const double vega = in.forward * density * root_years;
    const double decay = in.rate * price - in.forward * density * in.volatility / (2.0 * root_years);
    const double rho = -in.years * price;
    const double vanna = -density * c2 / in.volatility;
    const double volga = vega * c1 * c2 / in.volatility;
    const double charm = in.rate * delta + density * c2 / (2.0 * in.years);
    const double speed = -(gamma / in.forward) * (1.0 + c1 / deviation);
    const double zomma = gamma * (c1 * c2 - 1.0) / in.volatility;
    const double color = gamma * (in.rate + (1.0 - c1 * c2) / (2.0 * in.years));
    const double sum =
        ((price + delta) + (gamma + vega)) + ((decay + rho) + (vanna + volga)) + ((charm + speed) + (zomma + color));
    if (!std::isfinite(sum)) return PricingStatus::bad_input;
    out = {.price = price,
           .delta = delta,
           .gamma = gamma,
           .vega = vega,
           .theta = decay,
           .rho = rho,
           .vanna = vanna,
           .volga = volga,
           .charm = charm,
           .speed = speed,
           .zomma = zomma,
           .color = color};
    return PricingStatus::ok;
}

double black76_price(const OptionInputs& in) {
    if (!is_priceable(in)) return std::numeric_limits<double>::quiet_NaN();
    if (in.volatility * std::sqrt(in.years) == 0.0) return intrinsic_greeks(in).price;
    const auto [deviation, d1, d2] = black_terms(in);
    const double theta = sign_of(in.type);
    return std::exp(-in.rate * in.years) * theta *
           (in.forward * normal_cdf(theta * d1) - in.strike * normal_cdf(theta * d2));
}

}  // namespace keel::risk
