#pragma once

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace keel::test {

// One row of a CSV file by column name. Asking for a column that is not there is a mistake of the test.
class CsvRow {
public:
    CsvRow(const std::map<std::string, std::size_t, std::less<>>& columns, std::vector<std::string> cells)
        : columns_{&columns}, cells_{std::move(cells)} {}
    [[nodiscard]] const std::string& text(std::string_view column) const {
        const auto found = columns_->find(column);
        if (found == columns_->end() || found->second >= cells_.size()) throw std::out_of_range{std::string{column}};
        return cells_[found->second];
    }
    [[nodiscard]] double number(std::string_view column) const { return std::strtod(text(column).c_str(), nullptr); }

private:
    const std::map<std::string, std::size_t, std::less<>>* columns_;
    std::vector<std::string> cells_;
};

// Splits one line at commas outside double quotes.
inline std::vector<std::string> csv_cells(std::string_view line) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
        if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            cells.emplace_back();
        } else if (c != '\r') {
            cells.back().push_back(c);
        }
    }
    return cells;
}

// A CSV text with '#' comments and a header line. A quoted cell may hold a line break.
class CsvRows {
public:
    explicit CsvRows(std::string_view text) {
        std::string record;
        while (!text.empty()) {
            const std::size_t end = text.find('\n');
            const std::string_view line = text.substr(0, end);
            text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
            if (record.empty() && (line.empty() || line.front() == '#')) continue;
            record.append(record.empty() ? "" : " ").append(line);
            if (std::count(record.begin(), record.end(), '"') % 2 != 0) continue;
            add(record);
            record.clear();
        }
    }
    CsvRows(const CsvRows&) = delete;
    CsvRows& operator=(const CsvRows&) = delete;
    [[nodiscard]] auto begin() const { return rows_.begin(); }
    [[nodiscard]] auto end() const { return rows_.end(); }
    [[nodiscard]] std::size_t size() const { return rows_.size(); }

private:
    void add(std::string_view record) {
        std::vector<std::string> cells = csv_cells(record);
        if (!columns_.empty()) {
            rows_.emplace_back(columns_, std::move(cells));
            return;
        }
        for (std::size_t i = 0; i < cells.size(); ++i) columns_[cells[i]] = i;
    }

    std::map<std::string, std::size_t, std::less<>> columns_;
    std::vector<CsvRow> rows_;
};

}  // namespace keel::test
