// The text and the page of a risk report, from a report made by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/text_table.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

using risk::LimitState;
using risk::ReportMetric;
using risk::RiskReport;

RiskReport report_of(std::vector<ReportMetric> metrics) {
    RiskReport out;
    out.equity_usd = 1'000.0;
    out.metrics = std::move(metrics);
    out.positions = {{.name = "BTC-PERPETUAL", .venue = "deribit", .quantity = 10.0, .priced = true},
                     {.name = "USDC", .venue = "deribit", .quantity = 500.0, .priced = true, .cash = true}};
    return out;
}

ReportMetric limited(std::string name, LimitState state, std::string scope = "") {
    return {.name = std::move(name),
            .scope = std::move(scope),
            .value = 5.0,
            .unit = "USD",
            .soft = 3.0,
            .hard = 4.0,
            .state = state,
            .quality = "good"};
}

bool in_order(const std::string& text, const std::vector<std::string>& parts) {
    std::size_t from = 0;
    for (const std::string& part : parts) {
        const std::size_t found = text.find(part, from);
        if (found == std::string::npos) return false;
        from = found + part.size();
    }
    return true;
}

TEST(RiskPageTest, ListsBreachedLimitsBeforeAllElse) {
    ReportMetric doubtful = limited("margin_ratio", LimitState::hard, "deribit");
    doubtful.quality = "one-sided quote";
    const RiskReport report =
        report_of({limited("vega_usd", LimitState::soft), doubtful, limited("delta_net", LimitState::inside, "BTC"),
                   limited("drawdown", LimitState::unknown)});
    EXPECT_TRUE(
        in_order(risk_report_text(report),
                 {"Limits: 1 hard, 1 soft, 1 inside, 1 not known", "HARD", "margin_ratio", "deribit", "5.000", "3.000",
                  "4.000", "one-sided quote", "SOFT", "vega_usd", "account", "unknown", "drawdown", "ACCOUNT"}))
        << risk_report_text(report);
    const std::string page = risk_report_html(report);
    EXPECT_TRUE(in_order(page, {"class=\"tiles\"", "Limits: 1 hard", "HARD", "margin_ratio", "deribit",
                                "one-sided quote", "SOFT", "vega_usd", "account", "Contributions"}));
    EXPECT_EQ(breach_words(report), "1 hard limit breached: margin_ratio deribit 5.000 (hard 4.000)");
}

TEST(RiskPageTest, SaysThatNoLimitIsBreached) {
    const RiskReport inside = report_of({limited("delta_net", LimitState::inside, "BTC")});
    EXPECT_NE(risk_report_text(inside).find("Limits: none breached, 1 inside\n"), std::string::npos);
    EXPECT_NE(risk_report_html(inside).find("Limits: none breached, 1 inside"), std::string::npos);
    EXPECT_EQ(breach_words(inside), "");
    EXPECT_NE(risk_report_text(report_of({})).find("Limits: none given\n"), std::string::npos);
}

TEST(RiskPageTest, TilesStandBeforeTheNotesAndMostNotesUnfold) {
    RiskReport report = report_of({});
    for (int i = 1; i <= 7; ++i) report.notes.push_back("note " + std::to_string(i));
    const std::string page = risk_report_html(report);
    EXPECT_TRUE(in_order(page, {"class=\"tiles\"", "note 1", "note 5", "<details><summary>2 more notes", "note 6",
                                "note 7", "</details>", "Contributions"}));
    report.notes.resize(5);
    EXPECT_EQ(risk_report_html(report).find("<details>"), std::string::npos);
}

TEST(RiskPageTest, TilesShowWhatIsDoubtful) {
    const auto tile_word = [](bool stale, risk::InputDoubt doubts, const std::string& quality) {
        const std::string page = risk_report_html(report_of({{.name = "equity_usd",
                                                              .scope = "",
                                                              .value = 1'000.0,
                                                              .unit = "USD",
                                                              .stale = stale,
                                                              .doubts = doubts,
                                                              .quality = quality}}));
        const std::size_t begin = page.find("class=\"doubt\"");
        return begin == std::string::npos ? "" : page.substr(begin, page.find('<', begin) - begin);
    };
    EXPECT_EQ(tile_word(false, risk::InputDoubt::none, "good"), "");
    EXPECT_EQ(tile_word(false, risk::InputDoubt::crossed_quote, "crossed quote"),
              "class=\"doubt\" title=\"equity_usd: crossed quote\">doubtful");
    EXPECT_EQ(tile_word(true, risk::InputDoubt::crossed_quote, "stale, crossed quote"),
              "class=\"doubt\" title=\"equity_usd: stale, crossed quote\">stale");
    EXPECT_EQ(tile_word(false, risk::InputDoubt::none, "no cash given"),
              "class=\"doubt\" title=\"equity_usd: no cash given\">incomplete");
}

TEST(RiskPageTest, CountsPositionsApartFromBalances) {
    EXPECT_EQ(risk_report_text(report_of({})).find("Risk of 1 position and 1 balance, equity 1,000 USD\n"), 0U);
    EXPECT_NE(risk_report_html(report_of({})).find("1 position and 1 balance"), std::string::npos);
}

TEST(TextTableTest, ColumnsAreAsWideAsTheirCells) {
    TextTable table{{"contract", ">size"}};
    table.row({"a", "1.5"});
    table.row({"a long name", "−20"});
    EXPECT_EQ(table.text(100), "  contract     size\n  a             1.5\n  a long name   −20\n");
    EXPECT_EQ(table.text(18), "  contract    size\n  a            1.5\n  a long name  −20\n");
}

}  // namespace
}  // namespace keel::app
