#pragma once

#include <optional>
#include <random>

#include "strategies/rebalance/rebalance_solver.hpp"

namespace keel::strategies::test {

// A candidate with one price per lot in both directions and one row effect.
inline Candidate candidate(double effect, double cost_usd, std::int64_t low, std::int64_t high) {
    Candidate out;
    out.effect[0] = effect;
    EXPECT_TRUE(out.buy.push({1, cost_usd}));
    EXPECT_TRUE(out.sell.push({1, cost_usd}));
    out.lots_low = low;
    out.lots_high = high;
    return out;
}

inline MetricRow row(double now, double low, double high) { return {.now = now, .low = low, .high = high}; }

// What trying every combination of lots finds: the reference of the solver. Two passes: the least
// violation there is, then the least cost at it.
struct Enumerated {
    double violation{0.0};
    double cost_usd{0.0};
};

class Enumeration {
public:
    explicit Enumeration(const RebalanceProblem& problem) : problem_{problem} {}

    Enumerated best() {
        least_violation_ = std::numeric_limits<double>::infinity();
        least_cost_ = std::numeric_limits<double>::infinity();
        counting_cost_ = false;
        walk(0);
        counting_cost_ = true;
        walk(0);
        return {least_violation_, least_cost_};
    }

private:
    void walk(std::size_t depth) {
        if (depth == problem_.candidates.size()) {
            double violation = 0.0;
            for (std::size_t at = 0; at < problem_.rows.size(); ++at) {
                double value = problem_.rows[at].now;
                for (std::size_t i = 0; i < problem_.candidates.size(); ++i) {
                    value += problem_.candidates[i].effect[at] * static_cast<double>(lots_[i]);
                }
                const double missed = problem_.rows[at].violation(value);
                if (missed > 1e-9) violation += problem_.rows[at].weight * missed;
            }
            if (!counting_cost_) {
                least_violation_ = std::min(least_violation_, violation);
                return;
            }
            if (violation > least_violation_ + 1e-9) return;
            double cost = 0.0;
            for (std::size_t i = 0; i < problem_.candidates.size(); ++i) {
                cost += problem_.candidates[i].cost_usd(lots_[i]);
            }
            least_cost_ = std::min(least_cost_, cost);
            return;
        }
        const Candidate& candidate = problem_.candidates[depth];
        for (std::int64_t lots = candidate.lots_low; lots <= candidate.lots_high; ++lots) {
            if (lots != 0 && std::abs(lots) < candidate.lots_min) continue;
            lots_[depth] = lots;
            walk(depth + 1);
        }
        lots_[depth] = 0;
    }

    const RebalanceProblem& problem_;
    std::array<std::int64_t, kCandidatesMax> lots_{};
    double least_violation_{0.0};
    double least_cost_{0.0};
    bool counting_cost_{false};
};

// Random instruments, costs, bounds, minimums and one or two rows, small enough to enumerate.
inline RebalanceProblem random_problem(std::mt19937_64& random) {
    const auto uniform = [&](double low, double high) { return std::uniform_real_distribution{low, high}(random); };
    const auto whole = [&](int low, int high) { return std::uniform_int_distribution{low, high}(random); };
    RebalanceProblem problem;
    const int rows = whole(1, 2);
    const int instruments = whole(2, 5);
    const int reach = instruments <= 3 ? 12 : (instruments == 4 ? 7 : 4);
    for (int i = 0; i < instruments; ++i) {
        Candidate candidate;
        for (int k = 0; k < rows; ++k) {
            candidate.effect[static_cast<std::size_t>(k)] = whole(0, 5) == 0 ? 0.0 : uniform(-2.0, 2.0);
        }
        for (TradeCost* cost : {&candidate.buy, &candidate.sell}) {
            double price = uniform(0.1, 3.0);
            std::int64_t until = 0;
            for (int step = whole(1, 3); step > 0; --step) {
                until += whole(1, 4);
                EXPECT_TRUE(cost->push({until, price}));
                price += uniform(0.0, 1.0);
            }
            cost->set_impact(whole(0, 1) * uniform(0.0, 0.4), whole(0, 1) * uniform(0.0, 0.4));
        }
        candidate.lots_low = -whole(0, reach);
        candidate.lots_high = whole(0, reach);
        candidate.lots_min = whole(0, 2) == 0 ? whole(2, 3) : 1;
        EXPECT_TRUE(problem.candidates.push(candidate));
    }
    for (int k = 0; k < rows; ++k) {
        const double centre = uniform(-4.0, 4.0);
        const double half_width = uniform(0.05, 3.0);
        MetricRow made = row(uniform(-12.0, 12.0), centre - half_width, centre + half_width);
        if (whole(0, 5) == 0) made.low = -std::numeric_limits<double>::infinity();
        made.weight = uniform(0.5, 4.0);
        EXPECT_TRUE(problem.rows.push(made));
    }
    return problem;
}

}  // namespace keel::strategies::test
