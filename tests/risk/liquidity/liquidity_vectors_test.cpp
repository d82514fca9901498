#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <nlohmann/json.hpp>

#include "risk/exposure/concentration.hpp"
#include "risk/liquidity/book_depth.hpp"
#include "risk/liquidity/impact.hpp"
#include "risk/liquidity/index_guard.hpp"
#include "risk/liquidity/liquidity_score.hpp"
#include "risk/liquidity/order_flow.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

void near(double got, double want, const std::string& what) {
    EXPECT_NEAR(got, want, 1e-9 * std::max(1e-12, std::abs(want))) << what;
}

class VectorFile : public testing::Test {
protected:
    void load(const char* name) {
        const auto path = keel::test::vectors_path(name);
        KEEL_SKIP_WITHOUT(path);
        file_ = json::parse(keel::test::read_file(*path));
    }
    json file_;
};

class MicrostructureVectorsTest : public VectorFile {
    void SetUp() override { load("microstructure.json"); }
};
class ExecutionVectorsTest : public VectorFile {
    void SetUp() override { load("execution.json"); }
};

// Correlations are compared in tests/risk/stress/ and tests/risk/metrics/.
TEST_F(MicrostructureVectorsTest, EverySectionIsKnown) {
    keel::test::VectorCases cases{"microstructure.json"};
    cases.sections(file_, {"ofi", "vpin", "kyle", "amihud", "microprice", "hhi", "index", "corr_to_one",
                           "corr_to_one_inputs", "implied_corr", "equicorr", "covar_gaussian"});
    cases.report();
}

TEST_F(MicrostructureVectorsTest, OrderFlowImbalance) {
    const json& want = file_.at("ofi");
    const auto pair = [](const json& row) { return QuotePair{row[0], row[1], row[2], row[3]}; };
    OrderFlowImbalance live;
    double sum = 0.0;
    live.on_top(UnixNanos{1}, pair(want.at("seq")[0]));
    for (std::size_t i = 1; i < want.at("seq").size(); ++i) {
        const double event = order_flow_event(pair(want.at("seq")[i - 1]), pair(want.at("seq")[i]));
        near(event, want.at("e")[i - 1], "event " + std::to_string(i));
        sum += event;
        live.on_top(UnixNanos{1}, pair(want.at("seq")[i]));
    }
    near(sum, want.at("ofi_sum"), "sum");
    for (std::size_t w = 0; w < OrderFlowImbalance::kWindowsNs.size(); ++w) near(live.sum(w), sum, "window");
}

TEST_F(MicrostructureVectorsTest, Vpin) {
    const json& want = file_.at("vpin");
    Vpin vpin{want.at("bucket"), want.at("window")};
    Vpin last{want.at("bucket"), 1};  // of the bucket that was completed last: |buys - sells| / V
    const double volume = want.at("bucket");
    std::size_t seen = 0;
    std::uint64_t completed = 0;
    for (const json& trade : want.at("seq")) {
        vpin.on_trade(trade[0], trade[1]);
        last.on_trade(trade[0], trade[1]);
        if (vpin.completed() == completed) continue;
        ASSERT_EQ(vpin.completed(), completed + 1) << "no trade of the file is larger than a bucket";
        completed = vpin.completed();
        const json& bucket = want.at("buckets").at(completed - 1);
        const double buys = bucket[0];
        const double sells = bucket[1];
        near(buys + sells, volume, "volume of bucket " + std::to_string(completed));
        EXPECT_NEAR(last.value() * volume, std::abs(buys - sells), 1e-9 * volume) << "bucket " << completed;
        if (!vpin.warm()) continue;
        near(vpin.value(), want.at("vpin").at(seen), "vpin " + std::to_string(seen));
        ++seen;
    }
    EXPECT_EQ(seen, want.at("vpin").size());
    EXPECT_EQ(completed, want.at("buckets").size());
}

TEST_F(MicrostructureVectorsTest, KyleAndAmihud) {
    const json& kyle = file_.at("kyle");
    const auto volumes = kyle.at("signed_volume").get<std::vector<double>>();
    const auto changes = kyle.at("dp").get<std::vector<double>>();
    const KyleRegression regression = kyle_regression(volumes, changes);
    near(regression.through_origin, kyle.at("lambda_ols_no_intercept"), "no intercept");
    near(regression.with_intercept, kyle.at("lambda_ols_intercept"), "intercept");
    KyleLambda live{kyle.at("ewma").at("lam")};
    for (std::size_t i = 0; i < volumes.size(); ++i) live.add(volumes[i], changes[i]);
    near(live.value(), kyle.at("ewma").at("value"), "ewma");
    const json& amihud = file_.at("amihud");
    near(amihud_illiquidity(amihud.at("ret").get<std::vector<double>>(),
                            amihud.at("dollar_volume").get<std::vector<double>>()),
         amihud.at("illiq"), "amihud");
}

TEST_F(MicrostructureVectorsTest, Microprice) {
    const json& want = file_.at("microprice");
    const auto flat = [](const json& rows) {
        std::vector<double> out;
        for (const json& row : rows) {
            for (const json& cell : row) out.push_back(cell);
        }
        return out;
    };
    const auto diagonal = want.at("T_diag").get<std::vector<double>>();
    std::vector<double> after(diagonal.size() * diagonal.size());
    for (std::size_t i = 0; i < diagonal.size(); ++i) after[i * (diagonal.size() + 1)] = diagonal[i];
    const auto got =
        microprice_adjustments(flat(want.at("Q")), flat(want.at("R")), want.at("K").get<std::vector<double>>(), after);
    ASSERT_EQ(got.size(), want.at("G_inf").size());
    for (std::size_t i = 0; i < got.size(); ++i) near(got[i], want.at("G_inf")[i], "state " + std::to_string(i));
    // Nothing after the first mid change: what is left is G1. With T in the place of R, and one change of the mid worth
    // one, it is a column of B.
    const std::size_t n = diagonal.size();
    const std::vector<double> nothing(n * n);
    const auto first = microprice_adjustments(flat(want.at("Q")), flat(want.at("R")),
                                              want.at("K").get<std::vector<double>>(), nothing);
    ASSERT_EQ(first.size(), want.at("G1").size());
    for (std::size_t i = 0; i < n; ++i) near(first[i], want.at("G1")[i], "G1 " + std::to_string(i));
    ASSERT_EQ(want.at("B").size(), n);
    for (std::size_t column = 0; column < n; ++column) {
        std::vector<double> one(n);
        one[column] = 1.0;
        const auto again = microprice_adjustments(flat(want.at("Q")), after, one, nothing);
        ASSERT_EQ(again.size(), n);
        for (std::size_t i = 0; i < n; ++i) near(again[i], want.at("B")[i][column], "B " + std::to_string(i));
    }
}

TEST_F(MicrostructureVectorsTest, Herfindahl) {
    ASSERT_FALSE(file_.at("hhi").empty());
    for (const json& row : file_.at("hhi")) {
        const auto weights = row.at("weights").get<std::vector<double>>();
        near(concentration(weights).hhi, row.at("hhi"), "hhi");
        near(concentration(weights).hhi, row.at("hhi"), "concentration");
        near(concentration(weights).effective_bets, row.at("n_eff"), "effective bets");
    }
}

TEST_F(MicrostructureVectorsTest, OwnIndex) {
    const json& want = file_.at("index");
    std::vector<IndexSource> sources;
    for (const json& price : want.at("prices")) sources.push_back({.price = price, .time = UnixNanos{5}});
    const OwnIndex got = own_index(sources, UnixNanos{5}, want.at("clip"));
    near(got.median, want.at("median"), "median");
    near(got.price, want.at("robust_index"), "index");
    // One source beside two at the median on each side of it leaves the median: its clipped price is what it adds.
    ASSERT_EQ(want.at("clipped").size(), sources.size());
    for (std::size_t i = 0; i < sources.size(); ++i) {
        const IndexSource middle{.price = got.median, .time = UnixNanos{5}};
        const std::array three{middle, sources[i], middle};
        const double sum = 3.0 * own_index(three, UnixNanos{5}, want.at("clip")).price;
        near(sum - 2.0 * got.median, want.at("clipped")[i], "clipped " + std::to_string(i));
    }
    // The median absolute deviation is the median of the distances from the median; laid on top of the median, so that
    // none is a price of nothing, they are an index of their own.
    std::vector<IndexSource> distances = sources;
    for (IndexSource& source : distances) source.price = got.median + std::abs(source.price - got.median);
    near(own_index(distances, UnixNanos{5}, want.at("clip")).median - got.median, want.at("mad"), "mad");
}

// bangia_lvar is compared in tests/risk/tail/.
TEST_F(ExecutionVectorsTest, EverySectionIsKnown) {
    keel::test::VectorCases cases{"execution.json"};
    cases.sections(file_, {"sqrt_impact", "book_walk", "bangia_lvar", "liquidation_horizon"},
                   {{"almgren_chriss", "no code slices an order over time yet"}});
    cases.report();
}

TEST_F(ExecutionVectorsTest, SquareRootImpact) {
    for (const json& row : file_.at("sqrt_impact")) {
        near(impact_relative(row.at("q"), row.at("sigma_day"), row.at("adv"), row.at("Y")), row.at("impact_rel"), "q");
    }
}

TEST_F(ExecutionVectorsTest, DaysToExit) {
    for (const json& row : file_.at("liquidation_horizon")) {
        near(days_to_exit(row.at("q"), row.at("adv"), row.at("part")), row.at("days"), "days");
    }
}

TEST_F(ExecutionVectorsTest, BookWalk) {
    const json& want = file_.at("book_walk");
    const auto levels = [](const json& rows) {
        std::vector<DepthLevel> out;
        for (const json& row : rows) out.push_back({row[0], row[1]});
        return out;
    };
    const auto bids = levels(want.at("bids"));
    const auto asks = levels(want.at("asks"));
    const VisibleBook book{bids, asks};
    const TopMeasures top = top_measures(book);
    near(top.mid, want.at("mid"), "mid");
    near(top.imbalance, want.at("imbalance_l1"), "imbalance");
    near(top.weighted_mid, want.at("weighted_mid"), "weighted mid");
    near(depth_within(book, Side::bid, 10.0), want.at("depth_within_10bps").at("bid"), "bid depth");
    near(depth_within(book, Side::ask, 10.0), want.at("depth_within_10bps").at("ask"), "ask depth");
    ASSERT_FALSE(want.at("orders").empty());
    for (const json& order : want.at("orders")) {
        const WalkCost got = walk_book(book, order.at("side") == "buy" ? Side::bid : Side::ask, order.at("qty"));
        const std::string what = order.dump();
        near(got.filled, order.at("filled"), what);
        near(got.shortfall, order.at("shortfall"), what);
        near(got.vwap, order.at("vwap"), what);
        near(got.cost_quote, order.at("cost_quote"), what);
        near(got.cost_bps, order.at("cost_bps"), what);
    }
}

}  // namespace
}  // namespace keel::risk
