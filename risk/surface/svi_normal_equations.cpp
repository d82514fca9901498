#include "risk/surface/svi_normal_equations.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "engine/core/assert.hpp"
#include "risk/surface/svi_arbitrage.hpp"

namespace keel::risk {
namespace {

constexpr double kSpreadFloor = 0.002;  // of volatility: no quote is better than that
constexpr double kInside = 1.0 - 1e-7;  // keeps |rho| and the wings off their open ends
constexpr double kSlack = 1e-13;        // of the variance scale

}  // namespace

Vector3 svi_regressors(const SviVertex& vertex, double k) {
    const double y = (k - vertex.m) / vertex.sigma;
    return {1.0, y, std::sqrt(y * y + 1.0)};
}

Vector3 svi_coefficients(const SviParameters& svi) { return {svi.a, svi.rho * svi.b * svi.sigma, svi.b * svi.sigma}; }

SviParameters svi_from_coefficients(const SviVertex& vertex, const Vector3& coefficients) {
    const double c = coefficients[2];
    return {.a = coefficients[0],
            .b = c > 0.0 ? c / vertex.sigma : 0.0,
            .rho = c > 0.0 ? std::clamp(coefficients[1] / c, -kInside, kInside) : 0.0,
            .m = vertex.m,
            .sigma = vertex.sigma};
}

double svi_quote_weight(double k, double volatility, double years, double half_spread) {
    const double deviation = volatility * std::sqrt(years);
    const double d1 = -k / deviation + 0.5 * deviation;
    const double vega_per_forward = std::exp(-0.5 * d1 * d1) / std::sqrt(2.0 * std::numbers::pi) * std::sqrt(years);
    const double doubt = half_spread + kSpreadFloor;
    return vega_per_forward / (doubt * doubt);
}

void SviNormalEquations::clear() {
    matrix_ = {};
    right_side_ = {};
    square_ = 0.0;
}

double SviNormalEquations::error(const Vector3& c) const {
    const Symmetric3& n = matrix_;
    const double quadratic = n.xx * c[0] * c[0] + n.yy * c[1] * c[1] + n.zz * c[2] * c[2] +
                             2.0 * (n.xy * c[0] * c[1] + n.xz * c[0] * c[2] + n.yz * c[1] * c[2]);
    return std::max(quadratic - 2.0 * dot(right_side_, c) + square_, 0.0);
}

void SviNormalEquations::update(const SviVertex& vertex, const SviPoint& point, double years, double sign) {
    const double w = point.volatility * point.volatility * years;
    accumulate(svi_regressors(vertex, point.k), w, sign * svi_variance_weight(point, years));
}

void svi_faces(const SviVertex& vertex, double variance_max, std::span<HalfSpace, kSviFaces> out) {
    const double wing = kLeeSlopeMax * vertex.sigma * kInside;
    out[0] = {.normal = {0.0, 1.0, kInside}, .offset = 0.0};   // rho > -1
    out[1] = {.normal = {0.0, -1.0, kInside}, .offset = 0.0};  // rho < 1
    out[2] = {.normal = {0.0, -1.0, -1.0}, .offset = -wing};   // b (1+rho) < 2
    out[3] = {.normal = {0.0, 1.0, -1.0}, .offset = -wing};    // b (1-rho) < 2
    out[4] = {.normal = {-1.0, 0.0, 0.0}, .offset = -variance_max};
}

// a + sqrt(c^2-d^2) is concave, so requiring w >= floor at the vertex of each attempt closes in on w_min >= floor.
bool svi_solve(const SviNormalEquations& equations, std::span<HalfSpace> half_spaces, std::size_t count,
               double variance_floor, double variance_scale, Vector3& coefficients) {
    KEEL_ASSERT(count >= kSviFaces && count + kSviVertexCuts <= half_spaces.size());
    Vector3 x{};
    for (std::size_t cut = 0; cut <= kSviVertexCuts; ++cut) {
        const ProgramStatus status =
            minimise(equations.matrix(), equations.right_side(), half_spaces.first(count), kSlack * variance_scale, x);
        if (status != ProgramStatus::ok) return false;
        if (x[2] <= 0.0) {
            if (x[0] < variance_floor) return false;
            break;
        }
        const double root = std::sqrt(std::max((x[2] - x[1]) * (x[2] + x[1]), 0.0));
        if (x[0] + root >= variance_floor) break;
        if (cut == kSviVertexCuts) return false;
        const double y = -x[1] / std::max(root, 1e-6 * x[2]);
        half_spaces[count++] = {.normal = {1.0, y, std::sqrt(y * y + 1.0)}, .offset = 1.01 * variance_floor};
    }
    coefficients = x;
    return true;
}

}  // namespace keel::risk
