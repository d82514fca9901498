#include "risk/report/averaged_options.hpp"

#include <cmath>

#include "risk/book/expiring_option.hpp"

namespace keel::risk {

AveragedOptions::AveragedOptions(const Book& book, const MarketState& market, ExpirySlot expiry,
                                 std::span<const std::size_t> rows)
    : market_{market}, expiry_{expiry}, chain_{rows.size()} {
    for (const std::size_t row : rows) {
        const Contract& contract = book.contracts[row];
        const double size = book.holdings[row].quantity * contract.multiplier;
        const bool linear = contract.kind == ContractKind::linear_option;
        (void)chain_.add(contract.type, contract.strike, 0.0, market.quotes[row].volatility);
        linear_usd_.push_back(linear ? size * market.stables[static_cast<std::size_t>(contract.stable)] : 0.0);
        coins_.push_back(linear ? 0.0 : size);
    }
}

double AveragedOptions::value_usd(double log_return, double log_volatility_change) {
    const ExpiryMarket& expiry = market_.expiries[static_cast<std::size_t>(expiry_)];
    const double spot = std::exp(log_return);
    const DeliveryForward delivery = delivery_forward(expiry, market_.now, spot);
    const double weight = tenor_weight(VolatilityTenor::power, years_between(market_.now, expiry.expiry));
    // Volatilities scaled alike are variance over a longer time.
    chain_.set_years(delivery.years * std::exp(2.0 * weight * log_volatility_change));
    (void)chain_.price(delivery.price);
    const std::span<const double> price = chain_.price();
    double usd = 0.0;
    double in_coin = 0.0;
    for (std::size_t i = 0; i < price.size(); ++i) {
        usd += linear_usd_[i] * price[i];
        in_coin += coins_[i] * price[i];
    }
    const double index = market_.underlyings[static_cast<std::size_t>(expiry.underlying)].index * spot;
    return usd + in_coin / delivery.price * index;
}

void AveragedOptions::add_pnl_usd(std::span<const double> log_returns, std::span<const double> log_volatility_changes,
                                  std::span<double> pnl_usd) {
    const double before = value_usd(0.0, 0.0);
    for (std::size_t s = 0; s < pnl_usd.size(); ++s) {
        pnl_usd[s] += value_usd(log_returns[s], log_volatility_changes[s]) - before;
    }
}

}  // namespace keel::risk
