#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "risk/book/market_state.hpp"
#include "risk/stress/stress_grid.hpp"
#include "risk/tail/scenario_set.hpp"
#include "risk/tail/value_ladder.hpp"
#include "risk/tail/world_expansion.hpp"

namespace keel::risk {

// The options of one expiry in every scenario and in every cell of the stress grid.
//
// Scenarios are read off a ladder per settlement currency: a move of forward, index or stablecoin, or of all
// volatilities alike, shifts the query; a fill, or a volatility that leaves the others, adds an option to it (a move of
// up to 3 % by its greeks), as of the ladder's own time; many such at once, 3 % of forward, 10 % of volatility
// (ValueLadder::rebuild_due), 0.2 % of the time left, 30 s at most, or 256 options added build it anew. The less time
// an expiry has left, the denser its ladders (ValueLadder::density_for); in its last hours, and while its delivery
// average runs, each scenario is expanded by itself instead (WorldExpansion), which 2 % of volatility, 1 % of the
// variance left, 0.2 % of the time left or 256 options added build anew. Cells are always priced: half of them lie
// outside a ladder.
//
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
    // Volatilities move otherwise in the scenarios than when they were last read.
    void forget_scenarios() { expanded_ = false; }
    // The next refresh() builds everything anew.
    void forget() { built_ = false; }

    // Profit in USD per scenario of `set`, whose factors are those of RiskCalculator. NaN where something could not be
    // priced: whoever adds it up refuses it.
    void scenario_pnl(const ScenarioSet& set, std::span<double> pnl_usd);
    // The same after refresh_rates(), from the profits before it where all of them scale alike.
    void rescaled_pnl(const ScenarioSet& set, std::span<const double> before, std::span<double> pnl_usd);
    // What is held is worth in each cell; NaN likewise.
    void stress_cells(StressCells& out);

    [[nodiscard]] bool empty() const { return held_ == 0; }
    // Since the start: ladders built, and options added to standing ones.
    [[nodiscard]] std::uint64_t builds() const { return builds_; }
    [[nodiscard]] std::uint64_t added() const { return added_; }

private:
    // Options that settle in the same thing, as a ladder wants them.
    struct Settlement {
        StableSlot stable{StableSlot::none};  // none: the coin
        WorldExpansion expansion;             // of the scenarios and, last, of now
        double rate{0.0};                     // USD per USD of Black-76 value: index/forward, or the stablecoin's price
        std::vector<double> strike{}, volatility{}, volatility_now{}, quantity{};
        std::vector<OptionType> type{};
        ValueLadder ladder{};

        [[nodiscard]] OptionColumns columns(double years) const {
            return {
                .strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = years};
        }
        [[nodiscard]] OptionColumns columns_now() const {
            return {.strike = strike, .volatility = volatility_now, .quantity_coin = quantity, .type = type};
        }
        void clear();
    };
    struct Row {
        std::size_t contract{0};
        std::size_t settlement{0};
        std::size_t place{0};    // in the settlement's columns, where held
        double quantity{0.0};    // as the ladders have it
        double volatility{0.0};  // likewise
    };
    // Volatilities over what the ladders have.
    struct Band {
        double low{1.0}, high{1.0};
        [[nodiscard]] bool holds(double ratio) const { return ratio >= low && ratio <= high; }
        [[nodiscard]] double middle() const { return std::sqrt(low * high); }
    };
    enum class Fit : std::uint8_t { as_it_was, updated, to_build };
    // What the prices of the last refresh() were.
    struct Seen {
        UnixNanos built_at{};
        double forward{0.0}, average{0.0}, log_volatility{0.0};
        bool averaging{false};
    };

    [[nodiscard]] const ExpiryMarket& market() const { return market_.expiries[static_cast<std::size_t>(expiry_)]; }
    [[nodiscard]] double index() const {
        return market_.underlyings[static_cast<std::size_t>(market().underlying)].index;
    }
    [[nodiscard]] double quantity_of(const Row& row) const;
    [[nodiscard]] double volatility_ratio(const Row& row) const;
    [[nodiscard]] Band common_band();
    [[nodiscard]] Fit fit_ladders(const Band& band);
    bool update_ladder(Row& row, const Band& band);
    bool take_volatilities();
    Moved take_rates();
    void lay_out();
    void build();
    [[nodiscard]] OptionWorld world(double spot_factor, double volatility_factor) const;
    [[nodiscard]] std::span<const double> cell_values(const Settlement& settlement);
    void expand_scenarios(const ScenarioSet& set);
    void expanded_pnl(const ScenarioSet& set, std::span<double> pnl_usd);

    const Book& book_;
    const MarketState& market_;
    ExpirySlot expiry_;
    std::vector<Row> rows_;
    std::vector<Settlement> settlements_;
    std::size_t held_{0};  // rows
    // For refresh().
    std::vector<double> ratios_;
    std::vector<std::size_t> differing_;
    Seen seen_{};
    double years_{0.0};       // of variance
    double rate_ratio_{1.0};  // what the last refresh_rates() multiplied every profit by; NaN: not all alike
    bool built_{false};
    bool by_scenario_{false};  // expansions, no ladders
    bool expanded_{false};     // the expansions are those of the last build()
    std::size_t density_{0};   // of the ladders
    std::size_t updates_{0};   // options added since build()
    std::uint64_t builds_{0}, added_{0};
    std::vector<OptionWorld> worlds_;  // of the cells
    std::vector<double> values_, part_;
    std::vector<double> forwards_;  // of the scenarios and, last, of now
};

}  // namespace keel::risk
