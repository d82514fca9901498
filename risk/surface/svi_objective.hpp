#pragma once

#include <array>
#include <span>

#include "risk/surface/svi_arbitrage.hpp"
#include "risk/surface/svi_normal_equations.hpp"

namespace keel::risk {

inline constexpr std::size_t kSviPointsMax = 256;  // of one expiry; the longest listed chains have about 150 strikes
inline constexpr std::size_t kSviQuotesMin = 5;    // as many as parameters; with fewer the prior speaks

// Error of the best slice for a given vertex, and that slice: the inner half of a fit.
//
// Half-spaces of the inner problem: the faces of the domain; a nearer expiry's total variance as a floor (no calendar
// arbitrage) and its wings' slopes; a later expiry's as a ceiling where there are no quotes; and, when butterflies are
// barred, g >= margin at the low points of g, made linear around the last attempt.
// Thread: owner. Allocates: never.
class SviObjective {
public:
    SviObjective(std::span<const SviPoint> points, double years);

    // Weights times `robust[i]`, one per point.
    void set_robust(std::span<const double> robust);
    // Total variance from below: 101 points around the near slice's vertex, its wings, and points added later.
    void set_floor(const SviParameters& near);
    void add_floor_point(double k);
    // Total variance from above outside the range of the quotes, wings included: the least of the later slices there,
    // but never below the floor. Set the floor first.
    void set_ceiling(std::span<const SviParameters> far);
    void drop_ceiling() { ceiling_count_ = 0; }
    // Requires g >= margin; what is still missing costs `penalty` times the error scale.
    void bar_butterflies(double margin, double penalty, double error_scale);

    // Sum of weight * (error of volatility)^2 to first order, plus penalties; kUnsolved where nothing fits.
    [[nodiscard]] double operator()(const SviVertex& vertex) { return evaluate(vertex, nullptr); }
    double evaluate(const SviVertex& vertex, SviParameters* best);
    static constexpr double kUnsolved = 1e300;

    [[nodiscard]] MoneynessRange range() const { return range_; }  // of the quotes
    [[nodiscard]] double scale() const { return scale_; }          // sqrt(w) near the money
    [[nodiscard]] double weight_sum() const { return weight_sum_; }
    [[nodiscard]] double residual(std::size_t i, const SviParameters& svi) const;  // of volatility

private:
    static constexpr std::size_t kFloorPoints = 101;
    static constexpr std::size_t kFloorMax = kFloorPoints + 16;
    static constexpr std::size_t kCeilingPoints = 16;  // per wing
    static constexpr std::size_t kCutsMax = 24;
    static constexpr std::size_t kRowsMax =
        kSviFaces + kFloorMax + 2 + 2 * kCeilingPoints + 2 + kCutsMax + kSviVertexCuts;
    using Rows = std::array<HalfSpace, kRowsMax>;

    std::size_t build_rows(const SviVertex& vertex, Rows& rows) const;
    struct CutPlaces {
        std::array<double, kCutsMax> k{};
        std::size_t count{0};
    };
    double error_of(const SviVertex& vertex, const Vector3& x) const;
    double find_low_points(const SviVertex& vertex, const Vector3& x, CutPlaces& cuts) const;
    double close_butterflies(const SviVertex& vertex, const SviNormalEquations& equations, Rows& rows,
                             std::size_t count, Vector3& x) const;

    std::size_t count_{0};
    double years_{0.0};
    std::array<double, kSviPointsMax> k_{};
    std::array<double, kSviPointsMax> w_{};
    std::array<double, kSviPointsMax> volatility_{};
    std::array<double, kSviPointsMax> base_weight_{};
    std::array<double, kSviPointsMax> weight_{};  // on squared errors of total variance
    double weight_sum_{0.0};                      // on squared errors of volatility
    double variance_max_{0.0};
    double scale_{0.0};
    MoneynessRange range_;

    std::array<double, kFloorMax> floor_k_{};
    std::array<double, kFloorMax> floor_w_{};
    std::size_t floor_count_{0};
    SviParameters near_;
    std::array<double, 2 * kCeilingPoints> ceiling_k_{};
    std::array<double, 2 * kCeilingPoints> ceiling_w_{};
    std::size_t ceiling_count_{0};
    double ceiling_slope_left_{0.0};
    double ceiling_slope_right_{0.0};
    bool butterflies_barred_{false};
    double margin_{0.0};
    double penalty_{0.0};
};

}  // namespace keel::risk
