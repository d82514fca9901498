#include <algorithm>
#include <cmath>

#include "strategies/rebalance/rebalance_solver.hpp"

// The lower bounds of the solver. With a multiplier per row, the problem falls apart into one small
// minimisation per candidate:
//   D(mu) = spent + sum_i min_x [cost_i(x) - (mu.A_i) x] + sum_k [mu_k > 0 ? mu_k low_k : mu_k high_k]
//           - mu.value - max_k(|mu_k| / weight_k) budget
// is below the cost of every feasible choice, whatever mu is; the search for good multipliers only makes
// it tighter. The last term lets the rows together miss by a weighted `budget`.
namespace keel::strategies {
namespace {

constexpr int kBisectionsMax = 40;       // past the noise of the bound
constexpr int kDoublingsMax = 40;        // 1e12 times the dearest lot: by then the row cannot be met
constexpr double kMultiplierMax = 1e30;  // far beyond any cost per unit of a metric

template <class V>
double dot(const V& a, const V& b) {
    double sum = 0.0;
    for (std::size_t at = 0; at < a.size(); ++at) sum += a[at] * b[at];
    return sum;
}

}  // namespace

double RebalanceSolver::gain_of(std::size_t index, const Multipliers& multipliers) const {
    double gain = 0.0;
    for (std::size_t row = 0; row < rows_count_; ++row) {
        gain += multipliers[row] * problem_->candidates[index].effect[row];
    }
    return gain;
}

double RebalanceSolver::cost_of(std::size_t index, std::int64_t lots) const {
    return phase_ == Phase::cost ? problem_->candidates[index].cost_usd(lots) : 0.0;
}

// The value of x that makes cost(x) - gain x least, the minimum order left aside.
std::int64_t RebalanceSolver::best_of(std::size_t index, double gain) const {
    const Candidate& candidate = problem_->candidates[index];
    if (gain == 0.0) return 0;
    if (phase_ == Phase::violation) return gain > 0.0 ? candidate.lots_high : candidate.lots_low;
    return gain > 0.0 ? candidate.buy.best_lots(gain, candidate.lots_high)
                      : -candidate.sell.best_lots(-gain, -candidate.lots_low);
}

std::int64_t RebalanceSolver::best_with_minimum(std::size_t index, double gain) const {
    const Candidate& candidate = problem_->candidates[index];
    const std::int64_t lots = best_of(index, gain);
    if (lots == 0 || std::abs(lots) >= candidate.lots_min) return lots;
    const std::int64_t least = lots > 0 ? candidate.lots_min : -candidate.lots_min;
    if (least > candidate.lots_high || least < candidate.lots_low) return 0;
    return cost_of(index, least) - gain * static_cast<double>(least) < 0.0 ? least : 0;
}

RebalanceSolver::Bound RebalanceSolver::bound(std::size_t depth, const Multipliers& multipliers) const {
    Bound out;
    out.value = phase_ == Phase::cost ? spent_ : 0.0;
    std::size_t steepest = 0;
    double steepest_usd = 0.0;  // per unit of weighted violation
    for (std::size_t row = 0; row < rows_count_; ++row) {
        const double multiplier = multipliers[row];
        double edge = value_[row];  // at zero the row asks for nothing
        if (multiplier > 0.0 || (multiplier == 0.0 && value_[row] < rows_[row].low)) edge = rows_[row].low;
        if (multiplier < 0.0 || (multiplier == 0.0 && value_[row] > rows_[row].high)) edge = rows_[row].high;
        out.slope[row] = edge - value_[row];
        out.value += multiplier * out.slope[row];
        if (std::abs(multiplier) / rows_[row].weight > steepest_usd) {
            steepest_usd = std::abs(multiplier) / rows_[row].weight;
            steepest = row;
        }
    }
    if (phase_ == Phase::cost && steepest_usd > 0.0) {
        out.value -= steepest_usd * violation_budget_;
        const double share = violation_budget_ / rows_[steepest].weight;
        out.slope[steepest] -= multipliers[steepest] > 0.0 ? share : -share;
    }
    for (std::size_t at = depth; at < count_; ++at) {
        const std::size_t index = order_[at];
        const double gain = gain_of(index, multipliers);
        const std::int64_t lots = best_with_minimum(index, gain);
        if (lots == 0) continue;
        const auto amount = static_cast<double>(lots);
        out.value += cost_of(index, lots) - gain * amount;
        for (std::size_t row = 0; row < rows_count_; ++row) {
            out.slope[row] -= problem_->candidates[index].effect[row] * amount;
        }
    }
    return out;
}

// A one-sided row has a one-signed multiplier; a violation costs no more than its weight.
RebalanceSolver::Range RebalanceSolver::multiplier_range(std::size_t row) const {
    Range range{-kMultiplierMax, kMultiplierMax};
    if (phase_ == Phase::violation) range = {-rows_[row].weight, rows_[row].weight};
    if (!std::isfinite(rows_[row].low)) range.high = 0.0;
    if (!std::isfinite(rows_[row].high)) range.low = 0.0;
    return range;
}

// Slopes in multipliers scaled by the largest effect of a lot, so that rows of different units compare;
// without the components that lead out of the allowed range.
RebalanceSolver::Multipliers RebalanceSolver::scaled_slope(const Bound& here, const Multipliers& at) const {
    Multipliers slope{};
    for (std::size_t row = 0; row < rows_count_; ++row) {
        if (row_scale_[row] == 0.0) continue;
        const Range range = multiplier_range(row);
        const bool outwards =
            (here.slope[row] > 0.0 && at[row] >= range.high) || (here.slope[row] < 0.0 && at[row] <= range.low);
        if (!outwards) slope[row] = here.slope[row] / row_scale_[row];
    }
    return slope;
}

// The point nearest to zero in the convex hull of the bundle (Gilbert 1966): at a kink of the bound, the
// direction in which it still rises, or zero at its maximum.
RebalanceSolver::Multipliers RebalanceSolver::least_norm(const Bundle& bundle) {
    constexpr int kStepsMax = 32;  // four dimensions settle in a few
    Multipliers x = bundle[0];
    for (int step = 0; step < kStepsMax; ++step) {
        std::size_t nearest = 0;
        double least = dot(x, bundle[0]);
        for (std::size_t at = 1; at < bundle.size(); ++at) {
            const double product = dot(x, bundle[at]);
            if (product < least) {
                least = product;
                nearest = at;
            }
        }
        const double norm = dot(x, x);
        if (least >= norm * (1.0 - 1e-12)) break;
        Multipliers towards{};
        for (std::size_t row = 0; row < kRowsMax; ++row) towards[row] = bundle[nearest][row] - x[row];
        const double share = std::clamp((norm - least) / dot(towards, towards), 0.0, 1.0);
        for (std::size_t row = 0; row < kRowsMax; ++row) x[row] += share * towards[row];
    }
    return x;
}

RebalanceSolver::Multipliers RebalanceSolver::moved(const Multipliers& from, const Multipliers& direction,
                                                    double step) const {
    Multipliers out = from;
    for (std::size_t row = 0; row < rows_count_; ++row) {
        if (row_scale_[row] > 0.0) out[row] += step * direction[row] / row_scale_[row];
    }
    return out;
}

// How far the line stays inside the ranges of the multipliers.
double RebalanceSolver::room_along(const Multipliers& from, const Multipliers& direction) const {
    double room = kMultiplierMax;
    for (std::size_t row = 0; row < rows_count_; ++row) {
        if (direction[row] == 0.0 || row_scale_[row] == 0.0) continue;
        const Range range = multiplier_range(row);
        const double edge = direction[row] > 0.0 ? range.high : range.low;
        room = std::min(room, std::max(0.0, (edge - from[row]) * row_scale_[row] / direction[row]));
    }
    return room;
}

// Maximises the bound along a line: widens until the slope turns, then halves. Leaves the slopes on both
// sides of the maximum in the bundle.
bool RebalanceSolver::climb(std::size_t depth, Multipliers& at, double& value, const Multipliers& direction,
                            Bundle& bundle) const {
    const double length = std::sqrt(dot(direction, direction));
    Multipliers unit = direction;
    for (double& component : unit) component /= length;
    const double room = room_along(at, unit);
    const Multipliers from = at;
    const double value_before = value;
    double rising = 0.0;
    double falling = phase_ == Phase::cost ? cost_scale_usd_ : room;
    Multipliers rising_slope{};
    Multipliers falling_slope{};
    bool rose = false;
    bool turned = false;
    const auto look = [&](double step) {
        const Multipliers there = moved(from, unit, step);
        const Bound found = bound(depth, there);
        if (found.value > value) {
            value = found.value;
            at = there;
        }
        const Multipliers slope = scaled_slope(found, there);
        const bool up = dot(slope, unit) > 0.0;
        (up ? rising_slope : falling_slope) = slope;
        rose = rose || up;
        return up;
    };
    for (int doubling = 0; doubling < kDoublingsMax && !turned && !pruned(value); ++doubling) {
        falling = std::min(falling, room);
        turned = !look(falling);
        if (turned || falling >= room) break;
        rising = falling;
        falling *= 2.0;
    }
    for (int halving = 0; turned && halving < kBisectionsMax && !pruned(value); ++halving) {
        const double middle = rising + (falling - rising) / 2.0;
        if (middle <= rising || middle >= falling) break;
        (look(middle) ? rising : falling) = middle;
    }
    const bool better = value > value_before + 1e-12 * std::abs(value_before);
    if (better) bundle.clear();
    if (bundle.full()) bundle.erase_unordered(0);
    if (rose && better) static_cast<void>(bundle.push(rising_slope));
    if (turned) static_cast<void>(bundle.push(falling_slope));
    return better;
}

void RebalanceSolver::ascend(std::size_t depth, Multipliers& at, int rounds) const {
    Bundle bundle;
    Bound here = bound(depth, at);
    double value = here.value;
    static_cast<void>(bundle.push(scaled_slope(here, at)));
    for (int round = 0; round < rounds && !pruned(value); ++round) {
        const Multipliers direction = least_norm(bundle);
        if (!(dot(direction, direction) > 1e-18)) return;
        const bool better = climb(depth, at, value, direction, bundle);
        if (bundle.empty() || (better && bundle.size() == 1)) {
            static_cast<void>(bundle.push(scaled_slope(bound(depth, at), at)));
        }
    }
}

}  // namespace keel::strategies
