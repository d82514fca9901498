#include <cmath>

#include "risk/metrics/correlation_break.hpp"
#include "risk/metrics/cusum.hpp"
#include "risk/metrics/ewma_variance.hpp"
#include "risk/metrics/ewma_volatility.hpp"
#include "risk/metrics/implied_correlation.hpp"
#include "risk/metrics/jump_test.hpp"
#include "risk/metrics/realised_variance.hpp"
#include "tests/risk/metrics/return_vectors.hpp"
#include "tests/support/vector_cases.hpp"

// Reference values of stats_expected.json (numpy) on returns.csv, and of microstructure.json. The covariance blocks of
// the first file are matched in tests/risk/matrix/.
namespace keel::risk {
namespace {

using keel::test::count_after;
using nlohmann::json;
using test::expect_close;

TEST(MetricsVectorsTest, EveryBlockOfTheFileIsKnown) {
    KEEL_RETURN_VECTORS(vectors);
    keel::test::VectorCases cases{"stats_expected.json"};
    cases.sections(vectors.expected,
                   {"names", "n", "ewma", "ewma_irregular", "chol_rank1", "oas", "cusum", "lw_identity_zero_mean",
                    "lw_const_corr", "jump_tests", "lee_mykland", "lw_extra", "corr_break", "shrink_window"});
    cases.report();
    EXPECT_EQ(vectors.rows.size(), vectors.expected.at("n").get<std::size_t>());
}

TEST(MetricsVectorsTest, FixedStepAverageMatchesTheDiagonalAndItsYear) {
    KEEL_RETURN_VECTORS(vectors);
    const json& block = vectors.expected.at("ewma");
    const double decay = block.at("lam");
    expect_close(effective_samples(decay), block.at("n_eff"), "n_eff");
    int checked = 0;
    for (std::size_t i = 0; i < vectors.names.size(); ++i) {
        EwmaVariance average{decay, vectors.seed_samples()};
        for (std::size_t t = 0; t < vectors.rows.size(); ++t) {
            ASSERT_EQ(average.on_return(vectors.rows[t][i]), Observation::taken);
            const auto at = block.at("cov_at").find(std::to_string(t));
            if (at == block.at("cov_at").end()) continue;
            expect_close(average.variance().value(), (*at)[i][i], vectors.names[i] + " at " + std::to_string(t));
            ++checked;
        }
        expect_close(average.volatility(std::chrono::hours{24}).value(), block.at("vol_annual_last")[i], "annual");
        EXPECT_TRUE(average.warm());
    }
    EXPECT_EQ(checked, static_cast<int>(block.at("cov_at").size() * vectors.names.size()));
}

// The file's unit of time is taken as a second and its smallest step as the grid; prices too old for the points in
// between lengthen dt. The first return makes the seed equal v0.
TEST(MetricsVectorsTest, IrregularAverageMatches) {
    KEEL_RETURN_VECTORS(vectors);
    const json& block = vectors.expected.at("ewma_irregular");
    constexpr double kUnitNs = 1e9;
    const auto half_life_ns = std::llround(block.at("tau").get<double>() * std::log(2.0) * kUnitNs);
    EwmaVolatility average{{.sample_every = std::chrono::milliseconds{250},
                            .price_age_max = std::chrono::milliseconds{100},
                            .half_life_fast = std::chrono::nanoseconds{half_life_ns},
                            .seed_samples = 1}};
    double log_price = std::log(60'000.0);
    UnixNanos now = unix_nanos_from_ms(1'767'225'600'000);
    const auto move = [&](double value, double step) {
        log_price += value;
        now = now + std::chrono::nanoseconds{std::llround(step * kUnitNs)};
        ASSERT_EQ(average.on_price(std::exp(log_price), now), Observation::taken);
        ASSERT_TRUE(average.on_time(now));
    };
    ASSERT_EQ(average.on_price(std::exp(log_price), now), Observation::restarted);
    move(std::sqrt(block.at("v0").get<double>() * 0.25), 0.25);
    const std::vector<double> steps = block.at("dt");
    const std::size_t first = count_after(block.at("r").get<std::string>(), "first asset, t=");
    for (std::size_t i = 0; i < steps.size(); ++i) {
        move(vectors.rows[first + i][0], steps[i]);
        const double annual = average.volatility(VolatilityHorizon::fast);
        expect_close(annual * annual * kUnitNs / kYearNs, block.at("v")[i], "row " + std::to_string(i));
    }
    EXPECT_EQ(average.samples(), steps.size() + 1);
}

TEST(MetricsVectorsTest, RealisedMeasuresMatchEveryWindow) {
    KEEL_RETURN_VECTORS(vectors);
    for (const auto& [name, row] : vectors.expected.at("jump_tests").items()) {
        const std::size_t open = name.find('[');
        const std::size_t colon = name.find(':');
        const std::size_t factor = vectors.slot(name.substr(0, open));
        const std::size_t from = std::stoul(name.substr(open + 1));
        const std::size_t to = std::stoul(name.substr(colon + 1));
        RealisedVariance realised{{.window = to - from}};
        // What came before rolls out of the window.
        for (std::size_t t = 0; t < to; ++t) ASSERT_EQ(realised.on_return(vectors.rows[t][factor]), Observation::taken);
        const RealisedMeasures got = realised.measures();
        EXPECT_TRUE(got.known && got.full && !got.thin) << name;
        EXPECT_EQ(got.returns, row.at("n").get<std::size_t>()) << name;
        expect_close(got.variance, row.at("RV"), name + " RV");
        expect_close(got.bipower, row.at("BV"), name + " BV");
        expect_close(got.median, row.at("MedRV"), name + " MedRV");
        expect_close(got.tripower, row.at("TQ"), name + " TQ");
        expect_close(got.jump_ratio, row.at("RJ"), name + " RJ");
        expect_close(got.jump_z, row.at("z"), name + " z");
        expect_close(got.jump_variance, row.at("jump_var"), name + " jump variance");
        expect_close(0.5 * std::erfc(got.jump_z / std::sqrt(2.0)), row.at("pvalue"), name + " p");
        EXPECT_EQ(got.jump, row.at("z").get<double>() > 3.09) << name;
    }
}

TEST(MetricsVectorsTest, SingleReturnJumpsMatch) {
    KEEL_RETURN_VECTORS(vectors);
    const json& block = vectors.expected.at("lee_mykland");
    JumpTest jumps{{.window = block.at("window"), .tests = block.at("n"), .significance = block.at("alpha")}};
    expect_close(jumps.centre(), block.at("C_n"), "C_n");
    expect_close(jumps.scale(), block.at("S_n"), "S_n");
    expect_close(jumps.threshold(), block.at("beta"), "threshold");
    std::size_t found = 0;
    for (std::size_t t = 0; t < vectors.rows.size(); ++t) {
        const JumpTestResult got = jumps.on_return(vectors.rows[t][0]);
        if (!got.jump) continue;
        ASSERT_LT(found, block.at("jumps").size()) << "one too many, at " << t;
        const json& want = block.at("jumps")[found++];
        EXPECT_EQ(t, want.at("i").get<std::size_t>());
        expect_close(got.standardised, want.at("L"), "L");
        expect_close(got.score, want.at("stat"), "score");
    }
    EXPECT_EQ(found, block.at("jumps").size());
}

TEST(MetricsVectorsTest, CumulativeSumAlarmsMatch) {
    KEEL_RETURN_VECTORS(vectors);
    const json& block = vectors.expected.at("cusum");
    EwmaVariance average{vectors.expected.at("ewma").at("lam"), vectors.seed_samples()};
    Cusum cusum{{.drift = block.at("k"), .level = block.at("h")}};
    const std::size_t first = count_after(block.at("series").get<std::string>(), "index below is t-");
    std::size_t found = 0;
    for (std::size_t t = 0; t < vectors.rows.size(); ++t) {
        const double value = vectors.rows[t][0];
        if (const auto forecast = average.variance(); forecast.has_value()) {
            const std::size_t index = t - first;
            const double x = (value * value / *forecast - 1.0) / std::sqrt(2.0);
            if (index < block.at("x_first10").size()) expect_close(x, block.at("x_first10")[index], "x", 1.0);
            const CusumResult got = cusum.on_return(value, *forecast);
            ASSERT_EQ(got.observation, Observation::taken);
            if (got.alarm != CusumAlarm::none) {
                ASSERT_LT(found, block.at("alarms").size()) << "one too many, at " << index;
                const json& want = block.at("alarms")[found++];
                EXPECT_EQ(index, want.at("i").get<std::size_t>());
                EXPECT_EQ(got.alarm == CusumAlarm::up ? "up" : "down", want.at("side").get<std::string>());
                expect_close(got.statistic, want.at("stat"), "sum");
            }
        }
        average.on_return(value);
    }
    EXPECT_EQ(found, block.at("alarms").size());
}

TEST(MetricsVectorsTest, CorrelationBreakMatches) {
    KEEL_RETURN_VECTORS(vectors);
    const json& block = vectors.expected.at("corr_break");
    const std::size_t i = vectors.slot(block.at("pair")[0]);
    const std::size_t j = vectors.slot(block.at("pair")[1]);
    CorrelationBreak pair{{.decay_fast = block.at("lam_fast"), .decay_slow = block.at("lam_slow")}};
    ASSERT_EQ(pair.start({.first = vectors.seed(i, i), .second = vectors.seed(j, j), .cross = vectors.seed(i, j)}),
              Observation::restarted);
    std::size_t checked = 0;
    for (std::size_t t = 0; t < vectors.rows.size(); ++t) {
        ASSERT_EQ(pair.on_returns(vectors.rows[t][i], vectors.rows[t][j]), Observation::taken);
        const auto at = block.at("z_at").find(std::to_string(t));
        if (at == block.at("z_at").end()) continue;
        const CorrelationBreakResult got = pair.result();
        EXPECT_TRUE(got.known);
        expect_close(got.z, *at, "z at " + std::to_string(t));
        ++checked;
    }
    EXPECT_EQ(checked, block.at("z_at").size());
}

TEST(MetricsVectorsTest, ImpliedCorrelationsMatch) {
    const auto path = keel::test::vectors_path("microstructure.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = json::parse(keel::test::read_file(*path));
    const json& pair = file.at("implied_corr");
    const auto got = implied_correlation(pair.at("sigma_i"), pair.at("sigma_j"), pair.at("sigma_cross"));
    ASSERT_TRUE(got.has_value());
    expect_close(got->correlation, pair.at("rho"), "pair");
    EXPECT_FALSE(got->clipped);
    const json& index = file.at("equicorr");
    const std::vector<double> weights = index.at("w");
    const std::vector<double> volatilities = index.at("vol");
    const auto common = implied_equicorrelation(weights, volatilities, index.at("index_vol"));
    ASSERT_TRUE(common.has_value());
    expect_close(common->correlation, index.at("rho"), "equicorrelation");
    EXPECT_FALSE(common->clipped);
}

}  // namespace
}  // namespace keel::risk
