// A program of someone else: builds against the installed headers and archives alone.
#include <cstdio>

#include "engine/core/instrument_table.hpp"
#include "strategies/rebalance/rebalance_solver.hpp"

int main() {
    keel::Instrument instrument;
    instrument.set_name("BTC-PERPETUAL");
    instrument.tick = keel::Decimal{5, -1};
    keel::InstrumentTable table;
    const auto id = table.add(instrument);
    if (!id) return 1;
    const auto price = table[*id].price_from_text("64000.5");
    if (!price) return 1;

    keel::strategies::RebalanceProblem problem;
    keel::strategies::Candidate candidate;
    candidate.effect[0] = 1.0;
    if (!candidate.buy.push({1, 2.0}) || !candidate.sell.push({1, 2.0})) return 1;
    candidate.lots_low = -10;
    if (!problem.candidates.push(candidate) || !problem.rows.push({.now = 7.0, .low = -3.0, .high = 3.0})) return 1;
    keel::strategies::RebalanceSolver solver;
    keel::strategies::RebalanceSolution solution;
    solver.solve(problem, solution);
    std::printf("price_ticks %lld lots %lld\n", static_cast<long long>(price->count()),
                static_cast<long long>(solution.lots[0]));
    return solution.lots[0] == -4 ? 0 : 1;
}
