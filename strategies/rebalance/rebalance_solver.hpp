#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "engine/core/fixed_vector.hpp"
#include "engine/core/ids.hpp"
#include "engine/events/decision.hpp"

namespace keel::strategies {

inline constexpr std::size_t kRowsMax = 4;        // delta, gamma, vega and one to spare: the metrics of one underlying
inline constexpr std::size_t kCostStepsMax = 8;   // visible book levels worth pricing one by one
inline constexpr std::size_t kNodesMax = 20'000;  // keeps the worst solve in the low milliseconds

// Up to `lots_until` lots in all, each lot costs `usd_per_lot`. Steps rise in both.
struct CostStep {
    std::int64_t lots_until{0};
    double usd_per_lot{0.0};
};

// Cost in USD of trading n >= 0 lots in one direction: the steps (half spread + fee + walking the book),
// plus `quadratic_usd` n^2/2, plus `power_usd` n^1.5 (square-root impact, risk.md 12.2). All parts are
// convex and none is negative, which the solver relies on. Past the last step its price goes on.
class TradeCost {
public:
    // A step that is not dearer than the last is raised to it: costs must stay convex. False when full.
    bool push(CostStep step);
    void set_impact(double quadratic_usd, double power_usd);
    [[nodiscard]] double cost_usd(std::int64_t lots) const;
    // The n in [0, lots_max] for which cost(n) - gain_usd_per_lot * n is least; the smallest of equals.
    [[nodiscard]] std::int64_t best_lots(double gain_usd_per_lot, std::int64_t lots_max) const;
    [[nodiscard]] bool empty() const { return steps_.empty(); }

private:
    [[nodiscard]] double stationary_lots(double surplus_usd) const;

    FixedVector<CostStep, kCostStepsMax> steps_;
    double quadratic_usd_{0.0};
    double power_usd_{0.0};
};

// One instrument that may trade: x lots, positive = buy, x = 0 or |x| >= lots_min, low <= x <= high.
struct Candidate {
    InstrumentId instrument{InstrumentId::none};
    std::array<double, kRowsMax> effect{};  // on each row per lot bought
    TradeCost buy;
    TradeCost sell;
    std::int64_t lots_min{1};
    std::int64_t lots_low{0};                   // <= 0
    std::int64_t lots_high{0};                  // >= 0
    Binding low_binding{Binding::order_size};   // what set lots_low
    Binding high_binding{Binding::order_size};  // what set lots_high

    [[nodiscard]] double cost_usd(std::int64_t lots) const;
};

// A metric and the interval it must end in; an infinite edge is no edge. `weight` prices one unit of
// violation against other rows' when no trade can satisfy all.
struct MetricRow {
    double now{0.0};
    double low{-std::numeric_limits<double>::infinity()};
    double high{std::numeric_limits<double>::infinity()};
    double weight{1.0};

    [[nodiscard]] double violation(double value) const {
        return value < low ? low - value : (value > high ? value - high : 0.0);
    }
};

struct RebalanceProblem {
    FixedVector<Candidate, kCandidatesMax> candidates;
    FixedVector<MetricRow, kRowsMax> rows;
    double tolerance_ratio{1e-9};  // a trade cheaper by less than this share of the cost is not looked for
    std::size_t nodes_max{kNodesMax};
};

struct RebalanceSolution {
    SolveStatus status{SolveStatus::none};
    Binding binding{Binding::none};  // what keeps `row` outside; none when every row is inside
    std::size_t row{kRowsMax};       // the worst violated row, or kRowsMax
    std::array<std::int64_t, kCandidatesMax> lots{};
    std::array<double, kRowsMax> after{};  // value of each row once the trades are filled
    double cost_usd{0.0};
    double violation{0.0};  // sum of weight times violation
    std::size_t nodes{0};   // work done
};

// Finds the cheapest whole-lot trades that bring every row inside its interval (risk.md 14.1); when no
// trades can, the cheapest of those with the least weighted violation, and says which limit is in the
// way. Exact: branch and bound on the lots with Lagrangian lower bounds (Fisher 1981), which any
// multipliers make valid, so that rounding errors of the dual search cost work and never the optimum.
// Deterministic; `nodes_max` bounds the work, and `work_limit` says that the best trades found by then
// were not proven cheapest.
// Thread: core. Allocates: never.
class RebalanceSolver {
public:
    void solve(const RebalanceProblem& problem, RebalanceSolution& out);

private:
    enum class Phase : std::uint8_t { cost, violation };
    using Multipliers = std::array<double, kRowsMax>;
    struct Bound {
        double value{0.0};
        Multipliers slope{};  // a supergradient of the bound in the multipliers
    };

    void start(const RebalanceProblem& problem);
    void search(Phase phase, double violation_budget);
    void descend(std::size_t depth, const Multipliers& multipliers);
    void finish_last(std::size_t at);
    void accept();
    void visit(std::size_t depth, std::int64_t lots, const Multipliers& multipliers);
    void order_candidates(const Multipliers& multipliers);
    [[nodiscard]] Multipliers ascend(std::size_t depth, Multipliers from, int rounds) const;
    [[nodiscard]] double ascend_row(std::size_t depth, Multipliers& at, std::size_t row) const;
    [[nodiscard]] Bound bound(std::size_t depth, const Multipliers& multipliers) const;
    [[nodiscard]] double least_over(std::size_t at, double gain, std::int64_t& lots) const;
    [[nodiscard]] double weighted_violation() const;
    [[nodiscard]] double violation_with(std::size_t at, std::int64_t lots) const;
    [[nodiscard]] bool pruned(double value) const;
    [[nodiscard]] bool last_interval(std::size_t at, std::int64_t& low, std::int64_t& high) const;
    void name_binding(RebalanceSolution& out) const;

    const RebalanceProblem* problem_{nullptr};
    Phase phase_{Phase::cost};
    double violation_budget_{0.0};
    double scale_usd_per_unit_{1.0};
    std::array<std::size_t, kCandidatesMax> order_{};  // depth -> candidate
    std::array<std::int64_t, kCandidatesMax> lots_{};  // fixed so far, by candidate
    std::array<double, kRowsMax> value_{};             // rows with the fixed trades
    double spent_{0.0};
    std::array<std::int64_t, kCandidatesMax> best_lots_{};
    double best_{0.0};
    bool found_{false};
    std::size_t nodes_{0};
    bool exhausted_{false};
};

}  // namespace keel::strategies
