#pragma once

#include <limits>

#include "risk/book/market_state.hpp"

namespace keel::risk {

// How a contract trades, for the liquidity stress; NaN where unknown: such a holding is counted as left out.
struct ContractLiquidity {
    double spread{std::numeric_limits<double>::quiet_NaN()};        // of mid; an option's of its underlying's price
    double daily_volume{std::numeric_limits<double>::quiet_NaN()};  // contracts; coin where a share in a pool is left
    double daily_volatility{std::numeric_limits<double>::quiet_NaN()};
    double spread_deviation{std::numeric_limits<double>::quiet_NaN()};  // standard deviation of the spread, relative
};

// What leaving a holding sells, in the unit of its daily volume, signed as it is held: its quantity; of a share in a
// pool, which is burnt, the coin that comes out. NaN where the pool has no price.
[[nodiscard]] double exit_quantity(const Contract& contract, const Holding& holding, const ContractQuote& quote);

// What a holding is worth trading, USD, not signed: inverse futures their face, options their size at the index, linear
// contracts their size at the mark converted as the stablecoin is, of a share in a pool the coin in it before the
// shock. NaN where a price is missing. No cash.
[[nodiscard]] double notional_usd(const Contract& contract, const Holding& holding, const ContractQuote& quote,
                                  const MarketState& market, const Shock& shock = {});

// Half the spread plus 0.9 sigma_day sqrt(Q / daily volume), both relative, for leaving `holding` whole: USD.
// `depth` divides the volume. NaN where unknown. (Square-root impact; risk-model.md, "Liquidity".)
[[nodiscard]] double exit_cost_usd(double notional_usd, double quantity, const ContractLiquidity& liquidity,
                                   double spread_factor, double depth_factor, double impact_factor);

// USD per unit of a holding's ledger under a shock.
[[nodiscard]] double ledger_rate(const Contract& contract, const MarketState& market, const Shock& shock);

}  // namespace keel::risk
