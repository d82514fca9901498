#pragma once

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "risk/report/risk_report.hpp"

namespace keel::app {

// Opens a table under a heading; `columns` as "name" or, right-aligned, ">name".
void open_table(std::string& out, const std::string& title, std::initializer_list<std::string_view> columns);
void close_table(std::string& out);

void cell(std::string& out, const std::string& text);
void figure(std::string& out, const std::string& text);  // right-aligned
void words(std::string& out, const std::string& text);   // of several words: goes on below where the page ends

// The colour of a limit's state in the page's style sheet; empty: none.
[[nodiscard]] const char* ink_of(risk::LimitState state);

// Notices one below the other; those beyond the first five unfold.
[[nodiscard]] std::string notes_html(const std::vector<std::string>& notes);

}  // namespace keel::app
