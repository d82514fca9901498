#include "risk/options/implied_volatility.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "risk/options/black76.hpp"
#include "risk/options/normal_model_fit.hpp"
#include "risk/options/normal_tail.hpp"

namespace keel::risk {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
// A step of this relative size leaves an error of its fourth power, below the last digit.
constexpr double kConverged = 1e-4;
constexpr double kSeriesBelow = 0.07;  // the first term left out is then below 1e-15 of the sum

// The normalised problem.
struct Target {
    double x{0.0};          // |ln(F/K)|
    double log_value{0.0};  // ln beta, or ln(b_max - beta) where upper
    bool upper{false};
};

double tail(double z) {
    if (z >= kNormalTailMin) return scaled_normal_tail(z);
    return std::exp(0.5 * z * z) - scaled_normal_tail(-z);
}

// Y(a-t) - Y(a+t). Where both t and a t are small the difference is taken by its series in t, in which the
// derivatives follow from Y' = a Y - 1/sqrt(2 pi), Y'' = Y + a Y' and so on.
double tail_difference(double a, double t) {
    if (t * (1.0 + a) > kSeriesBelow) return tail(a - t) - tail(a + t);
    const double y0 = scaled_normal_tail(a);
    const double y1 = a * y0 - kInverseRoot2Pi;
    const double y2 = y0 + a * y1;
    const double y3 = 2.0 * y1 + a * y2;
    const double y4 = 3.0 * y2 + a * y3;
    const double y5 = 4.0 * y3 + a * y4;
    const double y6 = 5.0 * y4 + a * y5;
    const double y7 = 6.0 * y5 + a * y6;
    const double y8 = 7.0 * y6 + a * y7;
    const double y9 = 8.0 * y7 + a * y8;
    const double t2 = t * t;
    return -2.0 * t * (y1 + t2 / 6.0 * (y3 + t2 / 20.0 * (y5 + t2 / 42.0 * (y7 + t2 / 72.0 * y9))));
}

// One evaluation of the objective: its value and Householder's third-order step from s.
struct Step {
    double excess{0.0};  // ln of what is reached over what is wanted
    double change{0.0};
};

Step householder_step(const Target& target, double s) {
    const double a = target.x / s;
    const double t = 0.5 * s;
    const double w = target.upper ? tail(t - a) + tail(t + a) : tail_difference(a, t);
    const double excess = std::log(w) - 0.5 * (a * a + t * t) - target.log_value;
    // In units of s: the logarithmic slope, b''/b', and the second and third derivatives of the objective over its
    // first.
    const double slope = (target.upper ? -kInverseRoot2Pi : kInverseRoot2Pi) * s / w;
    const double bend = a * a - t * t;
    const double newton = -excess / slope;
    const double second = bend - slope;
    const double third = bend * bend - 3.0 * a * a - t * t - 3.0 * bend * slope + 2.0 * slope * slope;
    const double change = s * newton * (1.0 + 0.5 * second * newton) / (1.0 + newton * (second + third * newton / 6.0));
    return {.excess = excess, .change = change};
}

// s from the volatility of the normal model, whose x/d solves phi(d)/d - Phi(-d) = beta / (2 sinh(x/2)). With
// u = ln(1 + 2 sinh(x/2)/beta) = ln(1 + |F-K|/time value), d/u is normal_model_fit;
// at the money s = sqrt(2 pi) beta. The factor that follows is the small-time expansion from the normal to the
// lognormal volatility (Grunspan, arXiv:1112.1782), its third term taken at the money.
double normal_model_guess(double x, double u, double beta_at_money) {
    double s = beta_at_money * kSqrt2Pi;
    if (x > 0.0) {
        const NormalModelFit<double> fit = normal_model_fit(std::sqrt(u));
        s = x * fit.bottom / (u * fit.top);
    }
    const double share = s * s / (24.0 * std::sqrt(1.0 + x * x / 60.0));
    return s * (1.0 + share / (1.0 - std::min(2.1 * share, 0.7)));
}

// Upper quantile of the normal distribution for 0 < p <= 1/2, to 4.5e-4 (Abramowitz and Stegun 26.2.23).
double upper_quantile(double log_p) {
    const double v = std::sqrt(-2.0 * log_p);
    return v - (2.515517 + v * (0.802853 + v * 0.010328)) / (1.0 + v * (1.432788 + v * (0.189269 + v * 0.001308)));
}

// s where the gap to the largest price is known: gap/b_max = Phi(-d1) + e^x Phi(d2), the first of which is the share
// Y(d1)/(Y(d1) + Y(-d2)) of it, with Y(z) taken as 1/(1+z); then d1 = s/2 - x/s gives s.
double gap_guess(double x, double s, double log_gap_share) {
    s = std::max(s, std::sqrt(2.0 * x));
    const double a = x / s, t = 0.5 * s;
    const double share = (1.0 + t + a) / (2.0 + s);
    const double d1 = std::max(0.0, upper_quantile(log_gap_share + std::log(share)));
    return d1 + std::sqrt(d1 * d1 + 2.0 * x);
}

struct Root {
    double s{0.0};
    int steps{0};
};

// Householder's steps inside a bracket; a step that leaves it is replaced by a bisection.
Root solve(const Target& target, double s) {
    double low = 0.0, high = kInfinity;
    for (int steps = 1; steps <= kImpliedStepsMax; ++steps) {
        const auto [excess, change] = householder_step(target, s);
        if (std::abs(change) <= kConverged * s) return {s + change, steps};
        ((excess < 0.0) != target.upper ? low : high) = s;
        const double next = s + change;
        const bool inside = next > low && next < high;
        s = inside ? next : high == kInfinity ? 2.0 * s : 0.5 * (low + high);
    }
    return {s, kImpliedStepsMax};
}

bool is_solvable(const QuotedOption& in) {
    return std::isfinite(in.forward) && std::isfinite(in.strike) && std::isfinite(in.years) && std::isfinite(in.rate) &&
           std::isfinite(in.price) && in.price >= 0.0 && in.years > 0.0 && in.forward > 0.0 && in.strike > 0.0 &&
           in.type != OptionType::none;
}

}  // namespace

TimeValue time_value(const QuotedOption& in) {
    if (!is_solvable(in)) return {.status = ImpliedStatus::bad_input};
    double undiscounted = in.price * in.forward;
    if (in.unit == PremiumUnit::usd) {
        const double discount = std::exp(-in.rate * in.years);
        if (!std::isnormal(discount)) return {.status = ImpliedStatus::bad_input};
        undiscounted = in.price / discount;
    }
    const double theta = in.type == OptionType::put ? -1.0 : 1.0;
    const double value = undiscounted - std::max(theta * (in.forward - in.strike), 0.0);
    if (value < 0.0) return {.value = value, .status = ImpliedStatus::below_intrinsic};
    if (value == 0.0) return {.value = value, .status = ImpliedStatus::at_intrinsic};
    if (value >= std::min(in.forward, in.strike)) return {.value = value, .status = ImpliedStatus::above_max};
    return {.value = value, .status = ImpliedStatus::ok};
}

ImpliedVolatility implied_volatility(const QuotedOption& in) {
    const TimeValue premium = time_value(in);
    if (premium.status != ImpliedStatus::ok) return {.status = premium.status};
    const double cap = std::min(in.forward, in.strike);
    const double x = std::abs(log_of_ratio(in.forward, in.strike));
    const double ratio = std::abs(in.forward - in.strike) / premium.value;
    const double u =
        ratio < kInfinity ? std::log1p(ratio) : log_of_ratio(std::abs(in.forward - in.strike), premium.value);
    Target target{.x = x, .upper = premium.value > 0.5 * cap};
    double s = normal_model_guess(x, u, premium.value / cap);
    if (target.upper) {
        const double log_gap_share = std::log((cap - premium.value) / cap);
        target.log_value = log_gap_share - 0.5 * x;
        s = gap_guess(x, s, log_gap_share);
    } else {
        target.log_value = log_of_ratio(premium.value, cap) - 0.5 * x;
    }
    if (s < std::numeric_limits<double>::min()) return {.status = ImpliedStatus::at_intrinsic};
    const Root root = solve(target, s);
    return {.volatility = root.s / std::sqrt(in.years),
            .status = ImpliedStatus::ok,
            .steps = static_cast<std::uint8_t>(root.steps)};
}

}  // namespace keel::risk
