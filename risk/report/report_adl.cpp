#include "risk/report/report_adl.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "risk/book/revaluation.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kZ99 = 2.3263478740408408;
constexpr double kMove = 0.001;

// dP/d lnS in USD of each venue, by full revaluation on either side.
std::vector<double> venue_slopes(const Book& book, const MarketState& market, std::size_t underlying) {
    std::vector<UnderlyingShock> moves(market.underlyings.size());
    moves[underlying].spot = kMove;
    std::vector<double> slopes = value_book(book, market, {.underlyings = moves}).venue_usd;
    moves[underlying].spot = -kMove;
    const std::vector<double> down = value_book(book, market, {.underlyings = moves}).venue_usd;
    for (std::size_t v = 0; v < slopes.size(); ++v) slopes[v] = (slopes[v] - down[v]) / (2.0 * kMove);
    return slopes;
}

// The same of one holding.
double leg_slope(const Book& book, const MarketState& market, std::size_t row) {
    const Contract& contract = book.contracts[row];
    const std::size_t underlying = at(contract.underlying);
    std::vector<UnderlyingShock> moves(market.underlyings.size());
    const auto value_usd = [&](double spot) {
        moves[underlying].spot = spot;
        const double rate = settles_in_coin(contract.kind) ? market.underlyings[underlying].index * (1.0 + spot)
                                                           : market.stables[at(contract.stable)];
        return rate * holding_value(contract, book.holdings[row], market.quotes[row], market, {.underlyings = moves});
    };
    return (value_usd(kMove) - value_usd(-kMove)) / (2.0 * kMove);
}

}  // namespace

std::vector<AdlRow> report_adl(const ReportInputs& inputs, const MarketState& market,
                               std::span<const double> sigma_day) {
    std::vector<AdlRow> out;
    std::map<std::size_t, std::vector<double>> slopes;  // by underlying, of each venue
    for (std::size_t row = 0; row < inputs.adl_indicators.size(); ++row) {
        const double told = inputs.adl_indicators[row];
        const Contract& contract = inputs.book.contracts[row];
        if (std::isnan(told) || inputs.book.holdings[row].quantity == 0.0) continue;
        const double leg = leg_slope(inputs.book, market, row);
        std::vector<double>& by_venue = slopes[at(contract.underlying)];
        if (by_venue.empty()) by_venue = venue_slopes(inputs.book, market, at(contract.underlying));
        double others = 0.0;
        for (std::size_t v = 0; v < by_venue.size(); ++v) others += v == at(contract.venue) ? 0.0 : by_venue[v];
        const double opposite = std::max(0.0, leg > 0.0 ? -others : others);
        const double offset = std::isfinite(leg) ? std::min(std::abs(leg), opposite) : kNaN;
        const double sigma = at(contract.underlying) < sigma_day.size() ? sigma_day[at(contract.underlying)] : kNaN;
        AdlRow line{.name = inputs.book.names[row],
                    .venue = inputs.book.venue_names[at(contract.venue)],
                    .offset_ratio = others != 0.0 ? offset / std::abs(others) : 0.0,
                    .risk = {}};
        AdlParameters parameters = kReportAdl;
        if (at(contract.venue) < inputs.venue_margins.size()) {
            parameters.scale = inputs.venue_margins[at(contract.venue)].adl;
        }
        const double loss = offset * sigma * kZ99;
        line.risk = adl_risk(told, loss, line.offset_ratio, parameters);
        if (!std::isfinite(loss)) line.risk.risk_usd = kNaN;
        if (line.risk.status != MarginStatus::ok) line.risk.indicator = kNaN;
        out.push_back(std::move(line));
    }
    return out;
}

}  // namespace keel::risk
