#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <type_traits>

#include "engine/core/counted.hpp"
#include "engine/core/decimal.hpp"
#include "engine/core/ids.hpp"
#include "engine/core/result.hpp"
#include "engine/core/time.hpp"

namespace keel {

enum class InstrumentKind : std::uint8_t { spot, perpetual, future, option };
enum class Payoff : std::uint8_t { linear, inverse };  // settles in the quote currency, or in the coin
enum class OptionType : std::uint8_t { none, call, put };
enum class Side : std::uint8_t { bid, ask };  // bid = buy, ask = sell

constexpr Side opposite(Side side) { return side == Side::bid ? Side::ask : Side::bid; }
constexpr double sign(Side side) { return side == Side::bid ? 1.0 : -1.0; }

// From `above` (in finest ticks) on, prices move in steps of `step` finest ticks.
struct TickStep {
    std::int64_t above{0};
    std::int64_t step{1};
};

// A fixed-size name, zero-padded, so that an Instrument is one trivially copyable journal record.
using Name = std::array<char, 40>;

// Everything the engine knows of a contract, and the one place where exact counts (ticks, lots) meet
// doubles (prices, amounts, money). Filled by a connector's reference data; immutable afterwards.
// Thread: any. Allocates: never.
//
// Units. `tick` is the finest tick in price units; `lot` the smallest step of the venue's `amount`
// (USD for inverse futures and perpetuals, coin for options, linear contracts and spot).
// `multiplier` turns one unit of amount into coin (linear, options, spot: 1 for Deribit, the
// contract's face for others) or USD (inverse).
struct Instrument {
    Name name{};
    InstrumentId id{InstrumentId::none};
    VenueId venue{VenueId::none};
    InstrumentKind kind{InstrumentKind::perpetual};
    Payoff payoff{Payoff::linear};
    OptionType option_type{OptionType::none};
    UnderlyingId underlying{UnderlyingId::none};
    CurrencyId base{CurrencyId::none};
    CurrencyId quote{CurrencyId::none};
    CurrencyId settlement{CurrencyId::none};
    std::uint8_t tick_steps_count{0};
    std::array<TickStep, 4> tick_steps{};
    Decimal tick{1, 0};
    Decimal lot{1, 0};
    Quantity quantity_min{1};  // lots
    double multiplier{1.0};
    double strike{0.0};     // price units; options only
    UnixNanos expiry{};     // 0: never (perpetual, spot)
    double taker_fee{0.0};  // fraction of the notional; options: fraction of one coin, capped by venue
    double maker_fee{0.0};
    double leverage_max{0.0};

    [[nodiscard]] std::string_view name_view() const;
    void set_name(std::string_view text);
    [[nodiscard]] bool is_option() const { return kind == InstrumentKind::option; }
    // Perpetual or future: what a delta hedge may use.
    [[nodiscard]] bool is_delta_one() const { return !is_option() && kind != InstrumentKind::spot; }

    // Exact text to counts. Errors: malformed_message, number_out_of_range, price_off_tick,
    // quantity_off_lot.
    [[nodiscard]] Result<Price> price_from_text(std::string_view text) const;
    [[nodiscard]] Result<Quantity> quantity_from_text(std::string_view text) const;

    // Counts to the venue's numbers. The Decimal forms are exact.
    [[nodiscard]] Decimal decimal_of(Price price) const;
    [[nodiscard]] Decimal decimal_of(Quantity quantity) const;
    [[nodiscard]] double price_value(Price price) const;         // price units
    [[nodiscard]] double amount_value(Quantity quantity) const;  // the venue's amount units

    // The tick that applies at `price`, in finest ticks, and whether `price` lies on it.
    [[nodiscard]] std::int64_t tick_at(Price price) const;
    [[nodiscard]] bool on_tick(Price price) const;
    // Nearest valid price at or below / at or above a price in price units.
    [[nodiscard]] Price price_floor(double value) const;
    [[nodiscard]] Price price_ceil(double value) const;
    // Largest whole number of lots not above `amount` (amount units, magnitude).
    [[nodiscard]] Quantity quantity_floor(double amount) const;

    // Signed holding -> coins of the underlying at `price` (price units): inverse amount*mult/price,
    // everything else amount*mult.
    [[nodiscard]] double coins(Quantity quantity, double price) const;
    // Unsigned USD (quote) value of `quantity` at `price`; `underlying_usd` prices inverse options,
    // whose own price is in coin.
    [[nodiscard]] double notional_usd(Quantity quantity, double price, double underlying_usd) const;
};
static_assert(std::is_trivially_copyable_v<Instrument>);

}  // namespace keel
