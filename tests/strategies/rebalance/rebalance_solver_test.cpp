#include "strategies/rebalance/rebalance_solver.hpp"

#include "tests/strategies/rebalance/rebalance_problems.hpp"

namespace keel::strategies {
namespace {

using test::candidate;
using test::row;

RebalanceSolution solve(const RebalanceProblem& problem) {
    RebalanceSolver solver;
    RebalanceSolution solution;
    solver.solve(problem, solution);
    return solution;
}

TEST(RebalanceSolverTest, TradesNothingInsideEveryRow) {
    RebalanceProblem problem;
    ASSERT_TRUE(problem.candidates.push(candidate(1.0, 5.0, -100, 100)));
    ASSERT_TRUE(problem.rows.push(row(19.0, -20.0, 20.0)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::nothing_to_do);
    EXPECT_EQ(solution.lots[0], 0);
    EXPECT_EQ(solution.cost_usd, 0.0);
}

TEST(RebalanceSolverTest, TradesTheCheapestToTheEdgeNotTheCentre) {
    RebalanceProblem problem;
    ASSERT_TRUE(problem.candidates.push(candidate(1.0, 32.5, -500, 500)));
    ASSERT_TRUE(problem.candidates.push(candidate(1.0, 52.0, -500, 500)));
    ASSERT_TRUE(problem.rows.push(row(120.0, -20.0, 20.0)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::optimal);
    EXPECT_EQ(solution.lots[0], -100);
    EXPECT_EQ(solution.lots[1], 0);
    EXPECT_DOUBLE_EQ(solution.cost_usd, 3'250.0);
    EXPECT_DOUBLE_EQ(solution.after[0], 20.0);
    EXPECT_EQ(solution.binding, Binding::none);
}

TEST(RebalanceSolverTest, SplitsWhereMarginalCostsAreEqual) {
    RebalanceProblem problem;
    Candidate a = candidate(1.0, 10.0, -500, 500);
    Candidate b = candidate(1.0, 20.0, -500, 500);
    a.sell.set_impact(1.0, 0.0);
    b.sell.set_impact(0.5, 0.0);
    ASSERT_TRUE(problem.candidates.push(a));
    ASSERT_TRUE(problem.candidates.push(b));
    ASSERT_TRUE(problem.rows.push(row(100.0, -std::numeric_limits<double>::infinity(), 0.0)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.lots[0], -40);
    EXPECT_EQ(solution.lots[1], -60);
    EXPECT_DOUBLE_EQ(solution.cost_usd, 3'300.0);
}

TEST(RebalanceSolverTest, MeetsDeltaAndVegaTogetherInWholeLots) {
    RebalanceProblem problem;
    Candidate call = candidate(0.5, 12.0, -1'000, 1'000);
    Candidate put = candidate(-0.4, 13.0, -1'000, 1'000);
    Candidate perpetual = candidate(0.1, 0.3, -10'000, 10'000);
    call.effect[1] = 30.0;
    put.effect[1] = 30.0;
    ASSERT_TRUE(problem.candidates.push(call));
    ASSERT_TRUE(problem.candidates.push(put));
    ASSERT_TRUE(problem.candidates.push(perpetual));
    ASSERT_TRUE(problem.rows.push(row(15.0, -5.0, 5.0)));
    ASSERT_TRUE(problem.rows.push(row(-6'000.0, -3'000.0, 3'000.0)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::optimal);
    EXPECT_EQ(solution.lots[0], 33);
    EXPECT_EQ(solution.lots[1], 67);
    EXPECT_EQ(solution.lots[2], 0);
    EXPECT_DOUBLE_EQ(solution.cost_usd, 1'267.0);
}

TEST(RebalanceSolverTest, RoundsAwayFromTheViolatedBoundary) {
    RebalanceProblem problem;  // a lot is 10: from 27.4 into +-5 takes 22.4, so 30 and not 20
    ASSERT_TRUE(problem.candidates.push(candidate(10.0, 3.0, -50, 50)));
    ASSERT_TRUE(problem.rows.push(row(27.4, -5.0, 5.0)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::optimal);
    EXPECT_EQ(solution.lots[0], -3);
}

TEST(RebalanceSolverTest, GoesAsFarAsTheSizeAllowsAndNamesIt) {
    RebalanceProblem problem;
    ASSERT_TRUE(problem.candidates.push(candidate(1.0, 3.0, -50, 50)));
    ASSERT_TRUE(problem.rows.push(row(120.0, -20.0, 20.0)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::infeasible);
    EXPECT_EQ(solution.binding, Binding::order_size);
    EXPECT_EQ(solution.lots[0], -50);
    EXPECT_DOUBLE_EQ(solution.violation, 50.0);
    EXPECT_DOUBLE_EQ(solution.cost_usd, 150.0);
}

TEST(RebalanceSolverTest, NamesTheLimitThatIsInTheWay) {
    const auto binding_of = [](Candidate instrument, MetricRow asked) {
        RebalanceProblem problem;
        EXPECT_TRUE(problem.candidates.push(instrument));
        EXPECT_TRUE(problem.rows.push(asked));
        const RebalanceSolution solution = solve(problem);
        EXPECT_EQ(solution.status, SolveStatus::infeasible);
        return solution.binding;
    };
    for (const Binding named : {Binding::position, Binding::order_size, Binding::depth}) {
        Candidate capped = candidate(1.0, 3.0, -5, 500);
        capped.low_binding = named;
        capped.high_binding = Binding::none;
        EXPECT_EQ(binding_of(capped, row(30.0, -20.0, 20.0)), named);
        Candidate capped_above = candidate(1.0, 3.0, -500, 5);
        capped_above.low_binding = Binding::none;
        capped_above.high_binding = named;
        EXPECT_EQ(binding_of(capped_above, row(-30.0, -20.0, 20.0)), named);
    }
    EXPECT_EQ(binding_of(candidate(10.0, 3.0, -50, 50), row(14.0, -1.0, 1.0)), Binding::lot);
    Candidate minimum = candidate(1.0, 3.0, -50, 50);
    minimum.lots_min = 40;
    EXPECT_EQ(binding_of(minimum, row(25.0, -10.0, 10.0)), Binding::lot);
    EXPECT_EQ(binding_of(candidate(0.0, 3.0, -50, 50), row(30.0, -20.0, 20.0)), Binding::no_candidate);
}

TEST(RebalanceSolverTest, SaysWhenThereIsNothingToTradeWith) {
    RebalanceProblem problem;
    ASSERT_TRUE(problem.rows.push(row(30.0, -20.0, 20.0)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::infeasible);
    EXPECT_EQ(solution.binding, Binding::no_candidate);
    EXPECT_DOUBLE_EQ(solution.violation, 10.0);
}

// One instrument moves both rows the wrong way round: the heavier row is served, the other blocks it.
TEST(RebalanceSolverTest, NamesTheConflictOfTwoRows) {
    RebalanceProblem problem;
    Candidate both = candidate(1.0, 3.0, -50, 50);
    both.effect[1] = 1.0;
    ASSERT_TRUE(problem.candidates.push(both));
    ASSERT_TRUE(problem.rows.push(row(10.0, -5.0, 5.0)));
    MetricRow other = row(-10.0, -5.0, 5.0);
    other.weight = 3.0;
    ASSERT_TRUE(problem.rows.push(other));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::infeasible);
    EXPECT_EQ(solution.binding, Binding::band);
    EXPECT_EQ(solution.row, 0U);
    EXPECT_EQ(solution.lots[0], 5);
}

TEST(RebalanceSolverTest, BringsDeltaToTheEdgeWhereVegaCannotBeReached) {
    RebalanceProblem problem;
    Candidate perpetual = candidate(1.0, 3.0, -500, 500);
    ASSERT_TRUE(problem.candidates.push(perpetual));
    ASSERT_TRUE(problem.rows.push(row(120.0, -20.0, 20.0)));
    ASSERT_TRUE(problem.rows.push(row(-6'000.0, -3'000.0, 3'000.0)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::infeasible);
    EXPECT_EQ(solution.row, 1U);
    EXPECT_EQ(solution.binding, Binding::no_candidate);
    EXPECT_EQ(solution.lots[0], -100);
    EXPECT_DOUBLE_EQ(solution.violation, 3'000.0);
}

TEST(RebalanceSolverTest, EqualsEnumerationOnRandomCases) {
    std::size_t infeasible = 0;
    std::size_t optimal = 0;
    std::size_t two_rows = 0;
    std::size_t nodes_most = 0;
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
        std::mt19937_64 random{seed};
        const RebalanceProblem problem = test::random_problem(random);
        const test::Enumerated expected = test::Enumeration{problem}.best();
        const RebalanceSolution solution = solve(problem);
        SCOPED_TRACE("seed " + std::to_string(seed));
        ASSERT_NE(solution.status, SolveStatus::work_limit);
        ASSERT_NEAR(solution.violation, expected.violation, 1e-8);
        ASSERT_NEAR(solution.cost_usd, expected.cost_usd, 1e-8 * std::max(1.0, expected.cost_usd));
        ASSERT_EQ(solution.status == SolveStatus::infeasible, expected.violation > 0.0);
        ASSERT_EQ(solution.binding != Binding::none, expected.violation > 0.0);
        for (std::size_t at = 0; at < problem.candidates.size(); ++at) {
            const Candidate& instrument = problem.candidates[at];
            ASSERT_TRUE(solution.lots[at] == 0 || std::abs(solution.lots[at]) >= instrument.lots_min);
            ASSERT_GE(solution.lots[at], instrument.lots_low);
            ASSERT_LE(solution.lots[at], instrument.lots_high);
        }
        infeasible += solution.status == SolveStatus::infeasible ? 1U : 0U;
        optimal += solution.status == SolveStatus::optimal ? 1U : 0U;
        two_rows += problem.rows.size() == 2 ? 1U : 0U;
        nodes_most = std::max(nodes_most, solution.nodes);
    }
    EXPECT_GE(infeasible, 100U);
    EXPECT_GE(optimal, 300U);
    EXPECT_GE(two_rows, 300U);
    RecordProperty("nodes_most", static_cast<int>(nodes_most));
}

// The limit that is named is the one in the way: a wider one lowers the violation.
TEST(RebalanceSolverTest, WideningTheNamedLimitHelps) {
    std::size_t widened = 0;
    for (std::uint64_t seed = 1; seed <= 1'000; ++seed) {
        std::mt19937_64 random{seed};
        RebalanceProblem problem = test::random_problem(random);
        for (Candidate& instrument : problem.candidates) {
            instrument.low_binding = Binding::position;
            instrument.high_binding = Binding::depth;
        }
        const RebalanceSolution before = solve(problem);
        if (before.binding != Binding::position && before.binding != Binding::depth) continue;
        ++widened;
        for (Candidate& instrument : problem.candidates) {
            if (before.binding == Binding::position) instrument.lots_low -= 3;
            if (before.binding == Binding::depth) instrument.lots_high += 3;
        }
        ASSERT_LT(solve(problem).violation, before.violation - 1e-9) << "seed " << seed;
    }
    EXPECT_GE(widened, 50U);
}

TEST(RebalanceSolverTest, StopsAtTheWorkLimitWithTheBestSoFar) {
    RebalanceProblem problem;
    problem.nodes_max = 20;
    std::mt19937_64 random{7};
    for (std::size_t at = 0; at < kCandidatesMax; ++at) {  // equal costs per unit: nothing can be pruned early
        const double effect = 1.0 + 0.001 * static_cast<double>(random() % 100);
        ASSERT_TRUE(problem.candidates.push(candidate(effect, effect, -40, 40)));
    }
    ASSERT_TRUE(problem.rows.push(row(300.0005, -0.0004, 0.0004)));
    const RebalanceSolution solution = solve(problem);
    EXPECT_EQ(solution.status, SolveStatus::work_limit);
    EXPECT_LE(solution.nodes, 3 * problem.nodes_max);  // three searches where nothing feasible was found
}

TEST(RebalanceSolverTest, GivesTheSameAnswerTwice) {
    std::mt19937_64 random{11};
    RebalanceSolver reused;
    for (int round = 0; round < 50; ++round) {
        const RebalanceProblem problem = test::random_problem(random);
        RebalanceSolution again;
        reused.solve(problem, again);
        const RebalanceSolution fresh = solve(problem);
        EXPECT_EQ(again.lots, fresh.lots);
        EXPECT_EQ(again.nodes, fresh.nodes);
    }
}

}  // namespace
}  // namespace keel::strategies
