#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace keel::app {

// Rows of a text report, each column as wide as its widest cell: for names whose length is not known before.
class TextTable {
public:
    // `columns` as "name" or, right-aligned, ">name".
    explicit TextTable(std::vector<std::string> columns);

    // As many cells as columns; `starred` puts a * before them.
    void row(std::vector<std::string> cells, bool starred = false);
    // Indented by two, two blanks between columns; one where that is too wide for `columns` of the terminal.
    [[nodiscard]] std::string text(int columns) const;

private:
    std::vector<std::vector<std::string>> rows_;  // the first: the columns' names
    std::vector<bool> starred_;                   // by row
    std::vector<bool> right_;                     // by column
};

}  // namespace keel::app
