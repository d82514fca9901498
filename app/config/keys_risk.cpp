#include <fmt/format.h>

#include <array>
#include <cmath>
#include <string>

#include "app/config/keys.hpp"

namespace keel::app {

namespace {

constexpr const char* kNumeraireWords[] = {"coin", "usd"};
constexpr const char* kDirectionWords[] = {"above", "below"};
constexpr const char* kTimeInForceWords[] = {"good_til_cancelled", "immediate_or_cancel", "fill_or_kill"};

constexpr double kDayMs = 86'400'000;
constexpr double kDayS = 86'400;
constexpr double kYearS = 365 * kDayS;
constexpr double kUsdMax = 1e12;  // beyond any account; a limit above it is a slip of the unit
constexpr double kCoinsMax = 1e9;
constexpr double kLevelMin = 1e-12;  // a boundary of zero would stand breached for ever

using std::chrono::milliseconds;
using std::chrono::seconds;

// The unit that a metric's levels are given in: the ending of soft_, hard_, clear_ and target_.
constexpr std::array<const char*, static_cast<std::size_t>(Metric::count)> kMetricUnits{"coin",  "usd",   "usd",
                                                                                        "ratio", "ratio", "vol_points"};
constexpr std::array<const char*, 4> kUnits{"coin", "usd", "ratio", "vol_points"};

void visit_level(KeyVisitor& v, const char* what, std::string_view unit, double& level, KeyRule rule) {
    for (const char* each : kUnits) {
        const std::string name = fmt::format("{}_{}", what, each);
        if (unit == each) {
            v.number(name.c_str(), level, rule);
        } else if (v.given(name.c_str())) {
            v.refuse(name.c_str(), fmt::format("wrong unit: this metric's level is {}_{}", what, unit));
        }
    }
}

void check_levels(KeyVisitor& v, const risk::BoundaryConfig& b, std::string_view unit) {
    const bool above = b.direction == risk::BoundaryDirection::above;
    const std::string soft = fmt::format("soft_{}", unit);
    const std::string clear = fmt::format("clear_{}", unit);
    if (!v.given(soft.c_str())) return;
    if (b.soft == b.hard) v.refuse(soft.c_str(), fmt::format("soft and hard are the same ({})", b.hard));
    if (above ? b.soft > b.hard : b.soft < b.hard) {
        v.refuse(soft.c_str(), fmt::format("soft ({}) lies beyond hard ({})", b.soft, b.hard));
    }
    if (!std::isnan(b.clear) && (above ? b.clear >= b.soft : b.clear <= b.soft)) {
        v.refuse(clear.c_str(), fmt::format("clear ({}) must lie inside soft ({})", b.clear, b.soft));
    }
}

void visit_volatility(KeyVisitor& v, risk::VolatilityConfig& s) {
    v.duration<milliseconds>("sample_every_ms", s.sample_every, {"Grid of the returns", 10, kDayMs});
    v.duration<milliseconds>("price_age_max_ms", s.price_age_max, {"An older price gives no sample", 10, kDayMs});
    v.duration<seconds>("half_life_fast_s", s.half_life_fast, {"Half-life of the fast average", 1, kYearS});
    v.duration<seconds>("half_life_medium_s", s.half_life_medium, {"Half-life of the medium average", 1, kYearS});
    v.duration<seconds>("half_life_slow_s", s.half_life_slow, {"Half-life of the slow average", 1, kYearS});
    v.integer("seed_samples", s.seed_samples, {"Samples whose mean square starts the averages", 2, 10'000});
}

void visit_implied_volatility(KeyVisitor& v, risk::ImpliedVolatilityConfig& s) {
    v.duration<seconds>("window_s", s.window, {"Change over this window is the metric", 1, kDayS});
    v.duration<seconds>("tenor_min_s", s.tenor_min, {"Nearer expiries are not looked at", 0, kYearS});
    v.number("moneyness_max_ratio", s.moneyness_max,
             {"Distance of ln(K/F) from 0, in standard deviations, that is at the money", 0.01, 5});
}

void visit_age(KeyVisitor& v, risk::InputAgeMax& s) {
    v.duration<milliseconds>("book_age_max_ms", s.book, {"Oldest book that an order may stand on", 10, kDayMs});
    v.duration<milliseconds>("mark_age_max_ms", s.mark, {"Oldest mark price that an order may stand on", 10, kDayMs});
    v.duration<milliseconds>("index_age_max_ms", s.index,
                             {"Oldest index price that an order may stand on", 10, kDayMs});
}

}  // namespace

void visit_risk(KeyVisitor& v, risk::RiskConfig& s) {
    v.word("hedge_numeraire", s.hedge_numeraire, kNumeraireWords,
           {"Which delta is steered: that of the account's coin value, or of its USD value"});
    v.number("stablecoin_usd", s.stablecoin_usd, {"USD value of one stable settlement coin", 0.5, 1.5});
    v.duration<milliseconds>("ticker_age_max_ms", s.ticker_age_max, {"Older tickers flag the risk stale", 10, kDayMs});
    v.duration<milliseconds>("index_age_max_ms", s.index_age_max,
                             {"Older index prices flag the risk stale", 10, kDayMs});
    v.section("volatility", [&s](KeyVisitor& inner) { visit_volatility(inner, s.volatility); });
    v.section("implied_volatility", [&s](KeyVisitor& inner) { visit_implied_volatility(inner, s.implied_volatility); });
}

void visit_boundary(KeyVisitor& v, risk::BoundaryConfig& s) {
    std::array<const char*, static_cast<std::size_t>(Metric::count)> metrics{};
    for (std::size_t i = 0; i < metrics.size(); ++i) metrics[i] = metric_name(static_cast<Metric>(i));
    v.word("metric", s.metric, metrics, {"What is bounded", -kNoBound, kNoBound, true});
    const std::string_view unit = kMetricUnits[static_cast<std::size_t>(s.metric)];
    v.text("underlying", s.underlying, {"Coin it holds for; empty: one boundary for each"});
    v.word("direction", s.direction, kDirectionWords, {"Side on which the boundary is left"});
    const double high = unit == "usd" ? kUsdMax : unit == "coin" ? kCoinsMax : 1e4;
    visit_level(
        v, "soft", unit, s.soft,
        {"Beyond it a hedge is decided (unit by metric: _coin, _usd, _ratio, _vol_points)", kLevelMin, high, true});
    visit_level(v, "hard", unit, s.hard, {"Beyond it at once and harder", kLevelMin, high, true});
    visit_level(v, "clear", unit, s.clear,
                {"Back inside it the boundary is armed again; absent: 0.9 of soft", kLevelMin, high});
    if (s.metric == Metric::net_delta) {
        v.number("target_coin", s.target, {"The boundary stands around this delta", -kCoinsMax, kCoinsMax});
    }
    v.duration<milliseconds>("debounce_soft_ms", s.debounce_soft,
                             {"Beyond soft for so long before it fires", 0, kDayMs});
    v.duration<milliseconds>("debounce_hard_ms", s.debounce_hard,
                             {"Beyond hard for so long before it fires", 0, kDayMs});
    v.duration<milliseconds>("cooldown_ms", s.cooldown, {"Quiet time after a soft signal", 0, kDayMs});
    v.duration<milliseconds>("refire_hard_ms", s.refire_hard, {"A standing hard breach repeats after this", 1, kDayMs});
    v.duration<milliseconds>("escalate_after_ms", s.escalate_after,
                             {"A standing soft breach escalates after this", 1, kDayMs});
    check_levels(v, s, unit);
}

void visit_gate(KeyVisitor& v, risk::GateConfig& s) {
    v.texts("instruments_allowed", s.instruments_allowed, {"Names or patterns with *; empty allows nothing"});
    v.section("perpetual", [&s](KeyVisitor& inner) { visit_age(inner, s.perpetual_age_max); });
    v.section("future", [&s](KeyVisitor& inner) { visit_age(inner, s.future_age_max); });
    v.section("option", [&s](KeyVisitor& inner) { visit_age(inner, s.option_age_max); });
    v.number("price_collar_bps", s.price_collar_bps, {"Adverse distance of a price to its reference", 0.1, 5'000});
    v.number("option_collar_vol_points", s.option_collar_vol_points, {"The same for options, in volatility", 0.1, 200});
    v.number("option_collar_ticks", s.option_collar_ticks, {"Or this many ticks, whichever is wider", 0, 10'000});
    v.number("order_coin_max", s.order_coins_max, {"Largest order", 0, kCoinsMax});
    v.number("order_notional_max_usd", s.order_notional_usd_max, {"Largest order", 0, kUsdMax});
    v.number("position_long_max_usd", s.position_long_usd_max, {"Per instrument, every buy filled", 0, kUsdMax});
    v.number("position_short_max_usd", s.position_short_usd_max, {"Per instrument, every sell filled", 0, kUsdMax});
    v.number("portfolio_delta_max_usd", s.portfolio_delta_usd_max,
             {"Per underlying, worst case of the side", 0, kUsdMax});
    v.number("leverage_gross_max_ratio", s.leverage_gross_max, {"Account: sum of notionals over equity", 0, 1'000});
    v.integer("orders_open_max", s.orders_open_max, {"Open orders, unknown ones included", 0, 10'000});
    v.number("messages_per_second_max", s.messages_per_second_max,
             {"Per venue; the account's own rate where it is smaller", 0.01, 10'000});
    v.number("messages_burst_max", s.messages_burst_max, {"Per venue, the full budget; likewise", 1, 10'000});
    v.number("cancel_reserve_ratio", s.cancel_reserve_ratio,
             {"Share of the budget that only cancels may use", 0, 0.95});
    v.duration<milliseconds>("duplicate_window_ms", s.duplicate_window,
                             {"The same order again within it is refused", 0, 60'000});
    v.duration<seconds>("expiry_guard_s", s.expiry_guard, {"No orders this close to expiry", 0, kDayS});
}

namespace {

void visit_target(KeyVisitor& v, HedgeSettings::Target& s) {
    v.text("underlying", s.underlying, {"Coin", -kNoBound, kNoBound, true});
    v.number("delta_target_coin", s.delta_target_coin, {"Delta that hedging aims at", -kCoinsMax, kCoinsMax});
}

void visit_execution(KeyVisitor& v, strategies::HedgeConfig& s) {
    v.word("time_in_force", s.time_in_force, kTimeInForceWords, {"Of hedging orders"});
    v.number("cross_bps", s.cross_bps, {"How far through the touch a marketable limit goes", 0, 500});
    v.number("collar_bps", s.collar_bps, {"And never further than this from the mark", 0.1, 5'000});
    v.duration<milliseconds>("reprice_after_ms", s.reprice_after,
                             {"A resting order is cancelled and priced again", 10, 60'000});
    v.duration<milliseconds>("retry_after_ms", s.retry_after, {"Wait after a refusal or an unfilled order", 1, 60'000});
    v.duration<milliseconds>("deadline_ms", s.deadline, {"Then what is left is solved again", 10, 600'000});
    v.integer("attempts_max", s.attempts_max, {"Orders per trade of one decision", 1, 100});
    v.duration<milliseconds>("settle_time_ms", s.settle_time, {"No second solve earlier while orders work", 0, 60'000});
    v.duration<milliseconds>("report_interval_ms", s.report_interval,
                             {"At most one no-trade record per coin and interval", 1, kDayMs});
}

}  // namespace

void visit_hedge(KeyVisitor& v, HedgeSettings& s) {
    strategies::HedgeConfig& c = s.config;
    v.texts("instruments", s.instruments, {"Perpetuals and futures to hedge with, names or patterns; empty: all"});
    v.list("target", s.targets, &visit_target, {"Delta targets; zero without", -kNoBound, kUnderlyingsMax});
    v.number("risk_aversion_per_usd", c.risk_aversion_per_usd,
             {"Absolute risk aversion of the no-trade band", 1e-12, 1});
    v.number("delta_risk_limit_usd", c.delta_risk_limit_usd,
             {"One-sigma loss of the band over its horizon stays below", 1, kUsdMax});
    v.duration<seconds>("band_horizon_s", c.band_horizon, {"Horizon of that loss", 1, kDayS});
    v.number("boundary_buffer_ratio", c.boundary_buffer_ratio,
             {"The band ends this far inside the soft boundary", 0, 0.9});
    v.number("volatility_floor_ratio", c.volatility_floor_ratio,
             {"Least volatility assumed, per sqrt(year)", 0.001, 10});
    v.number("half_spread_fallback_bps", c.half_spread_fallback_bps,
             {"Half spread assumed where the book is thin", 0, 1'000});
    v.number("book_share_ratio", c.book_share_ratio,
             {"Share of the visible quantity that one trade may take", 0.01, 1});
    v.duration<milliseconds>("book_age_max_ms", c.book_age_max,
                             {"An older book makes its instrument no candidate", 10, kDayMs});
    v.number("order_notional_max_usd", c.order_notional_max_usd, {"Largest order of a hedge", 1, kUsdMax});
    v.number("position_notional_max_usd", c.position_notional_max_usd,
             {"Largest holding per hedging instrument", 1, kUsdMax});
    visit_execution(v, c);
}

}  // namespace keel::app
