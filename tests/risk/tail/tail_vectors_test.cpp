#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>
#include <sstream>

#include "risk/liquidity/impact.hpp"
#include "risk/tail/backtest.hpp"
#include "risk/tail/contributions.hpp"
#include "risk/tail/delta_gamma.hpp"
#include "risk/tail/distributions.hpp"
#include "risk/tail/historical.hpp"
#include "risk/tail/liquidity_adjusted.hpp"
#include "risk/tail/parametric.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"
#include "tests/support/vector_text.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;
using Numbers = std::vector<double>;

json read_json(const std::filesystem::path& path) { return json::parse(test::read_file(path)); }

void expect_close(double got, double expected, double relative, const std::string& what) {
    EXPECT_NEAR(got, expected, relative * std::max(std::abs(expected), 1e-300)) << what;
}

Numbers flat(const json& matrix) {
    Numbers values;
    for (const json& row : matrix) {
        for (const json& value : row) values.push_back(value.get<double>());
    }
    return values;
}

// Columns of returns.csv, named by stats_expected.json.
std::vector<Numbers> returns_of(const json& stats) {
    const test::CsvRows rows{test::read_file(*test::vectors_path("returns.csv"))};
    std::vector<Numbers> columns;
    for (const json& name : stats.at("names")) {
        Numbers& column = columns.emplace_back();
        for (const test::CsvRow& row : rows) column.push_back(row.number(name.get<std::string>()));
    }
    return columns;
}

// The vectors' rule is linear: e'r (design note; the engine takes expm1(r)).
Numbers linear_pnl(const std::vector<Numbers>& columns, const Numbers& exposure) {
    Numbers pnl(columns[0].size(), 0.0);
    for (std::size_t i = 0; i < exposure.size(); ++i) {
        for (std::size_t s = 0; s < pnl.size(); ++s) pnl[s] += exposure[i] * columns[i][s];
    }
    return pnl;
}

class LinearVectors : public ::testing::Test {
protected:
    void SetUp() override {
        const auto path = test::vectors_path("var_linear.json");
        const auto stats_path = test::vectors_path("stats_expected.json");
        KEEL_SKIP_WITHOUT(path);
        KEEL_SKIP_WITHOUT(stats_path);
        linear = read_json(*path);
        stats = read_json(*stats_path);
        exposure = linear.at("exposure_usd").get<Numbers>();
        columns = returns_of(stats);
        ASSERT_EQ(columns.size(), exposure.size());
    }
    [[nodiscard]] ParametricTail parametric() const {
        ParametricTail tail{exposure.size()};
        const std::size_t day = test::count_after(linear.at("cov").get<std::string>(), "cov_at[");
        EXPECT_TRUE(tail.set_covariance(flat(stats.at("ewma").at("cov_at").at(std::to_string(day)))));
        for (std::size_t i = 0; i < exposure.size(); ++i) EXPECT_TRUE(tail.add_exposure(i, exposure[i]));
        return tail;
    }
    json linear, stats;
    Numbers exposure;
    std::vector<Numbers> columns;
};

TEST_F(LinearVectors, EverySectionIsKnown) {
    test::VectorCases cases{"var_linear.json"};
    cases.sections(linear, {"exposure_usd", "cov", "sigma_usd", "parametric", "student_t", "incremental_99", "hs",
                            "brw", "fhs", "scaled_scenarios_first3"});
    cases.members(linear.at("hs"), {"pnl_rule", "results", "es99_scenarios", "es99_components"});
    cases.members(linear.at("fhs"), {"rule", "sigma_next", "results"});
    const auto rows = [&](const json& list, const std::set<std::string>& known) {
        for (const json& row : list) cases.members(row, known);
    };
    rows(linear.at("parametric"), {"alpha", "VaR", "ES", "component_VaR", "component_ES", "marginal_VaR_per_usd"});
    rows(linear.at("student_t"), {"alpha", "nu", "rule", "VaR", "ES"});
    rows(linear.at("incremental_99"), {"asset", "trade_usd", "IVaR_exact", "IVaR_first_order", "best_hedge_usd"});
    rows(linear.at("hs").at("results"), {"alpha", "N", "k", "VaR", "ES", "window"});
    rows(linear.at("fhs").at("results"), {"alpha", "N", "k", "VaR", "ES"});
    rows(linear.at("brw"), {"alpha", "lam", "VaR", "ES"});
    cases.report();
}

TEST_F(LinearVectors, Parametric) {
    const ParametricTail tail = parametric();
    expect_close(tail.sigma_usd(), linear.at("sigma_usd"), 1e-9, "sigma");
    for (const json& row : linear.at("parametric")) {
        const std::string what = "alpha " + row.at("alpha").dump();
        const auto multiples = normal_tail(row.at("alpha"));
        ASSERT_TRUE(multiples);
        expect_close(tail.measures(*multiples).var_usd, row.at("VaR"), 1e-9, what);
        expect_close(tail.measures(*multiples).es_usd, row.at("ES"), 1e-9, what);
        for (std::size_t i = 0; i < exposure.size(); ++i) {
            expect_close(tail.component_usd(i, multiples->var), row.at("component_VaR")[i], 1e-9, what);
            expect_close(tail.component_usd(i, multiples->es), row.at("component_ES")[i], 1e-9, what);
            expect_close(tail.marginal(i, multiples->var), row.at("marginal_VaR_per_usd")[i], 1e-9, what);
        }
    }
    for (const json& row : linear.at("student_t")) {
        ASSERT_EQ(row.at("rule"), "scale so variance = sigma^2");
        const auto multiples = student_t_tail(row.at("alpha"), row.at("nu"));
        ASSERT_TRUE(multiples);
        expect_close(tail.measures(*multiples).var_usd, row.at("VaR"), 1e-9, "t VaR nu " + row.at("nu").dump());
        expect_close(tail.measures(*multiples).es_usd, row.at("ES"), 1e-9, "t ES nu " + row.at("nu").dump());
    }
    const double z = normal_tail(0.99)->var;
    for (const json& row : linear.at("incremental_99")) {
        const std::size_t asset = row.at("asset");
        const double trade = row.at("trade_usd");
        expect_close(tail.incremental_usd(asset, trade, z), row.at("IVaR_exact"), 1e-9, "exact");
        expect_close(tail.incremental_first_order_usd(asset, trade, z), row.at("IVaR_first_order"), 1e-9, "first");
        expect_close(tail.best_hedge_usd(asset), row.at("best_hedge_usd"), 1e-9, "hedge");
    }
}

TEST_F(LinearVectors, Historical) {
    const Numbers pnl = linear_pnl(columns, exposure);
    for (const json& row : linear.at("hs").at("results")) {
        const std::size_t n = row.at("N");
        if (row.contains("window")) {
            ASSERT_EQ(test::count_after(row.at("window").get<std::string>(), "last "), n);
        }
        Numbers window(pnl.end() - static_cast<std::ptrdiff_t>(n), pnl.end());
        EXPECT_EQ(tail_rank(n, row.at("alpha")).var, row.at("k").get<std::size_t>());
        const auto measures = historical_tail(window, row.at("alpha"));
        ASSERT_TRUE(measures);
        expect_close(measures->var_usd, row.at("VaR"), 1e-9, row.dump());
        expect_close(measures->es_usd, row.at("ES"), 1e-9, row.dump());
    }
    std::vector<std::size_t> order(pnl.size());
    Numbers weights(pnl.size());
    ASSERT_TRUE(es_weights(pnl, 0.99, order, weights));
    const auto tail = linear.at("hs").at("es99_scenarios").get<std::vector<std::size_t>>();
    EXPECT_TRUE(std::equal(tail.begin(), tail.end(), order.begin()));
    for (std::size_t i = 0; i < exposure.size(); ++i) {
        Numbers part(pnl.size());
        std::ranges::transform(columns[i], part.begin(), [&](double r) { return exposure[i] * r; });
        expect_close(contribution_usd(part, weights), linear.at("hs").at("es99_components")[i], 1e-9, "ES part");
    }
}

TEST_F(LinearVectors, AgeWeighted) {
    const Numbers pnl = linear_pnl(columns, exposure);
    std::vector<std::size_t> order(pnl.size());
    for (const json& row : linear.at("brw")) {
        const auto measures = age_weighted_tail(pnl, row.at("alpha"), row.at("lam"), order);
        ASSERT_TRUE(measures);
        expect_close(measures->var_usd, row.at("VaR"), 1e-9, row.dump());
        expect_close(measures->es_usd, row.at("ES"), 1e-9, row.dump());
    }
}

TEST_F(LinearVectors, FilteredHistorical) {
    const std::size_t seed = test::seed_returns(stats.at("ewma").at("init").get<std::string>());
    ASSERT_EQ(test::count_after(linear.at("fhs").at("rule").get<std::string>(), "t>="), seed);
    const double lambda = stats.at("ewma").at("lam");
    std::vector<Numbers> scaled;
    for (std::size_t i = 0; i < columns.size(); ++i) {
        Numbers then(columns[i].size());
        const auto now = ewma_forecasts(columns[i], lambda, seed, then);
        ASSERT_TRUE(now);
        expect_close(*now, linear.at("fhs").at("sigma_next")[i], 1e-9, "sigma_next");
        Numbers& out = scaled.emplace_back(columns[i].size() - seed);
        ASSERT_TRUE(rescale_returns(std::span{columns[i]}.subspan(seed), std::span{then}.subspan(seed), *now, out));
        for (std::size_t s = 0; s < linear.at("scaled_scenarios_first3").size(); ++s) {
            expect_close(out[s], linear.at("scaled_scenarios_first3")[s][i], 1e-9, "scaled");
        }
    }
    Numbers pnl = linear_pnl(scaled, exposure);
    for (const json& row : linear.at("fhs").at("results")) {
        EXPECT_EQ(row.at("N"), pnl.size());
        EXPECT_EQ(tail_rank(pnl.size(), row.at("alpha")).var, row.at("k").get<std::size_t>());
        const auto measures = historical_tail(pnl, row.at("alpha"));
        ASSERT_TRUE(measures);
        expect_close(measures->var_usd, row.at("VaR"), 1e-9, row.dump());
        expect_close(measures->es_usd, row.at("ES"), 1e-9, row.dump());
    }
}

// With no curvature negative and none of the factors linear the profit is at least the constant, so no
// quantile of the loss lies beyond minus the constant.
double worst_loss(const QuadraticForm& form) {
    for (std::size_t i = 0; i < form.factors; ++i) {
        if (form.linear[i] != 0.0 || form.curvature[i] < 0.0) return std::numeric_limits<double>::infinity();
    }
    return -form.constant;
}

// Cornish-Fisher's quantile grows with z on the whole line: its derivative a z^2 + b z + c has no root. The code asks
// only for the way to the quantile; the wider condition is computed here, from its cumulants.
bool grows_everywhere(const ProfitCumulants& cumulants) {
    const double s = cumulants.skewness();
    const double k = cumulants.excess_kurtosis();
    const double a = k / 8.0 - s * s / 6.0;
    const double c = 1.0 - k / 8.0 + 5.0 * s * s / 36.0;
    return c > 0.0 && (a > 0.0 ? s * s / 9.0 < 4.0 * a * c : a == 0.0 && s == 0.0);
}

// The row long-gamma-1d lists an exact VaR of 3,164.10 where the loss cannot pass 3,000: Q = -3000 + 32000 chi2_1.
// The closed form gives 2,994.97 (the listed figure is an inversion integral cut short). Such rows are counted,
// and held against the closed form instead.
TEST(DeltaGammaVectors, EveryBook) {
    const auto path = test::vectors_path("var_delta_gamma.json");
    KEEL_SKIP_WITHOUT(path);
    test::VectorCases cases{"var_delta_gamma.json"};
    std::size_t rows = 0;
    int refuted = 0;
    for (const json& row : read_json(*path)) {
        cases.members(row, {"id",
                            "source",
                            "theta",
                            "delta",
                            "gamma",
                            "omega",
                            "alpha",
                            "k1",
                            "k2",
                            "k3",
                            "k4",
                            "skew",
                            "exkurt",
                            "cf_z",
                            "VaR_cf",
                            "cf_locally_monotone",
                            "cf_globally_monotone",
                            "VaR_dg_normal",
                            "VaR_delta_normal",
                            "VaR_exact"});
        const std::string id = row.at("id");
        const Numbers delta = row.at("delta");
        const Numbers gamma = flat(row.at("gamma"));
        const Numbers omega = flat(row.at("omega"));
        const double alpha = row.at("alpha");
        const DeltaGammaBook book{.theta = row.at("theta"), .delta = delta, .gamma = gamma, .omega = omega};
        const auto k = profit_cumulants(book);
        ASSERT_TRUE(k) << id;
        expect_close(k->k1, row.at("k1"), 1e-9, id);
        expect_close(k->k2, row.at("k2"), 1e-9, id);
        expect_close(k->k3, row.at("k3"), 1e-9, id);
        expect_close(k->k4, row.at("k4"), 1e-9, id);
        expect_close(k->skewness(), row.at("skew"), 1e-9, id);
        expect_close(k->excess_kurtosis(), row.at("exkurt"), 1e-9, id);
        expect_close(cornish_fisher_z(*k, alpha), row.at("cf_z"), 1e-9, id);
        expect_close(cornish_fisher_tail(*k, alpha).var_usd, row.at("VaR_cf"), 1e-9, id);
        EXPECT_EQ(cornish_fisher_valid(*k, alpha), row.at("cf_locally_monotone").get<bool>()) << id;
        const double normal = normal_tail(alpha)->var * std::sqrt(k->k2) - k->k1;
        expect_close(normal, row.at("VaR_dg_normal"), 1e-9, id);
        ParametricTail linear{delta.size()};
        ASSERT_TRUE(linear.set_covariance(omega)) << id;
        for (std::size_t i = 0; i < delta.size(); ++i) ASSERT_TRUE(linear.add_exposure(i, delta[i])) << id;
        expect_close(linear.measures(*normal_tail(alpha)).var_usd, row.at("VaR_delta_normal"), 1e-9, id);
        EXPECT_EQ(grows_everywhere(*k), row.at("cf_globally_monotone").get<bool>()) << id;
        EXPECT_TRUE(!grows_everywhere(*k) || cornish_fisher_valid(*k, alpha)) << id;
        const auto form = quadratic_form(book.theta, delta, gamma, omega);
        ASSERT_TRUE(form) << id;
        const auto exact = quadratic_quantile(*form, 1.0 - alpha);
        ASSERT_TRUE(exact) << id;
        const double listed = row.at("VaR_exact");
        if (listed > worst_loss(*form)) {
            ++refuted;
            std::cout << "[ not met  ] var_delta_gamma.json " << id << ": listed exact VaR " << listed
                      << " is beyond the worst loss " << worst_loss(*form) << "; the closed form, " << -*exact
                      << ", is met\n";
            // One factor, no delta: theta + lambda/2 chi2_1, and chi2_1 at p is the square of N^-1((1+p)/2).
            ASSERT_EQ(delta, Numbers{0.0}) << id;
            const double root = normal_quantile(0.5 * (2.0 - alpha));
            expect_close(-*exact, -(book.theta + 0.5 * gamma[0] * omega[0] * root * root), 1e-9, id);
        } else {
            expect_close(-*exact, listed, 1e-4, id);
        }
        const auto near = saddlepoint_quantile(*form, 1.0 - alpha);
        ASSERT_TRUE(near) << id;
        std::cout << id << ": saddlepoint " << -*near << ", exact " << -*exact << ", ratio " << *near / *exact << '\n';
        ++rows;
    }
    EXPECT_GT(rows, 0U);
    RecordProperty("rows", static_cast<int>(rows));
    RecordProperty("refuted", refuted);
    cases.report();
}

TEST(BacktestVectors, EverySectionIsKnown) {
    const auto path = test::vectors_path("var_backtest.json");
    KEEL_SKIP_WITHOUT(path);
    test::VectorCases cases{"var_backtest.json"};
    const json file = read_json(*path);
    const std::map<std::string, std::set<std::string>> known{
        {"kupiec", {"x", "n", "p", "LR", "pvalue", "reject_5pct"}},
        {"christoffersen",
         {"name", "n", "p", "hits_at", "n00", "n01", "n10", "n11", "pi01", "pi11", "LR_pof", "LR_ind", "LR_cc", "p_pof",
          "p_ind", "p_cc"}},
        {"acerbi_szekely", {"T", "Z2", "alpha", "exposure", "rule"}}};
    cases.sections(file, {"kupiec", "christoffersen", "acerbi_szekely"});
    for (const auto& [section, members] : known) {
        for (const json& row : file.at(section)) cases.members(row, members);
    }
    cases.report();
}

TEST(BacktestVectors, KupiecAndChristoffersen) {
    const auto path = test::vectors_path("var_backtest.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = read_json(*path);
    for (const json& row : file.at("kupiec")) {
        const auto ratio = kupiec(row.at("x"), row.at("n"), 1.0 - row.at("p").get<double>());
        ASSERT_TRUE(ratio);
        EXPECT_NEAR(ratio->statistic, row.at("LR").get<double>(), 1e-8) << row;
        EXPECT_NEAR(ratio->p_value, row.at("pvalue").get<double>(), 1e-8) << row;
        EXPECT_EQ(ratio->p_value < 0.05, row.at("reject_5pct").get<bool>()) << row;
    }
    for (const json& row : file.at("christoffersen")) {
        std::vector<std::uint8_t> hits(row.at("n").get<std::size_t>(), 0);
        const auto at = row.at("hits_at").get<std::vector<std::size_t>>();
        // A case of returns.csv counts its rows, from the one its name says ("t=100..499").
        const std::string name = row.at("name");
        const std::size_t start = name.contains(" t=") ? test::count_after(name, " t=") : 0;
        for (const std::size_t day : at) hits.at(day - start) = 1;
        const HitTransitions counts = hit_transitions(hits);
        EXPECT_EQ(counts.n00, row.at("n00")) << row;
        EXPECT_EQ(counts.n01, row.at("n01")) << row;
        EXPECT_EQ(counts.n10, row.at("n10")) << row;
        EXPECT_EQ(counts.n11, row.at("n11")) << row;
        const auto share = [](std::int64_t part, std::int64_t other) {
            return static_cast<double>(part) / static_cast<double>(part + other);
        };
        EXPECT_NEAR(share(counts.n01, counts.n00), row.at("pi01").get<double>(), 1e-12) << row;
        EXPECT_NEAR(share(counts.n11, counts.n10), row.at("pi11").get<double>(), 1e-12) << row;
        const auto coverage =
            kupiec(static_cast<std::int64_t>(at.size()), row.at("n"), 1.0 - row.at("p").get<double>());
        const LikelihoodRatio independence = christoffersen_independence(counts);
        const LikelihoodRatio both = christoffersen_coverage(*coverage, independence);
        EXPECT_NEAR(coverage->statistic, row.at("LR_pof").get<double>(), 1e-8) << row;
        EXPECT_NEAR(coverage->p_value, row.at("p_pof").get<double>(), 1e-8) << row;
        EXPECT_NEAR(independence.statistic, row.at("LR_ind").get<double>(), 1e-8) << row;
        EXPECT_NEAR(independence.p_value, row.at("p_ind").get<double>(), 1e-8) << row;
        EXPECT_NEAR(both.statistic, row.at("LR_cc").get<double>(), 1e-8) << row;
        EXPECT_NEAR(both.p_value, row.at("p_cc").get<double>(), 1e-8) << row;
    }
}

// Forecasts as the design note says: normal EWMA with lambda and start of stats_expected.json, known before
// the day, on the last rows of returns.csv.
TEST(BacktestVectors, AcerbiSzekely) {
    const auto path = test::vectors_path("var_backtest.json");
    const auto stats_path = test::vectors_path("stats_expected.json");
    KEEL_SKIP_WITHOUT(path);
    KEEL_SKIP_WITHOUT(stats_path);
    const json stats = read_json(*stats_path);
    const std::vector<Numbers> columns = returns_of(stats);
    const double lambda = stats.at("ewma").at("lam");
    const std::size_t seed = test::seed_returns(stats.at("ewma").at("init").get<std::string>());
    const json file = read_json(*path);
    for (const json& row : file.at("acerbi_szekely")) {
        const Numbers exposure = row.at("exposure");
        const Numbers pnl = linear_pnl(columns, exposure);
        const std::size_t days = row.at("T");
        Numbers sigma(pnl.size());
        // e' Sigma e under one lambda is the EWMA of (e'r)^2.
        ASSERT_TRUE(ewma_forecasts(pnl, lambda, seed, sigma));
        const auto multiples = normal_tail(row.at("alpha"));
        Numbers var(days), es(days);
        for (std::size_t t = 0; t < days; ++t) {
            var[t] = multiples->var * sigma[pnl.size() - days + t];
            es[t] = multiples->es * sigma[pnl.size() - days + t];
        }
        const auto z2 = acerbi_szekely_z2(std::span{pnl}.last(days), var, es, row.at("alpha"));
        ASSERT_TRUE(z2);
        EXPECT_NEAR(*z2, row.at("Z2").get<double>(), 1e-8);
    }
}

TEST(ExecutionVectors, LiquidityAdjusted) {
    const auto path = test::vectors_path("execution.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = read_json(*path);
    const json& bangia = file.at("bangia_lvar");
    const auto cost = liquidity_cost_usd(bangia.at("position_usd"), bangia.at("spread_mean_rel"),
                                         bangia.at("spread_sd_rel"), bangia.at("a"));
    ASSERT_TRUE(cost);
    expect_close(*cost, bangia.at("liquidity_cost"), 1e-9, "cost");
    expect_close(*cost + bangia.at("price_VaR").get<double>(), bangia.at("lvar"), 1e-9, "lvar");
    for (const json& row : file.at("liquidation_horizon")) {
        const double days = days_to_exit(row.at("q"), row.at("adv"), row.at("part"));
        expect_close(days, row.at("days"), 1e-9, "days");
        expect_close(liquidation_var_usd(row.at("var_1d"), days), row.at("lvar_scaled"), 1e-9, "scaled");
    }
}

// "exposures=a;b;c cov=... (s11 s12 s13; . s22 s23; . . s33)"
TEST(PublishedVectors, HullFourIndices) {
    const auto path = test::vectors_path("published.csv");
    KEEL_SKIP_WITHOUT(path);
    std::size_t rows = 0;
    for (const test::CsvRow& row : test::CsvRows{test::read_file(*path)}) {
        if (row.text("quantity") != "normal_VaR99_kUSD") continue;
        const std::string& text = row.text("inputs");
        const std::size_t open = text.rfind('(');
        std::string list = text.substr(text.find('=') + 1, text.find(" cov") - text.find('=') - 1);
        std::ranges::replace(list, ';', ' ');
        std::istringstream exposures{list};
        const Numbers exposure{std::istream_iterator<double>{exposures}, {}};
        std::string matrix = text.substr(open + 1, text.rfind(')') - open - 1);
        std::ranges::replace(matrix, ';', ' ');
        std::istringstream cells{matrix};
        const std::size_t n = exposure.size();
        Numbers covariance(n * n);
        std::string cell;
        for (std::size_t at = 0; at < n * n; ++at) {
            ASSERT_TRUE(cells >> cell);
            covariance[at] = cell == "." ? covariance[(at % n) * n + at / n] : std::stod(cell);
        }
        ParametricTail tail{n};
        ASSERT_TRUE(tail.set_covariance(covariance));
        for (std::size_t i = 0; i < n; ++i) ASSERT_TRUE(tail.add_exposure(i, exposure[i]));
        const double var = tail.measures(*normal_tail(0.99)).var_usd;
        EXPECT_NEAR(var, row.number("published"), row.number("tol")) << row.text("id");
        EXPECT_NEAR(var, row.number("exact"), 1e-9 * var) << row.text("id");
        ++rows;
    }
    EXPECT_GT(rows, 0U);
    RecordProperty("rows", static_cast<int>(rows));
}

}  // namespace
}  // namespace keel::risk
