#include "risk/report/risk_report.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>

#include "risk/book/revaluation.hpp"
#include "risk/exposure/concentration.hpp"
#include "risk/exposure/leverage.hpp"
#include "risk/liquidity/impact.hpp"
#include "risk/report/report_adl.hpp"
#include "risk/report/report_age.hpp"
#include "risk/report/report_doubts.hpp"
#include "risk/report/report_exit.hpp"
#include "risk/report/report_limits.hpp"
#include "risk/report/report_margin.hpp"
#include "risk/report/report_metrics.hpp"
#include "risk/report/report_settlement.hpp"
#include "risk/report/report_smiles.hpp"
#include "risk/report/report_stress.hpp"
#include "risk/report/report_tail.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::vector<PositionRow> position_rows(const ReportInputs& inputs, const MarketState& market, const TailReport& tail,
                                       std::span<const ContractLiquidity> liquidity,
                                       std::span<const InputDoubt> doubts) {
    std::vector<PositionRow> out;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        const Holding& holding = inputs.book.holdings[row];
        if (holding.quantity == 0.0) continue;
        PositionRow position{
            .name = inputs.book.names[row],
            .venue = contract.venue == VenueSlot::none ? "" : inputs.book.venue_names[at(contract.venue)],
            .quantity = holding.quantity,
            .cash = is_cash(contract.kind),
            .doubts = doubts[row]};
        const bool in_coin = settles_in_coin(contract.kind);
        const double rate =
            in_coin ? market.underlyings[at(contract.underlying)].index : market.stables[at(contract.stable)];
        const double value = holding_value(contract, holding, market.quotes[row], market);
        Sensitivities unit;
        position.priced = std::isfinite(value) && contract_sensitivities(contract, market.quotes[row], market, unit);
        if (position.priced) {
            const Sensitivities sums = scaled(unit, holding.quantity);
            position.value_usd = value * rate;
            position.delta_net = sums.delta_net;
            position.vega_usd = sums.vega / 100.0;
            position.theta_day_usd = sums.theta / 365.0;
            if (contract.underlying != UnderlyingSlot::none) {
                const double index = market.underlyings[at(contract.underlying)].index;
                position.gamma_1pct_usd = sums.gamma * index * index / 100.0;
                if (!is_cash(contract.kind)) {
                    const double notional = notional_usd(contract, holding, market.quotes[row], market);
                    const double sold = exit_quantity(contract, holding, market.quotes[row]);
                    position.exit_cost_usd = exit_cost_usd(notional, sold, liquidity[row], 1.0, 1.0, 1.0);
                    position.days_to_exit = days_to_exit(sold, liquidity[row].daily_volume);
                }
            }
        }
        if (row < tail.es_component_usd.size()) position.es_component_usd = tail.es_component_usd[row];
        if (row < tail.var_component_usd.size()) position.var_component_usd = tail.var_component_usd[row];
        position.es_marginal_usd = position.es_component_usd / holding.quantity;
        position.var_marginal_usd = position.var_component_usd / holding.quantity;
        out.push_back(std::move(position));
    }
    return out;
}

SpotLadder ladder_of(const StressMatrix& matrix) {
    SpotLadder out{.spot_moves = {kGridSpotMoves.begin(), kGridSpotMoves.end()}, .volatility_moves = {}, .pnl_usd = {}};
    for (const std::size_t column : {std::size_t{1}, std::size_t{2}, std::size_t{3}, std::size_t{5}}) {
        out.volatility_moves.push_back(kGridVolatilityMoves[column]);
        std::vector<double> line;
        for (std::size_t row = 0; row < kGridSpotMoves.size(); ++row) {
            line.push_back(matrix.pnl_usd[row * kGridVolatilityMoves.size() + column]);
        }
        out.pnl_usd.push_back(std::move(line));
    }
    return out;
}

std::string expiry_name(UnixNanos expiry) {
    const std::chrono::sys_days day{std::chrono::floor<std::chrono::days>(
        std::chrono::sys_time<std::chrono::nanoseconds>{std::chrono::nanoseconds{expiry.ns()}})};
    const std::chrono::year_month_day date{day};
    constexpr std::array kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    const std::string year = std::to_string(static_cast<int>(date.year()) % 100);
    return std::to_string(static_cast<unsigned>(date.day())) + kMonths[static_cast<unsigned>(date.month()) - 1] +
           (year.size() < 2 ? "0" + year : year);
}

void mark_doubtful_tails(const ReportInputs& inputs, InputDoubt doubts, std::vector<TailRow>& tails) {
    for (const std::string& words :
         {std::string{history_age(inputs).stale ? "stale history" : ""}, doubt_words(doubts)}) {
        if (words.empty()) continue;
        for (TailRow& row : tails) row.note += (row.note.empty() ? "" : ", ") + words;
    }
}

void note_what_is_missing(const ReportInputs& inputs, const FilledVolatilities& filled, RiskReport& report) {
    if (filled.from_curves > 0) {
        report.notes.push_back(std::to_string(filled.from_curves) + " options are valued at the curve of their expiry");
    }
    if (filled.from_prices > 0) {
        report.notes.push_back(std::to_string(filled.from_prices) + " volatilities were solved from mark prices");
    }
    if (filled.from_quotes > 0) {
        report.notes.push_back(std::to_string(filled.from_quotes) +
                               " options are valued at what their own quotes say: their expiry has no curve");
    }
    std::vector<std::string> given;
    for (const SmileReport& smile : report.smiles) {
        if (goes_before_quotes(smile)) given.push_back(smile.underlying + " " + report.expiry_names[smile.expiry]);
    }
    if (!given.empty()) report.notes.push_back(first_names(given) + ": the curve that is given goes before the quotes");
    std::vector<std::string> not_priced;
    for (const PositionRow& position : report.positions) {
        if (!position.priced) not_priced.push_back(position.name);
    }
    if (!not_priced.empty()) report.notes.push_back(first_names(not_priced) + ": no price, left out of every sum");
    std::vector<std::string> ordered;
    for (const LeftOutOrder& order : inputs.orders_left_out) ordered.push_back(order.name);
    if (!ordered.empty()) {
        report.notes.push_back(first_names(ordered) + ": orders in what no report values (a combination, a pair of " +
                               "coins), left out of the worst case of open orders");
    }
    for (std::size_t e = 0; e < inputs.market.expiries.size(); ++e) {
        if (inputs.market.expiries[e].expiry <= inputs.market.now) {
            report.notes.push_back("expiry " + report.expiry_names[e] + " of " +
                                   inputs.book.underlying_names[at(inputs.market.expiries[e].underlying)] +
                                   " has passed: its options are worth what they pay, its futures their mark; what was "
                                   "delivered belongs in no portfolio file");
        }
    }
}

}  // namespace

RiskReport make_risk_report(const ReportInputs& inputs) {
    RiskReport report;
    report.as_of = inputs.market.now;
    report.notes = inputs.notes;
    report.underlying_names = inputs.book.underlying_names;
    report.venue_names = inputs.book.venue_names;
    report.expiry_names = expiry_names(inputs.market);
    MarketState market = inputs.market;
    report.smiles = report_smiles(inputs);
    const FilledVolatilities filled = fill_volatilities(inputs, report.smiles, market);
    report.doubts = contract_doubts(inputs, report.smiles, market);

    report.settlements = open_settlements(inputs.book, market, report.expiry_names, report.notes);
    const BookValue value = value_book(inputs.book, market);
    report.equity_usd = value.usd;
    const TailReport tail = report_tail(inputs, market, report.notes);
    report.tails = tail.rows;
    mark_doubtful_tails(inputs, tail.doubts, report.tails);
    report.history = report_history(inputs, tail.exposure_usd, report.notes);
    report.scenario_pnl_usd = tail.scenario_pnl_usd;
    report.scenario_method = tail.scenario_method;
    const std::vector<ContractLiquidity> liquidity = exit_liquidity(inputs, market, tail.sigma_day);
    report.positions = position_rows(inputs, market, tail, liquidity, report.doubts);
    report.venues =
        venue_reports(inputs, market, {.sigma = tail.sigma_day, .covariance = tail.covariance_day}, report.notes);
    report.deleveraging = report_adl(inputs, market, tail.sigma_day);
    report.exposures = exposure_matrix(inputs.book, market);
    add_cell_margins(inputs, market, report.exposures);
    for (std::size_t u = 0; u < market.underlyings.size(); ++u) {
        UnderlyingReport row;
        row.name = inputs.book.underlying_names[u];
        row.index = market.underlyings[u].index;
        row.matrix = full_stress_matrix(inputs.book, market, UnderlyingSlot(static_cast<std::uint16_t>(u)));
        row.ladder = ladder_of(row.matrix);
        row.signals = report_signals(market, report.smiles, UnderlyingSlot(static_cast<std::uint16_t>(u)));
        report.underlyings.push_back(std::move(row));
    }
    report.stresses = report_stresses(inputs, market, liquidity, tail, report.equity_usd, report.notes);
    const bool any_margin =
        std::ranges::any_of(report.venues, [](const VenueReport& venue) { return std::isfinite(venue.margin_ratio); });
    if (any_margin) {
        report.reverse_crash_scale = report_reverse_crash(inputs, market, liquidity);
        if (std::isnan(report.reverse_crash_scale)) {
            report.notes.push_back(
                "reverse_crash_scale is unknown: a venue's margin is not known in part of the crash");
        }
    }
    report.metrics = report_metrics(inputs, market, value, tail, report);
    mark_fired_limits(inputs, market, report);
    note_what_is_missing(inputs, filled, report);
    for (std::string& note : exit_notes(inputs, liquidity)) report.notes.push_back(std::move(note));
    std::vector<std::string> first = add_unjudged_limits(inputs.limits, report.metrics);
    for (const std::vector<std::string>& doubtful :
         {doubt_notes(inputs.book, report.doubts), stale_notes(inputs, report.expiry_names),
          doubtful_limit_notes(report.metrics)}) {
        first.insert(first.end(), doubtful.begin(), doubtful.end());
    }
    report.notes.insert(report.notes.begin(), first.begin(), first.end());
    return report;
}

std::vector<std::string> expiry_names(const MarketState& market) {
    std::vector<std::string> out;
    for (const ExpiryMarket& expiry : market.expiries) out.push_back(expiry_name(expiry.expiry));
    return out;
}

const ReportMetric* find_metric(const RiskReport& report, std::string_view name, std::string_view scope) {
    const auto found = std::ranges::find_if(
        report.metrics, [&](const ReportMetric& metric) { return metric.name == name && metric.scope == scope; });
    return found == report.metrics.end() ? nullptr : &*found;
}

}  // namespace keel::risk
