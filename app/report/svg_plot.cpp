#include "app/report/svg_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/report/report_style.hpp"

namespace keel::app {

namespace {

constexpr double kWidth = 600;
constexpr double kHeight = 250;
constexpr double kLeft = 62;
constexpr double kRight = 12;
constexpr double kTop = 12;
constexpr double kBottom = 30;

struct Range {
    double low{std::numeric_limits<double>::infinity()};
    double high{-std::numeric_limits<double>::infinity()};
    void take(double value) {
        if (!std::isfinite(value)) return;
        low = std::min(low, value);
        high = std::max(high, value);
    }
    [[nodiscard]] bool empty() const { return !(low <= high); }
    // Never a single point, and a little air above and below.
    void pad() {
        const double room = high > low ? (high - low) * 0.06 : std::max(std::abs(high) * 0.1, 1e-9);
        low -= room;
        high += room;
    }
};

// 1, 2 or 5 times a power of ten, so that about `count` steps cover the range.
double nice_step(const Range& range, int count) {
    const double raw = (range.high - range.low) / count;
    const double power = std::pow(10.0, std::floor(std::log10(raw)));
    const double lead = raw / power;
    return power * (lead <= 1.0 ? 1.0 : lead <= 2.0 ? 2.0 : lead <= 5.0 ? 5.0 : 10.0);
}

struct Frame {
    Range x;
    Range y;
    [[nodiscard]] double px(double value) const {
        return kLeft + (value - x.low) / (x.high - x.low) * (kWidth - kLeft - kRight);
    }
    [[nodiscard]] double py(double value) const {
        return kHeight - kBottom - (value - y.low) / (y.high - y.low) * (kHeight - kTop - kBottom);
    }
};

std::string time_text(double seconds, double step) {
    if (step >= 86'400) return fmt::format("{:.0f} d", seconds / 86'400);
    if (step >= 3'600) return fmt::format("{:.0f} h", seconds / 3'600);
    if (step >= 60) return fmt::format("{:.0f} min", seconds / 60);
    return fmt::format("{:g} s", seconds);
}

double nice_time_step(const Range& range) {
    constexpr double kSteps[] = {1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 1'800, 3'600, 7'200, 21'600, 86'400};
    for (const double step : kSteps) {
        if ((range.high - range.low) / step <= 7) return step;
    }
    return nice_step(range, 6);
}

std::string x_text(PlotAxis axis, double value, double step) {
    const double shown = std::abs(value) < step * 1e-9 ? 0.0 : value;
    if (axis == PlotAxis::percent) return fmt::format("{:.4g} %", 100.0 * shown);
    return axis == PlotAxis::number ? axis_text(shown) : time_text(value, step);
}

// A label below the x axis, in the middle below `x` or, where it would be cut there, up to the edge.
void add_x_label(double x, const std::string& label, std::string& out) {
    constexpr double kLetter = 10.5;  // of the larger print on small screens
    const bool cut = x + 0.5 * kLetter * static_cast<double>(label.size()) > kWidth;
    out += fmt::format(R"(<text x="{:.1f}" y="{:.0f}" text-anchor="{}">{}</text>)", cut ? kWidth - 1 : x, kHeight - 8,
                       cut ? "end" : "middle", escaped(label));
}

void add_axes(const Frame& frame, PlotAxis axis, std::string& out) {
    const double step = nice_step(frame.y, 5);
    for (double value = std::ceil(frame.y.low / step) * step; value <= frame.y.high; value += step) {
        const double shown = std::abs(value) < step * 1e-9 ? 0.0 : value;
        out += fmt::format(R"(<line class="{}" x1="{:.0f}" x2="{:.0f}" y1="{:.1f}" y2="{:.1f}"/>)",
                           shown == 0.0 ? "zero" : "grid", kLeft, kWidth - kRight, frame.py(value), frame.py(value));
        out += fmt::format(R"(<text x="{:.0f}" y="{:.1f}" text-anchor="end">{}</text>)", kLeft - 6,
                           frame.py(value) + 4.5, axis_text(shown));
    }
    const double across = axis == PlotAxis::seconds ? nice_time_step(frame.x) : nice_step(frame.x, 6);
    for (double value = std::ceil(frame.x.low / across) * across; value <= frame.x.high; value += across) {
        add_x_label(frame.px(value), x_text(axis, value, across), out);
    }
}

// Keeps the lowest and highest of each bucket, in their order, so that no spike is lost.
std::vector<std::size_t> kept_points(const std::vector<double>& values) {
    std::vector<std::size_t> kept;
    const std::size_t bucket = std::max<std::size_t>(1, (values.size() * 2 + kPlotPointsMax - 1) / kPlotPointsMax);
    for (std::size_t begin = 0; begin < values.size(); begin += bucket) {
        const std::size_t end = std::min(begin + bucket, values.size());
        std::size_t low = begin;
        std::size_t high = begin;
        for (std::size_t i = begin; i < end; ++i) {
            if (values[i] < values[low]) low = i;
            if (values[i] > values[high]) high = i;
        }
        kept.push_back(std::min(low, high));
        if (low != high) kept.push_back(std::max(low, high));
    }
    if (!values.empty() && kept.back() != values.size() - 1) kept.push_back(values.size() - 1);
    return kept;
}

void add_line(const Frame& frame, const Plot& plot, const PlotLine& line, std::string& out) {
    if (line.dots) {
        for (std::size_t i = 0; i < std::min(line.values.size(), plot.x.size()); ++i) {
            if (!std::isfinite(line.values[i])) continue;
            out += fmt::format(R"(<circle class="dot {}" cx="{:.1f}" cy="{:.1f}" r="3"/>)", line.ink,
                               frame.px(plot.x[i]), frame.py(line.values[i]));
        }
        return;
    }
    out += fmt::format(R"(<path class="line {}{}" d=")", line.ink, line.dashed ? " dashed" : "");
    bool pen_up = true;
    for (const std::size_t i : kept_points(line.values)) {
        if (i >= plot.x.size() || !std::isfinite(line.values[i])) {
            pen_up = true;
            continue;
        }
        out += fmt::format("{}{:.1f} {:.1f}", pen_up ? 'M' : 'L', frame.px(plot.x[i]), frame.py(line.values[i]));
        pen_up = false;
    }
    out += "\"/>";
}

Frame frame_of(const Plot& plot) {
    Frame frame;
    for (const double second : plot.x) frame.x.take(second);
    for (const PlotLine& line : plot.lines) {
        for (const double value : line.values) frame.y.take(value);
    }
    if (frame.y.empty()) return frame;
    if (plot.from_zero) frame.y.take(0.0);
    // A boundary far outside what happened would flatten the plot; one near it belongs in the picture.
    const double reach = (frame.y.high - frame.y.low) * 1.5;
    for (const PlotRule& rule : plot.rules) {
        if (rule.value >= frame.y.low - reach && rule.value <= frame.y.high + reach) frame.y.take(rule.value);
    }
    frame.y.pad();
    return frame;
}

std::string legend(const Plot& plot) {
    std::string out;
    for (const PlotLine& line : plot.lines) {
        out += fmt::format(R"(<span class="key {}{}">{}</span>)", line.ink, line.dashed ? " dashed" : "",
                           escaped(line.label));
    }
    const auto shows = [&plot](bool hard) {
        return std::any_of(plot.rules.begin(), plot.rules.end(),
                           [hard](const PlotRule& rule) { return rule.hard == hard; });
    };
    if (shows(false)) out += R"(<span class="key rule soft">soft</span>)";
    if (shows(true)) out += R"(<span class="key rule hard">hard boundary</span>)";
    return out;
}

std::string figure_head(const std::string& title, const std::string& unit, const std::string& keys) {
    return fmt::format(
        "<figure><figcaption><b>{}</b> <span class=\"unit\">{}</span> {}</figcaption>"
        "<svg viewBox=\"0 0 {:.0f} {:.0f}\" role=\"img\" aria-label=\"{}\">",
        escaped(title), escaped(unit), keys, kWidth, kHeight, escaped(title));
}

}  // namespace

std::string open_page(const std::string& title) {
    return fmt::format(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
        "content=\"width=device-width, initial-scale=1\"><title>{}</title><style>{}</style></head><body><main>\n",
        escaped(title), kReportStyle);
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '<': out += "&lt;"; break;
            case '>': out += "&gt;"; break;
            case '&': out += "&amp;"; break;
            case '"': out += "&quot;"; break;
            default: out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
        }
    }
    return out;
}

std::string axis_text(double value) {
    const double size = std::abs(value);
    if (!std::isfinite(value)) return "-";
    if (size >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
    if (size >= 10'000) return fmt::format("{:.4g}k", value / 1e3);
    return fmt::format("{:.5g}", value);
}

std::string svg_plot(const Plot& plot) {
    const Frame frame = frame_of(plot);
    if (frame.x.empty() || frame.y.empty() || !(frame.x.high > frame.x.low)) return "";
    std::string out = figure_head(plot.title, plot.unit, legend(plot));
    add_axes(frame, plot.axis, out);
    for (const auto& [second, label] : plot.marks) {
        if (second < frame.x.low || second > frame.x.high) continue;
        out += fmt::format(
            R"(<line class="mark" x1="{0:.1f}" x2="{0:.1f}" y1="{1:.0f}" y2="{2:.0f}"><title>{3}</title></line>)",
            frame.px(second), kTop, kHeight - kBottom, escaped(label));
        const bool left = frame.px(second) > kWidth * 0.8;
        out += fmt::format(R"(<text class="note" x="{:.1f}" y="{:.0f}" text-anchor="{}">{}</text>)",
                           frame.px(second) + (left ? -4 : 4), kTop + 11, left ? "end" : "start", escaped(label));
    }
    for (const PlotRule& rule : plot.rules) {
        if (rule.value < frame.y.low || rule.value > frame.y.high) continue;
        out += fmt::format(R"(<line class="rule {}" x1="{:.0f}" x2="{:.0f}" y1="{:.1f}" y2="{:.1f}"/>)",
                           rule.hard ? "hard" : "soft", kLeft, kWidth - kRight, frame.py(rule.value),
                           frame.py(rule.value));
    }
    // The first line is the one that matters: drawn last, on top.
    for (auto line = plot.lines.rbegin(); line != plot.lines.rend(); ++line) add_line(frame, plot, *line, out);
    return out + "</svg></figure>\n";
}

std::string svg_bars(const BarPlot& plot) {
    if (plot.entries.empty()) return "";
    Frame frame;
    frame.x.low = 0.0;
    frame.x.high = static_cast<double>(plot.entries.size());
    frame.y.take(0.0);
    for (const BarPlot::Entry& entry : plot.entries) {
        frame.y.take(entry.first);
        frame.y.take(entry.second);
    }
    frame.y.pad();
    const std::string keys = fmt::format(R"(<span class="key a">{}</span><span class="key b">{}</span>)",
                                         escaped(plot.first_label), escaped(plot.second_label));
    std::string out = figure_head(plot.title, plot.unit, keys);
    const double step = nice_step(frame.y, 5);
    for (double value = std::ceil(frame.y.low / step) * step; value <= frame.y.high; value += step) {
        const double shown = std::abs(value) < step * 1e-9 ? 0.0 : value;
        out += fmt::format(R"(<line class="{}" x1="{:.0f}" x2="{:.0f}" y1="{:.1f}" y2="{:.1f}"/>)",
                           shown == 0.0 ? "zero" : "grid", kLeft, kWidth - kRight, frame.py(value), frame.py(value));
        out += fmt::format(R"(<text x="{:.0f}" y="{:.1f}" text-anchor="end">{}</text>)", kLeft - 6,
                           frame.py(value) + 4.5, axis_text(shown));
    }
    const double slot = (kWidth - kLeft - kRight) / frame.x.high;
    const double bar = std::clamp(slot * 0.36, 0.8, 18.0);
    const std::size_t label_every = std::max<std::size_t>(1, static_cast<std::size_t>(34.0 / slot) + 1);
    const double zero = frame.py(0.0);
    for (std::size_t i = 0; i < plot.entries.size(); ++i) {
        const BarPlot::Entry& entry = plot.entries[i];
        const double middle = frame.px(static_cast<double>(i) + 0.5);
        const auto add = [&](double value, double x, char ink) {
            if (!std::isfinite(value)) return;
            const double y = frame.py(value);
            out += fmt::format(
                R"(<rect class="bar {}" x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"><title>{}: {:.2f}</title></rect>)",
                ink, x, std::min(y, zero), bar, std::abs(y - zero), escaped(entry.label), value);
        };
        add(entry.first, middle - bar, 'a');
        add(entry.second, middle, 'b');
        if (i % label_every != 0) continue;
        add_x_label(middle, entry.label, out);
    }
    return out + "</svg></figure>\n";
}

}  // namespace keel::app
