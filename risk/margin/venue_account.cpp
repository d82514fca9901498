#include "risk/margin/venue_account.hpp"

#include <algorithm>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double settlement_rate(const Contract& contract, const MarketState& market, const Shock& shock) {
    if (settles_in_coin(contract.kind)) {
        if (at(contract.underlying) >= market.underlyings.size()) return kNaN;
        return market.underlyings[at(contract.underlying)].index * (1.0 + shock_of(shock, contract.underlying).spot);
    }
    if (at(contract.stable) >= market.stables.size()) return kNaN;
    const double moved = at(contract.stable) < shock.stables.size() ? shock.stables[at(contract.stable)] : 0.0;
    return market.stables[at(contract.stable)] * (1.0 + moved);
}

double volatility_factor(const ExpiryMarket& expiry, const MarketState& market, const Shock& shock) {
    const double move = shock_of(shock, expiry.underlying).volatility;
    return move == 0.0 ? 1.0 : 1.0 + move * tenor_weight(shock.tenor, years_between(market.now, expiry.expiry));
}

double years_left(const ExpiryMarket& expiry, const MarketState& market, const Shock& shock) {
    return std::max(0.0, years_between(market.now, expiry.expiry) - shock.years);
}

}  // namespace keel::risk
