#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "engine/core/instrument.hpp"

namespace keel::simulator {

// Settlement currencies of the simulated venue; also the slots of its per-currency tables.
enum class Currency : std::uint8_t { btc, eth, usdc };
inline constexpr std::size_t kCurrencyCount = 3;
inline constexpr std::array<Currency, kCurrencyCount> kCurrencies{Currency::btc, Currency::eth, Currency::usdc};

// "BTC", "ETH", "USDC".
[[nodiscard]] std::string_view currency_name(Currency currency);

// `open` trades; `settlement` is the pause around 08:00 UTC; `delivered` is final.
enum class ListingState : std::uint8_t { open, settlement, delivered };

// One instrument as public/get_instruments shows it. `contract.id` is its slot in Exchange::listings();
// `contract.base/quote/settlement/underlying` hold slots of Currency (underlying: btc or eth).
struct Listing {
    Instrument contract;
    std::uint64_t venue_number{0};  // "instrument_id"
    UnixNanos created{};
    ListingState state{ListingState::open};
    Currency base{Currency::btc};        // "base_currency", and the index that prices it
    Currency settlement{Currency::btc};  // "settlement_currency": fees, P&L and margin are in it
    double contract_size{10.0};          // amount units per contract
    double delivery_price{0.0};          // USD; set when delivered

    [[nodiscard]] std::string_view name() const { return contract.name_view(); }
    [[nodiscard]] InstrumentId id() const { return contract.id; }
    // "future" or "option".
    [[nodiscard]] std::string_view kind_name() const { return contract.is_option() ? "option" : "future"; }
    // "reversed" or "linear".
    [[nodiscard]] std::string_view type_name() const {
        return contract.payoff == Payoff::inverse ? "reversed" : "linear";
    }
    // "perpetual", "day", "week" or "month", by the distance from creation to expiry.
    [[nodiscard]] std::string_view settlement_period() const;
    // "btc_usd", "btc_usdc", ...
    [[nodiscard]] std::string_view price_index() const;
    // Milliseconds; perpetuals answer the venue's year 3000.
    [[nodiscard]] std::int64_t expiration_ms() const;
};

}  // namespace keel::simulator
