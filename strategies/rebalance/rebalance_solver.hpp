#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>

#include "engine/core/fixed_vector.hpp"
#include "engine/core/ids.hpp"
#include "engine/events/decision.hpp"
#include "strategies/rebalance/trade_cost.hpp"

namespace keel::strategies {

inline constexpr std::size_t kRowsMax = 4;        // delta, gamma, vega and one to spare: the metrics of one underlying
inline constexpr std::size_t kNodesMax = 20'000;  // keeps the worst solve in the low milliseconds

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
    double tolerance_usd{0.0};     // the same in money; a hedge sets the price of its smallest order
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

// Finds the cheapest whole-lot trades that bring every row inside its interval; when no
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
    struct Range {
        double low{0.0};
        double high{0.0};
    };
    struct Bound {
        double value{0.0};
        Multipliers slope{};                              // a supergradient of the bound in the multipliers
        std::array<std::int64_t, kCandidatesMax> lots{};  // what the bound would trade
    };
    struct Facet {
        Multipliers slope{};  // scaled, see scaled_slope
        std::array<std::int64_t, kCandidatesMax> lots{};
    };
    using Bundle = FixedVector<Facet, 2 * kRowsMax>;  // what meets at one kink; the oldest is replaced
    using Shares = std::array<double, 2 * kRowsMax>;
    // Multipliers, the bound there, and the fractional trades that the bound tends to.
    struct Relaxed {
        Multipliers at{};
        double value{0.0};
        std::array<double, kCandidatesMax> lots{};
    };
    // A subtree that is done: no completion of it can win, which `proof` shows.
    struct Closed {
        bool proven{false};
        double excess{0.0};  // of the bound over what it had to reach
        Multipliers proof{};
    };
    struct Span {  // whole lots, empty when low > high
        std::int64_t low{0};
        std::int64_t high{0};
    };

    void start(const RebalanceProblem& problem);
    void search(Phase phase, double violation_budget);
    Closed descend(std::size_t depth, const Multipliers& from);
    void branch(std::size_t depth, const Relaxed& relaxed);
    Closed visit(std::size_t depth, std::int64_t lots, const Multipliers& multipliers);
    [[nodiscard]] bool ends_above(std::size_t candidate, std::int64_t lots, const Closed& closed) const;
    [[nodiscard]] bool ends_below(std::size_t candidate, std::int64_t lots, const Closed& closed) const;
    void finish_last(std::size_t candidate);
    void accept(std::size_t last, std::int64_t lots);
    void order_candidates(const Multipliers& multipliers);
    void ascend(std::size_t depth, Relaxed& relaxed, int rounds) const;
    bool climb(std::size_t depth, Relaxed& relaxed, const Multipliers& direction, Bundle& bundle) const;
    [[nodiscard]] static Multipliers least_norm(const Bundle& bundle, Shares& shares);
    [[nodiscard]] Multipliers scaled_slope(const Bound& here, const Multipliers& at) const;
    [[nodiscard]] Multipliers moved(const Multipliers& from, const Multipliers& direction, double step) const;
    [[nodiscard]] double room_along(const Multipliers& from, const Multipliers& direction) const;
    [[nodiscard]] Range multiplier_range(std::size_t row) const;
    [[nodiscard]] Bound bound(std::size_t depth, const Multipliers& multipliers) const;
    [[nodiscard]] double gain_of(std::size_t candidate, const Multipliers& multipliers) const;
    [[nodiscard]] double cost_of(std::size_t candidate, std::int64_t lots) const;
    [[nodiscard]] std::int64_t best_of(std::size_t candidate, double gain) const;
    [[nodiscard]] std::int64_t best_with_minimum(std::size_t candidate, double gain) const;
    [[nodiscard]] bool reachable(std::size_t depth, Multipliers& proof) const;
    [[nodiscard]] double excess(double value) const;
    [[nodiscard]] bool pruned(double value) const { return excess(value) >= 0.0; }
    [[nodiscard]] double flatness(std::size_t candidate, std::int64_t lots, std::int64_t best, double gain) const;
    [[nodiscard]] double violation_with(std::size_t candidate, std::int64_t lots) const;
    [[nodiscard]] std::int64_t least_violation_of(std::size_t candidate) const;
    [[nodiscard]] Span inside_of(std::size_t candidate) const;
    [[nodiscard]] Span within_budget_of(std::size_t candidate) const;
    void report(RebalanceSolution& out) const;
    void name_binding(RebalanceSolution& out) const;

    const RebalanceProblem* problem_{nullptr};
    std::size_t count_{0};
    std::size_t rows_count_{0};
    std::array<MetricRow, kRowsMax> rows_{};    // the problem's, widened by rounding error
    std::array<double, kRowsMax> row_scale_{};  // largest effect of one lot
    double cost_scale_usd_{1.0};                // dearest single lot: where the multiplier search starts
    Phase phase_{Phase::cost};
    double violation_budget_{0.0};
    std::array<std::size_t, kCandidatesMax> order_{};  // depth -> candidate
    std::array<std::int64_t, kCandidatesMax> lots_{};  // fixed so far, by candidate
    std::array<double, kRowsMax> value_{};             // rows with the fixed trades
    double spent_{0.0};
    std::array<std::int64_t, kCandidatesMax> best_lots_{};
    double best_{0.0};
    bool found_{false};
    std::size_t nodes_{0};  // of this search
    std::size_t nodes_total_{0};
    bool exhausted_{false};
};

}  // namespace keel::strategies
