#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "simulator/exchange/exchange.hpp"

namespace keel::simulator::deribit {

// What a channel carries.
enum class Topic : std::uint8_t {
    book,          // incremental
    book_grouped,  // whole window
    quote,
    trades,
    ticker,
    price_index,
    volatility_index,
    mark_prices,  // all options of one index
    perpetual,
    instrument_state,
    user_orders,
    user_trades,
    user_changes,
    user_portfolio,
    silent,  // known to the venue, and nothing ever happens on it here
};

enum class Interval : std::uint8_t { raw, every_100ms, every_second };

// One channel name, understood. Unset filters match everything.
struct Channel {
    Topic topic{Topic::silent};
    Interval interval{Interval::raw};
    InstrumentId instrument{InstrumentId::none};
    std::optional<bool> is_option;
    std::optional<Currency> currency;  // settlement currency, or the currency of an index
    double group{0.0};                 // price step of a grouped book; 0: none
    std::size_t depth{0};
    bool is_private{false};
    bool is_raw{false};  // the name says raw: needs a login

    [[nodiscard]] bool matches(const Listing& listing) const {
        if (instrument != InstrumentId::none) return listing.id() == instrument;
        return (!is_option || *is_option == listing.contract.is_option()) &&
               (!currency || *currency == listing.settlement);
    }
};

// Understands a channel name; nullopt for what the venue would drop silently: unknown channels,
// instruments, currencies, intervals.
[[nodiscard]] std::optional<Channel> parse_channel(std::string_view name, const Exchange& exchange);

// "BTC" and "btc_usd" to their slots.
[[nodiscard]] std::optional<Currency> currency_from_name(std::string_view name);
[[nodiscard]] std::optional<Currency> currency_of_index(std::string_view index_name);

}  // namespace keel::simulator::deribit
