#include <gtest/gtest.h>

#include <cfloat>
#include <filesystem>
#include <iostream>
#include <map>

#include "risk/options/inverse_option.hpp"
#include "risk/options/spot_greeks.hpp"
#include "risk/tail/backtest.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using test::CsvRow;
using test::CsvRows;

const std::set<std::string> kTypes{"C", "P"};
OptionType type_of(const std::string& text) { return text == "C" ? OptionType::call : OptionType::put; }

struct Greek {
    const char* column;
    double OptionGreeks::*member;
};
constexpr Greek kGreeks[] = {
    {"price", &OptionGreeks::price}, {"delta", &OptionGreeks::delta}, {"gamma", &OptionGreeks::gamma},
    {"vega", &OptionGreeks::vega},   {"theta", &OptionGreeks::theta}, {"rho", &OptionGreeks::rho},
    {"vanna", &OptionGreeks::vanna}, {"volga", &OptionGreeks::volga}, {"charm", &OptionGreeks::charm},
    {"speed", &OptionGreeks::speed}, {"zomma", &OptionGreeks::zomma}, {"color", &OptionGreeks::color},
};

// The file allows theta and charm four roundings of their largest term where a rate makes terms cancel.
double slack_of(const Greek& greek, const CsvRow& row, const OptionInputs& in, const OptionGreeks& got) {
    const std::string_view name{greek.column};
    if (name == "price") return row.number("atol_price");
    if (in.rate == 0.0) return 1e-300;
    if (name == "theta") {
        const double terms = std::max(std::abs(in.rate * got.price), std::abs(got.theta - in.rate * got.price));
        return 4.0 * DBL_EPSILON * terms;
    }
    if (name == "charm") {
        const double terms = std::max(std::abs(in.rate * got.delta), std::abs(got.charm - in.rate * got.delta));
        return 4.0 * DBL_EPSILON * terms;
    }
    return 1e-300;
}

TEST(OptionVectorsTest, MatchesEveryBlack76Row) {
    const auto path = test::vectors_path("black76.csv");
    KEEL_SKIP_WITHOUT(path);
    const CsvRows rows{test::read_file(*path)};
    ASSERT_GT(rows.size(), 0U);
    test::VectorCases cases{"black76.csv"};
    std::size_t checked = 0;
    std::size_t known = 0;
    for (const CsvRow& row : rows) {
        if (!cases.knows(row.text("kind"), {"atm", "extreme", "limit", "typical"}, row.text("id"))) continue;
        if (!cases.knows(row.text("type"), kTypes, row.text("id"))) continue;
        ++known;
        const OptionInputs in{.forward = row.number("F"),
                              .strike = row.number("K"),
                              .years = row.number("T"),
                              .volatility = row.number("sigma"),
                              .rate = row.number("r"),
                              .type = type_of(row.text("type"))};
        OptionGreeks got;
        ASSERT_EQ(black76(in, got), PricingStatus::ok) << row.text("id");
        const bool limit = row.text("kind") == "limit";
        for (const Greek& greek : kGreeks) {
            const double want = row.number(greek.column);
            const double value = got.*greek.member;
            if (std::abs(want) < DBL_MIN && value == 0.0) {
                ++checked;
                continue;  // below the smallest normal number zero is right
            }
            const double bound =
                limit ? 1e-15 * std::abs(want) : row.number("rtol") * std::abs(want) + slack_of(greek, row, in, got);
            EXPECT_LE(std::abs(value - want), bound)
                << row.text("id") << ' ' << greek.column << " got " << value << " want " << want;
            ++checked;
        }
        EXPECT_LE(std::abs(black76_price(in) - row.number("price")),
                  row.number("rtol") * std::abs(row.number("price")) + row.number("atol_price"))
            << row.text("id");
    }
    EXPECT_GT(known, 0U);
    EXPECT_EQ(checked, known * std::size(kGreeks));
    EXPECT_EQ(known + static_cast<std::size_t>(cases.skipped()), rows.size());
    std::cout << "[ vectors  ] black76.csv: " << known << " rows, " << checked << " values\n";
    cases.report();
}

void expect_coin(const CsvRow& row, const char* column, double got, double scale = 1.0) {
    const double want = row.number(column);
    EXPECT_LE(std::abs(got - want), 1e-10 * std::abs(want) + 1e-14 * std::abs(scale))
        << row.text("id") << ' ' << column;
}

void check_inverse_row(const CsvRow& row) {
    const OptionInputs in{.forward = row.number("F"),
                          .strike = row.number("K"),
                          .years = row.number("T"),
                          .volatility = row.number("sigma"),
                          .type = type_of(row.text("type"))};
    OptionGreeks usd;
    InverseGreeks coin;
    ASSERT_EQ(inverse_option(in, usd, coin), PricingStatus::ok) << row.text("id");
    EXPECT_LE(std::abs(usd.price - row.number("price_usd")), 1e-10 * row.number("price_usd") + 1e-14 * in.forward);
    expect_coin(row, "v_coin", coin.value);
    expect_coin(row, "delta_bs", coin.delta_bs);
    expect_coin(row, "delta_net", coin.delta_net);
    const double derivative_scale = 0.0;  // a derivative has no coin amount: relative only
    expect_coin(row, "dv_dF", coin.slope, derivative_scale);
    expect_coin(row, "d2v_dF2", coin.gamma, derivative_scale);
    expect_coin(row, "vega_coin", coin.vega, derivative_scale);
    expect_coin(row, "theta_coin", coin.theta, derivative_scale);
    expect_coin(row, "vanna_coin", coin.vanna, derivative_scale);
    expect_coin(row, "volga_coin", coin.volga, derivative_scale);
    expect_coin(row, "charm_coin", coin.charm, derivative_scale);

    const double quantity = row.number("qty");
    const double forward1 = row.number("F1");
    const OptionInputs later{.forward = forward1,
                             .strike = in.strike,
                             .years = row.number("T1"),
                             .volatility = row.number("sigma1"),
                             .type = in.type};
    OptionGreeks usd1;
    InverseGreeks coin1;
    ASSERT_EQ(inverse_option(later, usd1, coin1), PricingStatus::ok);
    if (row.text("kind") == "expiry") coin1.value = inverse_payoff_coin(in.type, in.strike, forward1);
    expect_coin(row, "v1_coin", coin1.value);
    expect_coin(row, "pnl_coin", quantity * (coin1.value - coin.value), quantity);
    const double usd_scale = quantity * std::max(in.forward, forward1);
    expect_coin(row, "pnl_usd_marked", quantity * (coin1.value * forward1 - coin.value * in.forward), usd_scale);
    const double df = forward1 - in.forward;
    const double ds = later.volatility - in.volatility;
    const double dt = in.years - later.years;
    const double taylor = coin.slope * df + 0.5 * coin.gamma * df * df + coin.vega * ds + coin.vanna * df * ds +
                          0.5 * coin.volga * ds * ds + coin.theta * dt;
    expect_coin(row, "pnl_coin_taylor2", quantity * taylor, quantity);
}

TEST(OptionVectorsTest, MatchesEveryInverseOptionRow) {
    const auto path = test::vectors_path("inverse_options.csv");
    KEEL_SKIP_WITHOUT(path);
    const CsvRows rows{test::read_file(*path)};
    ASSERT_GT(rows.size(), 0U);
    test::VectorCases cases{"inverse_options.csv"};
    std::size_t known = 0;
    for (const CsvRow& row : rows) {
        if (!cases.knows(row.text("kind"), {"deep_itm", "expiry", "move"}, row.text("id"))) continue;
        if (!cases.knows(row.text("type"), kTypes, row.text("id"))) continue;
        check_inverse_row(row);
        ++known;
    }
    EXPECT_GT(known, 0U);
    std::cout << "[ vectors  ] inverse_options.csv: " << known << " rows\n";
    cases.report();
}

// The inputs column is "type=call;S=60;K=65;...".
double field(const std::string& inputs, const std::string& name) {
    const std::size_t at = (";" + inputs).find(";" + name + "=");
    EXPECT_NE(at, std::string::npos) << name << " in " << inputs;
    return std::strtod(inputs.c_str() + at + name.size() + 1, nullptr);
}

const std::map<std::string, double OptionGreeks::*> kSpotQuantities{
    {"bsm_price", &OptionGreeks::price},      {"bsm_spot_delta", &OptionGreeks::delta},
    {"bsm_spot_gamma", &OptionGreeks::gamma}, {"bsm_spot_vega", &OptionGreeks::vega},
    {"bsm_spot_theta", &OptionGreeks::theta}, {"bsm_spot_rho", &OptionGreeks::rho}};

// Spot greeks of the cost-of-carry form from forward greeks: F = S exp(b T), b = r - q.
double spot_quantity(const std::string& quantity, const std::string& inputs) {
    const double spot = field(inputs, "S"), rate = field(inputs, "r"), years = field(inputs, "T");
    const double carry = rate - field(inputs, "q");
    const double growth = std::exp(carry * years);
    OptionInputs in{.forward = spot * growth,
                    .strike = field(inputs, "K"),
                    .years = years,
                    .volatility = field(inputs, "sigma"),
                    .rate = rate,
                    .type = inputs.find("type=call") != std::string::npos ? OptionType::call : OptionType::put};
    OptionGreeks forward_greeks;
    EXPECT_EQ(black76(in, forward_greeks), PricingStatus::ok);
    const OptionGreeks g = spot_greeks(in, forward_greeks, carry);
    return g.*kSpotQuantities.at(quantity);
}

// "n=255;p=0.01" and "N<7": Kupiec's table of 1995 keeps the model for fewer than 7 exceedances in 255 days. Its one
// exception is zero exceedances, which the two-sided ratio rejects (the row's own note).
void check_kupiec_region(const CsvRow& row) {
    const auto days = static_cast<std::int64_t>(field(row.text("inputs"), "n"));
    const double alpha = 1.0 - field(row.text("inputs"), "p");
    ASSERT_TRUE(row.text("published").starts_with("N<")) << row.text("published");
    const std::int64_t first_rejected = std::atoll(row.text("published").c_str() + 2);
    for (std::int64_t hits = 0; hits <= 2 * first_rejected; ++hits) {
        const auto ratio = kupiec(hits, days, alpha);
        ASSERT_TRUE(ratio.has_value());
        EXPECT_EQ(ratio->p_value < 0.05, hits == 0 || hits >= first_rejected) << hits;
    }
}

// Rows of published.csv by the test that takes them: spot greeks and the Kupiec region here; svi_jw, svi_jw_repair and
// fair_variance in tests/risk/surface; normal_VaR99_kUSD in tests/risk/tail; spectral_salvage and sample_correlation in
// tests/risk/matrix. A quantity that no test source names is counted.
bool is_taken_elsewhere(const std::string& quantity) {
    const std::filesystem::path tests = std::filesystem::path{KEEL_SOURCE_DIR} / "tests/risk";
    for (const auto& entry : std::filesystem::recursive_directory_iterator{tests}) {
        if (entry.path().extension() != ".cpp" || entry.path().filename() == "option_vectors_test.cpp") continue;
        if (test::read_file(entry.path()).find('"' + quantity + '"') != std::string::npos) return true;
    }
    return false;
}

TEST(OptionVectorsTest, ReproducesThePublishedOptionValues) {
    const auto path = test::vectors_path("published.csv");
    KEEL_SKIP_WITHOUT(path);
    const CsvRows rows{test::read_file(*path)};
    std::size_t checked = 0, elsewhere = 0, unknown = 0;
    for (const CsvRow& row : rows) {
        const std::string& quantity = row.text("quantity");
        if (quantity == "kupiec_nonrejection_region_5pct") {
            check_kupiec_region(row);
            ++checked;
            continue;
        }
        if (!kSpotQuantities.contains(quantity)) {
            const bool taken = is_taken_elsewhere(quantity);
            if (!taken) std::cout << "[ vectors  ] published.csv " << row.text("id") << ": no test takes it\n";
            ++(taken ? elsewhere : unknown);
            continue;
        }
        const double got = spot_quantity(quantity, row.text("inputs"));
        EXPECT_NEAR(got, row.number("published"), row.number("tol")) << row.text("id");
        if (!row.text("exact").empty()) {
            EXPECT_NEAR(got, row.number("exact"), 1e-12 * std::abs(row.number("exact")) + 1e-12) << row.text("id");
        }
        ++checked;
    }
    EXPECT_GT(checked, 0U);
    EXPECT_EQ(checked + elsewhere + unknown, rows.size());
    RecordProperty("skipped_unknown", static_cast<int>(unknown));
    std::cout << "[ vectors  ] published.csv: " << checked << " rows checked, " << elsewhere
              << " in other folders' tests, skipped: " << unknown << " of unknown name\n";
}

}  // namespace
}  // namespace keel::risk
