#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "risk/book/incremental_book.hpp"
#include "risk/calculator/expiry_scenarios.hpp"
#include "risk/calculator/named_stresses.hpp"
#include "risk/calculator/tail_contributions.hpp"
#include "risk/calculator/venue_margins.hpp"
#include "risk/exposure/concentration.hpp"
#include "risk/exposure/drawdown.hpp"
#include "risk/stress/stress_grid.hpp"
#include "risk/tail/scenario_set.hpp"
#include "risk/tail/scenario_vector.hpp"

namespace keel::risk {

// VaR and ES as published, and as full revaluation of every scenario has them.
struct TailCheck {
    TailMeasures published{};
    TailMeasures full{};
    // The larger of both relative differences: what the ladders cost. 0 where nothing can be lost.
    double drift{0.0};
};

inline constexpr double kTailDriftMax = 0.01;  // an alarm

// What a publish() had to do, since the start.
struct CalculatorWork {
    std::uint64_t publications{0};
    std::uint64_t ladders{0};      // built anew
    std::uint64_t added{0};        // options, to standing ladders and expansions
    std::uint64_t buckets{0};      // whose profits were replaced
    std::uint64_t cells{0};        // of the stress grid, priced
    std::uint64_t underlyings{0};  // whose linear part was summed again
};

// The risk of a book kept current. Greeks, equity, leverage, drawdown and linear margin move with each event
// (IncrementalBook); value at risk, expected shortfall and what adds up to them, the stress matrices, the named
// stresses of prices, the venues' margins, concentration and the losses of the day and of five minutes when they are
// published, in O(what the events since the last publication moved). Definitions, and what is not kept:
// docs/risk-model.md; full revaluation of the same holdings in the same market gives the same numbers, up to the
// ladders of ExpiryScenarios (check()) and 30 s of decay.
//
//   event -> book() -> O(1) metrics, marks of what moved -> publish() -> scenarios, stress, margins -> tail() ...
//
// Thread: core. Allocates: at construction only, but for check().
class RiskCalculator {
public:
    // Factors of `scenarios`: ln S of each underlying of the market, then ln iv of each at 30 days. At most
    // kScenarioBucketsMax expiries and underlyings. `margins` by VenueSlot, as VenueMargins; they outlive this. Kept of
    // `stresses` are those of prices (is_price_stress()).
    RiskCalculator(const Book& book, const MarketState& market, ScenarioSet scenarios,
                   std::span<const VenueMarginModel> margins = {}, const BookRules& rules = {},
                   const std::vector<StressDefinition>& stresses = default_stresses());
    RiskCalculator(const RiskCalculator&) = delete;
    RiskCalculator& operator=(const RiskCalculator&) = delete;

    // Every event goes here. The marks of what is dirty belong to publish().
    [[nodiscard]] IncrementalBook& book() { return incremental_; }
    [[nodiscard]] const IncrementalBook& book() const { return incremental_; }
    // The forecast of now of a factor's volatility, which filtered scenarios are scaled to (ScenarioSet). Takes effect
    // with the next publish().
    void set_volatility(std::size_t factor, double volatility_now);

    void publish();
    // IncrementalBook::resync(), then every ladder, profit and cell made anew.
    void resync();

    // As of the last publish().
    [[nodiscard]] std::optional<TailMeasures> tail(double alpha) { return vector_.read(alpha); }
    // What adds up to it, by expiry and underlying. nullopt where alpha is out of range; stands until the next call.
    [[nodiscard]] std::optional<TailContributions> var_contributions(double alpha) {
        return contributions_.var(vector_, scenarios_, alpha);
    }
    [[nodiscard]] std::optional<TailContributions> es_contributions(double alpha) {
        return contributions_.es(vector_, scenarios_, alpha);
    }
    [[nodiscard]] std::span<const double> scenario_pnl_usd() const { return vector_.pnl_usd(); }
    [[nodiscard]] const StressMatrix& stress(UnderlyingSlot underlying) const {
        return underlyings_[static_cast<std::size_t>(underlying)].matrix;
    }
    [[nodiscard]] const NamedStresses& named_stresses() const { return named_stresses_; }
    // By the account's own law, which is not the linear margin of the book. bad_input as VenueMargins says.
    [[nodiscard]] MarginAmount margin_usd(VenueSlot venue) const { return margins_.margin_usd(venue); }
    // By gross notional, as the book has it; one part per UnderlyingSlot, per venue (accounts of one venue are one).
    [[nodiscard]] const ConcentrationState& by_underlying() const { return by_underlying_; }
    [[nodiscard]] const ConcentrationState& by_venue() const { return by_venue_; }
    // Of the equity at each publication; what the book's equity lacks (its quality says so) this lacks, too. The book's
    // own drawdown sees every event.
    [[nodiscard]] const Drawdown& drawdown() const { return drawdown_; }
    // The book's quality; kBookStale where scenarios, cells or named stresses could not be made and the last good ones
    // stand.
    [[nodiscard]] std::uint8_t quality() const;
    [[nodiscard]] std::uint64_t version() const { return version_; }  // of the book, at that time
    [[nodiscard]] UnixNanos as_of() const { return market_.now; }
    [[nodiscard]] CalculatorWork work() const;

    // Revalues every holding in every scenario. Seldom: it costs scenarios x holdings, and allocates. nullopt where
    // alpha is out of range.
    [[nodiscard]] std::optional<TailCheck> check(double alpha);

private:
    // Whatever is no option of one underlying.
    struct Underlying {
        std::vector<std::size_t> rows;      // contracts
        std::vector<std::size_t> revalued;  // those of them that are not linear now: pools, futures in their average
        StressGrid grid;
        StressMatrix matrix{};
    };

    void take_market();
    void take_volatilities();
    void take_row(std::size_t row);
    void publish_margins();
    void publish_concentration();
    void publish_equity();
    void publish_expiry(std::size_t expiry);
    void publish_rates(std::size_t expiry);
    void take_profits(std::size_t bucket);
    void publish_cells(std::size_t expiry);
    void publish_cash();
    void publish_underlying(std::size_t underlying);
    void publish_revalued(std::size_t underlying);
    struct Worth {
        double coin{0.0};
        double usd{0.0};
    };
    [[nodiscard]] Worth revalued(std::size_t underlying, double spot);
    [[nodiscard]] bool is_linear(std::size_t row) const;

    IncrementalBook incremental_;
    // What the parts below read: brought up to date by publish().
    Book book_;
    MarketState market_;
    ScenarioSet scenarios_;
    ScenarioVector vector_;  // a bucket per expiry, then one per underlying for what is revalued
    ContributionReader contributions_;
    NamedStresses named_stresses_;
    VenueMargins margins_;
    ConcentrationState by_underlying_, by_venue_;
    std::vector<std::size_t> first_accounts_;  // by VenueSlot
    std::vector<double> venue_gross_;          // USD, at each venue's first account
    Drawdown drawdown_{};
    double log_flows_{0.0};  // that drawdown_ knows of (EquityPeak), as is the next
    std::uint64_t emptied_{0};
    std::vector<ExpiryScenarios> expiries_;
    std::vector<std::vector<std::size_t>> options_;  // by ExpirySlot: contracts
    std::vector<Underlying> underlyings_;
    std::vector<std::size_t> cash_;  // contracts: in stablecoins
    std::vector<double> pnl_;
    std::vector<UnderlyingShock> moves_;
    StressCells cells_{};
    std::vector<std::optional<double>> pending_;  // by factor: volatilities of now, not yet taken in
    std::vector<std::uint8_t> moved_rates_;       // by ExpirySlot: index or a stablecoin, since the last publish()
    bool rescaled_{false};                        // a column of scenarios_ has changed: every profit is read again
    // 1 where a number was refused and the last good one stands: profits of each bucket of vector_, linear part of each
    // underlying, volatility of each factor.
    std::vector<std::uint8_t> refused_buckets_, refused_linear_, refused_factors_;
    std::uint64_t version_{0};
    CalculatorWork work_{};
};

}  // namespace keel::risk
