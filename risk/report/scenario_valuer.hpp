#pragma once

#include <map>
#include <vector>

#include "risk/book/revaluation.hpp"
#include "risk/stress/stress_grid.hpp"
#include "risk/tail/scenario_set.hpp"
#include "risk/tail/value_ladder.hpp"

namespace keel::risk {

// Profit of the whole book in each scenario: futures and cash in closed form, options through one ladder per expiry;
// shares in a pool and what is delivered on an average that has begun, in full.
class ScenarioValuer {
public:
    // Both outlive this; `market` has every option's volatility that there is.
    ScenarioValuer(const Book& book, const MarketState& market);

    // Fills the ladders; once, whatever the number of scenario sets.
    void build_ladders();

    // The factors of `set` are ln S of each underlying, then ln iv of each. Outside the ladders options are revalued in
    // full.
    [[nodiscard]] std::vector<double> pnl_usd(const ScenarioSet& set) const;

private:
    struct Chain {
        std::vector<double> strike, volatility, quantity;
        std::vector<OptionType> type;
        double years{0.0};  // of variance
        ValueLadder ladder;
        bool built{false};
        [[nodiscard]] OptionColumns columns() const {
            return {
                .strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = years};
        }
    };

    void add_option(std::size_t row);

    const Book& book_;
    const MarketState& market_;
    std::map<std::size_t, LinearStress> linear_;               // by underlying
    std::map<std::size_t, Chain> chains_;                      // by expiry
    std::map<ExpirySlot, std::vector<std::size_t>> averaged_;  // options whose delivery average has begun
    std::vector<std::size_t> revalued_;                        // such futures, and shares in a pool
};

}  // namespace keel::risk
