#include "risk/surface/svi_fit.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "engine/core/assert.hpp"
#include "risk/surface/nelder_mead2.hpp"

namespace keel::risk {
namespace {

constexpr double kHuberHalfSpreads = 3.0;
constexpr double kSpreadFloor = 0.002;        // as in the weights
constexpr int kRobustRounds = 4;              // of Huber's weights; they settle in two or three
constexpr double kRobustSettled = 0.02;       // largest change of a weight that is no change
constexpr int kProjections = 3;               // fits with arbitrage barred
constexpr double kCeilingCostMax = 3.0;       // of the least error: a ceiling that costs more is given up
constexpr double kCeilingCostFloor = 2e-3;    // of volatility, added to it
constexpr std::size_t kEvaluationsMax = 800;  // of barred fits; then the last surface stands
constexpr int kCalendarRounds = 4;            // of adding the crossing to the rows of the floor
constexpr double kSigmaShareMin = 0.02;       // of the scale: narrower vertices are kinks between two quotes
constexpr double kSigmaSpansMax = 1.0;        // of the quoted range: wider ones are parabolas to the last digit
constexpr double kSigmaSpansBarred = 4.0;     // likewise, once a floor may ask for wings that the quotes do not

// A fit under way: the points used, the objective on them, and the search's own coordinates
// x = m/scale, y = ln(sigma/scale).
class Fitting {
public:
    Fitting(std::span<const SviPoint> points, const SviFitRequest& request)
        : points_{points}, request_{request}, objective_{points, request.years} {
        const MoneynessRange range = objective_.range();
        span_ = std::max(range.high - range.low, objective_.scale());
        m_low_ = range.low - span_;
        m_high_ = range.high + span_;
        sigma_low_ = kSigmaShareMin * objective_.scale();
        sigma_high_ = kSigmaSpansMax * span_;
        robust_.fill(1.0);
    }

    SviFitStatus run(SviFit& out) {
        if (!find_raw()) return SviFitStatus::failed;
        out.raw = best_;
        out.error_raw = error(best_);
        const double scale = std::max(best_value_, 1e-8 * objective_.weight_sum());
        SviFitStatus status = SviFitStatus::ok;
        if (!is_free(best_) || rises_above_far(best_)) {
            status = SviFitStatus::projected;
            if (!project_twice(scale)) {
                status = SviFitStatus::repaired;
                if (!svi_repair_jw(out.raw, request_.years, best_) || !is_free(best_)) return SviFitStatus::failed;
            }
        }
        out.svi = best_;
        out.error = error(best_);
        out.g_min = svi_butterfly(best_).g_min;
        out.evaluations = evaluations_;
        return status;
    }

private:
    [[nodiscard]] SviVertex vertex(double x, double y) const {
        return {.m = x * objective_.scale(), .sigma = std::exp(y) * objective_.scale()};
    }
    [[nodiscard]] PlanePoint place(const SviParameters& svi) const {
        const double sigma = std::clamp(svi.sigma, 1.01 * sigma_low_, 0.99 * sigma_high_);
        return {.x = std::clamp(svi.m, m_low_, m_high_) / objective_.scale(),
                .y = std::log(sigma / objective_.scale())};
    }
    double value(double x, double y) {
        const SviVertex at = vertex(x, y);
        const bool inside = at.m >= m_low_ && at.m <= m_high_ && at.sigma >= sigma_low_ && at.sigma <= sigma_high_;
        return inside ? objective_(at) : SviObjective::kUnsolved;
    }
    PlanePoint valued(PlanePoint at) {
        ++evaluations_;
        at.value = value(at.x, at.y);
        return at;
    }

    // Best of a coarse grid of vertices: five places across the quotes, six widths.
    PlanePoint scan() {
        PlanePoint best{.value = SviObjective::kUnsolved};
        const MoneynessRange range = objective_.range();
        for (const double share : {0.1, 0.3, 0.5, 0.7, 0.9}) {
            for (const double width : {0.1, 0.3, 0.8, 1.6, 3.2, 6.4}) {
                const double sigma = std::clamp(width * objective_.scale(), 1.01 * sigma_low_, 0.99 * sigma_high_);
                const double m = range.low + share * (range.high - range.low);
                const PlanePoint at = valued({.x = m / objective_.scale(), .y = std::log(sigma / objective_.scale())});
                if (at.value < best.value) best = at;
            }
        }
        return best;
    }

    bool search(PlanePoint start, double step, double spread_min) {
        if (start.value >= SviObjective::kUnsolved) return false;
        const PlaneSearch how{.step = step, .spread_min = spread_min};
        const PlanePoint found =
            nelder_mead2([this](double x, double y) { return value(x, y); }, start, how, evaluations_);
        SviParameters svi;
        if (objective_.evaluate(vertex(found.x, found.y), &svi) >= SviObjective::kUnsolved) return false;
        at_ = found;
        best_ = svi;
        best_value_ = found.value;
        return true;
    }

    // Least error: from the previous vertex and from a scan, with Huber's weights settled by turns.
    bool find_raw() {
        PlanePoint start{.value = SviObjective::kUnsolved};
        double step = 0.3;
        if (request_.previous != nullptr && is_in_svi_domain(*request_.previous)) {
            if (request_.is_robust) set_robust(*request_.previous);
            start = valued(place(*request_.previous));
            step = 0.1;
        }
        if (start.value >= SviObjective::kUnsolved) {
            start = scan();
            step = 0.3;
        }
        if (!search(start, step, kSpread)) return false;
        if (request_.previous != nullptr && !request_.is_robust) return true;
        for (int round = 0; request_.is_robust && round < kRobustRounds; ++round) {
            if (set_robust(best_) < kRobustSettled) break;
            if (!search(valued(at_), 0.05, kSpread)) return false;
        }
        return true;
    }

    // Largest change of a weight.
    double set_robust(const SviParameters& svi) {
        double change = 0.0;
        for (std::size_t i = 0; i < points_.size(); ++i) {
            const double weight = svi_huber_weight(objective_.residual(i, svi), points_[i].half_spread);
            change = std::max(change, std::abs(weight - robust_[i]));
            robust_[i] = weight;
        }
        objective_.set_robust({robust_.data(), points_.size()});
        return change;
    }

    [[nodiscard]] bool is_free(const SviParameters& svi) const {
        if (!svi_butterfly(svi).is_free()) return false;
        return request_.near == nullptr || svi_calendar(*request_.near, svi).is_free();
    }

    // A wing that a later expiry would have to climb.
    [[nodiscard]] bool rises_above_far(const SviParameters& svi) const {
        return std::any_of(request_.far.begin(), request_.far.end(),
                           [&](const SviParameters& far) { return !svi_calendar(svi, far).is_free(); });
    }

    // Later expiries are asked first. Where keeping below them costs what the quotes say plainly, they must give way.
    bool project_twice(double error_scale) {
        if (request_.near != nullptr) objective_.set_floor(*request_.near);
        sigma_high_ = kSigmaSpansBarred * span_;  // a wing may then rise outside without bending the quoted part
        const PlanePoint raw_at = at_;
        const double error_free = error(best_);
        if (!request_.far.empty()) {
            objective_.set_ceiling(request_.far);
            if (project(error_scale) && error(best_) <= kCeilingCostMax * error_free + kCeilingCostFloor) return true;
        }
        const SviParameters below_far = best_;
        const bool has_below_far = is_free(below_far);
        objective_.drop_ceiling();
        at_ = raw_at;
        const bool done = project(error_scale);
        if (!has_below_far || (done && error(best_) < error(below_far))) return done;
        best_ = below_far;
        return true;
    }

    // Each round asks for a larger margin at a larger price.
    bool project(double error_scale) {
        double margin = 1e-4;
        double penalty = 1e2;
        for (int round = 0; round < kProjections; ++round, margin *= 10.0, penalty *= 100.0) {
            objective_.bar_butterflies(margin, penalty, error_scale);
            for (int closer = 0; closer < kCalendarRounds; ++closer) {
                if (evaluations_ > kEvaluationsMax) return false;
                if (!search(projection_start(), 0.2, 1e-4)) break;
                if (is_free(best_)) return true;
                if (request_.near == nullptr || !svi_butterfly(best_).is_free()) break;
                objective_.add_floor_point(svi_calendar(*request_.near, best_).gap_min_moneyness);
            }
        }
        return false;
    }

    // What the least error has as its vertex may be a bad place once arbitrage is barred.
    PlanePoint projection_start() {
        PlanePoint best = scan();
        for (const double wider : {-0.8, -0.4, 0.0, 0.4, 0.8}) {
            const PlanePoint at = valued({.x = at_.x, .y = at_.y + wider});
            if (at.value < best.value) best = at;
        }
        return best;
    }

    [[nodiscard]] double error(const SviParameters& svi) const {
        double sum = 0.0;
        double weights = 0.0;
        for (std::size_t i = 0; i < points_.size(); ++i) {
            const double gap = objective_.residual(i, svi);
            sum += robust_[i] * points_[i].weight * gap * gap;
            weights += robust_[i] * points_[i].weight;
        }
        return std::sqrt(sum / weights);
    }

    static constexpr double kSpread = 1e-7;  // of the objective, relative: far below what quotes can tell

    std::span<const SviPoint> points_;
    const SviFitRequest& request_;
    SviObjective objective_;
    std::array<double, kSviPointsMax> robust_{};
    double span_{0.0}, m_low_{0.0}, m_high_{0.0}, sigma_low_{0.0}, sigma_high_{0.0};
    PlanePoint at_;
    SviParameters best_;
    double best_value_{0.0};
    std::size_t evaluations_{0};
};

}  // namespace

bool is_fittable(const SviPoint& point) {
    return std::isfinite(point.k) && std::isfinite(point.volatility) && point.volatility > 0.0 &&
           std::isfinite(point.weight) && point.weight > 0.0 && std::isfinite(point.half_spread) &&
           point.half_spread >= 0.0;
}

double svi_huber_weight(double error, double half_spread) {
    const double bound = kHuberHalfSpreads * (half_spread + kSpreadFloor);
    return std::abs(error) <= bound ? 1.0 : bound / std::abs(error);
}

SviFitStatus svi_fit(const SviFitRequest& request, SviFit& out) {
    KEEL_ASSERT(request.points.size() <= kSviPointsMax);
    if (!(request.years > 0.0) || !std::isfinite(request.years)) return SviFitStatus::too_few_quotes;
    std::array<SviPoint, kSviPointsMax> usable;
    std::size_t count = 0;
    for (const SviPoint& point : request.points) {
        if (is_fittable(point)) usable[count++] = point;
    }
    if (count < kSviQuotesMin) return SviFitStatus::too_few_quotes;
    Fitting fitting{{usable.data(), count}, request};
    SviFit fit;
    const SviFitStatus status = fitting.run(fit);
    if (is_fitted(status)) out = fit;
    return status;
}

}  // namespace keel::risk
