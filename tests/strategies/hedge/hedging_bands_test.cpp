#include <map>
#include <sstream>

#include "strategies/hedge/no_trade_band.hpp"
#include "tests/support/test_data.hpp"

namespace keel::strategies {
namespace {

using Row = std::map<std::string, std::string>;

// Rows by column name; commas inside quotes belong to the last column, which is prose.
std::vector<Row> rows_of(const std::string& text) {
    std::vector<Row> rows;
    std::vector<std::string> names;
    std::istringstream lines{text};
    for (std::string line; std::getline(lines, line);) {
        if (line.empty() || line.front() == '#') continue;
        std::vector<std::string> cells;
        std::istringstream fields{line};
        for (std::string cell; std::getline(fields, cell, ',');) cells.push_back(cell);
        if (names.empty()) {
            names = cells;
            continue;
        }
        Row row;
        for (std::size_t at = 0; at < names.size() && at < cells.size(); ++at) row[names[at]] = cells[at];
        rows.push_back(row);
    }
    return rows;
}

TEST(HedgingBandsTest, WhalleyWilmottWidthsEqualTheReference) {
    const auto path = test::vectors_path("hedging_bands.csv");
    KEEL_SKIP_WITHOUT(path);
    const std::vector<Row> rows = rows_of(test::read_file(*path));
    std::size_t later = 0;
    for (const Row& row : rows) {
        const auto number = [&](const char* name) { return std::stod(row.at(name)); };
        const double expected = number("ww_halfwidth");
        const double width = whalley_wilmott_half_width(number("cost"), number("S"), number("gamma_spot"),
                                                        number("risk_aversion"), std::exp(-number("r") * number("T")));
        EXPECT_NEAR(width, expected, 1e-10 * expected) << row.at("id");
        later += 2;  // Zakamouline's and Leland's columns
    }
    std::printf("hedging_bands.csv: %zu rows checked; %zu column groups (zak_*, leland_*) not built yet\n", rows.size(),
                later);
    EXPECT_GT(rows.size(), 0U);
}

}  // namespace
}  // namespace keel::strategies
