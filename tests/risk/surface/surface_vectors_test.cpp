#include <gtest/gtest.h>

#include <iostream>

#include "risk/options/inverse_option.hpp"
#include "risk/surface/model_free_variance.hpp"
#include "risk/surface/smile_dynamics.hpp"
#include "tests/risk/surface/svi_json.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;
using test::field;

void expect_relative(double got, double want, const std::string& what) {
    EXPECT_LE(std::abs(got - want), 1e-9 * std::abs(want)) << what << ": " << got << ' ' << want;
}

// "delta_half_R05" and "delta_local_vol_like_R1.5": the stickiness is in the name, with or without its point.
double stickiness_of(const std::string& name) {
    const std::string digits = name.substr(name.rfind("_R") + 2);
    return digits.size() > 1 && digits[0] == '0' ? std::strtod(("0." + digits.substr(1)).c_str(), nullptr)
                                                 : std::strtod(digits.c_str(), nullptr);
}

const std::set<std::string> kSmileInputs{"type", "params", "T", "F", "K", "iv", "div_dk", "delta_bs", "vega"};

TEST(SmileVectorsTest, MatchesEverySmileDelta) {
    const auto path = test::vectors_path("smile_delta.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = test::vectors_of(*path);
    test::VectorCases cases{"smile_delta.json"};
    cases.members(file, {"convention", "rows", "source"});
    std::size_t values = 0;
    for (const json& row : file.at("rows")) {
        if (!cases.knows(row.at("type"), {"C", "P"}, "type")) continue;
        const SviParameters svi = test::svi_of(row.at("params"));
        const double years = row.at("T");
        const double forward = row.at("F");
        const double strike = row.at("K");
        const double k = std::log(strike / forward);
        const std::string where = row.at("type").get<std::string>() + std::to_string(strike);
        const OptionInputs in{.forward = forward,
                              .strike = strike,
                              .years = years,
                              .volatility = std::sqrt(svi_total_variance(svi, k) / years),
                              .type = row.at("type") == "C" ? OptionType::call : OptionType::put};
        OptionGreeks usd;
        InverseGreeks coin;
        ASSERT_EQ(inverse_option(in, usd, coin), PricingStatus::ok);
        const double skew = svi_skew(svi, k, years);
        expect_relative(in.volatility, row.at("iv"), where + " iv");
        expect_relative(skew, row.at("div_dk"), where + " skew");
        expect_relative(usd.delta, row.at("delta_bs"), where + " delta");
        expect_relative(usd.vega, row.at("vega"), where + " vega");
        for (const auto& [name, want] : row.items()) {
            if (kSmileInputs.contains(name)) continue;
            // A delta is one of the USD or of the coin value, at the stickiness that its name ends with.
            if (!name.starts_with("delta_") || name.find("_R") == std::string::npos) {
                cases.members({{name, want}}, {});
                continue;
            }
            const double stickiness = stickiness_of(name);
            const double got = name.starts_with("delta_net_coin")
                                   ? smile_delta_net(usd.delta, usd.vega, skew, forward, stickiness, coin.value)
                                   : smile_delta(usd.delta, usd.vega, skew, forward, stickiness);
            expect_relative(got, want, where + " " + name);
            ++values;
        }
    }
    EXPECT_GT(values, 0U);
    std::cout << "[ vectors  ] smile_delta.json: " << file.at("rows").size() << " rows, " << values << " deltas\n";
    cases.report();
}

// "skew 1 vol pt per 5 strikes, strikes 50..135, vols 30%..13%".
std::vector<StrikeVolatility> skew_of(const std::string& inputs) {
    const auto after = [&](const std::string& word) {
        const std::size_t at = inputs.find(word);
        EXPECT_NE(at, std::string::npos) << word;
        return inputs.substr(at + word.size());
    };
    const double first = std::strtod(after("strikes, strikes ").c_str(), nullptr);
    const double last = std::strtod(after("..").c_str(), nullptr);
    const double volatility = 0.01 * std::strtod(after("vols ").c_str(), nullptr);
    std::vector<StrikeVolatility> out;
    for (double strike = first; strike <= last; strike += 5.0) {
        out.push_back({.strike = strike, .volatility = volatility - 0.01 * (strike - first) / 5.0});
    }
    return out;
}

TEST(ModelFreeVarianceVectorsTest, ReproducesThePublishedVarianceSwap) {
    const auto path = test::vectors_path("published.csv");
    KEEL_SKIP_WITHOUT(path);
    const test::CsvRows rows{test::read_file(*path)};
    std::size_t checked = 0;
    for (const test::CsvRow& row : rows) {
        if (row.text("quantity") != "fair_variance") continue;
        const std::string& inputs = row.text("inputs");
        const double years = field(inputs, "T");
        const double forward = field(inputs, "S") * std::exp(field(inputs, "r") * years);
        double variance = 0.0;
        ASSERT_TRUE(replicated_variance(skew_of(inputs), forward, years, variance));
        EXPECT_NEAR(variance, row.number("published"), row.number("tol")) << row.text("id");
        std::cout << "[ vectors  ] published.csv " << row.text("id") << ": " << variance << " (published "
                  << row.text("published") << ")\n";
        ++checked;
    }
    EXPECT_GT(checked, 0U);
}

}  // namespace
}  // namespace keel::risk
