// The saddlepoint of a quadratic form: quadratic_form.hpp.
#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "risk/options/black76.hpp"
#include "risk/tail/distributions.hpp"
#include "risk/tail/quadratic_form.hpp"

namespace keel::risk {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kNearMean = 1e-4;  // |w| below which Lugannani-Rice cancels and its limit is taken
constexpr int kDoublingsMax = 200;
constexpr int kStepsMax = 100;
constexpr double kProbabilityTolerance = 1e-9;  // of p

// K, K', K'' of the cumulant generating function ln E exp(tQ), for 1 - curvature t > 0.
struct Cumulant {
    double k0{0.0}, k1{0.0}, k2{0.0};
};
Cumulant cumulant_at(const QuadraticForm& form, double t) {
    Cumulant sum{.k0 = t * form.constant, .k1 = form.constant};
    for (std::size_t i = 0; i < form.factors; ++i) {
        const double c = form.curvature[i];
        const double d2 = form.linear[i] * form.linear[i];
        const double left = 1.0 - c * t;
        const double inverse = 1.0 / left;
        sum.k0 += 0.5 * (d2 * t * t * inverse - std::log1p(-c * t));
        sum.k1 += d2 * t * (1.0 - 0.5 * c * t) * inverse * inverse + 0.5 * c * inverse;
        sum.k2 += d2 * inverse * inverse * inverse + 0.5 * c * c * inverse * inverse;
    }
    return sum;
}

double third_cumulant(const QuadraticForm& form) {
    double sum = 0.0;
    for (std::size_t i = 0; i < form.factors; ++i) {
        const double c = form.curvature[i];
        sum += 3.0 * c * form.linear[i] * form.linear[i] + c * c * c;
    }
    return sum;
}

}  // namespace

SaddlepointDomain saddlepoint_domain(const QuadraticForm& form) {
    SaddlepointDomain domain{.low = -kInfinity, .high = kInfinity};
    for (std::size_t i = 0; i < form.factors; ++i) {
        const double c = form.curvature[i];
        if (c < 0.0) domain.low = std::max(domain.low, 1.0 / c);
        if (c > 0.0) domain.high = std::min(domain.high, 1.0 / c);
    }
    return domain;
}

SaddlepointValue saddlepoint_value(const QuadraticForm& form, double at) {
    const Cumulant k = cumulant_at(form, at);
    const double w = std::copysign(std::sqrt(std::max(0.0, 2.0 * (at * k.k1 - k.k0))), at);
    if (std::abs(w) < kNearMean) {
        const double skew = third_cumulant(form) / std::pow(quadratic_variance(form), 1.5);
        return {.x = k.k1, .cdf = normal_cdf(w) + skew / 6.0 * normal_pdf(0.0)};
    }
    const double u = at * std::sqrt(k.k2);
    return {.x = k.k1, .cdf = normal_cdf(w) + normal_pdf(w) * (1.0 / w - 1.0 / u)};
}

// False position with the Illinois rule on ln(cdf), which is close to a parabola in t.
std::optional<double> saddlepoint_quantile(const QuadraticForm& form, double p) {
    const double sigma = std::sqrt(quadratic_variance(form));
    if (!(p > 0.0 && p < 1.0) || !std::isfinite(sigma)) return std::nullopt;
    if (sigma == 0.0) return form.constant;
    const SaddlepointDomain domain = saddlepoint_domain(form);
    const auto miss = [&](double t) { return std::log(std::max(saddlepoint_value(form, t).cdf, 1e-300) / p); };
    double inner = 0.0;
    double miss_inner = miss(inner);
    const bool down = miss_inner > 0.0;
    const double edge = down ? domain.low : domain.high;
    double outer = normal_quantile(p) / sigma;  // the answer of a normal book
    if (outer == 0.0 || (outer < 0.0) != down) outer = down ? -0.1 / sigma : 0.1 / sigma;
    if (std::abs(outer) >= std::abs(edge)) outer = 0.5 * edge;
    double miss_outer = miss(outer);
    for (int step = 0; (miss_outer > 0.0) == down; ++step) {
        if (step == kDoublingsMax) return std::nullopt;
        inner = outer;
        miss_inner = miss_outer;
        outer = std::isfinite(edge) ? std::max(0.5, 1.0 - 0.5 * (1.0 - outer / edge)) * edge : 2.0 * outer;
        miss_outer = miss(outer);
        if (!std::isfinite(miss_outer)) return std::nullopt;
    }
    for (int step = 0; step < kStepsMax; ++step) {
        const double t = outer - miss_outer * (outer - inner) / (miss_outer - miss_inner);
        const double miss_t = miss(t);
        if (std::abs(miss_t) < kProbabilityTolerance) return cumulant_at(form, t).k1;
        if ((miss_t > 0.0) == (miss_outer > 0.0)) {
            miss_inner *= 0.5;
        } else {
            inner = outer;
            miss_inner = miss_outer;
        }
        outer = t;
        miss_outer = miss_t;
        if (std::abs(outer - inner) <= 1e-15 * std::abs(outer)) return cumulant_at(form, outer).k1;
    }
    return std::nullopt;
}

}  // namespace keel::risk
