#pragma once

#include <span>

#include "risk/surface/quadratic_program3.hpp"
#include "risk/surface/svi_slice.hpp"

namespace keel::risk {

// One quote as a fit sees it. The weight is on squared errors of volatility.
struct SviPoint {
    double k{0.0};            // ln(K/F), F at the time of the quote
    double volatility{0.0};   // fraction per sqrt(year), > 0
    double weight{0.0};       // >= 0
    double half_spread{0.0};  // of volatility, >= 0; scale of what counts as an outlier
};

// Where (m, sigma) stand still the slice is linear: w = a + d y + c sqrt(y^2+1) with y = (k-m)/sigma, d = rho b sigma,
// c = b sigma (Zeliade 2009, "Quasi-explicit calibration of Gatheral's SVI model").
struct SviVertex {
    double m{0.0};
    double sigma{1.0};
};

[[nodiscard]] Vector3 svi_regressors(const SviVertex& vertex, double k);  // 1, y, sqrt(y^2+1)
[[nodiscard]] Vector3 svi_coefficients(const SviParameters& svi);         // a, d, c
// The slice with these coefficients; |d| <= c and c >= 0 are the caller's.
[[nodiscard]] SviParameters svi_from_coefficients(const SviVertex& vertex, const Vector3& coefficients);

// Weight vega/F / (half-spread + 0.002)^2: a price error in units of the quote's own doubt.
[[nodiscard]] double svi_quote_weight(double k, double volatility, double years, double half_spread);

// The same weight on squared errors of total variance: d(w) = 2 iv T d(iv).
[[nodiscard]] constexpr double svi_variance_weight(const SviPoint& point, double years) {
    const double slope = 2.0 * point.volatility * years;
    return point.weight / (slope * slope);
}

// Sums of weighted least squares in total variance. Points may be added and taken away, O(9) each.
// Thread: owner. Allocates: never.
class SviNormalEquations {
public:
    void clear();
    void add(const SviVertex& vertex, const SviPoint& point, double years) { update(vertex, point, years, 1.0); }
    void remove(const SviVertex& vertex, const SviPoint& point, double years) { update(vertex, point, years, -1.0); }

    // One row: regressors, total variance, weight on squared errors of total variance (negative to take away).
    void accumulate(const Vector3& x, double variance, double weight) {
        matrix_.xx += weight;
        matrix_.xy += weight * x[1];
        matrix_.xz += weight * x[2];
        matrix_.yy += weight * x[1] * x[1];
        matrix_.yz += weight * x[1] * x[2];
        matrix_.zz += weight * x[2] * x[2];
        for (std::size_t i = 0; i < 3; ++i) right_side_[i] += weight * x[i] * variance;
        square_ += weight * variance * variance;
    }
    // Sum of weight (x.coefficients - w)^2, at least 0; loses digits as the fit nears perfection.
    [[nodiscard]] double error(const Vector3& coefficients) const;

    [[nodiscard]] const Symmetric3& matrix() const { return matrix_; }
    [[nodiscard]] const Vector3& right_side() const { return right_side_; }

private:
    void update(const SviVertex& vertex, const SviPoint& point, double years, double sign);

    Symmetric3 matrix_;
    Vector3 right_side_{};
    double square_{0.0};
};

// The faces of the domain for frozen (m, sigma): |rho| < 1, wings at most 2, a at most `variance_max`.
inline constexpr std::size_t kSviFaces = 5;
void svi_faces(const SviVertex& vertex, double variance_max, std::span<HalfSpace, kSviFaces> out);

// Coefficients of least error inside the faces, further half-spaces and w >= `variance_floor` at the vertex.
// `half_spaces` holds the faces first and must have room for kSviVertexCuts more at its end. False where the quotes do
// not determine three coefficients or nothing meets all. Thread: any. Allocates: never.
inline constexpr std::size_t kSviVertexCuts = 6;
[[nodiscard]] bool svi_solve(const SviNormalEquations& equations, std::span<HalfSpace> half_spaces, std::size_t count,
                             double variance_floor, double variance_scale, Vector3& coefficients);

}  // namespace keel::risk
