#include "risk/report/report_underlying.hpp"

#include <cmath>

#include "risk/stress/funding.hpp"
#include "tests/risk/stress/stress_book.hpp"
#include "tests/risk/surface/svi_json.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

// One option held at a given curve; index, forward and stablecoin as the case has them.
ReportInputs one_option(const json& row, bool settles_in_coin) {
    ReportInputs out;
    out.market.now = unix_nanos_from_ms(1'767'225'600'000);
    const double forward = row.at("F");
    const auto life = std::chrono::nanoseconds{std::llround(row.at("T").get<double>() * kYearNs)};
    out.market.underlyings = {{.index = forward}};
    out.market.expiries = {{.underlying = UnderlyingSlot{0}, .expiry = out.market.now + life, .forward = forward}};
    out.market.stables = {1.0};
    out.market.quotes.resize(1);
    out.book.underlying_names = {"BTC"};
    out.book.stable_names = {"USDC"};
    out.book.venue_names = {"alpha"};
    out.book.names = {"OPTION"};
    out.book.contracts = {{.kind = settles_in_coin ? ContractKind::inverse_option : ContractKind::linear_option,
                           .type = row.at("type") == "C" ? OptionType::call : OptionType::put,
                           .underlying = UnderlyingSlot{0},
                           .expiry = ExpirySlot{0},
                           .stable = settles_in_coin ? StableSlot::none : StableSlot{0},
                           .venue = VenueSlot{0},
                           .strike = row.at("K")}};
    out.book.holdings = {{.quantity = 2.0}};
    out.smiles = {{.svi = keel::test::svi_of(row.at("params")), .quotes = {}}};
    return out;
}

const ReportMetric& held_row(const RiskReport& report, std::string_view name, std::string_view scope = "BTC") {
    const ReportMetric* found = find_metric(report, name, scope);
    static const ReportMetric none;
    EXPECT_NE(found, nullptr) << name;
    return found == nullptr ? none : *found;
}

TEST(SmileDeltaReportTest, DeltasAreThoseOfTheVectors) {
    const auto path = keel::test::vectors_path("smile_delta.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = keel::test::vectors_of(*path);
    const std::pair<const char*, const char*> names[]{
        {"_R0", "delta_net_r0"}, {"_R05", "delta_net_r05"}, {"_R1", "delta_net_smile"}, {"_R1.5", "delta_net_r15"}};
    std::size_t values = 0;
    for (const json& row : file.at("rows")) {
        const RiskReport coin = make_risk_report(one_option(row, true));
        const RiskReport linear = make_risk_report(one_option(row, false));
        for (const auto& [name, want] : row.items()) {
            for (const auto& [ending, reported] : names) {
                if (!name.ends_with(ending)) continue;
                const double got = held_row(name.starts_with("delta_net_coin") ? coin : linear, reported).value;
                EXPECT_NEAR(got, 2.0 * want.get<double>(), 2e-9 * std::abs(want.get<double>())) << name;
                ++values;
            }
        }
    }
    EXPECT_GE(values, 6 * file.at("rows").size());
}

// A curve is as quoted whatever delivery is on: until an averaging begins the same option has the same deltas.
TEST(SmileDeltaReportTest, AnAverageToComeMovesNoDelta) {
    const auto path = keel::test::vectors_path("smile_delta.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = keel::test::vectors_of(*path);
    ReportInputs in = one_option(file.at("rows").at(0), true);
    in.market.expiries[0].expiry = in.market.now + std::chrono::minutes{45};
    const RiskReport at_once = make_risk_report(in);
    in.market.expiries[0].settlement_window = std::chrono::minutes{30};
    const RiskReport on_average = make_risk_report(in);
    for (const char* name : {"delta_net", "delta_net_smile", "delta_net_r0", "delta_net_r05", "delta_net_r15"}) {
        EXPECT_NEAR(held_row(on_average, name).value, held_row(at_once, name).value, 1e-12) << name;
    }
    EXPECT_GT(std::abs(held_row(at_once, "delta_net_r15").value - held_row(at_once, "delta_net").value), 1e-3);
}

TEST(SmileDeltaReportTest, AGivenStickinessIsUsedAndAMissingOneSaid) {
    const auto path = keel::test::vectors_path("smile_delta.json");
    KEEL_SKIP_WITHOUT(path);
    const json row = keel::test::vectors_of(*path).at("rows")[0];
    ReportInputs in = one_option(row, true);
    const RiskReport unknown = make_risk_report(in);
    EXPECT_EQ(held_row(unknown, "delta_net_smile").value, held_row(unknown, "delta_net").value)
        << "strikes keep theirs";
    EXPECT_EQ(held_row(unknown, "delta_net_smile").quality, "stickiness not given: 1");
    EXPECT_EQ(held_row(unknown, "delta_net_r0").quality, "good");
    in.histories = {{.skew_stickiness = 0.5}};
    const RiskReport given = make_risk_report(in);
    EXPECT_EQ(held_row(given, "delta_net_smile").value, held_row(given, "delta_net_r05").value);
    EXPECT_EQ(held_row(given, "delta_net_smile").quality, "good");
    EXPECT_NE(held_row(given, "delta_net_smile").value, held_row(given, "delta_net").value);
}

TEST(SmileDeltaReportTest, OptionsWithoutACurveKeepTheirDeltaAndAreCounted) {
    const auto path = keel::test::vectors_path("smile_delta.json");
    KEEL_SKIP_WITHOUT(path);
    ReportInputs in = one_option(keel::test::vectors_of(*path).at("rows")[0], true);
    in.smiles.clear();
    in.market.quotes[0].volatility = 0.6;
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(held_row(report, "delta_net_r0").value, held_row(report, "delta_net").value);
    EXPECT_EQ(held_row(report, "delta_net_r0").quality, "1 option without a curve");
    in.book.contracts[0] = {.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{0}, .venue = VenueSlot{0}};
    EXPECT_EQ(find_metric(make_risk_report(in), "delta_net_r0", "BTC"), nullptr) << "no option is held";
}

// The options have a volatility of their own: nothing but the delta along the curve reads it.
TEST(SmileDeltaReportTest, WhatIsWrongWithTheCurveIsSaid) {
    auto [book, market] = test::stress_book();
    ReportInputs in;
    in.book = book;
    in.market = market;
    in.smiles = {{.svi = SviParameters{.a = -0.041, .b = 0.1331, .rho = 0.306, .m = 0.3586, .sigma = 0.4153}}};
    const RiskReport crossed = make_risk_report(in);  // the butterfly arbitrage of Gatheral and Jacquier, 2014, 4.1
    for (const char* name : {"delta_net_r0", "delta_net_r05", "delta_net_r15"}) {
        EXPECT_EQ(held_row(crossed, name).quality, "arbitrage in a curve") << name;
        EXPECT_TRUE(has(held_row(crossed, name).doubts, InputDoubt::curve_arbitrage)) << name;
    }
    EXPECT_EQ(held_row(crossed, "delta_net_smile").quality, "arbitrage in a curve, stickiness not given: 1");
    EXPECT_EQ(held_row(crossed, "delta_net").quality, "good");
    in.smiles = {{.quotes = {}}};
    for (const double strike : {52'000.0, 54'000.0, 56'000.0, 58'000.0, 60'000.0})  // held are 50,000s
        in.smiles[0].quotes.push_back({.strike = strike, .mark = 0.6 + 1e-6 * (strike - 52'000.0)});
    const RiskReport beyond = make_risk_report(in);
    EXPECT_TRUE(has(held_row(beyond, "delta_net_r0").doubts, InputDoubt::beyond_quotes));
    EXPECT_NE(held_row(beyond, "delta_net_r0").quality.find("beyond the quoted strikes"), std::string::npos);
    EXPECT_EQ(held_row(beyond, "delta_net").quality, "good");
}

// Two perpetuals of one coin: 4 coins long and linear at a mark of 50,050, 20,000 USD short and inverse at 50,010.
ReportInputs perpetuals() {
    auto [book, market] = test::stress_book();
    ReportInputs out;
    out.book = book;
    out.market = market;
    out.market.stables = {0.99};
    out.funding_rates = {0.0001, 0.0002};
    return out;
}

TEST(FundingReportTest, LongsPayAPositiveRateInWhatTheContractSettlesIn) {
    const RiskReport report = make_risk_report(perpetuals());
    const double linear = -0.0001 * 4.0 * 50'050.0 * 0.99;
    const double inverse = 0.0002 * (20'000.0 / 50'010.0) * 50'000.0;
    EXPECT_NEAR(held_row(report, "funding_8h_usd").value, linear + inverse, 1e-9);
    EXPECT_NEAR(held_row(report, "funding_8h_usd", "").value, linear + inverse, 1e-9);
    EXPECT_EQ(held_row(report, "funding_8h_usd").quality, "good");
    EXPECT_EQ(held_row(report, "funding_8h_usd").unit, "USD per 8 h");
    ReportInputs negative = perpetuals();
    negative.funding_rates = {-0.0001, -0.0002};
    EXPECT_NEAR(held_row(make_risk_report(negative), "funding_8h_usd").value, -linear - inverse, 1e-9);
}

TEST(FundingReportTest, RatesStayWithinTheCap) {
    ReportInputs in = perpetuals();
    in.funding_rates = {0.05, 0.05};
    in.funding_caps = {0.005};
    const double linear = -0.005 * 4.0 * 50'050.0 * 0.99;
    const double inverse = kFundingCap8h * (20'000.0 / 50'010.0) * 50'000.0;
    EXPECT_NEAR(held_row(make_risk_report(in), "funding_8h_usd").value, linear + inverse, 1e-9);
    EXPECT_EQ(held_row(make_risk_report(in), "funding_8h_usd").quality, "2 rates beyond their cap");
    in.funding_rates = {0.005, -0.05};
    EXPECT_EQ(held_row(make_risk_report(in), "funding_8h_usd").quality, "1 rate beyond its cap");
}

TEST(FundingReportTest, AMissingRateIsHalfTheCapAgainstThePosition) {
    ReportInputs in = perpetuals();
    in.funding_rates = {std::numeric_limits<double>::quiet_NaN()};
    const double paid = 0.5 * kFundingCap8h * (4.0 * 50'050.0 * 0.99 + 20'000.0 / 50'010.0 * 50'000.0);
    const RiskReport report = make_risk_report(in);
    EXPECT_NEAR(held_row(report, "funding_8h_usd").value, -paid, 1e-9) << "long and short both pay";
    EXPECT_EQ(held_row(report, "funding_8h_usd").quality, "2 rates not known: half the cap");
}

TEST(FundingReportTest, AnOldRateIsUsedForTwoIntervalsAndStaleAfterOne) {
    ReportInputs in = perpetuals();
    const double fresh = held_row(make_risk_report(in), "funding_8h_usd").value;
    in.funding_age_seconds = {10.0, 40'000.0};
    const RiskReport old = make_risk_report(in);
    EXPECT_EQ(held_row(old, "funding_8h_usd").value, fresh);
    EXPECT_EQ(held_row(old, "funding_8h_usd").age_seconds, 40'000.0);
    EXPECT_EQ(held_row(old, "funding_8h_usd").quality, "stale");
    EXPECT_EQ(held_row(old, "delta_net").quality, "good") << "no other metric rests on it";
    in.funding_age_seconds = {10.0, 58'000.0};
    EXPECT_EQ(held_row(make_risk_report(in), "funding_8h_usd").quality, "1 rate not known: half the cap");
}

TEST(FundingReportTest, ABookWithoutPerpetualsHasNone) {
    ReportInputs in = perpetuals();
    in.book.holdings[0] = in.book.holdings[1] = {};
    EXPECT_EQ(find_metric(make_risk_report(in), "funding_8h_usd", "BTC"), nullptr);
    EXPECT_EQ(find_metric(make_risk_report(in), "funding_8h_usd", ""), nullptr);
}

TEST(OrderReportTest, EitherSideAloneMayFill) {
    ReportInputs in = perpetuals();
    EXPECT_EQ(find_metric(make_risk_report(in), "order_delta_low", "BTC"), nullptr) << "no orders are given";
    in.open_orders = {{.contract = ContractSlot{0}, .quantity = 3.0},
                      {.contract = ContractSlot{0}, .quantity = -1.0},
                      {.contract = ContractSlot{1}, .quantity = -500.0},  // 5,000 USD
                      {.contract = ContractSlot{2}, .quantity = 1.0}};
    in.market.quotes[2].volatility = std::numeric_limits<double>::quiet_NaN();
    in.book.holdings[2] = {};
    const RiskReport report = make_risk_report(in);
    const double delta = held_row(report, "delta_net").value;
    EXPECT_NEAR(held_row(report, "order_delta_high").value, delta + 3.0, 1e-9);
    EXPECT_NEAR(held_row(report, "order_delta_low").value, delta - 1.0 - 5'000.0 / 50'010.0, 1e-9);
    EXPECT_NEAR(held_row(report, "order_notional_usd").value, 3.0 * 50'050.0 * in.market.stables[0], 1e-6);
    EXPECT_EQ(held_row(report, "order_delta_low").quality, "1 order not priced");
}

}  // namespace
}  // namespace keel::risk
