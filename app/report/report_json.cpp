#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>

#include "app/failure.hpp"
#include "app/json_text.hpp"
#include "app/report/run_report.hpp"

namespace keel::app {

namespace {

void add_counts(const RunReport& r, JsonText& json) {
    json.field("version", r.version);
    json.field("title", r.title);
    json.field("mode", r.mode);
    json.field("layout", r.layout);
    json.field("venue", r.venue);
    json.field("scenario", r.scenario);
    json.field("seed", r.seed);
    json.field("seconds", r.seconds);
    json.field("events_received", r.events_received);
    json.field("events_sent_by_simulator", r.events_sent_by_simulator);
    json.field("shocks", r.shocks);
    json.field("triggers_fired", r.triggers_fired);
    json.field("trigger_kinds", r.trigger_kinds);
    json.field("decisions", r.decisions);
    json.field("orders_sent", r.orders_sent);
    json.field("orders_filled", r.orders_filled);
    json.field("orders_refused_by_gate", r.orders_refused_by_gate);
    json.field("orders_unknown", r.orders_unknown);
    json.field("solves_deferred", r.solves_deferred);
}

void add_breaches(const RunReport& r, JsonText& json) {
    json.open_object("breach_seconds");
    json.open_object("hedged");
    for (const BreachReport& b : r.breaches) json.field(b.boundary, b.hedged_seconds);
    json.close_object();
    json.open_object("unhedged");
    for (const BreachReport& b : r.breaches) json.field(b.boundary, b.unhedged_seconds);
    json.close_object();
    json.close_object();
}

// Where each underlying's delta stood at the last sample, beside its boundary.
void add_final_delta(const RunReport& r, JsonText& json) {
    json.open_object("final_delta");
    for (const UnderlyingSeries& u : r.underlyings) {
        if (u.net_delta_hedged_coin.empty()) continue;
        json.open_object(u.name);
        json.field("net_delta_coin", u.net_delta_hedged_coin.back());
        json.field("target_coin", u.delta_target_coin);
        json.field("soft_coin", u.delta_soft_coin);
        json.close_object();
    }
    json.close_object();
}

void add_levels(const std::vector<BookReport::Level>& levels, const char* side, JsonText& json) {
    json.open_array(side);
    for (const BookReport::Level& level : levels) {
        json.open_array();
        json.item(level.price);
        json.item(level.quantity);
        json.close_array();
    }
    json.close_array();
}

void add_books(const RunReport& r, JsonText& json) {
    json.open_object("books");
    for (const BookReport& book : r.books) {
        json.open_object(book.instrument);
        json.field("valid", book.valid);
        json.field("depth_updates", book.updates);
        json.field("applied", book.applied);
        json.field("dropped", book.dropped);
        json.field("gaps", book.gaps);
        json.field("final_u", book.last_id);
        json.field("bid_levels", book.bid_levels);
        json.field("ask_levels", book.ask_levels);
        add_levels(book.bids, "bids", json);
        add_levels(book.asks, "asks", json);
        json.close_object();
    }
    json.close_object();
}

void add_latency(const LatencyReport& measured, JsonText& json) {
    const LatencyReport l = measured.supported();
    json.open_object("tick_to_trade_us");
    json.field("count", l.count);
    json.field("p50", l.p50);
    json.field("p90", l.p90);
    json.field("p99", l.p99);
    json.field("p99_9", l.p99_9);
    json.field("max", l.max);
    json.close_object();
}

void add_values(JsonText& json, const char* name, const std::vector<double>& values) {
    json.open_array(name);
    for (const double value : values) json.item(value);
    json.close_array();
}

void add_series(const RunReport& r, JsonText& json) {
    json.open_object("series");
    add_values(json, "seconds", r.account.seconds);
    add_values(json, "pnl_hedged_usd", r.account.pnl_hedged_usd);
    add_values(json, "pnl_unhedged_usd", r.account.pnl_unhedged_usd);
    add_values(json, "fees_usd", r.account.fees_usd);
    add_values(json, "funding_usd", r.account.funding_usd);
    add_values(json, "hedge_cost_usd", r.account.hedge_cost_usd);
    json.open_array("marks");
    for (const auto& [second, label] : r.marks) {
        json.open_object();
        json.field("seconds", second);
        json.field("label", label);
        json.close_object();
    }
    json.close_array();
    json.open_object("underlyings");
    for (const UnderlyingSeries& u : r.underlyings) {
        json.open_object(u.name);
        json.field("delta_target_coin", u.delta_target_coin);
        json.field("delta_soft_coin", u.delta_soft_coin);
        json.field("delta_hard_coin", u.delta_hard_coin);
        add_values(json, "price_usd", u.price_usd);
        add_values(json, "net_delta_hedged_coin", u.net_delta_hedged_coin);
        add_values(json, "net_delta_unhedged_coin", u.net_delta_unhedged_coin);
        add_values(json, "realised_vol_ratio", u.realised_vol_ratio);
        add_values(json, "implied_vol_ratio", u.implied_vol_ratio);
        json.close_object();
    }
    json.close_object();
    json.close_object();
}

void add_decisions(const RunReport& r, JsonText& json) {
    json.open_array("decision_rows");
    for (const DecisionRow& row : r.decision_rows) {
        json.open_object();
        json.field("id", row.id);
        json.field("seconds", row.seconds);
        json.field("underlying", row.underlying);
        json.field("trigger", row.trigger);
        json.field("value", row.value);
        json.field("soft", row.soft);
        json.field("hard", row.hard);
        json.field("outcome", row.outcome);
        json.field("need_coin", row.need_coin);
        json.field("trades", row.trades);
        json.field("cost_usd", row.cost_usd);
        json.field("dearer_cost_usd", row.dearer_cost_usd);
        json.field("slippage_usd", row.slippage_usd);
        json.field("fee_usd", row.fee_usd);
        json.field("latency_us", row.latency_us);
        json.close_object();
    }
    json.close_array();
}

void write_file(const std::filesystem::path& path, const std::string& text) {
    std::ofstream file{path, std::ios::binary | std::ios::trunc};
    file << text;
    file.close();
    if (!file) throw OutsideError{path.string() + ": cannot be written"};
}

}  // namespace

std::string report_json(const RunReport& report, bool series) {
    JsonText json;
    json.open_object();
    add_counts(report, json);
    add_breaches(report, json);
    add_final_delta(report, json);
    if (!report.books.empty()) {
        json.field("speed_ratio", report.speed_ratio);
        add_books(report, json);
    }
    add_latency(report.tick_to_trade_us, json);
    json.field("market_hash", fmt::format("{:016x}", report.market_hash));
    json.field("state_hash", fmt::format("{:016x}", report.state_hash));
    json.field("journal", report.journal_path);
    json.field("report", report.report_path);
    if (report.replay_verified) {
        json.field("replay_verified", *report.replay_verified);
    } else {
        json.null_field("replay_verified");
    }
    json.open_array("notes");
    for (const std::string& note : report.notes) json.item(note);
    json.close_array();
    if (series) {
        add_series(report, json);
        add_decisions(report, json);
    }
    json.close_object();
    return json.text();
}

void prepare_report_directory(const std::string& directory) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) throw OutsideError{directory + ": cannot be created: " + error.message()};
    std::string probe = directory + "/.report-XXXXXX";
    const int file = ::mkstemp(probe.data());
    if (file < 0) throw OutsideError{directory + ": cannot be written: " + std::strerror(errno)};
    ::close(file);
    ::unlink(probe.c_str());
}

std::string write_report(const RunReport& report, const std::string& directory, bool html) {
    const std::filesystem::path folder{directory};
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (error) throw OutsideError{directory + ": cannot be created: " + error.message()};
    write_file(folder / "report.txt", report_text(report));
    write_file(folder / "report.json", report_json(report, true) + "\n");
    if (!html) return (folder / "report.txt").string();
    write_file(folder / "report.html", report_html(report));
    return (folder / "report.html").string();
}

}  // namespace keel::app
