#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "risk/book/book_metrics.hpp"
#include "risk/book/option_bucket.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/exposure/equity_peak.hpp"

namespace keel::risk {

struct BookRules {
    BucketRules bucket{};
    double value_share{1e-5};     // a bucket may be off by this share of the account's equity
    double value_floor_usd{1.0};  // and by this much in any case
    double delta_share{0.05};     // and by this share of the underlying's hedge band
    std::chrono::nanoseconds clock_jump{std::chrono::seconds{5}};  // a later time than that: everything is refreshed
    double price_min{1e-9};                                        // inputs outside are refused
    double price_max{1e9};
    // A price of more than so many times the last good one, or less than that over it, is refused until so many in a
    // row agree with the first of them. More than 1.
    double price_jump{1.5};
    std::uint32_t jump_confirmations{3};
    double quantity_max{1e12};  // contracts
};

// A book whose risk moves with each event in O(what changed). Full revaluation (revaluation.hpp) of the same
// holdings in the same market is the definition of every number: without resync() each published value is off
// by no more than the bound published beside it, after resync() by rounding alone.
//
// Contracts, venues, underlyings and expiries are those it was made with; contract_problem() finds nothing in any. A
// contribution (a future, a lane of an option bucket, cash) is added to its cell (venue, underlying, stablecoin), and
// in USD to the account, all compensated; an underlying and a venue are the sums of their few cells. Every ledger that
// a contract settles in needs its row of cash at that venue.
//
// Invariant: every sum is finite. An input that is not usable changes flags and nothing else.
// Thread: core. Allocates: at construction only.
class IncrementalBook {
public:
    IncrementalBook(const Book& book, const MarketState& market, const BookRules& rules = {});

    // Market. A price stands until the next good one.
    BookStatus on_index(UnderlyingSlot underlying, double price);
    BookStatus on_forward(ExpirySlot expiry, double price);
    BookStatus on_mark(ContractSlot contract, double price);
    BookStatus on_volatility(ContractSlot contract, double volatility);  // the index's (ContractQuote), not as quoted
    BookStatus on_volatility_shift(ExpirySlot expiry, double shift);  // every option of the expiry, absolute
    BookStatus on_stable(StableSlot stable, double price);
    BookStatus on_settlement_average(ExpirySlot expiry, double average);
    // Time moves every bucket, and never backwards. Costs O(buckets).
    BookStatus on_clock(UnixNanos now);

    // Account. `fee` is paid in the currency that the contract settles in; a rebate is negative.
    BookStatus on_fill(ContractSlot contract, double quantity, double price, double fee);
    BookStatus on_funding(ContractSlot contract, double rate);  // perpetuals only
    // Deposit or withdrawal, into a row of cash: it scales the peak of the drawdown.
    BookStatus on_cash(ContractSlot cash, double amount);
    // Delivery of everything of an expiry at `price`, in cash.
    BookStatus on_settlement(ExpirySlot expiry, double price);

    // The stream of an input has a gap, or it is too old: flagged until its next good value.
    void mark_stale(UnderlyingSlot underlying);
    void mark_stale(ExpirySlot expiry);
    void mark_stale(ContractSlot contract);

    // Brings every bucket to its anchor at the current time and rebuilds every sum.
    void resync();

    // Metrics, each O(1) to read.
    [[nodiscard]] Bounded<UnderlyingMetrics> underlying(UnderlyingSlot slot) const;
    [[nodiscard]] Bounded<AccountMetrics> account() const;
    [[nodiscard]] Bounded<UsdVector> venue(VenueSlot slot) const;
    [[nodiscard]] Bounded<double> equity_stable(StableSlot slot) const;
    [[nodiscard]] std::uint8_t quality(UnderlyingSlot slot) const;
    [[nodiscard]] std::uint8_t quality() const;
    [[nodiscard]] UnixNanos as_of() const { return market_.now; }
    [[nodiscard]] std::uint64_t version() const { return work_.events; }
    [[nodiscard]] BookWork work() const;
    [[nodiscard]] const EquityPeak& equity_peak() const { return peak_; }

    // Marks for the metrics that are recomputed when they are read (value at risk, stress, margin, surface):
    // one bit per expiry and per underlying, set by whatever moved them.
    [[nodiscard]] bool dirty(ExpirySlot slot) const;
    [[nodiscard]] bool dirty(UnderlyingSlot slot) const;
    void clear_dirty();

    // A coin of hedge band (half its width) for the underlying: buckets keep their delta within a share of it. What is
    // no width changes nothing: a boundary is never widened by nonsense.
    void set_hedge_band(UnderlyingSlot underlying, double coins);

    // The inputs of the definition, as they stand.
    [[nodiscard]] Holding holding(ContractSlot contract) const;
    [[nodiscard]] double volatility(ContractSlot contract) const;
    [[nodiscard]] const MarketState& market() const { return market_; }  // volatilities: see volatility()
    [[nodiscard]] const Contract& contract(ContractSlot slot) const { return rows_[index_of(slot)].contract; }
    [[nodiscard]] std::size_t contracts_count() const { return rows_.size(); }
    // Since the start, in the ledger of a row of cash.
    struct CashTally {
        CompensatedSum realised{}, fees{}, funding{}, flows{};
    };
    [[nodiscard]] const CashTally& tally(ContractSlot cash) const { return rows_[index_of(cash)].tally; }
    [[nodiscard]] ContractSlot cash_of(ContractSlot contract) const { return rows_[index_of(contract)].cash; }

private:
    // Prices that were too far from the last good one, and agree with the first of them.
    struct Suspicion {
        double price{0.0};
        std::uint32_t count{0};
    };
    struct Row {
        Contract contract{};
        Holding holding{};
        std::uint32_t cell{0};
        std::uint32_t option{0};  // place in the bucket of its expiry; options
        ContractSlot cash{ContractSlot::none};
        std::uint8_t flags{0};
        bool valued{true};
        bool settled{false};
        Suspicion suspicion{};
        Bounded<RiskVector> posted{};  // everything but options
        CompensatedSum cash_sum{};
        CashTally tally{};
    };
    struct Cell {
        std::uint16_t venue{0}, underlying{0}, stable{0};
        VectorSum<RiskVector> sums{};
        Bounded<UsdVector> posted{};
    };
    struct UnderlyingLevel {
        std::uint32_t unvalued{0};  // rows; those of buckets are counted there
        std::uint32_t refused{0};   // inputs
        std::uint32_t stale{0};
        double band{std::numeric_limits<double>::infinity()};
        std::uint8_t flags{0};               // of the index
        Suspicion suspicion{};               // likewise
        std::vector<std::uint32_t> cells{};  // its sums are theirs
    };
    struct ExpiryLevel {
        std::vector<std::uint32_t> lane_cells{};
        std::vector<std::uint32_t> rows{};  // contracts that expire then
        std::uint32_t unvalued{0};
        std::uint8_t flags{0};
        bool settled{false};
        Suspicion suspicion{};           // of the forward
        Suspicion average_suspicion{};   // of the settlement average
        Suspicion delivery_suspicion{};  // of the delivery price
    };
    static constexpr std::uint8_t kFlagRefused = 1;
    static constexpr std::uint8_t kFlagStale = 2;

    template <class Slot>
    static std::size_t index_of(Slot slot) {
        return static_cast<std::size_t>(slot);
    }
    void build_rows(const Book& book);
    std::uint32_t cell_of(const Contract& contract);
    void place_option(std::uint32_t row, double volatility);
    [[nodiscard]] bool usable(double price) const;
    [[nodiscard]] bool near(double price, double other) const;
    [[nodiscard]] bool acceptable(double price, double last, Suspicion& suspicion);
    [[nodiscard]] bool confirmed(double price, Suspicion& suspicion) const;
    [[nodiscard]] std::uint32_t underlying_of(std::uint32_t cell) const { return cells_[cell].underlying; }
    BookStatus refuse(std::uint8_t& flags, std::size_t underlying);
    void set_flags(std::uint8_t& flags, std::uint8_t after, std::size_t underlying);
    void accept(std::uint8_t& flags, std::size_t underlying) { set_flags(flags, 0, underlying); }
    [[nodiscard]] BucketTolerance tolerance(std::size_t underlying) const;
    void apply(std::uint32_t cell, const Bounded<RiskVector>& before, const Bounded<RiskVector>& after);
    void post_usd(Cell& cell);
    void post_bucket(std::size_t expiry);
    void post_row(std::uint32_t row);
    void hold(std::uint32_t row, const Holding& holding);
    void add_cash(ContractSlot cash, double amount);
    void settle_row(std::uint32_t row, double price);
    void rebuild_levels();
    void touch(std::size_t underlying) { dirty_underlyings_[underlying / 64] |= std::uint64_t{1} << (underlying % 64); }
    BookStatus finish();

    BookRules rules_;
    MarketState market_;
    std::vector<Row> rows_;
    std::vector<Cell> cells_;
    std::vector<std::uint32_t> cell_at_;        // [venue][underlying][stable]
    std::vector<UnderlyingLevel> underlyings_;  // the last one: no underlying
    std::vector<OptionBucket> buckets_;         // by ExpirySlot
    std::vector<ExpiryLevel> expiries_;         // by ExpirySlot
    std::vector<Bounded<CompensatedSum>> stable_sums_;
    std::vector<std::uint8_t> stable_flags_;
    std::vector<Suspicion> stable_suspicions_;
    std::vector<std::uint64_t> dirty_expiries_;
    std::vector<std::uint64_t> dirty_underlyings_;
    VectorSum<UsdVector> account_{};
    std::size_t venues_count_{0};  // and one for none
    EquityPeak peak_{};
    BookWork work_{};
    std::uint8_t sticky_quality_{0};  // clock and fault: until the next resync
};

}  // namespace keel::risk
