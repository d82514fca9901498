#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "app/view/screen_line.hpp"
#include "app/view/view_model.hpp"

namespace keel::app {
namespace {

ViewModel busy_model() {
    ViewModel model;
    model.title = "demo, scenario shock, seed 1";
    model.mode = "paper";
    model.venue_time = "2026-01-05T08:00:31Z";
    model.elapsed_seconds = 31;
    model.total_seconds = 60;
    model.events = 123'456;
    model.events_per_second = 4'210;
    model.triggers = 12;
    model.decisions_count = 9;
    model.orders_sent = 8;
    model.orders_filled = 7;
    model.orders_refused = 1;
    model.equity_usd = 1'250'000;
    model.pnl_usd = -1'234.5;
    model.pnl_unhedged_usd = -45'678;
    model.fees_usd = 321;
    model.boundaries = {
        {"net_delta BTC",      "coin",  -2.9,   1.0,     2.5,     ViewModel::Alarm::hard},
        {"net_delta ETH",      "coin",  14.0,   12.0,    30.0,    ViewModel::Alarm::soft},
        {"gamma_1pct_usd BTC", "USD",   81'000, 150'000, 300'000, ViewModel::Alarm::calm},
        {"gamma_1pct_usd ETH", "USD",   31'000, 150'000, 300'000, ViewModel::Alarm::calm},
        {"vega_usd BTC",       "USD",   3'100,  6'000,   12'000,  ViewModel::Alarm::calm},
        {"leverage_gross",     "ratio", 2.1,    3.0,     5.0,     ViewModel::Alarm::calm},
        {"realised_vol BTC",   "ratio", 0.61,   0.9,     1.8,     ViewModel::Alarm::calm}
    };
    for (int i = 0; i < 10; ++i) {
        model.positions.push_back(
            {"BTC-12JAN26-" + std::to_string(90 + i) + "000-C", -10.0, "BTC", 0.0213, -5.1, -1'000.0 * i + 500.0});
    }
    model.orders = {
        {"BTC-PERPETUAL", false, 120'000, 98'001.5, "working",     0.4},
        {"ETH-PERPETUAL", true,  5'000,   3'301.05, "unknown_new", 2.4}
    };
    for (std::uint64_t i = 9; i > 0; --i) {
        model.decisions.push_back({i, static_cast<double>(3 * i), "net_delta BTC hard -2.90 beyond 2.50", "traded",
                                   "buy 285,000 BTC-PERPETUAL for 31.2 USD (BTC-30JAN26: 48.9 USD)"});
    }
    model.sessions = {
        {"deribit", "market", "ready",   1, 0.3 },
        {"deribit", "orders", "syncing", 2, -0.2}
    };
    model.latency = {8, 41.2, 63.0, 88.1, ViewModel::kUnknown, 91.0};
    model.notices = {"clock skew 230 ms: venue deribit"};
    return model;
}

std::vector<std::string> lines_of(const std::string& screen) {
    std::vector<std::string> lines;
    std::istringstream stream{screen};
    for (std::string line; std::getline(stream, line);) lines.push_back(line);
    return lines;
}

// KEEL_SHOW_VIEW=1 prints the screens: how they were looked at.
void show(const std::string& screen) {
    if (std::getenv("KEEL_SHOW_VIEW") != nullptr) std::fprintf(stdout, "%s\n\n", screen.c_str());
}

class RenderTest : public testing::TestWithParam<std::pair<int, int>> {};

TEST_P(RenderTest, FitsEverySize) {
    const auto [width, height] = GetParam();
    const std::string screen = render(busy_model(), width, height, false);
    show(screen);
    const std::vector<std::string> lines = lines_of(screen);
    EXPECT_EQ(lines.size(), static_cast<std::size_t>(height));
    for (const std::string& line : lines) EXPECT_LE(columns_of(line), width) << line;
}

INSTANTIATE_TEST_SUITE_P(Sizes, RenderTest,
                         testing::Values(std::pair{80, 24}, std::pair{80, 50}, std::pair{100, 30}, std::pair{131, 40},
                                         std::pair{132, 40}, std::pair{200, 60}));

TEST(RenderScreenTest, ShowsTheBreachedBoundaryAtTheSmallestSize) {
    const std::string screen = render(busy_model(), 80, 24, false);
    EXPECT_NE(screen.find("net_delta BTC"), std::string::npos);
    EXPECT_NE(screen.find("-2.900 of 1.000 / 2.500 coin"), std::string::npos);
    EXPECT_NE(screen.find("unknown_new"), std::string::npos);
    EXPECT_NE(screen.find("traded"), std::string::npos);
    EXPECT_NE(screen.find("clock skew"), std::string::npos);
}

TEST(RenderScreenTest, SaysLoudlyThatTradingIsStopped) {
    ViewModel model = busy_model();
    EXPECT_EQ(render(model, 100, 30, false).find("KILL"), std::string::npos);
    model.kill_level = 4;
    model.kill_name = "cancel_all";
    EXPECT_NE(render(model, 100, 30, false).find("KILL 4 cancel_all"), std::string::npos);
}

TEST(RenderScreenTest, WritesNoEscapesWithoutColour) {
    EXPECT_EQ(render(busy_model(), 120, 40, false).find('\x1b'), std::string::npos);
    EXPECT_NE(render(busy_model(), 120, 40, true).find('\x1b'), std::string::npos);
}

// A venue's text may hold anything; the terminal must not obey it.
TEST(RenderScreenTest, DefusesControlCharactersInNames) {
    ViewModel model = busy_model();
    model.positions[0].instrument = "BTC\x1b[2J\n-EVIL";
    EXPECT_EQ(render(model, 120, 60, false).find('\x1b'), std::string::npos);
}

TEST(RenderScreenTest, DrawsAnEmptyModel) {
    const std::vector<std::string> lines = lines_of(render(ViewModel{}, 80, 24, false));
    EXPECT_EQ(lines.size(), 24U);
}

TEST(ScreenLineTest, GroupsDigitsAndDashesTheUnknown) {
    EXPECT_EQ(grouped(1'234'567.0, 0), "1,234,567");
    EXPECT_EQ(grouped(-1'234.56, 1), "-1,234.6");
    EXPECT_EQ(grouped(-0.0001, 2), "0.00");
    EXPECT_EQ(grouped(ViewModel::kUnknown, 2), "-");
    EXPECT_EQ(clock_text(3'723), "1:02:03");
}

}  // namespace
}  // namespace keel::app
