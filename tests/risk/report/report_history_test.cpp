#include "risk/report/report_history.hpp"

#include <cmath>

#include "risk/matrix/covariance.hpp"
#include "risk/matrix/shrinkage.hpp"
#include "risk/metrics/correlation_break.hpp"
#include "risk/metrics/cusum.hpp"
#include "risk/metrics/ewma_variance.hpp"
#include "risk/metrics/factor_model.hpp"
#include "risk/report/risk_report.hpp"
#include "tests/risk/metrics/return_vectors.hpp"
#include "tests/risk/report/report_subject.hpp"

// The numbers of past days in the report, against stats_expected.json on returns.csv, or where the file has none
// against the classes that make them.
namespace keel::risk {
namespace {

using nlohmann::json;
using test::expect_close;
using test::ReturnVectors;
using test::value_of;

constexpr double kYearDays = 365.0;

// A coin of each is held, with the first `days` of the file.
ReportInputs inputs_of(const ReturnVectors& vectors, std::size_t days) {
    ReportInputs out;
    out.market.now = unix_nanos_from_ms(1'767'225'600'000);
    out.book.venue_names = {"alpha"};
    for (std::size_t u = 0; u < vectors.names.size(); ++u) {
        const auto slot = UnderlyingSlot(static_cast<std::uint16_t>(u));
        out.book.underlying_names.push_back(vectors.names[u]);
        out.book.names.push_back(vectors.names[u]);
        out.book.contracts.push_back({.kind = ContractKind::coin_cash, .underlying = slot, .venue = VenueSlot{0}});
        out.book.holdings.push_back({.quantity = 1.0 + static_cast<double>(u)});
        out.market.underlyings.push_back({.index = 1'000.0});
        out.market.quotes.emplace_back();
        out.histories.emplace_back();
        for (std::size_t t = 0; t < days; ++t) out.histories[u].returns.push_back(vectors.rows[t][u]);
    }
    return out;
}

const ReportMetric* metric(const RiskReport& report, std::string_view name, std::string_view scope) {
    return find_metric(report, name, scope);
}

TEST(ReportHistoryTest, VolatilitiesAndCorrelationsAreThoseOfTheVectors) {
    KEEL_RETURN_VECTORS(vectors);
    const RiskReport report = make_risk_report(inputs_of(vectors, vectors.rows.size()));
    const json& block = vectors.expected.at("ewma");
    for (std::size_t i = 0; i < vectors.names.size(); ++i) {
        const ReportMetric* row = metric(report, "ewma_volatility_94", vectors.names[i]);
        ASSERT_NE(row, nullptr);
        expect_close(row->value, block.at("vol_annual_last")[i], vectors.names[i]);
        EXPECT_EQ(row->quality, "good");
        for (std::size_t j = i + 1; j < vectors.names.size(); ++j) {
            const std::string pair = vectors.names[i] + "/" + vectors.names[j];
            expect_close(value_of(report, "correlation", pair), block.at("corr_last")[i][j], pair);
        }
    }
}

TEST(ReportHistoryTest, RealisedMeasuresAreThoseOfEachWindow) {
    KEEL_RETURN_VECTORS(vectors);
    std::size_t windows = 0;
    for (const auto& [name, row] : vectors.expected.at("jump_tests").items()) {
        const auto days = row.at("n").get<std::size_t>();
        if (days != kRealisedDays) continue;
        const std::string coin = name.substr(0, name.find('['));
        const RiskReport report = make_risk_report(inputs_of(vectors, std::stoul(name.substr(name.find(':') + 1))));
        const double scale = static_cast<double>(days) / kYearDays;
        const double realised = value_of(report, "realised_volatility_60d", coin);
        const double bipower = value_of(report, "bipower_volatility_60d", coin);
        expect_close(realised * realised * scale, row.at("RV"), name);
        expect_close(bipower * bipower * scale, row.at("BV"), name);
        expect_close(value_of(report, "jump_share_60d", coin), row.at("RJ"), name);
        expect_close(value_of(report, "jump_z_60d", coin), row.at("z"), name);
        ++windows;
    }
    EXPECT_EQ(windows, 3U);
}

TEST(ReportHistoryTest, ThirtyDaysAreTheLastThirty) {
    KEEL_RETURN_VECTORS(vectors);
    const RiskReport report = make_risk_report(inputs_of(vectors, 200));
    double squares = 0.0;
    for (std::size_t t = 170; t < 200; ++t) squares += vectors.rows[t][1] * vectors.rows[t][1];
    expect_close(value_of(report, "realised_volatility_30d", "ETH"), std::sqrt(squares * kYearDays / 30.0), "30 days");
}

TEST(ReportHistoryTest, TheLastDayIsAJumpWhereTheVectorsSaySo) {
    KEEL_RETURN_VECTORS(vectors);
    const json& block = vectors.expected.at("lee_mykland");
    for (const json& jump : block.at("jumps")) {
        const RiskReport report = make_risk_report(inputs_of(vectors, jump.at("i").get<std::size_t>() + 1));
        const double score = value_of(report, "last_day_jump_score", "BTC");
        expect_close(score, jump.at("stat"), "jump");
        EXPECT_GT(score, block.at("beta").get<double>());
    }
}

TEST(ReportHistoryTest, CumulativeSumsStartAnewWhereTheVectorsAlarm) {
    KEEL_RETURN_VECTORS(vectors);
    const json& alarms = vectors.expected.at("cusum").at("alarms");
    for (const json& alarm : alarms) {
        const std::size_t day = 50 + alarm.at("i").get<std::size_t>();
        const RiskReport report = make_risk_report(inputs_of(vectors, day + 1));
        EXPECT_EQ(value_of(report, "cusum_alarm_days", "BTC"), 0.0) << day;
        EXPECT_EQ(value_of(report, "cusum_up", "BTC"), 0.0) << day;
        const RiskReport later = make_risk_report(inputs_of(vectors, day + 2));
        EXPECT_LE(value_of(later, "cusum_alarm_days", "BTC"), 1.0) << day;
    }
    const auto first = 50 + alarms[0].at("i").get<std::size_t>();
    const RiskReport before = make_risk_report(inputs_of(vectors, first));
    EXPECT_EQ(metric(before, "cusum_alarm_days", "BTC"), nullptr) << "no alarm yet";
    EwmaVariance average{kDecayDaily};
    Cusum cusum{CusumConfig{}};
    for (std::size_t t = 0; t < first; ++t) {
        if (const auto forecast = average.variance()) cusum.on_return(vectors.rows[t][0], *forecast);
        average.on_return(vectors.rows[t][0]);
    }
    EXPECT_DOUBLE_EQ(value_of(before, "cusum_up", "BTC"), cusum.up());
    EXPECT_DOUBLE_EQ(value_of(before, "cusum_down", "BTC"), cusum.down());
    EXPECT_GT(cusum.up() + cusum.down(), 0.0);
}

TEST(ReportHistoryTest, CorrelationBreakIsThatOfItsClass) {
    KEEL_RETURN_VECTORS(vectors);
    for (const std::size_t days : {60UL, 122UL, 306UL, 500UL}) {
        CorrelationBreak pair{CorrelationBreakConfig{}};
        for (std::size_t t = 0; t < days; ++t) pair.on_returns(vectors.rows[t][0], vectors.rows[t][1]);
        const RiskReport report = make_risk_report(inputs_of(vectors, days));
        const ReportMetric* row = metric(report, "correlation_break_z", "BTC/ETH");
        ASSERT_NE(row, nullptr) << days;
        EXPECT_DOUBLE_EQ(row->value, pair.result().z) << days;
        EXPECT_EQ(row->quality, pair.result().warm ? "good" : "few days for its memory") << days;
    }
}

// Betas of the shrunk covariance, alone and joint, and the account seen through them.
TEST(ReportHistoryTest, BetasAndSystematicShareAreThoseOfTheFactorModel) {
    KEEL_RETURN_VECTORS(vectors);
    const ReportInputs in = inputs_of(vectors, vectors.rows.size());
    const RiskReport report = make_risk_report(in);
    const std::size_t n = vectors.names.size();
    EwmaCovariance covariance{{.factors = n}};
    const std::vector<std::uint8_t> live(n, 1);
    for (const std::vector<double>& row : vectors.rows) covariance.on_bar(row, live);
    std::vector<double> matrix(n * n);
    covariance.write_matrix(matrix);
    ASSERT_TRUE(shrink_correlations(matrix, n, covariance.samples_effective()).has_value());
    expect_close(value_of(report, "beta_btc", "ETH"), matrix[1 * n] / matrix[0], "ETH on BTC");
    expect_close(value_of(report, "beta_eth", "BTC"), matrix[1 * n] / matrix[n + 1], "BTC on ETH");
    expect_close(value_of(report, "beta_eth", "SOL"), matrix[2 * n + 1] / matrix[n + 1], "SOL on ETH");
    FactorModel joint{n, std::vector<std::size_t>{0, 1}};
    ASSERT_EQ(joint.fit(matrix, live), Observation::taken);
    for (const std::size_t u : {2U, 3U}) {
        const std::string& name = vectors.names[u];
        expect_close(value_of(report, "beta_btc_joint", name), joint.beta(u).betas[0], name);
        expect_close(value_of(report, "beta_eth_joint", name), joint.beta(u).betas[1], name);
        expect_close(value_of(report, "systematic_share", name), joint.beta(u).r_squared, name);
    }
    EXPECT_EQ(metric(report, "systematic_share", "BTC"), nullptr) << "a market explains itself";
    const std::vector<double> exposures{1'000.0, 2'000.0, 3'000.0, 4'000.0};  // coins at 1,000 USD
    const FactorRisk risk = joint.portfolio(exposures);
    EXPECT_NEAR(value_of(report, "market_delta_btc_usd", ""), risk.market_usd[0], 0.5) << "of finite differences";
    EXPECT_NEAR(value_of(report, "market_delta_eth_usd", ""), risk.market_usd[1], 0.5);
    EXPECT_NEAR(value_of(report, "systematic_share", ""),
                risk.market_variance / (risk.market_variance + risk.specific_variance), 1e-4);
}

// w <- a w + (1-a) x^2, a = 2^(-1/10), seeded with the mean of 50 squares; per year.
TEST(ReportHistoryTest, VolatilityOfVolatilityIsOfTheDailyChanges) {
    KEEL_RETURN_VECTORS(vectors);
    ReportInputs in = inputs_of(vectors, 300);
    std::vector<double>& changes = in.histories[0].volatility_changes;
    for (std::size_t t = 0; t < 300; ++t) changes.push_back(-0.8 * vectors.rows[t][2]);
    double variance = 0.0;
    for (std::size_t t = 0; t < 50; ++t) variance += changes[t] * changes[t] / 50.0;
    const double decay = std::exp2(-1.0 / kRegimeHalfLifeDays);
    for (std::size_t t = 50; t < 300; ++t) variance = decay * variance + (1.0 - decay) * changes[t] * changes[t];
    const RiskReport report = make_risk_report(in);
    expect_close(value_of(report, "volatility_of_volatility", "BTC"), std::sqrt(variance * kYearDays), "of volatility");
    EXPECT_TRUE(std::isfinite(value_of(report, "implied_volatility_score", "BTC")));
    EXPECT_EQ(metric(report, "volatility_of_volatility", "ETH"), nullptr) << "no changes are given";
}

TEST(ReportHistoryTest, TheRegimeIsTheVolatilityOfNowOverThatOfAllDays) {
    KEEL_RETURN_VECTORS(vectors);
    const RiskReport report = make_risk_report(inputs_of(vectors, vectors.rows.size()));
    double squares = 0.0;
    for (const std::vector<double>& row : vectors.rows) squares += row[0] * row[0];
    const double usual = std::sqrt(squares / static_cast<double>(vectors.rows.size()) * kYearDays);
    expect_close(value_of(report, "volatility_regime_ratio", "BTC"),
                 value_of(report, "ewma_volatility_94", "BTC") / usual, "regime");
}

TEST(ReportHistoryTest, WhatTheDaysAreTooFewForIsAbsentAndSaidSo) {
    KEEL_RETURN_VECTORS(vectors);
    ReportInputs in = inputs_of(vectors, 40);
    in.histories[3] = {};
    in.histories[1].returns.resize(55, 0.01);
    in.histories[2].returns.resize(55, 0.01);
    const RiskReport report = make_risk_report(in);
    EXPECT_NE(metric(report, "realised_volatility_30d", "BTC"), nullptr);
    for (const char* name : {"ewma_volatility_94", "volatility_regime_ratio", "jump_z_60d", "cusum_up", "beta_eth"}) {
        EXPECT_EQ(metric(report, name, "BTC"), nullptr) << name;
    }
    EXPECT_EQ(metric(report, "correlation", "BTC/ETH"), nullptr);
    EXPECT_EQ(metric(report, "realised_volatility_30d", "XRP"), nullptr);
    const auto said = [&](const std::string& note) { return std::ranges::count(report.notes, note) == 1; };
    EXPECT_TRUE(
        said("BTC: 40 daily returns are too few for ewma_volatility_94, ewma_volatility_97 (50), "
             "volatility_regime_ratio (100), realised_volatility_60d, bipower_volatility_60d, "
             "jump_share_60d, jump_z_60d, last_day_jump_score (60), cusum_up, cusum_down (51)"));
    EXPECT_TRUE(said("BTC/ETH: 40 common daily returns are too few for correlation, correlation_break_z (50)"));
    EXPECT_TRUE(said("no daily returns of XRP: no metric of past days"));
    EXPECT_EQ(metric(report, "ewma_volatility_94", "ETH")->quality, "few days for its memory");
    EXPECT_NE(metric(report, "correlation", "ETH/SOL"), nullptr);
}

// A day that is no return is left out, not counted as calm; days that stand still are no calm either.
TEST(ReportHistoryTest, DaysThatAreNoReturnsAreCounted) {
    KEEL_RETURN_VECTORS(vectors);
    ReportInputs in = inputs_of(vectors, 300);
    in.histories[0].returns[250] = 5.5;
    std::fill_n(in.histories[1].returns.begin() + 280, 10, 0.0);
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(metric(report, "ewma_volatility_94", "BTC")->quality, "1 day not usable");
    EXPECT_LT(value_of(report, "ewma_volatility_94", "BTC"), 3.0);
    EXPECT_EQ(metric(report, "jump_z_60d", "ETH")->quality, "7 days not usable");
}

// ETH lacks its latest 60 days: of a pair the days count that both have, and what rests on fewer says so.
TEST(ReportHistoryTest, DaysThatOneOfAPairLacksAreNoDaysOfIt) {
    KEEL_RETURN_VECTORS(vectors);
    ReportInputs in = inputs_of(vectors, 500);
    std::fill_n(in.histories[1].returns.end() - 60, 60, std::numeric_limits<double>::quiet_NaN());
    const RiskReport report = make_risk_report(in), before = make_risk_report(inputs_of(vectors, 440));
    EXPECT_EQ(value_of(report, "correlation", "BTC/ETH"), value_of(before, "correlation", "BTC/ETH"));
    EXPECT_EQ(value_of(report, "correlation_break_z", "BTC/ETH"), value_of(before, "correlation_break_z", "BTC/ETH"));
    const std::size_t n = vectors.names.size();
    std::vector<double> matrix(n * n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j <= i; ++j) {
            const auto deviation = [&](std::size_t u) {
                return value_of(report, "ewma_volatility_94", vectors.names[u]) / std::sqrt(kYearDays);
            };
            const double correlation =
                i == j ? 1.0 : value_of(report, "correlation", vectors.names[j] + "/" + vectors.names[i]);
            matrix[i * n + j] = matrix[j * n + i] = correlation * deviation(i) * deviation(j);
        }
    }
    ASSERT_TRUE(shrink_correlations(matrix, n, effective_samples(kDecayDaily)).has_value());
    expect_close(value_of(report, "beta_btc", "ETH"), matrix[1 * n] / matrix[0], "ETH on BTC");
    expect_close(value_of(report, "beta_eth", "SOL"), matrix[2 * n + 1] / matrix[n + 1], "SOL on ETH");
    EXPECT_EQ(metric(report, "beta_btc", "SOL")->quality, "good");
    for (const auto& [name, scope] : {std::pair{"beta_btc", "ETH"}, std::pair{"beta_eth", "BTC"},
                                      std::pair{"beta_btc_joint", "SOL"}, std::pair{"systematic_share", "SOL"},
                                      std::pair{"systematic_share", ""}, std::pair{"market_delta_btc_usd", ""}}) {
        EXPECT_EQ(metric(report, name, scope)->quality, "60 days not usable") << name << " " << scope;
    }
}

TEST(ReportHistoryTest, AStaleHistoryIsSaidOfWhatRestsOnIt) {
    KEEL_RETURN_VECTORS(vectors);
    ReportInputs in = inputs_of(vectors, 300);
    in.history_age_seconds = {100'000.0};
    const RiskReport report = make_risk_report(in);
    const ReportMetric* row = metric(report, "ewma_volatility_94", "BTC");
    EXPECT_EQ(row->quality, "stale");
    EXPECT_EQ(row->age_seconds, 100'000.0);
    EXPECT_EQ(metric(report, "correlation", "BTC/SOL")->quality, "stale");
    EXPECT_EQ(metric(report, "beta_btc", "SOL")->quality, "stale");
    EXPECT_EQ(metric(report, "ewma_volatility_94", "ETH")->quality, "good");
    EXPECT_EQ(metric(report, "correlation", "ETH/SOL")->quality, "good");
}

TEST(ReportHistoryTest, LimitsAreJudgedByPairAndOneOfNothingIsSaid) {
    KEEL_RETURN_VECTORS(vectors);
    ReportInputs in = inputs_of(vectors, 300);
    in.limits = {{.metric = "correlation", .scope = "BTC/ETH", .soft = 0.5, .hard = 0.6, .below = true},
                 {.metric = "correlation", .scope = "BTC/DOGE", .soft = 0.5, .hard = 0.6}};
    const RiskReport report = make_risk_report(in);
    EXPECT_EQ(metric(report, "correlation", "BTC/ETH")->state, LimitState::inside);
    EXPECT_EQ(std::ranges::count(report.notes, "the limit of correlation BTC/DOGE is not judged: no such metric here"),
              1);
    EXPECT_EQ(metric(report, "correlation", "BTC/DOGE")->state, LimitState::unknown);
}

}  // namespace
}  // namespace keel::risk
