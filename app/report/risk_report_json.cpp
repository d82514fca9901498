#include <cmath>

#include "app/json_text.hpp"
#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"

namespace keel::app {
namespace {

using risk::RiskReport;

// {"name": {"value", "unit", ...}} per scope; the account's scope is "account".
void add_metrics(const RiskReport& report, JsonText& json) {
    json.open_object("metrics");
    std::string scope = "\n";
    for (const risk::ReportMetric& metric : report.metrics) {
        if (metric.scope != scope) {
            if (scope != "\n") json.close_object();
            json.open_object(metric.scope.empty() ? "account" : metric.scope);
        }
        scope = metric.scope;
        json.open_object(metric.name);
        json.field("value", metric.value);
        json.field("unit", metric.unit);
        if (metric.state != risk::LimitState::none) {
            json.open_object("limit");
            json.field("soft", metric.soft);
            json.field("hard", metric.hard);
            json.field("state", limit_state_name(metric.state));
            json.field("stale", metric.stale);
            json.close_object();
        }
        json.field("age_seconds", metric.age_seconds);
        json.field("quality", metric.quality);
        json.close_object();
    }
    if (scope != "\n") json.close_object();
    json.close_object();
}

// The parts by scope, the account's is "account"; absent where no earlier market was given.
void add_profit(const RiskReport& report, JsonText& json) {
    if (!report.profit) return;
    json.open_object("profit_explained");
    json.field("since_ms", report.profit->since.ms());
    json.field("equity_since_usd", report.profit->equity_since_usd);
    json.open_object("scopes");
    for (const risk::ProfitRow& row : report.profit->rows) {
        json.open_object(row.scope.empty() ? "account" : row.scope);
        for (const auto& [name, part] : kProfitParts) json.field(std::string{name} + "_usd", row.parts.*part);
        json.field("change_usd", row.parts.change());
        json.field("residual_share", row.residual_share);
        json.field("quality", row.quality);
        json.close_object();
    }
    json.close_object();
    json.open_array("left_out");
    for (const risk::LeftOutHolding& holding : report.profit->left_out) {
        json.open_object();
        json.field("instrument", holding.name);
        json.field("venue", holding.venue);
        json.field("since_usd", holding.since_usd);
        json.field("now_usd", holding.now_usd);
        json.close_object();
    }
    json.close_array();
    json.open_array("delivered");
    for (const std::string& name : report.profit->delivered) json.item(name);
    json.close_array();
    json.close_object();
}

void add_tails(const RiskReport& report, JsonText& json) {
    json.open_array("tails");
    for (const risk::TailRow& row : report.tails) {
        json.open_object();
        json.field("method", row.method);
        json.field("var_99_usd", row.var_99_usd);
        json.field("es_975_usd", row.es_975_usd);
        json.field("note", row.note);
        json.close_object();
    }
    json.close_array();
}

void add_contributions(const RiskReport& report, JsonText& json) {
    json.field("contributions_method", report.scenario_method);
    json.open_array("contributions");
    for (const risk::PositionRow& row : report.positions) {
        json.open_object();
        json.field("instrument", row.name);
        json.field("venue", row.venue);
        json.field("quantity", row.quantity);
        json.field("priced", row.priced);
        const std::string doubts = doubt_words(row.doubts);
        json.field("quality", !row.priced ? "not priced" : doubts.empty() ? "good" : doubts);
        json.field("value_usd", row.value_usd);
        json.field("delta_net", row.delta_net);
        json.field("gamma_1pct_usd", row.gamma_1pct_usd);
        json.field("vega_usd", row.vega_usd);
        json.field("theta_day_usd", row.theta_day_usd);
        json.field("es_975_component_usd", row.es_component_usd);
        json.field("var_99_component_usd", row.var_component_usd);
        json.field("es_975_marginal_usd", row.es_marginal_usd);
        json.field("var_99_marginal_usd", row.var_marginal_usd);
        json.field("exit_cost_usd", row.exit_cost_usd);
        json.field("days_to_exit", row.days_to_exit);
        json.close_object();
    }
    json.close_array();
}

void add_stress(const RiskReport& report, JsonText& json) {
    json.open_object("stress");
    json.open_array("spot_moves");
    for (const double move : risk::kGridSpotMoves) json.item(move);
    json.close_array();
    json.open_array("volatility_moves");
    for (const double move : risk::kGridVolatilityMoves) json.item(move);
    json.close_array();
    json.open_object("cells_usd");
    for (const risk::UnderlyingReport& underlying : report.underlyings) {
        json.open_array(underlying.name);
        for (const double pnl : underlying.matrix.pnl_usd) json.item(pnl);
        json.close_array();
    }
    json.close_object();
    json.open_array("named");
    for (const risk::StressResult& stress : report.stresses) {
        json.open_object();
        json.field("id", stress.id);
        json.field("pnl_usd", stress.pnl_usd);
        json.field("equity_usd", stress.equity_usd);
        json.field("left_out", static_cast<std::uint64_t>(stress.left_out));
        json.open_object("margin_ratio");
        for (std::size_t v = 0; v < stress.venues.size(); ++v) {
            json.field(report.venue_names[v], stress.venues[v].margin_ratio);
        }
        json.close_object();
        json.open_object("delta_coin");
        for (std::size_t u = 0; u < stress.delta_coin.size(); ++u) {
            json.field(report.underlying_names[u], stress.delta_coin[u]);
        }
        json.close_object();
        json.field("var_99_usd", stress.var_99_usd);
        json.field("sigma_usd", stress.sigma_usd);
        json.open_array("limits_fired");
        for (const risk::FiredLimit& fired : stress.limits_fired) {
            json.open_object();
            json.field("metric", fired.metric);
            json.field("scope", fired.scope.empty() ? "account" : fired.scope);
            json.field("state", limit_state_name(fired.hard ? risk::LimitState::hard : risk::LimitState::soft));
            json.close_object();
        }
        json.close_array();
        json.close_object();
    }
    json.close_array();
    json.field("reverse_crash_scale", report.reverse_crash_scale);
    json.close_object();
}

// The prices with the others still have no suffix.
void add_liquidation(const risk::LiquidationPrices& prices, const std::string& suffix, JsonText& json) {
    const auto side = [&](const std::string& name, const risk::LiquidationSide& found) {
        json.field("status_" + name + suffix, root_status_name(found.status));
        json.field("price_" + name + suffix, found.price);
        json.field("distance_" + name + suffix + "_ratio", found.distance_ratio);
    };
    side("down", prices.down);
    side("up", prices.up);
    json.field("sigmas" + suffix, prices.sigmas);
}

void add_margin(const RiskReport& report, JsonText& json) {
    json.open_object("margin");
    for (const risk::VenueReport& venue : report.venues) {
        json.open_object(venue.name);
        json.field("model", venue.model);
        json.field("equity_usd", venue.equity_usd);
        json.field("initial_margin_usd", venue.initial_margin_usd);
        json.field("maintenance_margin_usd", venue.maintenance_margin_usd);
        json.field("margin_ratio", venue.margin_ratio);
        json.open_object("liquidation");
        for (const auto& row : venue.liquidations) {
            json.open_object(row.underlying);
            add_liquidation(row.still, "", json);
            add_liquidation(row.by_beta, "_beta", json);
            json.close_object();
        }
        json.close_object();
        json.close_object();
    }
    json.close_object();
}

void add_deleveraging(const RiskReport& report, JsonText& json) {
    json.open_array("deleveraging");
    for (const risk::AdlRow& row : report.deleveraging) {
        json.open_object();
        json.field("instrument", row.name);
        json.field("venue", row.venue);
        json.field("indicator", row.risk.indicator);
        json.field("offset_ratio", row.offset_ratio);
        json.field("risk_usd", row.risk.risk_usd);
        json.field("act", row.risk.act);
        json.close_object();
    }
    json.close_array();
}

void add_exposures(const RiskReport& report, JsonText& json) {
    json.open_array("exposures");
    for (const risk::ExposureRow& row : report.exposures) {
        json.open_object();
        json.field("venue", report.venue_names[static_cast<std::size_t>(row.venue)]);
        json.field("underlying", report.underlying_names[static_cast<std::size_t>(row.underlying)]);
        if (row.expiry == risk::ExpirySlot::none) {
            json.null_field("expiry");
        } else {
            json.field("expiry", report.expiry_names[static_cast<std::size_t>(row.expiry)]);
        }
        json.field("delta_net", row.delta_net);
        json.field("gamma_1pct_usd", row.gamma_1pct_usd);
        json.field("vega_usd", row.vega_usd);
        json.field("vega_w30_usd", row.vega_w30_usd);
        json.field("theta_day_usd", row.theta_day_usd);
        json.field("notional_usd", row.notional_usd);
        json.field("initial_margin_usd", row.initial_margin_usd);
        json.close_object();
    }
    json.close_array();
}

void add_surface(const RiskReport& report, JsonText& json) {
    json.open_array("surface");
    for (const risk::SmileReport& smile : report.smiles) {
        json.open_object();
        json.field("underlying", smile.underlying);
        json.field("expiry", report.expiry_names[smile.expiry]);
        json.field("years", smile.years);
        json.field("forward", smile.forward);
        json.field("fitted", smile.fitted);
        json.field("arbitrage_free", smile.arbitrage_free);
        json.field("note", smile.note);
        if (smile.svi) {
            json.open_object("svi");
            json.field("a", smile.svi->a);
            json.field("b", smile.svi->b);
            json.field("rho", smile.svi->rho);
            json.field("m", smile.svi->m);
            json.field("sigma", smile.svi->sigma);
            json.close_object();
        } else {
            json.null_field("svi");
        }
        json.close_object();
    }
    json.close_array();
}

void add_settlement(const RiskReport& report, JsonText& json) {
    json.open_array("settlement");
    for (const risk::SettlementRow& row : report.settlements) {
        json.open_object();
        json.field("underlying", row.underlying);
        json.field("expiry", report.expiry_names[row.expiry]);
        json.field("window_minutes", row.window_minutes);
        json.field("elapsed_ratio", row.elapsed);
        json.field("average_usd", row.average_usd);
        json.close_object();
    }
    json.close_array();
}

void add_notes(const RiskReport& report, JsonText& json) {
    json.open_array("notes");
    for (const std::string& note : report.notes) json.item(note);
    json.close_array();
}

}  // namespace

std::string risk_report_json(const RiskReport& report) {
    JsonText json;
    json.open_object();
    json.field("as_of_ms", report.as_of.ms());
    json.field("oldest_input_seconds", oldest_input_seconds(report));
    json.field("equity_usd", report.equity_usd);
    add_metrics(report, json);
    add_profit(report, json);
    add_tails(report, json);
    add_contributions(report, json);
    add_stress(report, json);
    add_margin(report, json);
    add_deleveraging(report, json);
    add_exposures(report, json);
    add_surface(report, json);
    add_settlement(report, json);
    add_notes(report, json);
    json.close_object();
    return json.text();
}

}  // namespace keel::app
