#include "risk/exposure/exposure_matrix.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

namespace keel::risk {
namespace {

double index_of(const MarketState& market, UnderlyingSlot slot) {
    return market.underlyings[static_cast<std::size_t>(slot)].index;
}

void add(ExposureRow& row, const Contract& contract, const Sensitivities& sums, const MarketState& market) {
    const double index = index_of(market, row.underlying);
    row.delta_net += sums.delta_net;
    row.gamma_1pct_usd += sums.gamma * index * index / 100.0;
    row.vega_usd += sums.vega / 100.0;
    row.theta_day_usd += sums.theta / 365.0;
    row.notional_usd += dollar_sums(contract, sums, market).gross;
    if (row.expiry == ExpirySlot::none) return;
    const double years = years_between(market.now, market.expiries[static_cast<std::size_t>(row.expiry)].expiry);
    row.vega_w30_usd += sums.vega / 100.0 * std::sqrt(30.0 / std::max(1.0, years * 365.0));
}

}  // namespace

std::vector<ExposureRow> exposure_matrix(const Book& book, const MarketState& market) {
    std::map<std::tuple<VenueSlot, UnderlyingSlot, ExpirySlot>, ExposureRow> rows;
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        const Contract& contract = book.contracts[i];
        if (is_cash(contract.kind) || book.holdings[i].quantity == 0.0) continue;
        ExposureRow& row = rows[{contract.venue, contract.underlying, contract.expiry}];
        row.venue = contract.venue;
        row.underlying = contract.underlying;
        row.expiry = contract.expiry;
        Sensitivities unit;
        if (contract_sensitivities(contract, market.quotes[i], market, unit)) {
            add(row, contract, scaled(unit, book.holdings[i].quantity), market);
        } else {
            ++row.left_out;
        }
    }
    std::vector<ExposureRow> out;
    for (const auto& [key, row] : rows) out.push_back(row);
    return out;
}

OpenOrderExposure open_order_exposure(const Book& book, const MarketState& market, UnderlyingSlot underlying,
                                      std::span<const OpenOrder> orders) {
    OpenOrderExposure out;
    const BookSensitivities held = book_sensitivities(book, market, underlying);
    out.delta_low = out.delta_high = held.sums.delta_net;
    out.left_out = held.left_out;
    double bought_usd = 0.0;
    double sold_usd = 0.0;
    for (const OpenOrder& order : orders) {
        const auto i = static_cast<std::size_t>(order.contract);
        if (i >= book.contracts.size() || book.contracts[i].underlying != underlying) continue;
        Sensitivities unit;
        if (!std::isfinite(order.quantity) ||
            !contract_sensitivities(book.contracts[i], market.quotes[i], market, unit)) {
            ++out.left_out;
            continue;
        }
        const Sensitivities moved = scaled(unit, order.quantity);
        (moved.delta_net < 0.0 ? out.delta_low : out.delta_high) += moved.delta_net;
        (order.quantity > 0.0 ? bought_usd : sold_usd) += dollar_sums(book.contracts[i], moved, market).gross;
    }
    out.notional_usd = std::max(bought_usd, sold_usd);
    return out;
}

}  // namespace keel::risk
