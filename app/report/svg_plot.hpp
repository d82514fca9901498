#pragma once

#include <string>
#include <utility>
#include <vector>

namespace keel::app {

// One line of a plot; `ink` names a colour of the page's style sheet (a, b, c, d).
struct PlotLine {
    std::string label;
    char ink{'a'};
    bool dashed{false};
    std::vector<double> values;  // on the plot's x; not a number = a gap
    bool dots{false};            // a dot at each point instead of a line between them
};

// A horizontal rule, such as a boundary.
struct PlotRule {
    double value{0.0};
    bool hard{false};
};

enum class PlotAxis : unsigned char { seconds, percent, number };

struct Plot {
    std::string title;
    std::string unit;
    std::vector<double> x{};  // seconds, or what `axis` says; percent: fractions
    std::vector<PlotLine> lines{};
    std::vector<PlotRule> rules{};
    std::vector<std::pair<double, std::string>> marks{};  // vertical, at an x
    bool from_zero{false};                                // the axis must show zero
    PlotAxis axis{PlotAxis::seconds};
};

inline constexpr std::size_t kPlotPointsMax = 1'200;  // two a column: more cannot be seen, and pages stay small

// A <figure> with inline SVG and a legend; empty where there is nothing to draw.
std::string svg_plot(const Plot& plot);

// Two bars for each entry, e.g. expected cost beside slippage of each decision.
struct BarPlot {
    std::string title;
    std::string unit;
    std::string first_label;
    std::string second_label;
    struct Entry {
        std::string label;
        double first{0.0};
        double second{0.0};
    };
    std::vector<Entry> entries;
};
std::string svg_bars(const BarPlot& plot);

// A page up to the inside of <main>, with the style sheet.
std::string open_page(const std::string& title);
// Text as HTML text.
std::string escaped(const std::string& text);
// About four significant digits with k and M: for axes.
std::string axis_text(double value);

}  // namespace keel::app
