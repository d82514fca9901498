#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <string>

#include "app/report/run_report.hpp"
#include "app/report/svg_plot.hpp"

namespace keel::app {
namespace {

UnderlyingSeries underlying_of(const std::string& name, double price, double soft) {
    UnderlyingSeries u;
    u.name = name;
    u.delta_soft_coin = soft;
    u.delta_hard_coin = 2.5 * soft;
    for (int i = 0; i < 240; ++i) {
        const double t = i * 0.25;
        const double shock = t > 20 ? std::exp(-(t - 20) / 15) : 0.0;
        u.price_usd.push_back(price * (1.0 - 0.04 * (t > 20 ? 1 - shock : 0.0) + 0.002 * std::sin(t)));
        u.net_delta_hedged_coin.push_back(soft * (0.7 * std::sin(t / 2) + (t > 20 && t < 22 ? 1.8 : 0.0)));
        u.net_delta_unhedged_coin.push_back(soft * (0.7 * std::sin(t / 2) + (t > 20 ? 5.0 * (1 - shock) : 0.0)));
        u.realised_vol_ratio.push_back(0.45 + 0.9 * shock);
        u.implied_vol_ratio.push_back(0.55 + 0.25 * shock);
    }
    return u;
}

void add_decisions(RunReport& report) {
    for (std::uint64_t i = 1; i <= 14; ++i) {
        DecisionRow row;
        row.id = i;
        row.seconds = 4.0 * static_cast<double>(i);
        row.underlying = i % 3 == 0 ? "ETH" : "BTC";
        row.trigger = i % 4 == 0 ? "net_delta hard" : "net_delta soft";
        row.value = 1.31;
        row.soft = 1.0;
        row.hard = 2.5;
        row.outcome = i % 5 == 0 ? "no_trade_band" : "traded";
        row.need_coin = -0.87;
        if (row.outcome == "traded") row.trades = "sell 85,300 BTC-PERPETUAL";
        row.cost_usd = 20.0 + static_cast<double>(i);
        row.dearer_cost_usd = 41.0;
        row.slippage_usd = 4.0 * std::sin(static_cast<double>(i));
        row.fee_usd = 42.6;
        row.latency_us = 41.0;
        report.decision_rows.push_back(row);
    }
}

RunReport sample_report() {
    RunReport report;
    report.title = "keel demo";
    report.version = "0.1.0 (test)";
    report.started_utc = "2026-01-05T08:00:00Z";
    report.mode = "paper";
    report.layout = "inline";
    report.venue = "deribit (simulated)";
    report.scenario = "shock";
    report.seed = 7;
    report.seconds = 60;
    report.notes = {"books generated, marks step"};
    report.events_received = 123'456;
    report.events_sent_by_simulator = 123'460;
    report.shocks = 1;
    report.triggers_fired = 14;
    report.trigger_kinds = 4;
    report.decisions = 14;
    report.orders_sent = 12;
    report.orders_filled = 11;
    report.breaches = {
        {"net_delta_BTC", 1.7, 31.4}, {"net_delta_ETH", 2.2, 28.0}, {"realised_vol_BTC", 12.0, kNotKnown}};
    report.tick_to_trade_us = {12, 41.0, 58.0, 77.0, 90.0, 91.5};
    report.marks = {{20.0, "volatility shock"}};
    for (int i = 0; i < 240; ++i) {
        const double t = i * 0.25;
        report.account.seconds.push_back(t);
        report.account.pnl_hedged_usd.push_back(-200 * std::sin(t / 9) - (t > 20 ? 900 : 0));
        report.account.pnl_unhedged_usd.push_back(t > 20 ? -400 * (t - 20) : 150 * std::sin(t));
        report.account.fees_usd.push_back(10 * t);
        report.account.funding_usd.push_back(-0.4 * t);
        report.account.hedge_cost_usd.push_back(6 * t);
    }
    report.underlyings = {underlying_of("BTC", 98'000, 1.0), underlying_of("ETH", 3'300, 12.0)};
    add_decisions(report);
    report.market_hash = 0x0123456789abcdefULL;
    report.state_hash = 0xfedcba9876543210ULL;
    report.journal_path = "/tmp/keel/journal.keel";
    report.replay_verified = true;
    return report;
}

TEST(ReportJsonTest, HasEveryKeyOfTheInterface) {
    const auto json = nlohmann::json::parse(report_json(sample_report(), false));
    for (const char* key :
         {"version", "scenario", "seed", "seconds", "events_received", "shocks", "triggers_fired", "decisions",
          "orders_sent", "orders_filled", "orders_refused_by_gate", "orders_unknown", "breach_seconds",
          "tick_to_trade_us", "market_hash", "state_hash", "journal", "report", "replay_verified"}) {
        EXPECT_TRUE(json.contains(key)) << key;
    }
    EXPECT_EQ(json["events_received"], 123'456);
    EXPECT_EQ(json["breach_seconds"]["hedged"]["net_delta_BTC"], 1.7);
    EXPECT_EQ(json["breach_seconds"]["unhedged"]["net_delta_BTC"], 31.4);
    EXPECT_EQ(json["market_hash"], "0123456789abcdef");
    EXPECT_EQ(json["replay_verified"], true);
}

TEST(ReportJsonTest, LeavesOutPercentilesWithoutEnoughSamples) {
    RunReport report = sample_report();
    auto json = nlohmann::json::parse(report_json(report, false));
    EXPECT_TRUE(json["tick_to_trade_us"]["p99"].is_null());
    EXPECT_EQ(json["tick_to_trade_us"]["p90"], 58.0);
    report.tick_to_trade_us.count = 1'000;
    json = nlohmann::json::parse(report_json(report, false));
    EXPECT_EQ(json["tick_to_trade_us"]["p99"], 77.0);
    EXPECT_TRUE(json["tick_to_trade_us"]["p99_9"].is_null());
}

TEST(ReportJsonTest, CarriesTheSeriesOnRequest) {
    const auto json = nlohmann::json::parse(report_json(sample_report(), true));
    EXPECT_EQ(json["series"]["seconds"].size(), 240U);
    EXPECT_EQ(json["series"]["underlyings"]["ETH"]["net_delta_hedged_coin"].size(), 240U);
    EXPECT_EQ(json["decision_rows"].size(), 14U);
    EXPECT_EQ(json["series"]["marks"][0]["label"], "volatility shock");
    EXPECT_EQ(json["series"]["marks"][0]["seconds"], 20.0);
}

TEST(ReportTextTest, TellsTheResultInAHundredColumns) {
    const std::string text = report_text(sample_report());
    EXPECT_NE(text.find("net_delta_BTC"), std::string::npos);
    EXPECT_NE(text.find("books generated, marks step"), std::string::npos);
    EXPECT_NE(text.find("verified, bit for bit"), std::string::npos);
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 110U) << line;
}

TEST(ReportHtmlTest, StandsAloneAndShowsEveryPlot) {
    const std::string page = report_html(sample_report());
    for (const char* outside : {"http://", "https://", "<script", "<link", "src=", "@import", "url("}) {
        EXPECT_EQ(page.find(outside), std::string::npos) << outside;
    }
    std::size_t figures = 0;
    for (std::size_t at = page.find("<figure>"); at != std::string::npos; at = page.find("<figure>", at + 1)) ++figures;
    EXPECT_EQ(figures, 2U + 2U * 3U + 1U);
    EXPECT_EQ(page.find("nan"), std::string::npos);
    EXPECT_EQ(page.find("inf\""), std::string::npos);
    if (const char* path = std::getenv("KEEL_SHOW_REPORT")) std::ofstream{path} << page;
}

TEST(ReportHtmlTest, EscapesWhatAVenueNamed) {
    RunReport report = sample_report();
    report.decision_rows[0].trades = "buy <img onerror=x>";
    EXPECT_EQ(report_html(report).find("<img"), std::string::npos);
}

TEST(ReportHtmlTest, StaysWholeWithoutAnySeries) {
    RunReport report;
    report.title = "empty";
    const std::string page = report_html(report);
    EXPECT_EQ(page.find("<figure>"), std::string::npos);
    EXPECT_NE(page.find("</html>"), std::string::npos);
}

TEST(SvgPlotTest, KeepsSpikesWhenThinningLongSeries) {
    Plot plot{"spike", "x", {}, {{"line", 'a', false, {}}}, {}, {}, true};
    for (int i = 0; i < 100'000; ++i) {
        plot.x.push_back(i);
        plot.lines[0].values.push_back(i == 54'321 ? 1'000.0 : 0.0);
    }
    const std::string svg = svg_plot(plot);
    EXPECT_LT(svg.size(), 60'000U);
    EXPECT_NE(svg.find(" 23.1"), std::string::npos);  // the spike reaches the top of the frame
}

// The last label of an axis that ends on a round number: "4500" of a smile.
TEST(SvgPlotTest, KeepsTheLastLabelOfTheAxisInside) {
    for (const double last : {4'500.0, 45'000.0}) {
        Plot plot{.title = "smile", .unit = "%", .x = {last / 3.0, last}, .axis = PlotAxis::number};
        plot.lines.push_back({.label = "fit", .values = {60.0, 50.0}});
        const std::string svg = svg_plot(plot);
        const std::size_t label = svg.find(">" + axis_text(last) + "</text>");
        ASSERT_NE(label, std::string::npos) << last;
        const std::string element = svg.substr(svg.rfind("<text", label), label - svg.rfind("<text", label));
        EXPECT_NE(element.find("text-anchor=\"end\""), std::string::npos) << element;
        EXPECT_NE(element.find("x=\"599.0\""), std::string::npos) << element;
    }
}

TEST(WriteReportTest, WritesThreeFilesIntoANewFolder) {
    const std::filesystem::path folder = std::filesystem::temp_directory_path() / "keel_report_test";
    std::filesystem::remove_all(folder);
    const std::string page = write_report(sample_report(), folder.string(), true);
    EXPECT_EQ(page, (folder / "report.html").string());
    for (const char* name : {"report.txt", "report.json", "report.html"}) {
        EXPECT_GT(std::filesystem::file_size(folder / name), 500U) << name;
    }
    std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace keel::app
