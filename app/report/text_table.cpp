#include "app/report/text_table.hpp"

#include <algorithm>
#include <numeric>

#include "app/report/report_words.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {

TextTable::TextTable(std::vector<std::string> columns) {
    for (std::string& column : columns) {
        right_.push_back(column.starts_with('>'));
        if (right_.back()) column.erase(0, 1);
    }
    row(std::move(columns));
}

void TextTable::row(std::vector<std::string> cells, bool starred) {
    rows_.push_back(std::move(cells));
    starred_.push_back(starred);
}

std::string TextTable::text(int columns) const {
    std::vector<int> widths(right_.size());
    for (const std::vector<std::string>& row : rows_) {
        for (std::size_t i = 0; i < widths.size(); ++i) widths[i] = std::max(widths[i], columns_of(row[i]));
    }
    const int roomy = std::accumulate(widths.begin(), widths.end(), 0) + 2 * static_cast<int>(widths.size());
    const std::string gap(roomy <= columns ? 2 : 1, ' ');
    std::string out;
    for (std::size_t r = 0; r < rows_.size(); ++r) {
        const std::vector<std::string>& row = rows_[r];
        std::string line = starred_[r] ? "* " : "  ";
        for (std::size_t i = 0; i < widths.size(); ++i) {
            if (i > 0) line += gap;
            if (right_[i]) {
                line += right(row[i], widths[i]);
            } else {
                line += row[i] + std::string(static_cast<std::size_t>(widths[i] - columns_of(row[i])), ' ');
            }
        }
        line.resize(line.find_last_not_of(' ') + 1);
        out += line + "\n";
    }
    return out;
}

}  // namespace keel::app
