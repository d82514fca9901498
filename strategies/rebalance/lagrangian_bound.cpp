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

constexpr int kProbesMax = 40;           // past the noise of the bound
constexpr double kFlat = 1e-13;          // of the bound: rounding
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
        out.lots[index] = lots;
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

// The point nearest to zero in the convex hull of the bundle, by exact steps between two of its members at
// a time: at a kink of the bound, the direction in which it still rises, or zero at its maximum. The same
// shares mix the trades of the relaxed optimum.
RebalanceSolver::Multipliers RebalanceSolver::least_norm(const Bundle& bundle, Shares& shares) {
    constexpr int kPassesMax = 64;  // the steps shrink by a factor each pass
    Multipliers x = bundle[0].slope;
    shares = {};
    shares[0] = 1.0;
    for (int pass = 0; pass < kPassesMax; ++pass) {
        double largest = 0.0;
        for (std::size_t from = 0; from < bundle.size(); ++from) {
            for (std::size_t to = from + 1; to < bundle.size(); ++to) {
                Multipliers towards{};
                for (std::size_t row = 0; row < kRowsMax; ++row) {
                    towards[row] = bundle[to].slope[row] - bundle[from].slope[row];
                }
                const double norm = dot(towards, towards);
                if (!(norm > 0.0)) continue;
                const double share = std::clamp(-dot(x, towards) / norm, -shares[to], shares[from]);
                shares[from] -= share;
                shares[to] += share;
                for (std::size_t row = 0; row < kRowsMax; ++row) x[row] += share * towards[row];
                largest = std::max(largest, std::abs(share));
            }
        }
        if (largest < 1e-14) break;
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

// Maximises the bound along a line: widens until the slope turns, then looks where the tangents of the
// two sides meet, which is exact where the bound is piecewise linear. Leaves what meets at the maximum in
// the bundle. False when the line does not rise.
bool RebalanceSolver::climb(std::size_t depth, Relaxed& relaxed, const Multipliers& direction, Bundle& bundle) const {
    struct Look {
        double step{0.0};
        double value{0.0};
        double slope{0.0};
        Facet facet;
    };
    const double length = std::sqrt(dot(direction, direction));
    Multipliers unit = direction;
    for (double& component : unit) component /= length;
    const Multipliers from = relaxed.at;
    const double value_before = relaxed.value;
    const double room = room_along(from, unit);
    const auto look_at = [&](double step) {
        const Multipliers there = moved(from, unit, step);
        const Bound found = bound(depth, there);
        if (found.value > relaxed.value) {
            relaxed.value = found.value;
            relaxed.at = there;
        }
        Look look{.step = step, .value = found.value, .facet = {scaled_slope(found, there), found.lots}};
        look.slope = dot(look.facet.slope, unit);
        return look;
    };
    Look rising = look_at(0.0);
    if (!(rising.slope > 0.0)) rising.slope = length;  // at a kink: the direction's own
    Look falling;
    bool rose = false;
    bool turned = false;
    double step = phase_ == Phase::cost ? cost_scale_usd_ : room;
    for (int doubling = 0; doubling < kDoublingsMax && !pruned(relaxed.value); ++doubling) {
        const Look there = look_at(std::min(step, room));
        turned = !(there.slope > 0.0);
        (turned ? falling : rising) = there;
        rose = rose || !turned;
        if (turned || step >= room) break;
        step *= 2.0;
    }
    for (int probe = 0; turned && probe < kProbesMax && !pruned(relaxed.value); ++probe) {
        const double meet = (falling.value - rising.value + rising.slope * rising.step - falling.slope * falling.step) /
                            (rising.slope - falling.slope);
        const double ceiling = rising.value + rising.slope * (meet - rising.step);
        if (relaxed.value >= ceiling - kFlat * std::abs(ceiling)) break;
        const bool inside = meet > rising.step && meet < falling.step && probe % 4 != 3;
        const double next = inside ? meet : rising.step + (falling.step - rising.step) / 2.0;
        if (next <= rising.step || next >= falling.step) break;
        const Look there = look_at(next);
        (there.slope > 0.0 ? rising : falling) = there;
        rose = rose || there.slope > 0.0;
    }
    const bool better = relaxed.value > value_before + 1e-12 * std::abs(value_before);
    if (better) bundle.clear();
    if (bundle.size() + 1 >= bundle.capacity()) bundle.erase_unordered(0);
    if (better || rose) static_cast<void>(bundle.push(rising.facet));
    if (turned) static_cast<void>(bundle.push(falling.facet));
    return better;
}

void RebalanceSolver::ascend(std::size_t depth, Relaxed& relaxed, int rounds) const {
    Bundle bundle;
    const Bound here = bound(depth, relaxed.at);
    relaxed.value = here.value;
    static_cast<void>(bundle.push({.slope = scaled_slope(here, relaxed.at), .lots = here.lots}));
    Shares shares{};
    for (int round = 0; round < rounds && !pruned(relaxed.value); ++round) {
        const Multipliers direction = least_norm(bundle, shares);
        double steepest = 0.0;
        for (const Facet& facet : bundle) steepest = std::max(steepest, dot(facet.slope, facet.slope));
        if (!(dot(direction, direction) > 1e-20 * steepest)) break;  // the kink is the maximum
        static_cast<void>(climb(depth, relaxed, direction, bundle));
    }
    static_cast<void>(least_norm(bundle, shares));
    relaxed.lots = {};
    for (std::size_t facet = 0; facet < bundle.size(); ++facet) {
        for (std::size_t at = depth; at < count_; ++at) {
            const std::size_t index = order_[at];
            relaxed.lots[index] += shares[facet] * static_cast<double>(bundle[facet].lots[index]);
        }
    }
}

}  // namespace keel::strategies
