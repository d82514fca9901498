#pragma once

#include <span>
#include <vector>

#include "risk/book/market_state.hpp"
#include "risk/options/chain_kernel.hpp"

namespace keel::risk {

// The options of one expiry whose delivery average has begun, valued scenario by scenario, four at a time. Prices of
// such options are no function of forward and volatility alone, so a ValueLadder does not hold them.
class AveragedOptions {
public:
    // Of `book`'s holdings `rows`, all options of the expiry. `market` has their volatilities and outlives this.
    AveragedOptions(const Book& book, const MarketState& market, ExpirySlot expiry, std::span<const std::size_t> rows);

    // Adds each scenario's profit in USD: log return of the coin, change of ln(iv) at 30 days. Agrees with
    // holding_value() to 1e-12 of the notional.
    void add_pnl_usd(std::span<const double> log_returns, std::span<const double> log_volatility_changes,
                     std::span<double> pnl_usd);

private:
    [[nodiscard]] double value_usd(double log_return, double log_volatility_change);

    const MarketState& market_;
    ExpirySlot expiry_;
    OptionChain chain_;
    std::vector<double> linear_usd_;  // by option: USD of quantity at the stablecoin's price; 0 where coin-settled
    std::vector<double> coins_;       // by option: coin of quantity; 0 where linear
};

}  // namespace keel::risk
