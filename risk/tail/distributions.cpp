#include "risk/tail/distributions.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "risk/options/black76.hpp"

namespace keel::risk {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr int kHalleySteps = 4;         // the start is good to 4.5e-4 and each step cubes the error
constexpr int kFractionTermsMax = 500;  // ample: the fraction needs O(sqrt(max(a, b))) terms

// Lower half: p <= 1/2.
double lower_quantile(double p) {
    const double t = std::sqrt(-2.0 * std::log(p));
    const double above = 2.515517 + t * (0.802853 + t * 0.010328);
    const double below = 1.0 + t * (1.432788 + t * (0.189269 + t * 0.001308));
    double z = above / below - t;
    for (int step = 0; step < kHalleySteps; ++step) {
        const double error = (normal_cdf(z) - p) / normal_pdf(z);
        z -= error / (1.0 + 0.5 * z * error);
    }
    return z;
}

double beta_fraction(double a, double b, double x) {
    constexpr double kTiny = 1e-300;
    const auto guard = [](double value) { return std::abs(value) < kTiny ? kTiny : value; };
    double c = 1.0;
    double d = 1.0 / guard(1.0 - (a + b) * x / (a + 1.0));
    double fraction = d;
    for (int term = 1; term <= kFractionTermsMax; ++term) {
        const double m = term;
        const double even = m * (b - m) * x / ((a + 2.0 * m - 1.0) * (a + 2.0 * m));
        d = 1.0 / guard(1.0 + even * d);
        c = guard(1.0 + even / c);
        fraction *= d * c;
        const double odd = -(a + m) * (a + b + m) * x / ((a + 2.0 * m) * (a + 2.0 * m + 1.0));
        d = 1.0 / guard(1.0 + odd * d);
        c = guard(1.0 + odd / c);
        fraction *= d * c;
        if (std::abs(d * c - 1.0) < 1e-16) break;
    }
    return fraction;
}

}  // namespace

double normal_quantile(double p) {
    if (!(p > 0.0 && p < 1.0)) return kNan;
    if (p == 0.5) return 0.0;
    return p < 0.5 ? lower_quantile(p) : -lower_quantile(1.0 - p);
}

double incomplete_beta(double a, double b, double x) {
    if (!(a > 0.0 && b > 0.0 && x >= 0.0 && x <= 1.0)) return kNan;
    if (x == 0.0 || x == 1.0) return x;
    const double log_front =
        std::lgamma(a + b) - std::lgamma(a) - std::lgamma(b) + a * std::log(x) + b * std::log1p(-x);
    if (x < (a + 1.0) / (a + b + 2.0)) return std::exp(log_front) * beta_fraction(a, b, x) / a;
    return 1.0 - std::exp(log_front) * beta_fraction(b, a, 1.0 - x) / b;
}

double student_t_cdf(double t, double nu) {
    if (!(nu > 0.0) || std::isnan(t)) return kNan;
    const double tail = 0.5 * incomplete_beta(0.5 * nu, 0.5, nu / (nu + t * t));
    return t < 0.0 ? tail : 1.0 - tail;
}

double student_t_pdf(double t, double nu) {
    const double log_scale =
        std::lgamma(0.5 * (nu + 1.0)) - std::lgamma(0.5 * nu) - 0.5 * std::log(nu * std::numbers::pi);
    return std::exp(log_scale - 0.5 * (nu + 1.0) * std::log1p(t * t / nu));
}

// Newton inside a bracket, on the lower half; the tail is close to a power law, so the bracket doubles.
double student_t_quantile(double p, double nu) {
    if (!(p > 0.0 && p < 1.0 && nu > 0.0)) return kNan;
    if (p == 0.5) return 0.0;
    if (p > 0.5) return -student_t_quantile(1.0 - p, nu);
    double high = 0.0;
    double low = normal_quantile(p);
    while (student_t_cdf(low, nu) > p) low *= 2.0;
    double t = low;
    for (int step = 0; step < 200; ++step) {
        const double error = student_t_cdf(t, nu) - p;
        (error > 0.0 ? high : low) = t;
        double next = t - error / student_t_pdf(t, nu);
        if (!(next > low && next < high)) next = 0.5 * (low + high);
        if (std::abs(next - t) <= 1e-15 * std::abs(t)) return next;
        t = next;
    }
    return t;
}

double chi_squared_1_survival(double x) { return x >= 0.0 ? std::erfc(std::sqrt(0.5 * x)) : kNan; }

double chi_squared_2_survival(double x) { return x >= 0.0 ? std::exp(-0.5 * x) : kNan; }

double binomial_cdf(std::int64_t k, std::int64_t n, double p) {
    if (n < 0 || !(p > 0.0 && p < 1.0)) return kNan;
    if (k < 0) return 0.0;
    if (k >= n) return 1.0;
    return incomplete_beta(static_cast<double>(n - k), static_cast<double>(k) + 1.0, 1.0 - p);
}

}  // namespace keel::risk
