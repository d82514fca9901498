#include "risk/stress/exit_cost.hpp"

#include <cmath>

#include "risk/book/liquidity_position.hpp"
#include "risk/liquidity/impact.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double ledger_rate(const Contract& contract, const MarketState& market, const Shock& shock) {
    if (settles_in_coin(contract.kind)) {
        const std::size_t u = at(contract.underlying);
        const double move = u < shock.underlyings.size() ? shock.underlyings[u].spot : 0.0;
        return market.underlyings[u].index * (1.0 + move);
    }
    const std::size_t k = at(contract.stable);
    return market.stables[k] * (k < shock.stables.size() ? 1.0 + shock.stables[k] : 1.0);
}

double exit_quantity(const Contract& contract, const Holding& holding, const ContractQuote& quote) {
    if (contract.kind != ContractKind::liquidity) return holding.quantity;
    LiquidityGreeks pool;
    if (!liquidity_position({contract.strike, contract.upper}, quote.mark, pool)) return kNaN;
    return holding.quantity * contract.multiplier * pool.delta;
}

double notional_usd(const Contract& contract, const Holding& holding, const ContractQuote& quote,
                    const MarketState& market, const Shock& shock) {
    const bool pool = contract.kind == ContractKind::liquidity;
    const double size =
        std::abs(pool ? exit_quantity(contract, holding, quote) : holding.quantity * contract.multiplier);
    if (contract.kind == ContractKind::inverse_future) return size;
    const std::size_t u = at(contract.underlying);
    const UnderlyingShock moved = u < shock.underlyings.size() ? shock.underlyings[u] : UnderlyingShock{};
    if (is_option(contract.kind)) return size * market.underlyings[u].index * (1.0 + moved.spot);
    const double basis = is_perpetual(contract) ? moved.basis : 0.0;
    return size * quote.mark * (1.0 + moved.spot) * (1.0 + basis) * ledger_rate(contract, market, shock);
}

double exit_cost_usd(double notional_usd, double quantity, const ContractLiquidity& liquidity, double spread_factor,
                     double depth_factor, double impact_factor) {
    const double impact =
        impact_factor * impact_relative(quantity, liquidity.daily_volatility, liquidity.daily_volume * depth_factor);
    return notional_usd * (0.5 * spread_factor * liquidity.spread + impact);
}

}  // namespace keel::risk
