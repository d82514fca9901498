#include <gtest/gtest.h>

#include <iostream>

#include "risk/surface/ssvi.hpp"
#include "risk/surface/svi_arbitrage.hpp"
#include "tests/risk/surface/svi_json.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;
using test::field;

// The reference looked for the least g on this range: its argmin is an end of it where g falls into the wing.
constexpr MoneynessRange kReferenceRange{.low = -6.0, .high = 6.0};

void expect_relative(double got, double want, double tolerance, const std::string& what) {
    EXPECT_LE(std::abs(got - want), tolerance * std::max(std::abs(want), 1e-3)) << what << ": " << got << " " << want;
}

// False where a flag's name is not known.
bool flaws_of(const json& flags, SviFlaw& out) {
    out = SviFlaw::none;
    for (const json& flag : flags) {
        if (flag == "BUTTERFLY") {
            out = out | SviFlaw::butterfly;
        } else if (flag == "LEE_WING") {
            out = out | SviFlaw::lee_wing;
        } else if (flag == "NEGATIVE_VARIANCE") {
            out = out | SviFlaw::negative_variance;
        } else {
            return false;
        }
    }
    return true;
}

void check_points(const json& row, const SviParameters& svi, double years) {
    for (const json& point : row.at("points")) {
        const double k = point.at("k");
        const SviValue at = svi_value(svi, k);
        const std::string where = row.at("id").get<std::string>() + " k " + std::to_string(k);
        expect_relative(at.w, point.at("w"), 1e-9, where + " w");
        if (point.contains("w1")) expect_relative(at.w1, point.at("w1"), 1e-9, where + " w1");
        if (point.contains("w2")) expect_relative(at.w2, point.at("w2"), 1e-9, where + " w2");
        if (at.w <= 0.0) continue;
        if (point.contains("g") && !point.at("g").is_null()) {
            expect_relative(svi_g(at, k), point.at("g"), 1e-9, where + " g");
            expect_relative(std::sqrt(at.w / years), point.at("iv"), 1e-9, where + " iv");
            expect_relative(svi_density(svi, k), point.at("density_k"), 1e-9, where + " density");
        }
    }
}

// Where g changes its sign within 1e-3 of `near`, by bisection.
double root_of_g(const SviParameters& svi, double near) {
    double low = near - 1e-3;
    double high = near + 1e-3;
    const bool is_falling = svi_g(svi, low) > 0.0;
    EXPECT_NE(is_falling, svi_g(svi, high) > 0.0) << "no change of sign near " << near;
    for (int step = 0; step < 60; ++step) {
        const double middle = 0.5 * (low + high);
        ((svi_g(svi, middle) > 0.0) == is_falling ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

// The file holds the roots to 1e-12. A slice whose g stays negative to the end of the range was not refined: its low
// end is the first point of the reference's grid of 30,000 steps that is inside, its high end that of the range.
void check_negative_interval(const json& row, const SviParameters& svi) {
    constexpr double kStep = (kReferenceRange.high - kReferenceRange.low) / 30'000.0;
    const std::string id = row.at("id");
    const double low = row.at("g_negative_interval").at(0);
    const double high = row.at("g_negative_interval").at(1);
    EXPECT_LT(svi_g(svi, 0.5 * (low + high)), 0.0) << id;
    const double root = root_of_g(svi, low);
    if (svi_g(svi, kReferenceRange.high) > 0.0) {
        EXPECT_NEAR(low, root, 1e-12) << id;
        EXPECT_NEAR(high, root_of_g(svi, high), 1e-12) << id;
        return;
    }
    EXPECT_NEAR(low, kReferenceRange.low + kStep * std::ceil((root - kReferenceRange.low) / kStep), 1e-12) << id;
    EXPECT_EQ(high, kReferenceRange.high) << id;
}

void check_jw(const json& row, const SviParameters& svi, double years) {
    const std::string id = row.at("id");
    SviJw jw;
    if (row.at("jw").is_null()) {
        EXPECT_FALSE(svi_to_jw(svi, years, jw)) << id;
        return;
    }
    const json& want = row.at("jw");
    ASSERT_TRUE(svi_to_jw(svi, years, jw)) << id;
    expect_relative(jw.v, want.at("v"), 1e-9, id + " v");
    expect_relative(jw.psi, want.at("psi"), 1e-9, id + " psi");
    expect_relative(jw.p, want.at("p"), 1e-9, id + " p");
    expect_relative(jw.c, want.at("c"), 1e-9, id + " c");
    expect_relative(jw.v_min, want.at("v_min"), 1e-9, id + " v_min");
    SviParameters back;
    ASSERT_TRUE(svi_from_jw(jw, years, back)) << id;
    for (const double k : {-1.0, -0.1, 0.0, 0.2, 1.0}) {
        expect_relative(svi_total_variance(back, k), svi_total_variance(svi, k), 1e-9, id + " from jw");
    }
}

TEST(SviVectorsTest, MatchesEveryCase) {
    const auto path = test::vectors_path("svi_cases.json");
    KEEL_SKIP_WITHOUT(path);
    const json cases = test::vectors_of(*path);
    ASSERT_GT(cases.size(), 0U);
    keel::test::VectorCases unknown{"svi_cases.json"};
    for (const json& row : cases) {
        unknown.members(row, {"id", "source", "params", "T", "w_min", "slope_left", "slope_right", "jw", "argmin_g",
                              "min_g", "g_negative_interval", "flags", "arbitrage_free", "points"});
        for (const json& point : row.at("points")) {
            unknown.members(point, {"k", "w", "w1", "w2", "g", "iv", "density_k"});
        }
        const std::string id = row.at("id");
        SviFlaw flaws{};
        if (!flaws_of(row.at("flags"), flaws)) {
            unknown.skip(id + " " + row.at("flags").dump());
            continue;
        }
        const SviParameters svi = test::svi_of(row.at("params"));
        const double years = row.at("T");
        expect_relative(svi_variance_min(svi), row.at("w_min"), 1e-9, id + " w_min");
        expect_relative(svi_slope_left(svi), row.at("slope_left"), 1e-9, id + " slope_left");
        expect_relative(svi_slope_right(svi), row.at("slope_right"), 1e-9, id + " slope_right");
        check_points(row, svi, years);
        check_jw(row, svi, years);
        EXPECT_EQ(svi_butterfly(svi).flaws, flaws) << id;
        EXPECT_EQ(svi_butterfly(svi).is_free(), row.at("arbitrage_free").get<bool>()) << id;
        if (!row.contains("min_g")) continue;
        const SviButterfly wide = svi_butterfly(svi, kReferenceRange);
        EXPECT_EQ(wide.flaws, flaws) << id;
        EXPECT_NEAR(wide.g_min, row.at("min_g").get<double>(), 1e-6) << id;
        EXPECT_NEAR(svi_g(svi, row.at("argmin_g").get<double>()), row.at("min_g").get<double>(), 1e-9) << id;
        if (!row.contains("g_negative_interval")) continue;
        check_negative_interval(row, svi);
    }
    std::cout << "[ vectors  ] svi_cases.json: " << cases.size() << " rows\n";
    unknown.report();
}

TEST(SviVectorsTest, MatchesEveryCalendarCase) {
    const auto path = test::vectors_path("svi_calendar.json");
    KEEL_SKIP_WITHOUT(path);
    const json cases = test::vectors_of(*path);
    ASSERT_GT(cases.size(), 0U);
    keel::test::VectorCases unknown{"svi_calendar.json"};
    for (const json& row : cases) {
        const std::string id = row.at("id");
        unknown.members(row, {"id", "source", "near", "T_near", "far", "T_far", "k_range", "argmin_k", "min_diff",
                              "crossings", "calendar_arbitrage"});
        const SviParameters near = test::svi_of(row.at("near"));
        const SviParameters far = test::svi_of(row.at("far"));
        const MoneynessRange range{.low = row.at("k_range").at(0), .high = row.at("k_range").at(1)};
        const SviCalendar seen = svi_calendar(near, far, range);
        EXPECT_EQ(!seen.is_free(), row.at("calendar_arbitrage").get<bool>()) << id;
        const double at = row.at("argmin_k");
        const double want = row.at("min_diff");
        expect_relative(svi_total_variance(far, at) - svi_total_variance(near, at), want, 1e-9, id + " diff at argmin");
        // The reference's argmin lies on a grid of 5e-4; ours is refined, so at most a little lower.
        EXPECT_LE(seen.gap_min, want + 1e-12) << id;
        EXPECT_NEAR(seen.gap_min, want, 1e-6) << id;
        EXPECT_NEAR(seen.gap_min_moneyness, at, 5e-4) << id;
        ASSERT_EQ(seen.crossing_count, row.at("crossings").size()) << id;
        for (std::size_t i = 0; i < seen.crossing_count; ++i) {
            EXPECT_NEAR(seen.crossings[i], row.at("crossings").at(i).get<double>(), 1e-6) << id;
        }
    }
    std::cout << "[ vectors  ] svi_calendar.json: " << cases.size() << " rows\n";
    unknown.report();
}

void check_ssvi_slice(const json& slice, const SsviParameters& ssvi) {
    const double theta = slice.at("theta");
    const std::string where = "theta " + std::to_string(theta);
    expect_relative(ssvi_phi(ssvi, theta), slice.at("phi"), 1e-9, where + " phi");
    const SsviConditions conditions = ssvi_butterfly_conditions(ssvi, theta);
    expect_relative(conditions.wing, slice.at("cond1_lt4"), 1e-9, where + " wing");
    expect_relative(conditions.curvature, slice.at("cond2_le4"), 1e-9, where + " curvature");
    EXPECT_EQ(conditions.are_met(), slice.at("ok").get<bool>()) << where;
    const SviParameters raw = ssvi_to_raw(ssvi, theta);
    const SviParameters want = test::svi_of(slice.at("raw"));
    expect_relative(raw.a, want.a, 1e-9, where + " a");
    expect_relative(raw.b, want.b, 1e-9, where + " b");
    expect_relative(raw.rho, want.rho, 1e-9, where + " rho");
    expect_relative(raw.m, want.m, 1e-9, where + " m");
    expect_relative(raw.sigma, want.sigma, 1e-9, where + " sigma");
    EXPECT_TRUE(!conditions.are_met() || svi_butterfly(raw).is_free()) << where;
    for (const json& point : slice.at("w")) {
        const double k = point.at("k");
        expect_relative(ssvi_total_variance(ssvi, theta, k), point.at("w"), 1e-9, where + " w");
        expect_relative(svi_total_variance(raw, k), point.at("w"), 1e-9, where + " raw w");
    }
}

TEST(SviVectorsTest, MatchesEverySsviSlice) {
    const auto path = test::vectors_path("ssvi.json");
    KEEL_SKIP_WITHOUT(path);
    const json cases = test::vectors_of(*path);
    ASSERT_GT(cases.size(), 0U);
    std::size_t slices = 0;
    keel::test::VectorCases unknown{"ssvi.json"};
    for (const json& row : cases) {
        unknown.members(row, {"rho", "eta", "gamma", "eta_cond", "slices", "source"});
        const SsviParameters ssvi{.rho = row.at("rho"), .eta = row.at("eta"), .gamma = row.at("gamma")};
        expect_relative(ssvi.eta * (1.0 + std::abs(ssvi.rho)), row.at("eta_cond"), 1e-9, "eta");
        for (const json& slice : row.at("slices")) {
            unknown.members(slice, {"theta", "phi", "cond1_lt4", "cond2_le4", "ok", "raw", "w"});
            check_ssvi_slice(slice, ssvi);
            ++slices;
        }
    }
    std::cout << "[ vectors  ] ssvi.json: " << cases.size() << " rows, " << slices << " slices\n";
    unknown.report();
}

std::vector<std::string> list_of(const std::string& text) {
    std::vector<std::string> out(1);
    for (const char c : text) {
        if (c == ';') {
            out.emplace_back();
        } else {
            out.back().push_back(c);
        }
    }
    return out;
}

double number_of(const std::string& text) { return std::strtod(text.c_str(), nullptr); }

// Half a unit of the last digit that is printed.
double half_digit_of(const std::string& text) {
    const std::size_t point = text.find('.');
    const std::size_t decimals = point == std::string::npos ? 0 : text.size() - point - 1;
    return 0.5 * std::pow(10.0, -static_cast<double>(decimals));
}

// The paper prints c of the Vogt slice with six decimals, 1.316798, where the row's own exact value is 1.31679822 and
// its tolerance is 5e-8: no correct value can be that near. Where the exact value misses the tolerance, the published
// one is met to its printed digits, elsewhere to the tolerance.
void expect_list(const std::vector<double>& got, const test::CsvRow& row) {
    const std::vector<std::string> published = list_of(row.text("published"));
    const std::vector<std::string> exact = list_of(row.text("exact"));
    ASSERT_EQ(got.size(), published.size()) << row.text("id");
    ASSERT_EQ(got.size(), exact.size()) << row.text("id");
    for (std::size_t i = 0; i < got.size(); ++i) {
        double tolerance = row.number("tol");
        if (std::abs(number_of(exact[i]) - number_of(published[i])) > tolerance) {
            tolerance = half_digit_of(published[i]);
            std::cout << "[ not met  ] published.csv " << row.text("id") << ": " << published[i] << " within "
                      << row.text("tol") << ", of which the row's exact value " << exact[i]
                      << " is farther; met to its printed digits\n";
        }
        EXPECT_NEAR(got[i], number_of(published[i]), tolerance) << row.text("id");
        expect_relative(got[i], number_of(exact[i]), 1e-12, row.text("id"));
    }
}

// The Vogt slice is the published example of a butterfly in SVI, and of its repair.
TEST(SviVectorsTest, ReproducesThePublishedVogtRows) {
    const auto path = test::vectors_path("published.csv");
    KEEL_SKIP_WITHOUT(path);
    const test::CsvRows rows{test::read_file(*path)};
    SviParameters vogt;
    double years = 0.0;
    for (const test::CsvRow& row : rows) {
        if (row.text("quantity") != "svi_jw") continue;
        const std::string& in = row.text("inputs");
        vogt = {.a = field(in, "a"),
                .b = field(in, "b"),
                .rho = field(in, "rho"),
                .m = field(in, "m"),
                .sigma = field(in, "sigma")};
        years = field(in, "T");
        SviJw jw;
        ASSERT_TRUE(svi_to_jw(vogt, years, jw));
        expect_list({jw.v, jw.psi, jw.p, jw.c, jw.v_min}, row);
    }
    ASSERT_GT(years, 0.0) << "no svi_jw row";
    std::size_t repairs = 0;
    for (const test::CsvRow& row : rows) {
        if (row.text("quantity") != "svi_jw_repair") continue;
        EXPECT_FALSE(svi_butterfly(vogt).is_free());
        SviParameters repaired;
        ASSERT_TRUE(svi_repair_jw(vogt, years, repaired));
        EXPECT_TRUE(svi_butterfly(repaired).is_free());
        SviJw jw;
        ASSERT_TRUE(svi_to_jw(repaired, years, jw));
        expect_list({jw.c, jw.v_min}, row);
        ++repairs;
    }
    EXPECT_GT(repairs, 0U);
}

}  // namespace
}  // namespace keel::risk
