#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_text.hpp"

namespace keel::risk::test {

// Relative 1e-9, as the vectors are accepted; `scale` where the number itself may be zero.
inline void expect_close(double value, double want, const std::string& what, double scale = 0.0) {
    EXPECT_LE(std::abs(value - want), 1e-9 * std::max(std::abs(want), scale))
        << what << ": " << value << " for " << want;
}

// returns.csv and what stats_expected.json says of it.
struct ReturnVectors {
    nlohmann::json expected;
    std::vector<std::string> names;
    std::vector<std::vector<double>> rows;  // [time][factor]

    ReturnVectors(const std::filesystem::path& stats, const std::filesystem::path& returns)
        : expected(nlohmann::json::parse(keel::test::read_file(stats))),
          names(expected.at("names").get<std::vector<std::string>>()) {
        const keel::test::CsvRows table{keel::test::read_file(returns)};
        for (const keel::test::CsvRow& row : table) {
            std::vector<double>& values = rows.emplace_back();
            for (const std::string& name : names) values.push_back(row.number(name));
        }
    }
    [[nodiscard]] std::size_t slot(const std::string& name) const {
        return static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
    }
    // How many rows start every average of the file.
    [[nodiscard]] std::size_t seed_rows() const {
        return keel::test::seed_returns(expected.at("ewma").at("init").get<std::string>());
    }
    [[nodiscard]] std::uint32_t seed_samples() const { return static_cast<std::uint32_t>(seed_rows()); }
    // Mean of r_i r_j over those rows.
    [[nodiscard]] double seed(std::size_t i, std::size_t j) const {
        const std::size_t count = seed_rows();
        double sum = 0.0;
        for (std::size_t t = 0; t < count; ++t) sum += rows[t][i] * rows[t][j];
        return sum / static_cast<double>(count);
    }
};

}  // namespace keel::risk::test

// Loads both files into `name`, or ends the case.
#define KEEL_RETURN_VECTORS(name)                                              \
    const auto stats_path = ::keel::test::vectors_path("stats_expected.json"); \
    const auto returns_path = ::keel::test::vectors_path("returns.csv");       \
    KEEL_SKIP_WITHOUT(stats_path);                                             \
    KEEL_SKIP_WITHOUT(returns_path);                                           \
    const ::keel::risk::test::ReturnVectors name { *stats_path, *returns_path }
