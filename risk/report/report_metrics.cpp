#include "risk/report/report_metrics.hpp"

#include <algorithm>
#include <cmath>
#include <map>

#include "risk/book/accounts.hpp"
#include "risk/exposure/concentration.hpp"
#include "risk/exposure/leverage.hpp"
#include "risk/report/metric_rows.hpp"
#include "risk/report/report_age.hpp"
#include "risk/report/report_doubts.hpp"
#include "risk/report/report_exit.hpp"
#include "risk/report/report_liquidation.hpp"
#include "risk/report/report_margin.hpp"
#include "risk/report/report_smiles.hpp"
#include "risk/report/report_underlying.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string quality_words(std::size_t left_out) {
    if (left_out == 0) return "good";
    return std::to_string(left_out) + (left_out == 1 ? " holding" : " holdings") + " not priced";
}

// "2 venues without a margin model, margin of 1 venue not known"; empty: every venue that margins a position has both.
std::string margin_lack(const ReportInputs& inputs, const RiskReport& so_far) {
    std::size_t unmodelled = 0;
    std::size_t unknown = 0;
    for (std::size_t v = 0; v < so_far.venues.size(); ++v) {
        if (std::isfinite(so_far.venues[v].maintenance_margin_usd)) continue;
        if (!holds_margined(inputs, VenueSlot(static_cast<std::uint16_t>(v)))) continue;
        const bool modelled = v < inputs.venue_margins.size() && inputs.venue_margins[v].law != MarginLaw::none;
        ++(modelled ? unknown : unmodelled);
    }
    const auto venues = [](std::size_t count) { return std::to_string(count) + (count == 1 ? " venue" : " venues"); };
    std::string out = unmodelled == 0 ? "" : venues(unmodelled) + " without a margin model";
    if (unknown > 0) out += (out.empty() ? "" : ", ") + ("margin of " + venues(unknown) + " not known");
    return out;
}

// The nearest liquidation of one underlying or venue; both empty: of all.
void add_liquidation(const ReportInputs& inputs, const RiskReport& so_far, std::string_view underlying,
                     std::string_view venue, MetricRows& rows) {
    const NearestLiquidation nearest = nearest_liquidation(so_far.venues, underlying, venue);
    const auto lack = [](bool complete) { return complete ? "" : "a liquidation price is unknown"; };
    rows.history(history_age(inputs), closes_doubt(inputs));
    rows.add("liq_distance", nearest.distance_ratio, "fraction", lack(nearest.distance_complete));
    rows.add("liq_sigmas", nearest.sigmas, "sigmas", lack(nearest.sigmas_complete));
}

// Of one underlying: everything that a venue which holds it holds goes into its liquidation price.
void add_underlying_liquidation(const ReportInputs& inputs, const RiskReport& so_far, const std::string& underlying,
                                MetricRows& rows) {
    InputAge age;
    InputDoubt doubts = InputDoubt::none;
    bool cash_missing = false;
    for (std::size_t v = 0; v < so_far.venues.size(); ++v) {
        const auto& there = so_far.venues[v].liquidations;
        if (std::ranges::find(there, underlying, &VenueReport::Liquidation::underlying) == there.end()) continue;
        const auto slot = VenueSlot(static_cast<std::uint16_t>(v));
        age = older(age, input_age(inputs, UnderlyingSlot::none, slot));
        doubts |= held_doubts(inputs.book, so_far.doubts, UnderlyingSlot::none, slot);
        cash_missing = cash_missing || std::ranges::count(inputs.venues_without_cash, slot) > 0;
    }
    rows.scope(underlying, age, doubts, "good", cash_missing);
    add_liquidation(inputs, so_far, underlying, "", rows);
}

struct Totals {
    double gross_usd{0.0};
    double dollar_delta_usd{0.0};
    double gamma_1pct_usd{0.0};
    double vega_usd{0.0};
    double theta_day_usd{0.0};
};

// What the surface says; nothing where the underlying has none.
void add_signals(const std::string& underlying, const SurfaceSignals& signals, InputAge age, const RiskReport& so_far,
                 MetricRows& rows) {
    if (has(signals.quality, SurfaceQuality::missing)) return;
    InputDoubt quotes = InputDoubt::none;  // of any of its curves; what is wrong with a curve itself is its tenor's
    for (const SmileReport& smile : so_far.smiles) {
        for (const InputDoubt doubt : {InputDoubt::one_sided_quote, InputDoubt::crossed_quote}) {
            if (smile.underlying == underlying && has(smile.doubts, doubt)) quotes |= doubt;
        }
    }
    const auto of = [&](SurfaceQuality quality) { rows.scope(underlying, age, quotes, signal_quality_words(quality)); };
    of(signals.quality_7d);
    rows.add("volatility_7d", signals.volatility_7d, "fraction");
    of(signals.quality_30d);
    rows.add("volatility_30d", signals.volatility_30d, "fraction");
    of(signals.quality_90d);
    rows.add("volatility_90d", signals.volatility_90d, "fraction");
    of(signals.quality_7d | signals.quality_90d);
    rows.add("term_slope", signals.term_slope, "fraction");
    of(signals.quality_30d);
    rows.add("risk_reversal_30d", signals.risk_reversal_30d, "fraction");
    rows.add("butterfly_30d", signals.butterfly_30d, "fraction");
    rows.add("variance_30d", signals.variance_30d, "per year");
}

void add_parts(std::span<const UnderlyingMetric> parts, MetricRows& rows) {
    for (const UnderlyingMetric& part : parts)
        rows.add(part.name, part.value, part.unit, part.lack, part.age, part.doubts);
}

// What the past days say; their ages are their own.
void add_days(const std::string& scope, std::span<const HistoryMetric> days, MetricRows& rows) {
    for (const HistoryMetric& day : days) {
        rows.scope(scope, day.age, day.doubts, day.quality);
        rows.add(day.name, day.value, day.unit);
    }
}

void add_underlying(const ReportInputs& inputs, const MarketState& market, const BookValue& value, std::size_t u,
                    const RiskReport& so_far, MetricRows& rows, Totals& totals) {
    const auto slot = UnderlyingSlot(static_cast<std::uint16_t>(u));
    const BookSensitivities held = book_sensitivities(inputs.book, market, slot);
    const Sensitivities& sums = held.sums;
    const double index = market.underlyings[u].index;
    double vega_w30 = 0.0;
    for (const ExposureRow& row : so_far.exposures) vega_w30 += row.underlying == slot ? row.vega_w30_usd : 0.0;
    const double delta_usd = value.coin[u] + sums.delta_inverse + held.usd.delta_linear / index;
    rows.scope(inputs.book.underlying_names[u], input_age(inputs, slot, VenueSlot::none),
               held_doubts(inputs.book, so_far.doubts, slot, VenueSlot::none), quality_words(held.left_out),
               !inputs.venues_without_cash.empty());
    rows.add("delta_bs", sums.delta_bs, "coin");
    rows.add("delta_net", sums.delta_net, "coin");
    add_parts(smile_deltas(inputs, market, so_far.smiles, slot), rows);
    rows.add("delta_usd", delta_usd, "coin");
    rows.add("dollar_delta_usd", delta_usd * index, "USD");
    rows.add("gamma", sums.gamma, "coin/USD");
    rows.add("gamma_1pct_usd", sums.gamma * index * index / 100.0, "USD per 1 %");
    rows.add("vega_usd", sums.vega / 100.0, "USD per point");
    rows.add("vega_w30_usd", vega_w30, "USD per point");
    rows.add("theta_day_usd", sums.theta / 365.0, "USD per day");
    rows.add("vanna_coin", sums.vanna / 100.0, "coin per point");
    rows.add("volga_usd", sums.volga / 1e4, "USD per point^2");
    rows.add("charm_day", sums.charm / 365.0, "coin per day");
    rows.add("equity_coin", value.coin[u], "coin");
    rows.add("gross_notional_usd", held.usd.gross, "USD");
    rows.add("net_notional_usd", held.usd.net, "USD");
    add_parts(order_metrics(inputs, market, so_far.doubts, slot), rows);
    add_parts(funding_metrics(inputs, market, slot), rows);
    rows.add("stress_worst_usd", so_far.underlyings[u].matrix.worst.pnl_usd, "USD");
    add_underlying_liquidation(inputs, so_far, inputs.book.underlying_names[u], rows);
    add_signals(inputs.book.underlying_names[u], so_far.underlyings[u].signals, curve_age(inputs, slot), so_far, rows);
    if (u < so_far.history.underlyings.size()) {
        add_days(inputs.book.underlying_names[u], so_far.history.underlyings[u], rows);
    }
    totals.gross_usd += held.usd.gross;
    totals.dollar_delta_usd += delta_usd * index;
    totals.gamma_1pct_usd += sums.gamma * index * index / 100.0;
    totals.vega_usd += sums.vega / 100.0;
    totals.theta_day_usd += sums.theta / 365.0;
}

// What each contract adds to the whole: its part of the expected shortfall where there is one, else its gross notional.
std::vector<double> contract_parts(const ReportInputs& inputs, const MarketState& market, const TailReport& tail) {
    if (!tail.es_component_usd.empty()) return tail.es_component_usd;
    std::vector<double> out(inputs.book.contracts.size());
    for (std::size_t row = 0; row < out.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        Sensitivities unit;
        if (contract.underlying == UnderlyingSlot::none ||
            !contract_sensitivities(contract, market.quotes[row], market, unit)) {
            continue;
        }
        out[row] = std::abs(inputs.book.holdings[row].quantity) * dollar_sums(contract, unit, market).gross;
    }
    return out;
}

// Contracts of one key are one part; what has no expiry, no strike or no stablecoin is one, too.
Concentration by(const Book& book, std::span<const double> contracts, auto key) {
    std::map<decltype(key(book.contracts[0])), double> parts;
    for (std::size_t row = 0; row < contracts.size(); ++row) parts[key(book.contracts[row])] += contracts[row];
    std::vector<double> values;
    for (const auto& [slot, amount] : parts) values.push_back(amount);
    return concentration(values);
}

// Strikes of one underlying in steps of 10 % of ln(K/S), the middle one around the index.
std::pair<std::size_t, long> strike_bucket(const Contract& contract, const MarketState& market) {
    constexpr double kStep = 0.10;
    if (!is_option(contract.kind)) return {at(UnderlyingSlot::none), 0};
    const double index = market.underlyings[at(contract.underlying)].index;
    return {at(contract.underlying), std::lround(std::log(contract.strike / index) / kStep)};
}

void add_concentrations(const ReportInputs& inputs, const MarketState& market, const TailReport& tail,
                        MetricRows& rows) {
    const std::vector<double> parts = contract_parts(inputs, market, tail);
    const auto of = [&](auto key) { return by(inputs.book, parts, key); };
    const Concentration names = of([](const Contract& c) { return at(c.underlying); });
    rows.add("concentration_underlying", names.hhi, "HHI");
    rows.add("concentration_venue", of([&](const Contract& c) { return at(first_account(inputs.book, c.venue)); }).hhi,
             "HHI");
    rows.add("concentration_expiry", of([](const Contract& c) { return at(c.expiry); }).hhi, "HHI");
    rows.add("concentration_strike", of([&](const Contract& c) { return strike_bucket(c, market); }).hhi, "HHI");
    rows.add("concentration_stablecoin", of([](const Contract& c) { return at(c.stable); }).hhi, "HHI");
    rows.add("effective_bets", names.effective_bets, "underlyings");
    rows.add("top1_underlying", names.top1, "fraction");
    rows.add("top3_underlying", names.top3, "fraction");
}

// What a number of exit costs or days is without; empty: nothing.
std::string market_lack(std::size_t positions) {
    if (positions == 0) return "";
    return std::to_string(positions) + (positions == 1 ? " position" : " positions") + " without a market";
}

// What leaving everything costs and takes, and how many positions neither is known of. Cash has nothing to leave; what
// has no price is told of by every metric.
void add_exit(const ReportInputs& inputs, std::span<const PositionRow> positions, MetricRows& rows) {
    double cost_usd = kNaN, days = kNaN;
    std::size_t without_cost = 0, without_days = 0;
    for (const PositionRow& position : positions) {
        if (position.cash || !position.priced) continue;
        if (std::isfinite(position.exit_cost_usd)) {
            cost_usd = (std::isnan(cost_usd) ? 0.0 : cost_usd) + position.exit_cost_usd;
        } else {
            ++without_cost;
        }
        if (std::isfinite(position.days_to_exit)) {
            days = std::fmax(days, position.days_to_exit);
        } else {
            ++without_days;
        }
    }
    rows.add("exit_cost_usd", cost_usd, "USD", market_lack(without_cost),
             leans_on_history(inputs) ? history_age(inputs) : InputAge{}, exit_doubts(inputs));
    rows.add("days_to_exit", days, "days", market_lack(without_days));
}

// Where CRASH has been told to charge what leaving costs, exit costs go into its multiple too.
std::string reverse_lack(std::span<const StressResult> stresses, std::size_t not_priced, const std::string& margins) {
    const auto crash = std::ranges::find(stresses, "CRASH", &StressResult::id);
    const bool all = crash == stresses.end() || crash->left_out <= not_priced;
    const std::string markets = all ? "" : market_lack(crash->left_out - not_priced);
    return margins.empty() || markets.empty() ? margins + markets : margins + ", " + markets;
}

// What is lost with a venue is not what prices can do: two numbers. `not_priced`: holdings that no stress can count.
// `closes`: doubts of the past days that correlations and the cost of leaving are from.
void add_worst_stresses(std::span<const StressResult> stresses, std::size_t not_priced, InputDoubt closes,
                        MetricRows& rows) {
    struct Worst {
        double pnl_usd{kNaN};
        std::size_t without_market{0};  // exit costs unknown, of any of the stresses: it might be worse than the worst
    };
    Worst moved, venue_lost;
    for (const StressResult& stress : stresses) {
        Worst& worst = stress.kind == StressDefinition::Kind::venue ? venue_lost : moved;
        worst.pnl_usd = std::fmin(worst.pnl_usd, stress.pnl_usd);
        if (stress.left_out > not_priced) {
            worst.without_market = std::max(worst.without_market, stress.left_out - not_priced);
        }
    }
    rows.add("stress_worst_usd", moved.pnl_usd, "USD", market_lack(moved.without_market), {}, closes);
    rows.add("venue_default_worst_usd", venue_lost.pnl_usd, "USD", market_lack(venue_lost.without_market));
}

void add_account(const ReportInputs& inputs, const MarketState& market, const BookValue& value, const TailReport& tail,
                 const Totals& totals, const RiskReport& so_far, MetricRows& rows) {
    double initial_usd = kNaN;
    for (const VenueReport& venue : so_far.venues) {
        if (!std::isfinite(venue.initial_margin_usd)) continue;
        initial_usd = (std::isnan(initial_usd) ? 0.0 : initial_usd) + venue.initial_margin_usd;
    }
    const InputAge age = input_age(inputs, UnderlyingSlot::none, VenueSlot::none);
    const InputDoubt doubts = held_doubts(inputs.book, so_far.doubts, UnderlyingSlot::none, VenueSlot::none);
    rows.scope("", age, doubts, quality_words(value.left_out), !inputs.venues_without_cash.empty());
    rows.history(history_age(inputs), tail.doubts);
    rows.add("equity_usd", value.usd, "USD");
    rows.add("dollar_delta_usd", totals.dollar_delta_usd, "USD");
    rows.add("gamma_1pct_usd", totals.gamma_1pct_usd, "USD per 1 %");
    rows.add("vega_usd", totals.vega_usd, "USD per point");
    rows.add("theta_day_usd", totals.theta_day_usd, "USD per day");
    rows.add("gross_notional_usd", totals.gross_usd, "USD");
    add_parts(funding_metrics(inputs, market, UnderlyingSlot::none), rows);
    const Leverage ratio = leverage({.equity_usd = value.usd,
                                     .gross_notional_usd = totals.gross_usd,
                                     .dollar_delta_usd = totals.dollar_delta_usd,
                                     .value_at_risk_usd = tail.var_99_usd,
                                     .initial_margin_usd = initial_usd});
    rows.add("leverage_gross", ratio.gross, "ratio");
    rows.add("leverage_net", ratio.net, "ratio");
    rows.add("leverage_risk", ratio.risk, "ratio");
    const std::string lack = margin_lack(inputs, so_far);
    rows.add("leverage_margin", ratio.margin, "ratio", lack);
    rows.add("var_99_usd", tail.var_99_usd, "USD");
    rows.add("es_975_usd", tail.es_975_usd, "USD");
    add_worst_stresses(so_far.stresses, value.left_out, closes_doubt(inputs), rows);
    rows.add("reverse_crash_scale", so_far.reverse_crash_scale, "x CRASH",
             reverse_lack(so_far.stresses, value.left_out, lack));
    const double peak = std::max(value.usd, inputs.equity_peak_usd);  // NaN peak: the second operand is not taken
    rows.add("drawdown", std::isnan(inputs.equity_peak_usd) ? kNaN : 1.0 - value.usd / peak, "fraction");
    if (tail.es_component_usd.empty()) rows.history({}, InputDoubt::none);  // shares of gross notional then
    add_concentrations(inputs, market, tail, rows);
    add_exit(inputs, so_far.positions, rows);
    add_liquidation(inputs, so_far, "", "", rows);
    for (const HistoryMetric& part : so_far.history.account) {
        rows.scope("", older(age, part.age), doubts, quality_words(value.left_out));
        rows.add(part.name, part.value, part.unit, part.quality == "good" ? "" : part.quality, {}, part.doubts);
    }
}

}  // namespace

LimitState limit_state(const ReportLimit& limit, double value) {
    const double sign = limit.below ? -1.0 : 1.0;
    const double reading = limit.below ? -value : std::abs(value);
    return std::isnan(value)              ? LimitState::unknown
           : reading >= sign * limit.hard ? LimitState::hard
           : reading >= sign * limit.soft ? LimitState::soft
                                          : LimitState::inside;
}

std::vector<ReportMetric> report_metrics(const ReportInputs& inputs, const MarketState& market, const BookValue& value,
                                         const TailReport& tail, const RiskReport& so_far) {
    MetricRows rows{inputs};
    MetricRows account{inputs};
    Totals totals;
    for (std::size_t u = 0; u < market.underlyings.size(); ++u) {
        add_underlying(inputs, market, value, u, so_far, rows, totals);
    }
    for (const VenueReport& venue : so_far.venues) {
        const auto place = std::ranges::find(inputs.book.venue_names, venue.name) - inputs.book.venue_names.begin();
        const auto slot = VenueSlot(static_cast<std::uint16_t>(place));
        const auto left_out = std::ranges::count_if(so_far.positions, [&](const PositionRow& position) {
            return position.venue == venue.name && !position.priced;
        });
        rows.scope(venue.name, input_age(inputs, UnderlyingSlot::none, slot),
                   held_doubts(inputs.book, so_far.doubts, UnderlyingSlot::none, slot),
                   quality_words(static_cast<std::size_t>(left_out)),
                   std::ranges::count(inputs.venues_without_cash, slot) > 0);
        rows.add("equity_usd", venue.equity_usd, "USD");
        rows.add("initial_margin_usd", venue.initial_margin_usd, "USD");
        rows.add("maintenance_margin_usd", venue.maintenance_margin_usd, "USD");
        rows.add("margin_ratio", venue.margin_ratio, "ratio");
        add_liquidation(inputs, so_far, "", venue.name, rows);
    }
    for (const HistoryReport::Pair& pair : so_far.history.pairs) add_days(pair.scope, pair.metrics, rows);
    add_account(inputs, market, value, tail, totals, so_far, account);
    std::vector<ReportMetric> out = account.take();
    for (ReportMetric& row : rows.take()) out.push_back(std::move(row));
    return out;
}

}  // namespace keel::risk
