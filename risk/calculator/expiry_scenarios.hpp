#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "risk/book/market_state.hpp"
#include "risk/options/chain_kernel.hpp"
#include "risk/stress/stress_grid.hpp"
#include "risk/tail/scenario_set.hpp"
#include "risk/tail/value_ladder.hpp"

namespace keel::risk {

// The options of one expiry in every scenario and in every cell of the stress grid.
//
// Scenarios are read off a ladder per settlement currency: a move of forward, index or stablecoin, or of all
// volatilities alike, shifts the query; what is held, the shape of the smile, 3 % of forward, 10 % of volatility
// (ValueLadder::rebuild_due) or 0.2 % of the time left, 30 s at most, build it anew. In an expiry's last hours, and
// while its delivery average runs, each scenario is priced. Cells are always priced: half of them lie outside a ladder.
// A held option without a forward or a volatility is in no number here; the book flags it (kBookUnvalued).
// Thread: core. Allocates: at construction only.
class ExpiryScenarios {
public:
    // Book and market outlive this; contracts never change, holdings and prices do.
    ExpiryScenarios(const Book& book, const MarketState& market, ExpirySlot expiry, std::size_t scenarios);

    // What the inputs of now change in the numbers of the last refresh().
    struct Moved {
        bool scenarios{false};
        bool cells{false};
    };
    // Takes in the market and the holdings as they stand. O(options).
    Moved refresh();
    // Takes in index and stablecoins where nothing else moved since refresh().
    Moved refresh_rates();
    // The next refresh() builds everything anew.
    void forget() { built_ = false; }

    // Profit in USD per scenario of `set`, whose factors are those of RiskCalculator. NaN where something could not be
    // priced: whoever adds it up refuses it.
    void scenario_pnl(const ScenarioSet& set, std::span<double> pnl_usd);
    // The same after refresh_rates(), from the profits before it where all of them scale alike.
    void rescaled_pnl(const ScenarioSet& set, std::span<const double> before, std::span<double> pnl_usd);
    // What is held is worth in each cell; NaN likewise.
    void stress_cells(StressCells& out);

    [[nodiscard]] bool empty() const { return held_.empty(); }
    // Ladders built since the start.
    [[nodiscard]] std::uint64_t builds() const { return builds_; }

private:
    // Options that settle in the same thing, as a ladder wants them.
    struct Settlement {
        StableSlot stable{StableSlot::none};  // none: the coin
        double rate{0.0};                     // USD per USD of Black-76 value: index/forward, or the stablecoin's price
        std::vector<double> strike{}, volatility{}, quantity{};
        std::vector<OptionType> type{};
        ValueLadder ladder{};

        [[nodiscard]] OptionColumns columns(double years) const {
            return {
                .strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = years};
        }
        void clear();
    };
    struct Row {
        std::size_t contract{0};
        std::size_t settlement{0};
        double quantity{0.0};        // as the ladders have it
        double volatility{0.0};      // likewise
        double volatility_now{0.0};  // as the chain has it
    };
    // What the prices of the last refresh() were.
    struct Seen {
        UnixNanos built_at{};
        double forward{0.0}, average{0.0}, log_volatility{0.0};
        bool averaging{false};
    };
    struct Worth {
        double coin{0.0};
        double usd{0.0};
    };

    [[nodiscard]] const ExpiryMarket& market() const { return market_.expiries[static_cast<std::size_t>(expiry_)]; }
    [[nodiscard]] double index() const {
        return market_.underlyings[static_cast<std::size_t>(market().underlying)].index;
    }
    [[nodiscard]] double quantity_of(const Row& row) const;
    [[nodiscard]] bool fits_ladders(double& log_volatility) const;
    bool take_volatilities();
    Moved take_rates();
    void build();
    [[nodiscard]] Worth worth(double spot_factor, double volatility_factor);

    const Book& book_;
    const MarketState& market_;
    ExpirySlot expiry_;
    std::vector<Row> rows_;
    std::vector<Settlement> settlements_;
    std::vector<std::size_t> held_;  // places in rows_, in the order of chain_
    OptionChain chain_;              // what is held at the volatilities of now
    double chain_years_{0.0};        // of all of it
    OptionChain scratch_;            // for the ladders
    Seen seen_{};
    double years_{0.0};       // of variance
    double rate_ratio_{1.0};  // what the last refresh_rates() multiplied every profit by; NaN: not all alike
    bool built_{false};
    bool priced_{false};  // scenario by scenario: no ladders
    std::uint64_t builds_{0};
    std::vector<double> part_;
};

}  // namespace keel::risk
