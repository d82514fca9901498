#include "risk/surface/svi_objective.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/surface/vertex_grid.hpp"

namespace keel::risk {
namespace {

constexpr double kVarianceFloor = 1e-4;     // of the least quoted variance: a slice never touches zero
constexpr double kCalendarRoom = 1e-6;      // relative: keeps rounding and the gaps between rows on the right side
constexpr double kAboveFloor = 1.0 + 1e-3;  // relative: leaves a slice room between floor and ceiling
constexpr std::size_t kGPoints = 81;
constexpr int kButterflyRounds = 6;
constexpr double kMissingMax = 10.0;  // of g: beyond, a slice is as wrong as can be

// g and its gradient in (a, d, c) for a frozen vertex.
struct GAndGradient {
    double g{0.0};
    Vector3 gradient{};
};

GAndGradient g_of(const SviVertex& vertex, const Vector3& x, double k) {
    const Vector3 phi = svi_regressors(vertex, k);
    const double z = phi[2];
    const double per_sigma = 1.0 / vertex.sigma;
    const Vector3 phi1{0.0, per_sigma, phi[1] / z * per_sigma};
    const Vector3 phi2{0.0, 0.0, per_sigma * per_sigma / (z * z * z)};
    const double w = dot(phi, x);
    const double w1 = dot(phi1, x);
    const double first = 1.0 - k * w1 / (2.0 * w);
    const double by_w = first * k * w1 / (w * w) + 0.25 * w1 * w1 / (w * w);
    const double by_w1 = -first * k / w - 0.5 * w1 * (1.0 / w + 0.25);
    GAndGradient out{.g = first * first - 0.25 * w1 * w1 * (1.0 / w + 0.25) + 0.5 * dot(phi2, x)};
    for (std::size_t i = 0; i < 3; ++i) out.gradient[i] = by_w * phi[i] + by_w1 * phi1[i] + 0.5 * phi2[i];
    return out;
}

}  // namespace

SviObjective::SviObjective(std::span<const SviPoint> points, double years) : count_{points.size()}, years_{years} {
    KEEL_ASSERT(count_ >= kSviQuotesMin && count_ <= kSviPointsMax && years > 0.0);
    range_ = {.low = points[0].k, .high = points[0].k};
    double nearest = std::abs(points[0].k);
    scale_ = points[0].volatility * std::sqrt(years);
    for (std::size_t i = 0; i < count_; ++i) {
        const SviPoint& point = points[i];
        k_[i] = point.k;
        volatility_[i] = point.volatility;
        w_[i] = point.volatility * point.volatility * years;
        base_weight_[i] = weight_[i] = svi_variance_weight(point, years);
        weight_sum_ += point.weight;
        variance_max_ = std::max(variance_max_, w_[i]);
        range_.low = std::min(range_.low, point.k);
        range_.high = std::max(range_.high, point.k);
        if (std::abs(point.k) < nearest) {
            nearest = std::abs(point.k);
            scale_ = std::sqrt(w_[i]);
        }
    }
}

void SviObjective::set_robust(std::span<const double> robust) {
    KEEL_ASSERT(robust.size() == count_);
    weight_sum_ = 0.0;
    for (std::size_t i = 0; i < count_; ++i) {
        weight_[i] = base_weight_[i] * robust[i];
        const double slope = 2.0 * volatility_[i] * years_;
        weight_sum_ += weight_[i] * slope * slope;
    }
}

void SviObjective::set_floor(const SviParameters& near) {
    near_ = near;
    VertexGrid grid{near.m, near.sigma, kSurfaceReach, kFloorPoints};
    floor_count_ = 0;
    for (std::size_t i = 0; i < kFloorPoints; ++i) add_floor_point(grid.next());
}

void SviObjective::add_floor_point(double k) {
    if (floor_count_ == kFloorMax) return;  // enough: more points would only repeat neighbours
    floor_k_[floor_count_] = k;
    floor_w_[floor_count_] = svi_total_variance(near_, k) * (1.0 + kCalendarRoom);
    ++floor_count_;
}

// Between the quotes the quotes speak; outside, later expiries know more than an extrapolation: at the same k they are
// nearer to the money in their own terms.
void SviObjective::set_ceiling(std::span<const SviParameters> far) {
    ceiling_count_ = 0;
    if (far.empty()) return;
    const bool has_floor = floor_count_ > 0;
    for (const double sign : {-1.0, 1.0}) {
        const double from = sign < 0.0 ? std::min(range_.low, 0.0) : std::max(range_.high, 0.0);
        double step = scale_;
        for (std::size_t i = 0; i < kCeilingPoints; ++i, step *= 1.4) {
            const double k = from + sign * step;
            if (std::abs(k) > kSurfaceReach.high) break;
            double ceiling = svi_total_variance(far[0], k);
            for (const SviParameters& slice : far) ceiling = std::min(ceiling, svi_total_variance(slice, k));
            if (has_floor) ceiling = std::max(ceiling, svi_total_variance(near_, k) * kAboveFloor);
            ceiling_k_[ceiling_count_] = k;
            ceiling_w_[ceiling_count_] = ceiling;
            ++ceiling_count_;
        }
    }
    ceiling_slope_left_ = svi_slope_left(far[0]);
    ceiling_slope_right_ = svi_slope_right(far[0]);
    for (const SviParameters& slice : far) {
        ceiling_slope_left_ = std::min(ceiling_slope_left_, svi_slope_left(slice));
        ceiling_slope_right_ = std::min(ceiling_slope_right_, svi_slope_right(slice));
    }
    if (!has_floor) return;
    ceiling_slope_left_ = std::max(ceiling_slope_left_, svi_slope_left(near_) * kAboveFloor);
    ceiling_slope_right_ = std::max(ceiling_slope_right_, svi_slope_right(near_) * kAboveFloor);
}

void SviObjective::bar_butterflies(double margin, double penalty, double error_scale) {
    butterflies_barred_ = true;
    margin_ = margin;
    penalty_ = penalty * error_scale;
}

double SviObjective::residual(std::size_t i, const SviParameters& svi) const {
    return std::sqrt(std::max(svi_total_variance(svi, k_[i]), 0.0) / years_) - volatility_[i];
}

std::size_t SviObjective::build_rows(const SviVertex& vertex, Rows& rows) const {
    svi_faces(vertex, variance_max_, std::span<HalfSpace, kSviFaces>{rows.data(), kSviFaces});
    std::size_t count = kSviFaces;
    for (std::size_t i = 0; i < floor_count_; ++i) {
        rows[count++] = {.normal = svi_regressors(vertex, floor_k_[i]), .offset = floor_w_[i]};
    }
    if (floor_count_ > 0) {
        const double left = vertex.sigma * svi_slope_left(near_) * (1.0 + kCalendarRoom);
        const double right = vertex.sigma * svi_slope_right(near_) * (1.0 + kCalendarRoom);
        rows[count++] = {.normal = {0.0, -1.0, 1.0}, .offset = left};
        rows[count++] = {.normal = {0.0, 1.0, 1.0}, .offset = right};
    }
    for (std::size_t i = 0; i < ceiling_count_; ++i) {
        const Vector3 phi = svi_regressors(vertex, ceiling_k_[i]);
        rows[count++] = {.normal = {-phi[0], -phi[1], -phi[2]}, .offset = -ceiling_w_[i]};
    }
    if (ceiling_count_ > 0) {
        rows[count++] = {.normal = {0.0, 1.0, -1.0}, .offset = -vertex.sigma * ceiling_slope_left_};
        rows[count++] = {.normal = {0.0, -1.0, -1.0}, .offset = -vertex.sigma * ceiling_slope_right_};
    }
    return count;
}

// Least g on a grid, as far as it misses the margin; the places of the low points go to `cut_at`.
double SviObjective::find_low_points(const SviVertex& vertex, const Vector3& x, CutPlaces& cuts) const {
    VertexGrid grid{vertex.m, vertex.sigma, svi_check_range(svi_from_coefficients(vertex, x)), kGPoints};
    double lowest = margin_;
    std::array<double, 3> k{};
    std::array<double, 3> g{margin_, margin_, margin_};
    for (std::size_t i = 0; i <= kGPoints; ++i) {
        k = {k[1], k[2], grid.next()};
        g = {g[1], g[2], i < kGPoints ? g_of(vertex, x, k[2]).g : margin_};
        if (i == 0 || !(g[1] < margin_) || g[1] > g[2] || g[1] > g[0]) continue;
        lowest = std::min(lowest, g[1]);
        if (cuts.count < kCutsMax) cuts.k[cuts.count++] = k[1];
    }
    return margin_ - lowest;
}

// Each round remembers where the low points of g were and asks g >= margin there, to first order around the last
// solution. Keeps the best of all rounds, the unbarred one included; answers its error with the price of what it
// misses.
double SviObjective::close_butterflies(const SviVertex& vertex, const SviNormalEquations& equations, Rows& rows,
                                       std::size_t count, Vector3& x) const {
    CutPlaces cuts;
    Vector3 at = x;
    double best = kUnsolved;
    for (int round = 0; round <= kButterflyRounds; ++round) {
        const std::size_t cuts_before = cuts.count;
        const double missing = find_low_points(vertex, at, cuts);
        const double value = error_of(vertex, at) + penalty_ * std::min(missing, kMissingMax);
        if (value < best) {
            best = value;
            x = at;
        }
        if (cuts.count == cuts_before || round == kButterflyRounds) break;
        for (std::size_t i = 0; i < cuts.count; ++i) {
            const GAndGradient low = g_of(vertex, at, cuts.k[i]);
            rows[count + i] = {.normal = low.gradient, .offset = 1.2 * margin_ - low.g + dot(low.gradient, at)};
        }
        if (!svi_solve(equations, rows, count + cuts.count, kVarianceFloor * scale_ * scale_, variance_max_, at)) break;
    }
    return best;
}

double SviObjective::error_of(const SviVertex& vertex, const Vector3& x) const {
    double error = 0.0;
    for (std::size_t i = 0; i < count_; ++i) {
        const double gap = dot(svi_regressors(vertex, k_[i]), x) - w_[i];
        error += weight_[i] * gap * gap;
    }
    return error;
}

double SviObjective::evaluate(const SviVertex& vertex, SviParameters* best) {
    std::array<double, kSviPointsMax> y;
    std::array<double, kSviPointsMax> z;
    SviNormalEquations equations;
    const double per_sigma = 1.0 / vertex.sigma;
    for (std::size_t i = 0; i < count_; ++i) {
        y[i] = (k_[i] - vertex.m) * per_sigma;
        z[i] = std::sqrt(y[i] * y[i] + 1.0);
        equations.accumulate({1.0, y[i], z[i]}, w_[i], weight_[i]);
    }
    Rows rows;
    const std::size_t count = build_rows(vertex, rows);
    Vector3 x{};
    if (!svi_solve(equations, rows, count, kVarianceFloor * scale_ * scale_, variance_max_, x)) return kUnsolved;
    if (butterflies_barred_) {
        const double value = close_butterflies(vertex, equations, rows, count, x);
        if (best != nullptr) *best = svi_from_coefficients(vertex, x);
        return value;
    }
    double error = 0.0;
    for (std::size_t i = 0; i < count_; ++i) {
        const double gap = x[0] + x[1] * y[i] + x[2] * z[i] - w_[i];
        error += weight_[i] * gap * gap;
    }
    if (best != nullptr) *best = svi_from_coefficients(vertex, x);
    return error;
}

}  // namespace keel::risk
