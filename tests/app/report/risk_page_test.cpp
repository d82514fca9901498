// The text and the page of a risk report, from a report made by hand.
#include <gtest/gtest.h>

#include <algorithm>
#include <limits>
#include <string>
#include <vector>

#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/text_table.hpp"
#include "app/report/whatif.hpp"
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

// Options on BTC, futures on SOL: a matrix and a ladder of the one, a row of the other.
TEST(RiskPageTest, LinearUnderlyingsShareOneTable) {
    RiskReport report = report_of({});
    report.underlyings.resize(2);
    report.underlyings[0].name = "BTC";
    report.underlyings[1].name = "SOL";
    for (std::size_t i = 0; i < risk::kGridCells; ++i) {
        const double pnl = 1'000.0 * static_cast<double>(i / risk::kGridVolatilityMoves.size());
        report.underlyings[0].matrix.pnl_usd[i] = pnl + static_cast<double>(i);
        report.underlyings[1].matrix.pnl_usd[i] = -pnl;
    }
    for (risk::UnderlyingReport& underlying : report.underlyings) {
        underlying.ladder = {.spot_moves = {-0.5, 0.5}, .volatility_moves = {0.0}, .pnl_usd = {{1.0, 2.0}}};
    }
    const std::string page = risk_report_html(report), text = risk_report_text(report);
    EXPECT_NE(page.find("BTC spot ladder"), std::string::npos);
    EXPECT_NE(page.find("BTC stress matrix"), std::string::npos);
    EXPECT_EQ(page.find("SOL spot ladder"), std::string::npos);
    EXPECT_EQ(page.find("SOL stress matrix"), std::string::npos);
    EXPECT_TRUE(in_order(page, {"Linear underlyings", "<th>SOL</th>", ">-1.0</td>", ">-14.0</td></tr>"}));
    EXPECT_NE(text.find("STRESS BTC"), std::string::npos);
    EXPECT_EQ(text.find("STRESS SOL"), std::string::npos);
    EXPECT_TRUE(in_order(text, {"STRESS of linear underlyings", "SOL\n", "-50%", "0.0\n", "+50%", "-14.0\n"}));
}

risk::StressResult stress_of(std::string id, double pnl_usd, std::vector<double> ratios) {
    risk::StressResult out{
        .id = std::move(id), .pnl_usd = pnl_usd, .equity_usd = pnl_usd, .venues = {}, .delta_coin = {}};
    for (const double ratio : ratios) out.venues.push_back({.margin_ratio = ratio});
    return out;
}

TEST(RiskPageTest, StressesLeaveOutVenuesWithoutMarginAndSayWhatIsUnknown) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    RiskReport report = report_of({});
    report.venue_names = {"deribit", "wallet"};
    report.stresses = {stress_of("CRASH", -10.0, {kNaN, kNaN}), stress_of("LIQUIDITY", kNaN, {0.5, kNaN})};
    report.stresses[1].left_out = 3;
    const std::string page = risk_report_html(report);
    EXPECT_NE(page.find("deribit margin ratio"), std::string::npos);
    EXPECT_EQ(page.find("wallet margin ratio"), std::string::npos);
    EXPECT_TRUE(in_order(page, {"<td>LIQUIDITY</td><td class=\"n\">unknown</td><td class=\"n\">unknown</td>",
                                "class=\"n hard\">0.5<", "3 positions left out"}));
    EXPECT_NE(risk_report_text(report).find("LIQUIDITY                    unknown       unknown"), std::string::npos)
        << risk_report_text(report);
    EXPECT_NE(risk_report_json(report).find("\"pnl_usd\": null"), std::string::npos);
}

TEST(RiskPageTest, UnderlyingsWithoutALiquidationPriceShareOneRow) {
    using Status = risk::RootStatus;
    RiskReport report = report_of({});
    const auto side = [](Status status) { return risk::LiquidationSide{.status = status, .price = 50.0}; };
    const auto row = [&](std::string name, Status down, Status by_beta) {
        const risk::LiquidationPrices still{.down = side(down), .up = side(down)},
            moving{.down = side(by_beta), .up = side(by_beta)};
        return risk::VenueReport::Liquidation{.underlying = std::move(name), .still = still, .by_beta = moving};
    };
    report.venues = {{.name = "bybit", .model = "bybit cross", .liquidations = {}}};
    report.venues[0].liquidations = {row("ETH", Status::none, Status::none), row("BTC", Status::none, Status::found),
                                     row("SOL", Status::none, Status::unknown),
                                     row("XRP", Status::unknown, Status::unknown)};
    const std::string page = risk_report_html(report), text = risk_report_text(report);
    EXPECT_TRUE(in_order(page, {"<td>bybit</td>", "<td>BTC</td>", "<td colspan=\"6\"></td>", "BTC, others by beta",
                                "<td colspan=\"4\">2 underlyings: no liquidation price</td>",
                                "<td colspan=\"4\">XRP: liquidation price unknown</td>"}));
    EXPECT_EQ(page.find("SOL"), std::string::npos);
    EXPECT_TRUE(in_order(text, {"LIQUIDATION bybit", "  BTC", "others by beta",
                                "  2 underlyings: no liquidation price\n", "  XRP: liquidation price unknown\n"}));
    report.venues[0].liquidations.erase(report.venues[0].liquidations.begin() + 1);
    EXPECT_EQ(risk_report_text(report).find("sigmas of a day"), std::string::npos);
}

// Ratios of venues that have one in a table of their own; coins without a price before or after are counted.
TEST(RiskPageTest, WhatIfKeepsToWhatThePageHolds) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    WhatIf whatif{.trades = {}, .before = report_of({}), .after = report_of({})};
    for (RiskReport* report : {&whatif.before, &whatif.after}) {
        report->venue_names = {"deribit", "wallet"};
        report->underlying_names = {"BTC", "ETH"};
        report->stresses = {stress_of("VENUE:deribit", kNaN, {2.0, kNaN})};
        report->stresses[0].kind = risk::StressDefinition::Kind::venue;
        report->stresses[0].delta_coin = {4.0, 1.0};
    }
    whatif.after.stresses[0].delta_coin = {3.0, 1.0};
    const std::string page = whatif_html(whatif), text = whatif_text(whatif, true);
    EXPECT_TRUE(in_order(page, {"Named stresses before and after", "<td>VENUE:deribit</td><td class=\"n\">unknown</td>",
                                "BTC delta_bs 4.000 → 3.000; ETH delta_bs 1.000</td>", "Margin ratios under stress",
                                "deribit before", "Every metric"}));
    EXPECT_EQ(page.find("wallet before"), std::string::npos);
    EXPECT_NE(page.find(",th.n{white-space:normal}"), std::string::npos) << "the last column fits beside the others";
}

// What is not known is not none, and neither hides the other.
TEST(RiskPageTest, WhatIfTellsNoLiquidationPriceFromAnUnknownOne) {
    using Status = risk::RootStatus;
    const auto row = [](const char* name, Status status) {
        const risk::LiquidationPrices prices{.down = {.status = status}, .up = {.status = status}};
        return risk::VenueReport::Liquidation{.underlying = name, .still = prices, .by_beta = prices};
    };
    WhatIf whatif{.trades = {}, .before = report_of({}), .after = report_of({})};
    const risk::VenueReport venue{.name = "wallet", .model = "none", .liquidations = {}};
    whatif.before.venues = whatif.after.venues = {venue};
    whatif.before.venues[0].liquidations = {row("BTC", Status::none), row("ETH", Status::none),
                                            row("SOL", Status::unknown), row("XRP", Status::unknown)};
    whatif.after.venues[0].liquidations = {row("BTC", Status::none), row("ETH", Status::none),
                                           row("SOL", Status::unknown), row("XRP", Status::none),
                                           row("ADA", Status::none)};
    const std::string page = whatif_html(whatif), text = whatif_text(whatif, true);
    for (const char* words :
         {"2 underlyings: no liquidation price before or after", "SOL: liquidation price unknown before and after",
          "XRP: liquidation price unknown before, no liquidation price after",
          "ADA: not held before, no liquidation price after"}) {
        EXPECT_NE(page.find("<td>wallet</td><td colspan=\"7\">" + std::string{words} + "</td>"), std::string::npos)
            << words;
        EXPECT_NE(text.find("  wallet " + std::string{words} + "\n"), std::string::npos) << text;
    }
}

// What is many and of little weight comes last; the order is the same after what a trade moves.
TEST(RiskPageTest, StressesAndMarginComeBeforeSurfaceAndSmiles) {
    RiskReport report = report_of({limited("vega_usd", LimitState::soft)});
    report.underlyings.resize(1);
    report.underlyings[0].name = "BTC";
    report.underlyings[0].matrix.pnl_usd[1] = 1.0;
    report.underlyings[0].ladder = {.spot_moves = {-0.5, 0.5}, .volatility_moves = {0.0}, .pnl_usd = {{1.0, 2.0}}};
    report.stresses = {stress_of("CRASH", -5.0, {})};
    report.tails.resize(1);
    report.expiry_names = {"27MAR26"};
    report.smiles.resize(1);
    report.smiles[0].underlying = "BTC";
    report.smiles[0].forward = 65'000.0;
    report.smiles[0].years = 0.1;
    report.smiles[0].svi = risk::SviParameters{0.03, 0.05, -0.2, 0.0, 0.1};
    const std::vector<std::string> order{
        "Limits: ",       "BTC stress matrix", "Named stresses", "Margin and liquidation", "Contributions",
        "Tails, one day", "BTC spot ladder",   "Every metric",   "Volatility surface",     "BTC 27MAR26"};
    EXPECT_TRUE(in_order(risk_report_html(report), order));
    EXPECT_TRUE(in_order(whatif_html({.trades = {}, .before = report, .after = report}), order));
}

// A hedge's bar goes left from the middle, a risk's to the right.
TEST(RiskPageTest, BarsOfHedgesGoLeft) {
    RiskReport report = report_of({});
    report.positions[0].es_component_usd = 400.0;
    report.positions[1].es_component_usd = -100.0;
    EXPECT_TRUE(in_order(risk_report_html(report), {"<th class=\"middle\">lowers it | adds to it</th>",
                                                    "class=\"b\" style=\"margin-left:50.0%;width:50.0%\"",
                                                    "class=\"a\" style=\"margin-left:37.5%;width:12.5%\""}));
    for (risk::PositionRow& row : report.positions) row.es_component_usd = std::numeric_limits<double>::quiet_NaN();
    report.positions[0].delta_net = -2.0;
    report.positions[1].delta_net = 1.0;
    EXPECT_TRUE(in_order(risk_report_html(report), {"short | long", "class=\"a\" style=\"margin-left:0.0%;width:50.0%",
                                                    "class=\"b\" style=\"margin-left:50.0%;width:25.0%"}));
}

TEST(RiskPageTest, PositionsSayTheirVenueInAHundredColumns) {
    RiskReport report = report_of({});
    report.positions[0] = {.name = "BTC-26JUN26-100000-P-USDC",
                           .venue = "hyperliquid",
                           .quantity = -1234.5,
                           .value_usd = -10'664'073.0,
                           .delta_net = -8'848'000.0,
                           .vega_usd = -1'201.0,
                           .es_component_usd = -570'650.0,
                           .var_component_usd = -515'568.0,
                           .priced = true};
    const std::string text = risk_report_text(report);
    const std::size_t begin = text.find("  BTC-26JUN26");
    const std::string line = text.substr(begin, text.find('\n', begin) - begin);
    EXPECT_TRUE(in_order(line, {"BTC-26JUN26-100000-P-USDC", "hyperliquid", "-10,664,073", "-515,568"})) << text;
    EXPECT_LE(columns_of(line), 100) << line;
}

TEST(TextTableTest, AStarStandsBeforeItsRow) {
    TextTable table{{"scope", ">value"}};
    table.row({"a", "1"});
    table.row({"b", "2"}, true);
    EXPECT_EQ(table.text(100), "  scope  value\n  a          1\n* b          2\n");
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
