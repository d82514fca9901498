#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <regex>

#include "risk/book/expiring_option.hpp"
#include "risk/options/inverse_option.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

constexpr double kRoom = 1.05;            // of the manifest's own errors
constexpr double kRowsPricedMin = 0.999;  // share of rows that must price

struct Quantiles {
    double p50{0.0};
    double p99{0.0};
};

Quantiles quantiles(std::vector<double>& errors) {
    const auto at = [&](double share) {
        const auto place = errors.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(errors.size() - 1));
        std::nth_element(errors.begin(), place, errors.end());
        return *place;
    };
    return {.p50 = at(0.5), .p99 = at(0.99)};
}

// "|delta diff| p50 1.4e-04 p99 9.3e-03" in the month's section of the manifest.
Quantiles stated(const std::string& section, const std::string& label) {
    static constexpr const char* kNumber = R"(([0-9.]+(?:e[-+]?[0-9]+)?))";
    std::smatch found;
    const std::regex pattern{label + R"(\| p50 )" + kNumber + " p99 " + kNumber};
    EXPECT_TRUE(std::regex_search(section, found, pattern)) << label;
    if (found.size() < 3) return {};
    return {.p50 = std::strtod(found[1].str().c_str(), nullptr), .p99 = std::strtod(found[2].str().c_str(), nullptr)};
}

std::string section_of(const std::string& manifest, const std::string& file) {
    const std::size_t begin = manifest.find("### deribit/" + file);
    if (begin == std::string::npos) return {};
    return manifest.substr(begin, manifest.find("\n### ", begin + 1) - begin);
}

struct Errors {
    std::vector<double> price, delta, vega;
    std::size_t rows{0};
};

Errors price_month(const std::string& text) {
    Errors out;
    const test::CsvRows rows{text};
    out.rows = rows.size();
    for (const test::CsvRow& row : rows) {
        const OptionInputs in{.forward = row.number("underlying"),
                              .strike = row.number("strike"),
                              .years = row.number("time_to_maturity"),
                              .volatility = row.number("implied_volatility"),
                              .type = row.text("option_type") == "call" ? OptionType::call : OptionType::put};
        OptionGreeks usd;
        InverseGreeks coin;
        if (inverse_option(in, usd, coin) != PricingStatus::ok) continue;
        out.price.push_back(std::abs(coin.value - row.number("mark_price")));
        out.delta.push_back(std::abs(usd.delta - row.number("delta")));
        out.vega.push_back(std::abs(usd.vega / 100.0 - row.number("vega")));  // per vol point
    }
    return out;
}

void expect_within(std::vector<double>& errors, const Quantiles& want, const std::string& what) {
    ASSERT_FALSE(errors.empty());
    const Quantiles got = quantiles(errors);
    EXPECT_LE(got.p50, kRoom * want.p50) << what;
    EXPECT_LE(got.p99, kRoom * want.p99) << what;
    std::cout << "[ chains   ] " << what << ": p50 " << got.p50 << " (" << want.p50 << ")  p99 " << got.p99 << " ("
              << want.p99 << ")\n";
}

TEST(RecordedChainsTest, PriceBackWithTheErrorsOfTheManifest) {
    const auto folder = test::data_path("deribit");
    KEEL_SKIP_WITHOUT(folder);
    const auto manifest_path = test::data_path("MANIFEST.md");
    KEEL_SKIP_WITHOUT(manifest_path);
    const std::string manifest = test::read_file(*manifest_path);
    std::size_t months = 0;
    for (const auto& entry : std::filesystem::directory_iterator{*folder}) {
        const std::string file = entry.path().filename().string();
        if (!file.starts_with("chain_snapshots_") || !file.ends_with(".csv.zst")) continue;
        const std::string section = section_of(manifest, file);
        ASSERT_FALSE(section.empty()) << file << " is not in the manifest";
        Errors errors = price_month(test::read_file(entry.path()));
        ASSERT_GT(errors.rows, 0U) << file;
        EXPECT_GE(static_cast<double>(errors.price.size()), kRowsPricedMin * static_cast<double>(errors.rows)) << file;
        expect_within(errors.price, stated(section, "coin price - mark"), file + " price");
        expect_within(errors.delta, stated(section, "delta diff"), file + " delta");
        expect_within(errors.vega, stated(section, "vega diff"), file + " vega");
        ++months;
    }
    if (months == 0 && !test::data_required()) GTEST_SKIP() << "no chain_snapshots files";
    EXPECT_GT(months, 0U);
}

// Deribit delivers on an average of half an hour and quotes volatilities for all of the time to expiry: read as those
// of the index its own marks of the last hours come out several percent low.
TEST(RecordedChainsTest, QuotedVolatilitiesAreOfTheWholeTimeToExpiry) {
    constexpr double kYearsMost = 4.0 / 8760.0;
    constexpr double kTimeValueMin = 5e-4;  // coin; five ticks
    const auto file = test::data_path("deribit/chain_snapshots_202603.csv.zst");
    KEEL_SKIP_WITHOUT(file);
    std::vector<double> as_quoted, as_of_the_index;
    const std::string text = test::read_file(*file);
    for (const test::CsvRow& row : test::CsvRows{text}) {
        const double years = row.number("time_to_maturity"), mark = row.number("mark_price");
        const double forward = row.number("underlying"), strike = row.number("strike");
        const bool call = row.text("option_type") == "call";
        const double intrinsic = std::max(0.0, (call ? 1.0 : -1.0) * (forward - strike)) / forward;
        if (years > kYearsMost || mark - intrinsic < kTimeValueMin) continue;
        const UnixNanos now = unix_nanos_from_ms(1'772'323'200'000);
        const ExpiryMarket expiry{.expiry = now + std::chrono::nanoseconds{std::llround(years * kYearNs)},
                                  .forward = forward,
                                  .settlement_window = std::chrono::minutes{30}};
        const auto error_at = [&](double volatility) {
            OptionGreeks usd;
            InverseGreeks coin;
            const OptionType type = call ? OptionType::call : OptionType::put;
            EXPECT_TRUE(
                expiring_option({.strike = strike, .type = type, .volatility = volatility}, expiry, now, usd, coin));
            return coin.value / mark - 1.0;
        };
        const double quoted = row.number("implied_volatility");
        as_quoted.push_back(std::abs(error_at(quoted * index_volatility_ratio(expiry, now))));
        as_of_the_index.push_back(-error_at(quoted));
    }
    ASSERT_GT(as_quoted.size(), 100U);
    const double right = quantiles(as_quoted).p50, low = quantiles(as_of_the_index).p50;
    std::cout << "[ chains   ] " << as_quoted.size() << " marks of the last four hours: off by " << right << ", low by "
              << low << " read as of the index\n";
    EXPECT_LT(right, 0.005);
    EXPECT_GT(low, 0.02);
}

}  // namespace
}  // namespace keel::risk
