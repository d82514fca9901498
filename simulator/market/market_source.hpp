#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/result.hpp"
#include "simulator/exchange/listing.hpp"

namespace keel::simulator {

// What one instrument is worth at a moment, before any book: the venue's mark is made of it.
struct InstrumentMark {
    double mark_price{0.0};        // USD; inverse options: coin
    double underlying_price{0.0};  // options: forward of the expiry, USD
    double iv_ratio{0.0};          // options: mark volatility, 1.0 = 100 %
};

enum class FlowKind : std::uint8_t { add, cancel, take };

// One exogenous action: a maker's resting order, its cancel, or a taker's immediate-or-cancel order.
// `maker_order` names the maker's order for the later cancel; a cancel of an order that has been filled
// meanwhile means nothing. Prices in ticks, quantities in lots of the instrument.
struct FlowAction {
    InstrumentId instrument{InstrumentId::none};
    FlowKind kind{FlowKind::add};
    Side side{Side::bid};
    std::uint32_t maker_order{0};  // per instrument
    Price price{};
    Quantity quantity{};
};

// Where a market comes from. Stepped in fixed simulated intervals; must not know what the exchange does
// with its flow. Implementations fold factors and flow into the hash as they make them.
class MarketSource {
public:
    virtual ~MarketSource() = default;
    [[nodiscard]] virtual UnixNanos start_time() const = 0;
    [[nodiscard]] virtual UnixNanos end_time() const = 0;  // 0: never ends
    [[nodiscard]] virtual std::int64_t step_ns() const = 0;
    // Listed so far; the source appends and never removes. Slot = contract.id.
    [[nodiscard]] virtual std::span<const Listing> listings() const = 0;
    // Moves to start_time + (number of calls) * step; valid until the next call.
    virtual void step() = 0;
    [[nodiscard]] virtual std::span<const FlowAction> flow() const = 0;
    [[nodiscard]] virtual double index_price(Currency currency) const = 0;
    [[nodiscard]] virtual double volatility_index(Currency currency) const = 0;  // percent
    // As of the last step.
    [[nodiscard]] virtual InstrumentMark mark(InstrumentId instrument) const = 0;
    [[nodiscard]] virtual std::uint64_t hash() const = 0;
    [[nodiscard]] virtual std::string_view description() const = 0;
};

// The seeded generator. Scenarios: "calm", "shock" (volatility shock at a quarter of `seconds`, crash at
// 55 %). Error: config_invalid for an unknown scenario.
struct GeneratedMarketConfig {
    std::string scenario{"shock"};
    std::uint64_t seed{1};
    // The span over which the scenario's script plays, and that the hash covers; the market runs on after.
    double seconds{60.0};
    bool linear_perpetuals{false};  // also list BTC_USDC-PERPETUAL and ETH_USDC-PERPETUAL
};
Result<std::unique_ptr<MarketSource>> make_generated_market(const GeneratedMarketConfig& config);

// Recorded option chains (chain_snapshots_*.csv.zst below `folder`/deribit) as marks, with books
// generated around them. Marks step from snapshot to snapshot unless `interpolate`. Errors:
// file_unreadable, malformed_message, config_invalid.
struct RecordedMarketConfig {
    std::filesystem::path folder;
    std::uint64_t seed{1};
    double speed{3600.0};  // simulated over wall time: only sets the step, so that wall pace is constant
    bool interpolate{false};
    UnixNanos from{};   // 0: the first snapshot
    UnixNanos until{};  // 0: the last snapshot
};
Result<std::unique_ptr<MarketSource>> make_recorded_market(const RecordedMarketConfig& config);

}  // namespace keel::simulator
