#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "engine/pipeline/ports.hpp"
#include "risk/config/risk_config.hpp"
#include "risk/metrics/ewma_volatility.hpp"
#include "risk/metrics/implied_volatility_change.hpp"
#include "risk/portfolio/ledger.hpp"
#include "risk/portfolio/position.hpp"
#include "risk/portfolio/risk_snapshot.hpp"
#include "risk/triggers/trigger_set.hpp"

namespace keel::risk {

// A trade that a strategy or the gate asks about before it exists: signed lots of one instrument.
struct TradeWhatIf {
    InstrumentId instrument{InstrumentId::none};
    Quantity quantity{};  // signed lots
};

// Lowest and highest value a metric can take when any subset of our working orders fills.
struct DeltaRange {
    double low{0.0};
    double high{0.0};
};

using MetricArray = std::array<double, static_cast<std::size_t>(Metric::count)>;

// The incremental risk of the whole account. Full revaluation is the definition: after every event
// each sum equals what pricing every position at its own latest ticker gives. A ticker replaces only
// its instrument's contribution to its expiry, its underlying and its currency; an index price
// rescales one underlying; a fill moves one instrument: O(1) each, whatever the portfolio holds.
// Between two tickers an option's greeks stand on its last one (its forward, volatility and time).
//
//   ticker/fill -> instrument -> expiry -> underlying -> account -> metrics -> boundaries
//
// Thread: core. Allocates: at construction only.
class RiskEngine {
public:
    // `instruments` must outlive the engine and not grow after this.
    RiskEngine(const RiskConfig& config, const InstrumentTable& instruments);
    ~RiskEngine();
    RiskEngine(const RiskEngine&) = delete;
    RiskEngine& operator=(const RiskEngine&) = delete;

    // RiskModel port.
    void apply(const Event& event, const CoreView& view);
    [[nodiscard]] std::span<const FiredTrigger> evaluate(const CoreView& view);
    void hash_into(StateHash& hash) const;

    // A metric as its boundary compares it (magnitudes; net_delta signed). NaN where unknown. Account
    // metrics take UnderlyingId::none.
    [[nodiscard]] double metric(Metric metric, UnderlyingId underlying) const;
    [[nodiscard]] UnderlyingRisk underlying(UnderlyingId underlying) const;
    [[nodiscard]] AccountRisk account() const;
    [[nodiscard]] Sensitivities expiry_sums(UnderlyingId underlying, UnixNanos expiry) const;  // expiry 0: perpetuals
    [[nodiscard]] RiskSnapshot snapshot() const;
    [[nodiscard]] std::uint64_t version() const { return version_; }

    // Index price of the underlying, USD per coin; NaN before the first.
    [[nodiscard]] double index(UnderlyingId underlying) const;
    [[nodiscard]] UnixNanos index_time(UnderlyingId underlying) const;
    [[nodiscard]] const Position& position(InstrumentId instrument) const { return positions_[slot(instrument)]; }
    // Instruments held, in no order.
    [[nodiscard]] std::span<const InstrumentId> held() const { return held_; }
    // Equity in one settlement currency; NaN before its first balance report.
    [[nodiscard]] double equity(CurrencyId currency) const;

    // Coins of the hedged delta (hedge_numeraire) that one more lot adds; NaN where unvalued.
    [[nodiscard]] double delta_per_lot(InstrumentId instrument) const;
    // net_delta with every working and unknown order of the underlying filled in full: what a target is
    // computed from, so that a hedge in flight is not sent again.
    [[nodiscard]] double delta_with_working(UnderlyingId underlying, const CoreView& view) const;
    // net_delta when the orders of one side only fill: what limits are checked on.
    [[nodiscard]] DeltaRange delta_worst_case(UnderlyingId underlying, const CoreView& view) const;
    // Every metric of the scope, now and with `trades` filled at their marks (NaN where unknown).
    [[nodiscard]] MetricArray metrics(UnderlyingId underlying) const;
    [[nodiscard]] MetricArray metrics_after(UnderlyingId underlying, std::span<const TradeWhatIf> trades) const;

    [[nodiscard]] std::span<const BoundaryStatus> boundaries() const { return triggers_.boundaries(); }
    // Event time that boundary `slot` has spent beyond soft.
    [[nodiscard]] double breach_seconds(std::size_t slot, UnixNanos now) const;
    // Event time during which any boundary of `metric` was beyond soft, summed over underlyings.
    [[nodiscard]] double breach_seconds(Metric metric, UnixNanos now) const;

    // Contributions replaced plus boundaries sampled since construction: proves O(1) per event.
    [[nodiscard]] std::uint64_t work() const { return work_; }
    [[nodiscard]] HedgeNumeraire hedge_numeraire() const { return config_.hedge_numeraire; }

private:
    struct Underlying;
    struct Bucket;

    void on_ticker(const Event& event, UnixNanos now);
    void on_index(UnderlyingId underlying, double price, UnixNanos now);
    void on_trade(const Event& event, UnixNanos now);
    void on_implied(const Instrument& instrument, const MarketInputs& inputs);
    void on_fill(const Event& event);
    void on_position(const Event& event);
    void on_balance(const Event& event);
    void on_timer(UnixNanos now);
    void revalue(InstrumentId instrument, const MarketInputs& inputs);
    void hold(InstrumentId instrument, Quantity quantity, double average_price);
    void adopt(InstrumentId instrument, Quantity quantity, double average_price);
    void settle(InstrumentId instrument);
    void forget_unreported(VenueId venue);
    void sweep(UnixNanos now);
    void set_stale(InstrumentId instrument, bool stale);
    void touch(UnderlyingId underlying);
    [[nodiscard]] double position_value(InstrumentId instrument) const;
    [[nodiscard]] double unrealised(InstrumentId instrument) const;
    [[nodiscard]] double usd_rate(CurrencyId currency) const;
    [[nodiscard]] double equity_usd() const;
    [[nodiscard]] double boundary_value(const BoundaryStatus& boundary) const;
    [[nodiscard]] double hedged_delta(const Sensitivities& sums, const Underlying& row) const;
    [[nodiscard]] double linear_coins(const Sensitivities& sums, const Underlying& row) const;
    [[nodiscard]] static double gross_notional(const Sensitivities& sums, const Underlying& row);
    [[nodiscard]] static double net_notional(const Sensitivities& sums, const Underlying& row);
    [[nodiscard]] MetricArray metrics_of(const Sensitivities& sums, const Underlying& row, double gross_usd) const;

    RiskConfig config_;
    const InstrumentTable& instruments_;
    std::vector<Position> positions_;       // by InstrumentId slot
    std::vector<std::uint32_t> bucket_of_;  // by InstrumentId slot
    std::vector<std::uint32_t> held_at_;    // place in held_, by InstrumentId slot
    std::vector<InstrumentId> held_;
    std::vector<Bucket> buckets_;                               // one per (underlying, expiry)
    std::vector<Underlying> underlyings_;                       // by UnderlyingId slot
    std::array<UnderlyingId, kCurrenciesMax> underlying_of_{};  // the coin that a currency is, or none
    std::array<bool, kCurrenciesMax> is_dollar_{};              // USD and stablecoins
    std::array<bool, 8> orders_ready_{};  // by VenueId: positions change by fills, not by snapshots
    Ledger ledger_;
    TriggerSet triggers_;
    std::uint64_t dirty_{0};  // bit per underlying whose metrics moved
    bool sample_all_{false};  // a timer: every boundary is sampled
    bool account_dirty_{false};
    std::uint64_t version_{0};
    std::uint64_t work_{0};
    std::uint32_t reports_{0};  // position snapshots begun
    bool report_open_{false};
    bool inside_report_{false};             // the last event was part of an unfinished snapshot
    std::uint64_t reported_currencies_{0};  // bit per settlement currency that the open snapshot named
    std::size_t sweep_next_{0};
    std::int64_t sweep_age_ns_{0};      // oldest input of the sweep under way
    std::int64_t input_age_ns_max_{0};  // of the last whole sweep
    UnixNanos now_{};
};

}  // namespace keel::risk
