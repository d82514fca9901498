#include "risk/surface/svi_slice.hpp"

#include <cmath>
#include <limits>
#include <numbers>

namespace keel::risk {
namespace {

bool is_finite(const SviParameters& s) {
    return std::isfinite(s.a) && std::isfinite(s.b) && std::isfinite(s.rho) && std::isfinite(s.m) &&
           std::isfinite(s.sigma);
}

bool is_finite(const SviJw& jw) {
    return std::isfinite(jw.v) && std::isfinite(jw.psi) && std::isfinite(jw.p) && std::isfinite(jw.c) &&
           std::isfinite(jw.v_min);
}

}  // namespace

bool is_in_svi_domain(const SviParameters& svi) {
    return is_finite(svi) && svi.b >= 0.0 && std::abs(svi.rho) < 1.0 && svi.sigma > 0.0 && svi_variance_min(svi) >= 0.0;
}

SviValue svi_value(const SviParameters& svi, double k) {
    const double x = k - svi.m;
    const double r = std::sqrt(x * x + svi.sigma * svi.sigma);
    const double flat = svi.sigma / r;
    return {.w = svi.a + svi.b * (svi.rho * x + r), .w1 = svi.b * (svi.rho + x / r), .w2 = svi.b * flat * flat / r};
}

double svi_total_variance(const SviParameters& svi, double k) {
    const double x = k - svi.m;
    return svi.a + svi.b * (svi.rho * x + std::sqrt(x * x + svi.sigma * svi.sigma));
}

double svi_variance_min(const SviParameters& svi) {
    return svi.a + svi.b * svi.sigma * std::sqrt((1.0 - svi.rho) * (1.0 + svi.rho));
}

double svi_slope_left(const SviParameters& svi) { return svi.b * (1.0 - svi.rho); }
double svi_slope_right(const SviParameters& svi) { return svi.b * (1.0 + svi.rho); }

double svi_g(const SviValue& at, double k) {
    if (!(at.w > 0.0)) return -std::numeric_limits<double>::infinity();
    const double first = 1.0 - k * at.w1 / (2.0 * at.w);
    return first * first - 0.25 * at.w1 * at.w1 * (1.0 / at.w + 0.25) + 0.5 * at.w2;
}

double svi_g(const SviParameters& svi, double k) { return svi_g(svi_value(svi, k), k); }

double svi_density(const SviParameters& svi, double k) {
    const SviValue at = svi_value(svi, k);
    const double root = std::sqrt(at.w);
    const double d2 = -k / root - 0.5 * root;
    return svi_g(at, k) / std::sqrt(2.0 * std::numbers::pi * at.w) * std::exp(-0.5 * d2 * d2);
}

bool svi_to_jw(const SviParameters& svi, double years, SviJw& out) {
    if (!is_in_svi_domain(svi) || !(years > 0.0) || !std::isfinite(years)) return false;
    const double w0 = svi_total_variance(svi, 0.0);
    if (!(w0 > 0.0)) return false;
    const double root = std::sqrt(w0);
    out = {.v = w0 / years,
           .psi = svi.b / (2.0 * root) * (svi.rho - svi.m / std::sqrt(svi.m * svi.m + svi.sigma * svi.sigma)),
           .p = svi_slope_left(svi) / root,
           .c = svi_slope_right(svi) / root,
           .v_min = svi_variance_min(svi) / years};
    return true;
}

// With r = sqrt(m^2 + sigma^2) and beta = m/r, psi gives rho - beta and v - v_min gives r, because
// 1 - rho beta - sqrt((1-rho^2)(1-beta^2)) = (rho-beta)^2 / (1 - rho beta + sqrt((1-rho^2)(1-beta^2))).
bool svi_from_jw(const SviJw& jw, double years, SviParameters& out) {
    if (!is_finite(jw) || !(years > 0.0) || !std::isfinite(years)) return false;
    if (!(jw.v > 0.0) || jw.p < 0.0 || jw.c < 0.0 || jw.v_min < 0.0 || jw.v_min > jw.v) return false;
    const double root = std::sqrt(jw.v * years);
    const double b = 0.5 * root * (jw.p + jw.c);
    if (b == 0.0) {
        if (jw.psi != 0.0 || jw.v != jw.v_min) return false;
        out = {.a = jw.v * years, .b = 0.0, .rho = 0.0, .m = 0.0, .sigma = 1.0};
        return true;
    }
    const double rho = (jw.c - jw.p) / (jw.c + jw.p);
    const double turn = 2.0 * jw.psi * root / b;  // rho - beta
    const double beta = rho - turn;
    if (!(std::abs(rho) < 1.0) || !(std::abs(beta) < 1.0) || turn == 0.0) return false;
    const double flat_rho = std::sqrt((1.0 - rho) * (1.0 + rho));
    const double flat_beta = std::sqrt((1.0 - beta) * (1.0 + beta));
    const double r = (jw.v - jw.v_min) * years * (1.0 - rho * beta + flat_rho * flat_beta) / (b * turn * turn);
    SviParameters found{.a = 0.0, .b = b, .rho = rho, .m = beta * r, .sigma = r * flat_beta};
    found.a = jw.v_min * years - b * found.sigma * flat_rho;
    if (!is_finite(found) || !(found.sigma > 0.0)) return false;
    out = found;
    return true;
}

}  // namespace keel::risk
