// The exact distribution of a quadratic form: quadratic_form.hpp.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

#include "risk/options/black76.hpp"
#include "risk/tail/distributions.hpp"
#include "risk/tail/quadratic_form.hpp"

namespace keel::risk {
namespace {

// Nodes and weights of the Kronrod rule of 15 points on [-1, 1] and of the Gauss rule of 7 inside it (QUADPACK).
constexpr std::array kNodes{0.991455371120812639206854697526329, 0.949107912342758524526189684047851,
                            0.864864423359769072789712788640926, 0.741531185599394439863864773280788,
                            0.586087235467691130294144691258730, 0.405845151377397166906606412076949,
                            0.207784955007898467600689403773245, 0.0};
constexpr std::array kKronrod{0.022935322010529224963732008058970, 0.063092092629978553290700663189204,
                              0.104790010322250183839876322541518, 0.140653259715525918745189590510238,
                              0.169004726639267902826583426598550, 0.190350578064785409913256402421014,
                              0.204432940075298892414161999234649, 0.209482141084727828012999174891714};
constexpr std::array kGauss{0.129484966168869693270611432679082, 0.279705391489276667901467771423780,
                            0.381830050505118944950369775488975, 0.417959183673469387755102040816327};

constexpr double kPanelError = 1e-12;
constexpr int kHalvingsMax = 12;
constexpr double kPanelWidth = 2.5;  // in units of 1/sigma
constexpr double kTailError = 1e-11;
constexpr std::size_t kPanelsMax = 4096;  // a form of two pure squares needs a few hundred
constexpr double kFactorNegligible = 1e-13;

// The integrand of Gil-Pelaez for a form and a point in units of the form's own sigma.
struct Integrand {
    const QuadraticForm& form;
    double scale;   // 1/sigma
    double offset;  // (constant - x)/sigma

    [[nodiscard]] double amplitude(double u) const {
        double log_size = 0.0;
        for (std::size_t i = 0; i < form.factors; ++i) {
            const double c = u * form.curvature[i] * scale;
            const double d = u * form.linear[i] * scale;
            log_size -= 0.25 * std::log1p(c * c) + 0.5 * d * d / (1.0 + c * c);
        }
        return std::exp(log_size);
    }
    [[nodiscard]] double operator()(double u) const {
        double angle = u * offset;
        for (std::size_t i = 0; i < form.factors; ++i) {
            const double c = u * form.curvature[i] * scale;
            const double d = u * form.linear[i] * scale;
            angle += 0.5 * std::atan(c) - 0.5 * d * d * c / (1.0 + c * c);
        }
        return amplitude(u) * std::sin(angle) / u;
    }
};

double integrate(const Integrand& f, double low, double high, int halvings) {
    const double centre = 0.5 * (low + high);
    const double half = 0.5 * (high - low);
    double kronrod = f(centre) * kKronrod[7];
    double gauss = f(centre) * kGauss[3];
    for (std::size_t i = 0; i < 7; ++i) {
        const double pair = f(centre - half * kNodes[i]) + f(centre + half * kNodes[i]);
        kronrod += kKronrod[i] * pair;
        if (i % 2 == 1) gauss += kGauss[i / 2] * pair;
    }
    if (halvings == 0 || std::abs(kronrod - gauss) * half < kPanelError) return kronrod * half;
    return integrate(f, low, centre, halvings - 1) + integrate(f, centre, high, halvings - 1);
}

// a y + c y^2/2 + constant <= x for one standard normal y.
double one_factor_cdf(double constant, double linear, double curvature, double x) {
    if (std::abs(curvature) <= kFactorNegligible * std::abs(linear)) {
        if (linear == 0.0) return x >= constant ? 1.0 : 0.0;
        return normal_cdf((x - constant) / std::abs(linear));
    }
    const double shift = linear / curvature;
    const double radius2 = 2.0 * (x - constant) / curvature + shift * shift;
    if (radius2 <= 0.0) return curvature > 0.0 ? 0.0 : 1.0;
    const double radius = std::sqrt(radius2);
    const double inside = std::abs(shift) < radius
                              ? 1.0 - normal_cdf(-radius - shift) - normal_cdf(-(radius - shift))
                              : normal_cdf(radius - std::abs(shift)) - normal_cdf(-radius - std::abs(shift));
    return curvature > 0.0 ? inside : 1.0 - inside;
}

}  // namespace

double quadratic_cdf(const QuadraticForm& form, double x) {
    const double sigma = std::sqrt(quadratic_variance(form));
    if (sigma == 0.0) return x >= form.constant ? 1.0 : 0.0;
    std::size_t active = 0;
    std::size_t last = 0;
    for (std::size_t i = 0; i < form.factors; ++i) {
        if (std::abs(form.linear[i]) + std::abs(form.curvature[i]) <= kFactorNegligible * sigma) continue;
        ++active;
        last = i;
    }
    if (active == 1) return one_factor_cdf(form.constant, form.linear[last], form.curvature[last], x);
    const Integrand f{.form = form, .scale = 1.0 / sigma, .offset = (form.constant - x) / sigma};
    double sum = 0.0;
    for (std::size_t panel = 0; panel < kPanelsMax; ++panel) {
        const double low = kPanelWidth * static_cast<double>(panel);
        const double high = low + kPanelWidth;
        sum += integrate(f, low, high, kHalvingsMax);
        // An integral of a falling amplitude times an oscillation is at most amplitude over frequency.
        if (f.amplitude(high) / high / std::max(std::abs(f.offset), 1.0 / high) < kTailError) break;
    }
    return std::clamp(0.5 - sum / std::numbers::pi, 0.0, 1.0);
}

std::optional<double> quadratic_quantile(const QuadraticForm& form, double p) {
    const double sigma = std::sqrt(quadratic_variance(form));
    const double mean = quadratic_mean(form);
    if (!(p > 0.0 && p < 1.0) || !std::isfinite(sigma)) return std::nullopt;
    if (sigma == 0.0) return form.constant;
    double low = mean - sigma;
    double high = mean + sigma;
    for (double width = sigma; quadratic_cdf(form, low) > p; width *= 2.0) {
        if (width > 1e6 * sigma) return std::nullopt;
        low -= width;
    }
    for (double width = sigma; quadratic_cdf(form, high) < p; width *= 2.0) {
        if (width > 1e6 * sigma) return std::nullopt;
        high += width;
    }
    while (high - low > 1e-10 * sigma) {
        const double middle = 0.5 * (low + high);
        (quadratic_cdf(form, middle) < p ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

}  // namespace keel::risk
