#pragma once

#include <cstddef>
#include <cstdint>

namespace keel {

// Ids are small integers that name a row of a table made at start; text is made at the edges.
enum class VenueId : std::uint8_t { none = 0, deribit = 1, binance_usdm = 2, binance_coinm = 3 };

// Slot in the InstrumentTable.
enum class InstrumentId : std::uint32_t { none = 0xffff'ffff };

// Slot of an underlying ("BTC", "ETH") in the InstrumentTable; the scope of greeks and hedges.
enum class UnderlyingId : std::uint8_t { none = 0xff };

// Slot of a currency ("BTC", "USD", "USDC") in the InstrumentTable.
enum class CurrencyId : std::uint8_t { none = 0xff };

// Ours, unique for ever: boot epoch in the high 32 bits, counter in the low (reliability: O25).
enum class ClientOrderId : std::uint64_t { none = 0 };

// Numbers the decisions of one run from 1.
enum class DecisionId : std::uint64_t { none = 0 };

template <class Id>
constexpr auto slot(Id id) {
    return static_cast<std::size_t>(id);
}

inline constexpr std::size_t kInstrumentsMax = 16'384;  // Deribit lists ~2,500 in all; 10,000 is tested
inline constexpr std::size_t kUnderlyingsMax = 32;      // underlyings one account trades
inline constexpr std::size_t kCurrenciesMax = 32;       // settlement and quote currencies together

}  // namespace keel
