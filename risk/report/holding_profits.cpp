#include "risk/report/holding_profits.hpp"

#include <cmath>

namespace keel::risk {
HoldingProfits::HoldingProfits(const Book& book, const MarketState& market)
    : book_{book},
      market_{market},
      options_{book, market},
      moves_(market.underlyings.size()),
      expiry_moves_(market.expiries.size()) {
    for (const ExpiryMarket& expiry : market.expiries) {
        tenor_weights_.push_back(tenor_weight(VolatilityTenor::power, years_between(market.now, expiry.expiry)));
    }
    options_.price(Shock{});
    before_.reserve(book.contracts.size());
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        before_.push_back(options_.value_of(row, book.holdings[row], {}));
    }
}

void HoldingProfits::move(std::span<const double> log_returns, std::span<const double> log_volatilities) {
    const auto of = [](std::span<const double> moves, std::size_t u) { return u < moves.size() ? moves[u] : 0.0; };
    for (std::size_t u = 0; u < moves_.size(); ++u) moves_[u] = {.spot = std::expm1(of(log_returns, u))};
    for (std::size_t e = 0; e < expiry_moves_.size(); ++e) {
        const std::size_t u = at(market_.expiries[e].underlying);
        expiry_moves_[e] = {.spot = u < moves_.size() ? moves_[u].spot : 0.0,
                            .volatility = std::expm1(of(log_volatilities, u) * tenor_weights_[e])};
    }
    options_.price(expiry_moves_);
}

double HoldingProfits::usd(std::size_t row) const {
    const Contract& contract = book_.contracts[row];
    if (contract.underlying == UnderlyingSlot::none) return 0.0;
    const double after = options_.value_of(row, book_.holdings[row], shock());
    if (!settles_in_coin(contract.kind)) return (after - before_[row]) * market_.stables[at(contract.stable)];
    const std::size_t u = at(contract.underlying);
    return market_.underlyings[u].index * (after * (1.0 + moves_[u].spot) - before_[row]);
}

}  // namespace keel::risk
