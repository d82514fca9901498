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

bool is_finite(const OptionGreeks& g) {
    return std::isfinite(g.price) && std::isfinite(g.delta) && std::isfinite(g.gamma) && std::isfinite(g.vega) &&
           std::isfinite(g.theta) && std::isfinite(g.rho) && std::isfinite(g.vanna) && std::isfinite(g.volga) &&
           std::isfinite(g.charm) && std::isfinite(g.speed) && std::isfinite(g.zomma) && std::isfinite(g.color);
}

// What the density multiplies. Beyond 38 deviations it is zero, and so are these, whatever d1 and d2 are.
void add_curvature(const OptionInputs& in, const BlackTerms& terms, double density, OptionGreeks& g) {
    if (density == 0.0) return;
    const auto [deviation, d1, d2] = terms;
    const double root_years = std::sqrt(in.years);
    g.gamma = density / (in.forward * deviation);
    g.vega = in.forward * density * root_years;
    g.theta -= in.forward * density * in.volatility / (2.0 * root_years);
    g.vanna = -density * d2 / in.volatility;
    g.volga = g.vega * d1 * d2 / in.volatility;
    g.charm += density * d2 / (2.0 * in.years);
    g.speed = -(g.gamma / in.forward) * (1.0 + d1 / deviation);
    g.zomma = g.gamma * (d1 * d2 - 1.0) / in.volatility;
    g.color = g.gamma * (in.rate + (1.0 - d1 * d2) / (2.0 * in.years));
}

// Writes only what is finite throughout.
PricingStatus answer(const OptionGreeks& g, OptionGreeks& out) {
    if (!is_finite(g)) return PricingStatus::bad_input;
    out = g;
    return PricingStatus::ok;
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
    if (in.volatility * std::sqrt(in.years) == 0.0) return answer(intrinsic_greeks(in), out);
    const BlackTerms terms = black_terms(in);
    const double theta = sign_of(in.type);
    const double discount = std::exp(-in.rate * in.years);

    OptionGreeks g;
    g.delta = discount * theta * normal_cdf(theta * terms.d1);
    g.price = in.forward * g.delta - discount * theta * in.strike * normal_cdf(theta * terms.d2);
    g.theta = in.rate * g.price;
    g.rho = -in.years * g.price;
    g.charm = in.rate * g.delta;
    add_curvature(in, terms, discount * normal_pdf(terms.d1), g);
    return answer(g, out);
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
