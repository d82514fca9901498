#include "strategies/rebalance/rebalance_solver.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::strategies {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kRowTolerance = 1e-11;  // rounding of a sum of 16 products, relative to the row's magnitude

constexpr int kRootClimbs = 60;  // of the multipliers where several rows share a kink
constexpr int kNodeClimbs = 16;  // the parent's are a good start

constexpr double kPriceless = 1e18;  // more than all the lots of a problem can cost

std::int64_t round_lots(double lots) { return static_cast<std::int64_t>(std::llround(std::clamp(lots, -9e15, 9e15))); }
std::int64_t floor_lots(double lots) { return static_cast<std::int64_t>(std::floor(std::clamp(lots, -9e15, 9e15))); }
std::int64_t ceil_lots(double lots) { return static_cast<std::int64_t>(std::ceil(std::clamp(lots, -9e15, 9e15))); }

bool allowed(const Candidate& candidate, std::int64_t lots) {
    return lots >= candidate.lots_low && lots <= candidate.lots_high &&
           (lots == 0 || std::abs(lots) >= candidate.lots_min);
}

}  // namespace

double Candidate::cost_usd(std::int64_t lots) const { return lots >= 0 ? buy.cost_usd(lots) : sell.cost_usd(-lots); }

void RebalanceSolver::solve(const RebalanceProblem& problem, RebalanceSolution& out) {
    out = RebalanceSolution{};
    start(problem);
    bool inside = true;
    for (std::size_t row = 0; row < rows_count_; ++row) inside = inside && rows_[row].violation(rows_[row].now) == 0.0;
    if (inside) {
        report(out);
        out.status = SolveStatus::nothing_to_do;
        return;
    }
    search(Phase::cost, 0.0);
    if (found_) {
        out.status = exhausted_ ? SolveStatus::work_limit : SolveStatus::optimal;
    } else {
        bool proven = !exhausted_;
        search(Phase::violation, 0.0);
        proven = proven && !exhausted_;
        const auto least_violation_lots = best_lots_;
        search(Phase::cost, best_ * (1.0 + 1e-9));
        proven = proven && !exhausted_;
        if (!found_) best_lots_ = least_violation_lots;
        out.status = proven ? SolveStatus::infeasible : SolveStatus::work_limit;
    }
    report(out);
    name_binding(out);
}

void RebalanceSolver::start(const RebalanceProblem& problem) {
    problem_ = &problem;
    count_ = problem.candidates.size();
    rows_count_ = problem.rows.size();
    nodes_total_ = 0;
    best_lots_ = {};
    cost_scale_usd_ = 0.0;
    for (const Candidate& candidate : problem.candidates) {
        KEEL_ASSERT(candidate.lots_low <= 0 && candidate.lots_high >= 0 && candidate.lots_min >= 1);
        cost_scale_usd_ = std::max({cost_scale_usd_, candidate.cost_usd(1), candidate.cost_usd(-1)});
    }
    if (!(cost_scale_usd_ > 0.0)) cost_scale_usd_ = 1.0;
    for (std::size_t row = 0; row < rows_count_; ++row) {
        MetricRow widened = problem.rows[row];
        KEEL_ASSERT(std::isfinite(widened.now) && widened.low <= widened.high && widened.weight > 0.0);
        double scale = 0.0;
        for (const Candidate& candidate : problem.candidates) {
            KEEL_ASSERT(std::isfinite(candidate.effect[row]));
            scale = std::max(scale, std::abs(candidate.effect[row]));
        }
        row_scale_[row] = scale;
        double magnitude = std::max(std::abs(widened.now), scale);
        if (std::isfinite(widened.low)) magnitude = std::max(magnitude, std::abs(widened.low));
        if (std::isfinite(widened.high)) magnitude = std::max(magnitude, std::abs(widened.high));
        widened.low -= kRowTolerance * magnitude;
        widened.high += kRowTolerance * magnitude;
        rows_[row] = widened;
    }
}

void RebalanceSolver::search(Phase phase, double violation_budget) {
    phase_ = phase;
    violation_budget_ = violation_budget;
    found_ = false;
    exhausted_ = false;
    nodes_ = 0;
    best_ = 0.0;  // until something is found: more than any trades can cost
    spent_ = 0.0;
    lots_ = {};
    for (std::size_t row = 0; row < rows_count_; ++row) value_[row] = rows_[row].now;
    if (phase_ == Phase::cost) {
        for (const Candidate& candidate : problem_->candidates) {
            best_ += std::max(candidate.cost_usd(candidate.lots_high), candidate.cost_usd(candidate.lots_low));
        }
        best_ = best_ * (1.0 + 1e-9) + cost_scale_usd_;
    } else {
        best_ = kInfinity;
    }
    if (count_ == 0) {
        if (phase_ == Phase::violation) {
            best_ = 0.0;
            for (std::size_t row = 0; row < rows_count_; ++row) {
                best_ += rows_[row].weight * rows_[row].violation(value_[row]);
            }
        }
        return;
    }
    for (std::size_t at = 0; at < count_; ++at) order_[at] = at;
    Relaxed relaxed;
    ascend(0, relaxed, rows_count_ == 1 ? 2 : kRootClimbs);
    order_candidates(relaxed.at);
    static_cast<void>(descend(0, relaxed.at));
    nodes_total_ += nodes_;
}

// Those that matter most to the bound first: their values decide, the rest round off.
void RebalanceSolver::order_candidates(const Multipliers& multipliers) {
    std::array<double, kCandidatesMax> share{};
    for (std::size_t at = 0; at < count_; ++at) {
        const double gain = gain_of(at, multipliers);
        const std::int64_t lots = best_of(at, gain);
        share[at] = cost_of(at, lots) - gain * static_cast<double>(lots);
    }
    // Insertion sort: 16 items at most, stable, no allocation.
    for (std::size_t at = 1; at < count_; ++at) {
        for (std::size_t back = at; back > 0 && share[order_[back]] < share[order_[back - 1]]; --back) {
            std::swap(order_[back], order_[back - 1]);
        }
    }
}

RebalanceSolver::Closed RebalanceSolver::descend(std::size_t depth, const Multipliers& from) {
    Closed closed{.proven = true};
    if (nodes_ >= problem_->nodes_max) {
        exhausted_ = true;
        return Closed{};
    }
    ++nodes_;
    if (!reachable(depth, closed.proof)) return closed;
    closed.proof = from;
    closed.excess = excess(bound(depth, from).value);
    if (closed.excess >= 0.0) return closed;
    Relaxed relaxed{.at = from};
    ascend(depth, relaxed, rows_count_ == 1 ? 2 : (depth == 0 ? kRootClimbs : kNodeClimbs));
    closed.proof = relaxed.at;
    if (!pruned(relaxed.value)) {
        if (depth + 1 == count_) {
            finish_last(order_[depth]);
        } else {
            branch(depth, relaxed);
        }
    }
    closed.excess = excess(relaxed.value);  // what was found may leave nothing better to find
    closed.proven = closed.excess >= 0.0;
    return closed;
}

// Tries the values of one candidate outwards from where the relaxed optimum has it. A direction ends
// where the next value cannot win, nor, by convexity, any further one.
void RebalanceSolver::branch(std::size_t depth, const Relaxed& relaxed) {
    const std::size_t index = order_[depth];
    const Candidate& candidate = problem_->candidates[index];
    const double gain = gain_of(index, relaxed.at);
    const auto own = [&](std::int64_t lots) { return cost_of(index, lots) - gain * static_cast<double>(lots); };
    const double others = relaxed.value - own(best_with_minimum(index, gain));
    const double centre = relaxed.lots[index];
    std::int64_t up = std::clamp(round_lots(centre), candidate.lots_low, candidate.lots_high);
    std::int64_t down = up - 1;
    bool up_open = true;
    bool down_open = true;
    while (!exhausted_) {
        if (up > 0 && up < candidate.lots_min) up = candidate.lots_min;
        if (up < 0 && up > -candidate.lots_min) up = 0;
        if (down < 0 && down > -candidate.lots_min) down = -candidate.lots_min;
        if (down > 0 && down < candidate.lots_min) down = 0;
        const Closed by_parent{.proven = true, .proof = relaxed.at};
        up_open =
            up_open && up <= candidate.lots_high && !(pruned(others + own(up)) && ends_above(index, up, by_parent));
        down_open = down_open && down >= candidate.lots_low &&
                    !(pruned(others + own(down)) && ends_below(index, down, by_parent));
        if (!up_open && !down_open) return;
        const double up_distance = static_cast<double>(up) - centre;
        const double down_distance = centre - static_cast<double>(down);
        if (up_open && (!down_open || up_distance <= down_distance)) {
            up_open = !ends_above(index, up, visit(depth, up, relaxed.at));
            ++up;
        } else {
            down_open = !ends_below(index, down, visit(depth, down, relaxed.at));
            --down;
        }
    }
}

// At the multipliers of the proof, the bound over this candidate's lots is convex, and at `lots` no
// completion can win. Nothing further out can win either where the minimum of the bound lies on the
// inner side, or where the bound falls by less towards it than it was in excess.
bool RebalanceSolver::ends_above(std::size_t index, std::int64_t lots, const Closed& closed) const {
    if (!closed.proven) return false;
    const double gain = gain_of(index, closed.proof);
    const std::int64_t best = best_of(index, gain);
    return best <= lots || flatness(index, lots, best, gain) <= closed.excess;
}

bool RebalanceSolver::ends_below(std::size_t index, std::int64_t lots, const Closed& closed) const {
    if (!closed.proven) return false;
    const double gain = gain_of(index, closed.proof);
    const std::int64_t best = best_of(index, gain);
    return best >= lots || flatness(index, lots, best, gain) <= closed.excess;
}

double RebalanceSolver::flatness(std::size_t index, std::int64_t lots, std::int64_t best, double gain) const {
    return cost_of(index, lots) - cost_of(index, best) - gain * static_cast<double>(lots - best);
}

RebalanceSolver::Closed RebalanceSolver::visit(std::size_t depth, std::int64_t lots, const Multipliers& multipliers) {
    const std::size_t index = order_[depth];
    const double spent_before = spent_;
    const std::array<double, kRowsMax> value_before = value_;
    lots_[index] = lots;
    spent_ += cost_of(index, lots);
    for (std::size_t row = 0; row < rows_count_; ++row) {
        value_[row] += problem_->candidates[index].effect[row] * static_cast<double>(lots);
    }
    const Closed closed = descend(depth + 1, multipliers);
    lots_[index] = 0;
    spent_ = spent_before;
    value_ = value_before;
    return closed;
}

// All others are fixed: the last candidate's best value has a closed form, because its cost falls towards
// zero lots and the rows leave it an interval.
void RebalanceSolver::finish_last(std::size_t index) {
    if (phase_ == Phase::violation) {
        accept(index, least_violation_of(index));
        return;
    }
    const Candidate& candidate = problem_->candidates[index];
    Span span = violation_budget_ > 0.0 ? within_budget_of(index) : inside_of(index);
    span.low = std::max(span.low, candidate.lots_low);
    span.high = std::min(span.high, candidate.lots_high);
    if (span.low > span.high) return;
    if (span.low <= 0 && span.high >= 0) {
        accept(index, 0);
    } else if (span.low > 0) {
        const std::int64_t lots = std::max(span.low, candidate.lots_min);
        if (lots <= span.high) accept(index, lots);
    } else {
        const std::int64_t lots = std::min(span.high, -candidate.lots_min);
        if (lots >= span.low) accept(index, lots);
    }
}

void RebalanceSolver::accept(std::size_t last, std::int64_t lots) {
    const double total = phase_ == Phase::cost ? spent_ + cost_of(last, lots) : violation_with(last, lots);
    if (found_ && total >= best_) return;
    found_ = true;
    best_ = total;
    best_lots_ = lots_;
    best_lots_[last] = lots;
}

double RebalanceSolver::violation_with(std::size_t index, std::int64_t lots) const {
    double sum = 0.0;
    for (std::size_t row = 0; row < rows_count_; ++row) {
        const double effect = problem_->candidates[index].effect[row];
        sum += rows_[row].weight * rows_[row].violation(value_[row] + effect * static_cast<double>(lots));
    }
    return sum;
}

// The least of a convex piecewise-linear function lies next to one of its kinks.
std::int64_t RebalanceSolver::least_violation_of(std::size_t index) const {
    const Candidate& candidate = problem_->candidates[index];
    std::int64_t best = 0;
    double best_violation = violation_with(index, 0);
    const auto consider = [&](std::int64_t lots) {
        lots = std::clamp(lots, candidate.lots_low, candidate.lots_high);
        if (!allowed(candidate, lots)) return;
        const double violation = violation_with(index, lots);
        if (violation < best_violation) {
            best_violation = violation;
            best = lots;
        }
    };
    consider(candidate.lots_min);
    consider(-candidate.lots_min);
    for (std::size_t row = 0; row < rows_count_; ++row) {
        if (candidate.effect[row] == 0.0) continue;
        for (const double edge : {rows_[row].low, rows_[row].high}) {
            if (!std::isfinite(edge)) continue;
            const double kink = (edge - value_[row]) / candidate.effect[row];
            consider(floor_lots(kink));
            consider(ceil_lots(kink));
        }
    }
    return best;
}

RebalanceSolver::Span RebalanceSolver::inside_of(std::size_t index) const {
    const Candidate& candidate = problem_->candidates[index];
    Span span{candidate.lots_low, candidate.lots_high};
    for (std::size_t row = 0; row < rows_count_; ++row) {
        const double effect = candidate.effect[row];
        if (effect == 0.0) {
            if (rows_[row].violation(value_[row]) > 0.0) return Span{1, 0};
            continue;
        }
        const double to_low = (rows_[row].low - value_[row]) / effect;
        const double to_high = (rows_[row].high - value_[row]) / effect;
        span.low = std::max(span.low, ceil_lots(std::min(to_low, to_high)));
        span.high = std::min(span.high, floor_lots(std::max(to_low, to_high)));
    }
    return span;
}

// The violation is convex in the lots: bisect for the edges of the set where it fits the budget.
RebalanceSolver::Span RebalanceSolver::within_budget_of(std::size_t index) const {
    const Candidate& candidate = problem_->candidates[index];
    const std::int64_t least = least_violation_of(index);
    const auto fits = [&](std::int64_t lots) { return violation_with(index, lots) <= violation_budget_; };
    if (!fits(least)) return Span{1, 0};
    const auto edge = [&](std::int64_t good, std::int64_t bad_or_end) {
        if (fits(bad_or_end)) return bad_or_end;
        std::int64_t bad = bad_or_end;
        while (std::abs(bad - good) > 1) {
            const std::int64_t middle = good + (bad - good) / 2;
            (fits(middle) ? good : bad) = middle;
        }
        return good;
    };
    return Span{edge(least, candidate.lots_low), edge(least, candidate.lots_high)};
}

// Whether the free candidates' bounds alone let each row be met. Cheap, and it ends most dead ends; the
// proof is a price for the row beyond any cost.
bool RebalanceSolver::reachable(std::size_t depth, Multipliers& proof) const {
    if (phase_ == Phase::violation) return true;
    for (std::size_t row = 0; row < rows_count_; ++row) {
        double lowest = value_[row];
        double highest = value_[row];
        for (std::size_t at = depth; at < count_; ++at) {
            const Candidate& candidate = problem_->candidates[order_[at]];
            const double one = candidate.effect[row] * static_cast<double>(candidate.lots_low);
            const double other = candidate.effect[row] * static_cast<double>(candidate.lots_high);
            lowest += std::min(one, other);
            highest += std::max(one, other);
        }
        const double slack = violation_budget_ / rows_[row].weight;
        const bool short_of = highest < rows_[row].low - slack;
        if (!short_of && lowest <= rows_[row].high + slack) continue;
        proof = {};
        proof[row] = (short_of ? kPriceless : -kPriceless) * cost_scale_usd_ / std::max(row_scale_[row], 1e-300);
        return false;
    }
    return true;
}

// By how much a lower bound exceeds what the best trades so far cost; from zero on it can be left.
double RebalanceSolver::excess(double value) const {
    if (!found_) return value - std::nextafter(best_, kInfinity);
    const double money = phase_ == Phase::cost ? problem_->tolerance_usd : 0.0;
    return value - (best_ - std::max(problem_->tolerance_ratio * std::abs(best_), money));
}

void RebalanceSolver::report(RebalanceSolution& out) const {
    out.lots = best_lots_;
    out.nodes = nodes_total_;
    double worst = 0.0;
    for (std::size_t row = 0; row < rows_count_; ++row) {
        const MetricRow& asked = problem_->rows[row];
        double after = asked.now;
        for (std::size_t at = 0; at < count_; ++at) {
            after += problem_->candidates[at].effect[row] * static_cast<double>(best_lots_[at]);
        }
        out.after[row] = after;
        if (rows_[row].violation(after) == 0.0) continue;  // rounding is no violation
        const double weighted = asked.weight * asked.violation(after);
        out.violation += weighted;
        if (weighted > worst) {
            worst = weighted;
            out.row = row;
        }
    }
    for (std::size_t at = 0; at < count_; ++at) out.cost_usd += problem_->candidates[at].cost_usd(best_lots_[at]);
}

// Asks each candidate what one more order step in the helpful direction would do. Where that lowers the
// violation, only the candidate's own bound can have stopped it. Where it helps the row but hurts
// others, the rows contradict each other; where it overshoots, the lot is too coarse.
void RebalanceSolver::name_binding(RebalanceSolution& out) const {
    if (out.row >= rows_count_) return;
    const bool below = out.after[out.row] < rows_[out.row].low;
    double cheapest = kInfinity;
    bool useful = false;
    bool conflict = false;
    for (std::size_t at = 0; at < count_; ++at) {
        const Candidate& candidate = problem_->candidates[at];
        const double effect = candidate.effect[out.row];
        if (effect == 0.0) continue;
        useful = true;
        const std::int64_t direction = (effect > 0.0) == below ? 1 : -1;
        const std::int64_t lots = out.lots[at];
        const std::int64_t step = direction * (lots == 0 ? candidate.lots_min : 1);
        double violation = 0.0;
        double own = 0.0;
        for (std::size_t row = 0; row < rows_count_; ++row) {
            const double moved = out.after[row] + candidate.effect[row] * static_cast<double>(step);
            const double weighted = rows_[row].weight * rows_[row].violation(moved);
            violation += weighted;
            if (row == out.row) own = weighted;
        }
        const bool capped = lots + step > candidate.lots_high || lots + step < candidate.lots_low;
        if (violation < out.violation && capped) {
            const double price = (candidate.cost_usd(lots + step) - candidate.cost_usd(lots)) /
                                 std::abs(effect * static_cast<double>(step));
            if (price < cheapest) {
                cheapest = price;
                out.binding = direction > 0 ? candidate.high_binding : candidate.low_binding;
            }
        }
        conflict = conflict || (allowed(candidate, lots + step) &&
                                own < rows_[out.row].weight * rows_[out.row].violation(out.after[out.row]));
    }
    if (!useful) {
        out.binding = Binding::no_candidate;
    } else if (out.binding == Binding::none) {
        out.binding = conflict ? Binding::band : Binding::lot;
    }
}

}  // namespace keel::strategies
