#include "risk/report/report_settlement.hpp"

#include <cmath>

#include "risk/book/expiring_option.hpp"

namespace keel::risk {
namespace {

std::string whole(double value) { return std::to_string(std::llround(value)); }

}  // namespace

std::vector<SettlementRow> open_settlements(const Book& book, const MarketState& market,
                                            std::span<const std::string> expiry_names,
                                            std::vector<std::string>& notes) {
    std::vector<bool> held(market.expiries.size());
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const auto slot = static_cast<std::size_t>(book.contracts[row].expiry);
        if (slot < held.size() && book.holdings[row].quantity != 0.0) held[slot] = true;
    }
    std::vector<SettlementRow> out;
    for (std::size_t e = 0; e < held.size(); ++e) {
        const ExpiryMarket& expiry = market.expiries[e];
        if (!held[e] || expiry.expiry <= market.now) continue;
        const DeliveryForward delivery = delivery_forward(expiry, market.now);
        if (!delivery.averaging) continue;
        const bool known = expiry.settlement_average > 0.0;
        out.push_back(
            {.underlying = book.underlying_names[static_cast<std::size_t>(expiry.underlying)],
             .expiry = e,
             .window_minutes = std::chrono::duration<double, std::ratio<60>>{expiry.settlement_window}.count(),
             .elapsed = 1.0 - delivery.weight});
        if (known) out.back().average_usd = expiry.settlement_average;
        notes.push_back(out.back().underlying + " " + expiry_names[e] + " is delivered on the average of its last " +
                        whole(out.back().window_minutes) + " minutes, " + whole(100.0 * out.back().elapsed) +
                        " % of them over: " +
                        (known ? "its greeks are what is left"
                               : "the average so far is not known (settlement_average), the forward stands in"));
    }
    return out;
}

}  // namespace keel::risk
