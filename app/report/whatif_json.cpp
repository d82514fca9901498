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

template <class Row>
void add_change(JsonText& json, std::string_view key, const Beside<Row>& row, auto get) {
    add_change(json, key, row.was(get), row.is(get));
}

void add_metric(const MetricChange& change, JsonText& json) {
    const risk::ReportMetric& metric = change.row();
    const auto quality = [](const risk::ReportMetric* row) -> std::string {
        return row == nullptr ? "unknown" : row->quality;
    };
    json.open_object();
    json.field("scope", metric.scope.empty() ? "account" : metric.scope);
    json.field("name", metric.name);
    json.field("unit", metric.unit);
    json.field("before", change.value_before());
    json.field("after", change.value_after());
    json.field("change", change.change());
    json.field("changed", change.moved());
    json.field("quality_before", quality(change.before));
    json.field("quality", quality(change.after));
    if (change.limited()) {
        json.field("limit_state_before", limit_state_name(change.state_before()));
        json.field("limit_state", limit_state_name(change.state_after()));
        json.field("soft", metric.soft);
        json.field("hard", metric.hard);
    }
    json.close_object();
}

void add_tails(const WhatIf& whatif, JsonText& json) {
    json.open_array("tails");
    for (const Beside<risk::TailRow>& row : tail_changes(whatif)) {
        json.open_object();
        json.field("method", row.row().method);
        add_change(json, "var_99_usd", row, &risk::TailRow::var_99_usd);
        add_change(json, "es_975_usd", row, &risk::TailRow::es_975_usd);
        json.field("note", row.row().note);
        json.close_object();
    }
    json.close_array();
}

void add_stresses(const WhatIf& whatif, JsonText& json) {
    json.open_object("stress");
    json.open_array("named");
    for (const Beside<risk::StressResult>& row : stress_changes(whatif)) {
        json.open_object();
        json.field("id", row.row().id);
        add_change(json, "pnl_usd", row, &risk::StressResult::pnl_usd);
        add_change(json, "equity_usd", row, &risk::StressResult::equity_usd);
        json.open_object("margin_ratio");
        for (std::size_t v = 0; v < row.row().venues.size(); ++v) {
            add_change(json, whatif.after.venue_names[v], row, ratio_at(v));
        }
        json.close_object();
        json.open_object("delta_coin");
        for (std::size_t u = 0; u < row.row().delta_coin.size(); ++u) {
            add_change(json, whatif.after.underlying_names[u], row, delta_of(u));
        }
        json.close_object();
        add_change(json, "var_99_usd", row, &risk::StressResult::var_99_usd);
        add_change(json, "sigma_usd", row, &risk::StressResult::sigma_usd);
        json.close_object();
    }
    json.close_array();
    add_change(json, "reverse_crash_scale", whatif.before.reverse_crash_scale, whatif.after.reverse_crash_scale);
    json.close_object();
}

using Liquidation = risk::VenueReport::Liquidation;

void add_liquidation(const LiquidationChange& row, risk::LiquidationPrices Liquidation::*form,
                     const std::string& suffix, JsonText& json) {
    const auto side = [&](const std::string& name, risk::LiquidationSide risk::LiquidationPrices::*member) {
        const auto status = [&](const Liquidation* found) {
            return found == nullptr ? "not held" : root_status_name((found->*form.*member).status);
        };
        json.open_object("status_" + name + suffix);
        json.field("before", status(row.before));
        json.field("after", status(row.after));
        json.close_object();
        add_change(json, "price_" + name + suffix, row,
                   [&](const Liquidation& found) { return (found.*form.*member).price; });
        add_change(json, "distance_" + name + suffix + "_ratio", row,
                   [&](const Liquidation& found) { return (found.*form.*member).distance_ratio; });
    };
    side("down", &risk::LiquidationPrices::down);
    side("up", &risk::LiquidationPrices::up);
    add_change(json, "sigmas" + suffix, row, [&](const Liquidation& found) { return (found.*form).sigmas; });
}

void add_margin(const WhatIf& whatif, JsonText& json) {
    json.open_object("margin");
    for (const Beside<risk::VenueReport>& row : venue_changes(whatif)) {
        json.open_object(row.row().name);
        json.field("model", row.row().model);
        add_change(json, "equity_usd", row, &risk::VenueReport::equity_usd);
        add_change(json, "initial_margin_usd", row, &risk::VenueReport::initial_margin_usd);
        add_change(json, "maintenance_margin_usd", row, &risk::VenueReport::maintenance_margin_usd);
        add_change(json, "margin_ratio", row, &risk::VenueReport::margin_ratio);
        json.open_object("liquidation");
        for (const LiquidationChange& price : liquidation_changes(row)) {
            json.open_object(price.row().underlying);
            add_liquidation(price, &Liquidation::still, "", json);
            add_liquidation(price, &Liquidation::by_beta, "_beta", json);
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
