#include "app/json_text.hpp"
#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/whatif.hpp"

namespace keel::app {
namespace {

void add_change(JsonText& json, std::string_view key, double before, double after) {
    json.open_object(key);
    json.field("before", before);
    json.field("after", after);
    json.field("change", after - before);
    json.close_object();
}

void add_trades(const WhatIf& whatif, JsonText& json) {
    json.open_array("trades");
    for (const WhatIfTrade& trade : whatif.trades) {
        json.open_object();
        json.field("instrument", trade.contract);
        json.field("venue", trade.venue);
        json.field("quantity", trade.quantity);
        json.field("price", trade.price);
        json.field("price_unit", trade.price_unit);
        json.close_object();
    }
    json.close_array();
}

void add_metric(const MetricChange& change, JsonText& json) {
    const risk::ReportMetric& metric = *change.after;
    json.open_object();
    json.field("scope", metric.scope.empty() ? "account" : metric.scope);
    json.field("name", metric.name);
    json.field("unit", metric.unit);
    json.field("before", change.before);
    json.field("after", metric.value);
    json.field("change", metric.value - change.before);
    json.field("changed", change.moved());
    json.field("quality", metric.quality);
    if (metric.state != risk::LimitState::none) {
        json.field("limit_state_before", limit_state_name(change.was));
        json.field("limit_state", limit_state_name(metric.state));
        json.field("soft", metric.soft);
        json.field("hard", metric.hard);
    }
    json.close_object();
}

void add_tails(const WhatIf& whatif, JsonText& json) {
    json.open_array("tails");
    for (const risk::TailRow& row : whatif.after.tails) {
        const risk::TailRow* old = tail_before(whatif, row);
        const risk::TailRow was = old == nullptr ? risk::TailRow{} : *old;
        json.open_object();
        json.field("method", row.method);
        add_change(json, "var_99_usd", was.var_99_usd, row.var_99_usd);
        add_change(json, "es_975_usd", was.es_975_usd, row.es_975_usd);
        json.field("note", row.note);
        json.close_object();
    }
    json.close_array();
}

void add_stresses(const WhatIf& whatif, JsonText& json) {
    json.open_object("stress");
    json.open_array("named");
    for (const risk::StressResult& row : whatif.after.stresses) {
        const risk::StressResult* old = stress_before(whatif, row);
        const risk::StressResult was = old == nullptr ? risk::StressResult{} : *old;
        json.open_object();
        json.field("id", row.id);
        add_change(json, "pnl_usd", was.pnl_usd, row.pnl_usd);
        add_change(json, "equity_usd", was.equity_usd, row.equity_usd);
        json.open_object("margin_ratio");
        for (std::size_t v = 0; v < row.venues.size(); ++v) {
            add_change(json, whatif.after.venue_names[v], stressed_ratio(old, v), stressed_ratio(&row, v));
        }
        json.close_object();
        json.close_object();
    }
    json.close_array();
    add_change(json, "reverse_crash_scale", whatif.before.reverse_crash_scale, whatif.after.reverse_crash_scale);
    json.close_object();
}

void add_margin(const WhatIf& whatif, JsonText& json) {
    json.open_object("margin");
    for (const risk::VenueReport& row : whatif.after.venues) {
        const risk::VenueReport* old = venue_before(whatif, row);
        const risk::VenueReport was = old == nullptr ? risk::VenueReport{} : *old;
        json.open_object(row.name);
        json.field("model", row.model);
        add_change(json, "equity_usd", was.equity_usd, row.equity_usd);
        add_change(json, "initial_margin_usd", was.initial_margin_usd, row.initial_margin_usd);
        add_change(json, "maintenance_margin_usd", was.maintenance_margin_usd, row.maintenance_margin_usd);
        add_change(json, "margin_ratio", was.margin_ratio, row.margin_ratio);
        json.open_object("liquidation");
        for (const auto& price : row.liquidations) {
            const auto before = liquidation_of(old, price.underlying);
            json.open_object(price.underlying);
            add_change(json, "price_down", before.still.down.price, price.still.down.price);
            add_change(json, "price_up", before.still.up.price, price.still.up.price);
            add_change(json, "sigmas", before.still.sigmas, price.still.sigmas);
            json.close_object();
        }
        json.close_object();
        json.close_object();
    }
    json.close_object();
}

}  // namespace

std::string whatif_json(const WhatIf& whatif) {
    const std::vector<MetricChange> changes = metric_changes(whatif);
    JsonText json;
    json.open_object();
    json.field("hypothetical", true);
    json.field("as_of_ms", whatif.after.as_of.ms());
    json.field("oldest_input_seconds", oldest_input_seconds(whatif.after));
    add_trades(whatif, json);
    json.open_array("metrics");
    for (const MetricChange& change : changes) add_metric(change, json);
    json.close_array();
    json.open_array("limits_crossed");
    for (const MetricChange& change : changes) {
        if (change.crossed()) add_metric(change, json);
    }
    json.close_array();
    add_tails(whatif, json);
    add_margin(whatif, json);
    add_stresses(whatif, json);
    json.open_array("notes");
    for (const std::string& note : whatif.after.notes) json.item(note);
    json.close_array();
    json.close_object();
    return json.text();
}

}  // namespace keel::app
