#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "engine/core/time.hpp"
#include "risk/book/contract.hpp"

namespace keel::risk {

// One coin and its index price.
struct UnderlyingMarket {
    double index{0.0};  // USD per coin
};

// One expiry of one underlying.
struct ExpiryMarket {
    UnderlyingSlot underlying{UnderlyingSlot::none};
    UnixNanos expiry{};
    double forward{0.0};  // USD per coin
    // Delivery is on the index averaged over this span before expiry; zero: on the last price.
    std::chrono::nanoseconds settlement_window{0};
    double settlement_average{
        std::numeric_limits<double>::quiet_NaN()};  // so far; NaN: not known, the forward stands in
};

// Every price that a revaluation reads. `quotes` is parallel to the contracts of the book.
struct MarketState {
    UnixNanos now{};
    std::vector<UnderlyingMarket> underlyings;
    std::vector<ExpiryMarket> expiries;
    std::vector<double> stables;  // USD per unit
    std::vector<ContractQuote> quotes;
};

// The contracts that may be held, what is held of each, and their names. Rows never move.
struct Book {
    std::vector<Contract> contracts;
    std::vector<Holding> holdings;   // parallel to contracts
    std::vector<std::string> names;  // parallel; for reports
    std::vector<std::string> underlying_names;
    std::vector<std::string> stable_names;
    std::vector<std::string> venue_names;
};

// How a relative volatility shock v acts on a tenor: the same at each (flat), or
// iv (1 + v (30/days)^p) with p = 0.30 below 30 days and 0.13 from there on, days at least 1
// (risk-model.md, "Stress").
enum class VolatilityTenor : std::uint8_t { flat, power };

struct UnderlyingShock {
    double spot{0.0};        // relative move of index, forwards and marks
    double volatility{0.0};  // relative move of implied volatilities
    double basis{0.0};       // relative move of perpetuals' marks beyond the spot move
};

// A world to revalue the book in. Strikes keep their (shocked) volatility. Spans shorter than the market's
// tables mean: the rest stays as it is.
struct Shock {
    std::span<const UnderlyingShock> underlyings{};
    std::span<const double> stables{};  // relative move of each stablecoin's price
    VolatilityTenor tenor{VolatilityTenor::flat};
    double years{0.0};  // time that passes
};

// The factor that `tenor` puts on a relative volatility shock for an option of `years`.
[[nodiscard]] double tenor_weight(VolatilityTenor tenor, double years);

}  // namespace keel::risk
