#include "risk/report/passing_day.hpp"

#include <chrono>
#include <cmath>

#include "risk/book/expiring_option.hpp"

namespace keel::risk {
namespace {

constexpr std::chrono::nanoseconds kDay = std::chrono::hours{24};

}  // namespace

MarketState day_later(const MarketState& market) {
    MarketState later = market;
    later.now = market.now + kDay;
    for (ExpiryMarket& expiry : later.expiries) {
        if (delivery_forward(expiry, market.now).averaging) {
            expiry.expiry = expiry.expiry + kDay;
        } else if (expiry.expiry - later.now < expiry.settlement_window) {
            expiry.settlement_window = {};  // the average to come is of prices that no scenario tells
        }
    }
    return later;
}

std::vector<double> still_day_usd(const Book& book, const MarketState& now, const MarketState& later) {
    std::vector<double> out(book.contracts.size());
    for (std::size_t row = 0; row < out.size(); ++row) {
        const Contract& contract = book.contracts[row];
        const Holding& holding = book.holdings[row];
        if (!is_option(contract.kind) || holding.quantity == 0.0) continue;  // nothing else has time value
        const double gain = holding_value(contract, holding, later.quotes[row], later) -
                            holding_value(contract, holding, now.quotes[row], now);
        const double rate = settles_in_coin(contract.kind) ? now.underlyings[at(contract.underlying)].index
                                                           : now.stables[at(contract.stable)];
        if (std::isfinite(gain * rate)) out[row] = gain * rate;
    }
    return out;
}

}  // namespace keel::risk
