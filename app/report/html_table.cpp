#include "app/report/html_table.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "app/report/svg_plot.hpp"

namespace keel::app {

void open_table(std::string& out, const std::string& title, std::initializer_list<std::string_view> columns) {
    out += fmt::format("<section><h2>{}</h2><div class=\"scroll\"><table><tr>", escaped(title));
    for (std::string_view column : columns) {
        const bool number_column = column.starts_with('>');
        if (number_column) column.remove_prefix(1);
        out += fmt::format("<th{}>{}</th>", number_column ? " class=\"n\"" : "", escaped(std::string{column}));
    }
    out += "</tr>\n";
}

void close_table(std::string& out) { out += "</table></div></section>\n"; }

void cell(std::string& out, const std::string& text) { out += "<td>" + escaped(text) + "</td>"; }
void figure(std::string& out, const std::string& text) { out += "<td class=\"n\">" + escaped(text) + "</td>"; }
void words(std::string& out, const std::string& text) { out += "<td class=\"words\">" + escaped(text) + "</td>"; }

const char* ink_of(risk::LimitState state) {
    switch (state) {
        case risk::LimitState::hard: return "hard";
        case risk::LimitState::soft: return "soft";
        case risk::LimitState::inside: return "inside";
        case risk::LimitState::none:
        case risk::LimitState::unknown: break;
    }
    return "";
}

std::string notes_html(const std::vector<std::string>& notes) {
    constexpr std::size_t kShown = 5;
    std::string out;
    for (std::size_t i = 0; i < notes.size(); ++i) {
        if (i == kShown) out += fmt::format("<details><summary>{} more notes</summary>", notes.size() - kShown);
        out += fmt::format("<p class=\"notice\">{}</p>", escaped(notes[i]));
    }
    if (notes.size() > kShown) out += "</details>";
    return out + "\n";
}

}  // namespace keel::app
