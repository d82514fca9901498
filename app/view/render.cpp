#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "app/view/screen_line.hpp"
#include "app/view/view_model.hpp"

namespace keel::app {

namespace {

using Lines = std::vector<std::string>;

constexpr double kBarOverHard = 1.25;      // a bar's right end, in hard boundaries: room to see how far beyond
constexpr int kNameColumns = 24;           // of boundaries and instruments
constexpr int kSkewFrom = 100;             // clock skew of sessions is shown from this width
constexpr double kSkewShownMsMax = 3.6e6;  // more than an hour is a simulated day, not a skewed clock
constexpr int kTwoColumnsFrom = 150;       // positions and orders stand side by side from this width

// Width and colour of the screen, with the lines made so far.
struct Canvas {
    int width;
    bool colour;
    [[nodiscard]] ScreenLine line() const { return {width, colour}; }
};

Ink ink_of(ViewModel::Alarm alarm) {
    switch (alarm) {
        case ViewModel::Alarm::calm: return Ink::green;
        case ViewModel::Alarm::soft: return Ink::yellow;
        case ViewModel::Alarm::hard: return Ink::red;
    }
    return Ink::plain;
}

std::string heading(const Canvas& canvas, const std::string& text) {
    ScreenLine line = canvas.line();
    line.add("── ", Ink::dim).add(text, Ink::bold).add(" ");
    std::string rule;
    for (int i = line.columns(); i < canvas.width; ++i) rule += "─";
    return line.add(rule, Ink::dim).text();
}

void add_header(const Canvas& canvas, const ViewModel& model, Lines& out) {
    ScreenLine line = canvas.line();
    line.add(" keel ", Ink::inverse).add(" ").add(model.title, Ink::bold).add("  ");
    line.add(model.mode, model.mode == "live" ? Ink::red : Ink::plain);
    if (model.kill_level > 0) line.add(fmt::format("  KILL {} {}", model.kill_level, model.kill_name), Ink::red);
    std::string when = clock_text(model.elapsed_seconds);
    if (model.total_seconds > 0) when += " / " + clock_text(model.total_seconds);
    const int free = canvas.width - line.columns() - columns_of(when) - columns_of(model.venue_time) - 5;
    if (!model.venue_time.empty() && free >= 0) when = model.venue_time + "   " + when;
    out.push_back(line.add_right(when, canvas.width).text());
}

void add_sessions(const Canvas& canvas, const ViewModel& model, Lines& out) {
    ScreenLine line = canvas.line();
    for (const ViewModel::Session& session : model.sessions) {
        const bool ready = session.state == "ready";
        line.add(ready ? " ● " : " ○ ", ready ? Ink::green : Ink::red);
        line.add(fmt::format("{} {} {}", session.venue, session.role, session.state));
        if (session.generation > 1) line.add(fmt::format(" #{}", session.generation), Ink::yellow);
        if (std::abs(session.skew_ms) < kSkewShownMsMax && canvas.width >= kSkewFrom)
            line.add(fmt::format(" {:+.1f} ms", session.skew_ms), Ink::dim);
        line.add(" ");
    }
    line.add_right(fmt::format("{} events, {}/s", grouped(static_cast<double>(model.events), 0),
                               grouped(model.events_per_second, 0)),
                   canvas.width);
    out.push_back(line.text());
}

int cell_of(double value, double full, int cells) {
    if (!(full > 0.0) || !std::isfinite(value)) return -1;
    return std::clamp(static_cast<int>(std::lround(value / full * cells)), 0, cells);
}

void add_bar(ScreenLine& line, const ViewModel::Boundary& boundary, int cells) {
    const double full = boundary.hard * kBarOverHard;
    const int filled = std::max(cell_of(std::abs(boundary.value), full, cells), 0);
    const int soft = cell_of(boundary.soft, full, cells);
    const int hard = cell_of(boundary.hard, full, cells);
    for (int i = 0; i < cells; ++i) {
        if (i == soft || i == hard) {
            line.add(i == hard ? "┃" : "│", i == hard ? Ink::red : Ink::yellow);
        } else if (i < filled) {
            line.add("█", ink_of(boundary.alarm));
        } else {
            line.add("·", Ink::dim);
        }
    }
}

void add_boundaries(const Canvas& canvas, const ViewModel& model, std::size_t rows, Lines& out) {
    if (model.boundaries.empty() || rows < 2) return;
    // The most urgent first where not all fit.
    std::vector<const ViewModel::Boundary*> shown;
    for (const ViewModel::Boundary& boundary : model.boundaries) shown.push_back(&boundary);
    if (shown.size() > rows - 1) {
        std::stable_sort(shown.begin(), shown.end(), [](const auto* a, const auto* b) { return a->alarm > b->alarm; });
        shown.resize(rows - 1);
        std::sort(shown.begin(), shown.end());  // back in the model's order: lines must not jump about
    }
    out.push_back(heading(canvas, "boundaries  (│ soft  ┃ hard)"));
    const int cells = std::clamp(canvas.width - kNameColumns - 39, 10, 90);
    for (const ViewModel::Boundary* boundary : shown) {
        ScreenLine line = canvas.line();
        line.add(" ").add(boundary->name).to_column(kNameColumns);
        add_bar(line, *boundary, cells);
        line.add_right(short_number(boundary->value), kNameColumns + cells + 10, ink_of(boundary->alarm));
        line.add(
            fmt::format(" of {} / {} {}", short_number(boundary->soft), short_number(boundary->hard), boundary->unit),
            Ink::dim);
        out.push_back(line.text());
    }
}

Lines position_lines(const Canvas& canvas, const ViewModel& model, std::size_t rows) {
    Lines out;
    if (rows < 2) return out;
    out.push_back(heading(canvas, fmt::format("positions ({})", model.positions.size())));
    // The largest gains and losses first where not all fit.
    std::vector<const ViewModel::Position*> shown;
    for (const ViewModel::Position& position : model.positions) shown.push_back(&position);
    const auto size_of = [](const ViewModel::Position* p) {
        return std::isfinite(p->pnl_usd) ? std::abs(p->pnl_usd) : 0.0;
    };
    if (shown.size() > rows - 1) {
        std::stable_sort(shown.begin(), shown.end(),
                         [&](const auto* a, const auto* b) { return size_of(a) > size_of(b); });
        shown.resize(rows - 1);
    }
    for (const ViewModel::Position* position : shown) {
        ScreenLine line = canvas.line();
        line.add(" ").add(position->instrument).to_column(kNameColumns);
        line.add_right(short_number(position->quantity), 34).add(" ").add(position->unit, Ink::dim);
        line.add_right(fmt::format("Δ {}", short_number(position->delta_coin)), 52);
        const Ink ink = position->pnl_usd < 0 ? Ink::red : Ink::green;
        line.add_right(short_number(position->pnl_usd), 66, std::isfinite(position->pnl_usd) ? ink : Ink::dim);
        line.add(" USD", Ink::dim);
        out.push_back(line.text());
    }
    return out;
}

Lines order_lines(const Canvas& canvas, const ViewModel& model, std::size_t rows) {
    Lines out;
    if (rows < 2) return out;
    out.push_back(heading(canvas, fmt::format("open orders ({})", model.orders.size())));
    for (std::size_t i = 0; i < std::min(model.orders.size(), rows - 1); ++i) {
        const ViewModel::WorkingOrder& order = model.orders[i];
        ScreenLine line = canvas.line();
        line.add(order.buy ? " buy  " : " sell ", order.buy ? Ink::green : Ink::red);
        line.add(fmt::format("{} {} at {}", short_number(order.quantity), order.instrument, price_text(order.price)));
        const bool doubtful = order.state.rfind("unknown", 0) == 0 || order.state == "quarantined";
        line.add("  ").add(order.state, doubtful ? Ink::red : Ink::dim);
        line.add(fmt::format("  {:.1f} s", order.age_seconds), Ink::dim);
        out.push_back(line.text());
    }
    if (model.orders.empty()) out.push_back(canvas.line().add(" none", Ink::dim).text());
    return out;
}

int visible_columns(std::string_view text) {
    int columns = 0;
    bool escape = false;
    for (const char c : text) {
        if (c == '\x1b') escape = true;
        if (!escape && (static_cast<unsigned char>(c) & 0xC0U) != 0x80U) ++columns;
        if (escape && c == 'm') escape = false;
    }
    return columns;
}

// Two blocks beside each other, the right one from column `column` on.
void join(const Lines& left, const Lines& right, int column, Lines& out) {
    for (std::size_t i = 0; i < std::max(left.size(), right.size()); ++i) {
        std::string line = i < left.size() ? left[i] : "";
        line += std::string(static_cast<std::size_t>(std::max(column - visible_columns(line), 0)), ' ');
        if (i < right.size()) line += right[i];
        out.push_back(std::move(line));
    }
}

void add_holdings(const Canvas& canvas, const ViewModel& model, std::size_t rows, Lines& out) {
    if (canvas.width >= kTwoColumnsFrom) {
        const Canvas left{canvas.width / 2 - 1, canvas.colour};
        const Canvas right{canvas.width - canvas.width / 2 - 1, canvas.colour};
        join(position_lines(left, model, rows), order_lines(right, model, rows), left.width + 2, out);
        return;
    }
    const std::size_t order_rows =
        std::min<std::size_t>(std::max<std::size_t>(model.orders.size(), 1) + 1, std::max<std::size_t>(rows / 2, 2));
    for (std::string& line : position_lines(canvas, model, rows - order_rows)) out.push_back(std::move(line));
    for (std::string& line : order_lines(canvas, model, order_rows)) out.push_back(std::move(line));
}

Ink outcome_ink(const std::string& outcome) {
    if (outcome == "traded") return Ink::green;
    if (outcome == "refused" || outcome == "infeasible" || outcome == "blocked") return Ink::red;
    return Ink::yellow;
}

void add_decisions(const Canvas& canvas, const ViewModel& model, std::size_t rows, Lines& out) {
    if (rows < 2) return;
    out.push_back(heading(canvas, "last decisions"));
    const bool one_line = canvas.width >= kTwoColumnsFrom;
    const std::size_t lines_each = one_line ? 1 : 2;
    const std::size_t shown = std::min(model.decisions.size(), (rows - 1) / lines_each);
    for (std::size_t i = 0; i < shown; ++i) {
        const ViewModel::Decision& decision = model.decisions[i];
        ScreenLine line = canvas.line();
        line.add(fmt::format(" {:>4} {}  ", fmt::format("#{}", decision.id), clock_text(decision.seconds)), Ink::dim);
        line.add(decision.trigger).to_column(one_line ? 62 : canvas.width - 16);
        line.add(decision.outcome, outcome_ink(decision.outcome));
        if (one_line) line.to_column(78).add(decision.detail);
        out.push_back(line.text());
        if (!one_line) out.push_back(canvas.line().add("              ").add(decision.detail, Ink::dim).text());
    }
    if (shown == 0) out.push_back(canvas.line().add(" none yet", Ink::dim).text());
}

void add_account(const Canvas& canvas, const ViewModel& model, Lines& out) {
    ScreenLine line = canvas.line();
    line.add(" P&L ").add(grouped(model.pnl_usd, 0) + " USD", model.pnl_usd < 0 ? Ink::red : Ink::green);
    if (std::isfinite(model.pnl_unhedged_usd))
        line.add(fmt::format("  unhedged {}", grouped(model.pnl_unhedged_usd, 0)));
    line.add(fmt::format("  fees {}  equity {}", grouped(model.fees_usd, 0), grouped(model.equity_usd, 0)));
    if (canvas.width < kTwoColumnsFrom) {
        out.push_back(line.text());
        line = canvas.line();
    } else {
        line.to_column(70);
    }
    line.add(fmt::format(" triggers {}  decisions {}  orders {}  filled {}", model.triggers, model.decisions_count,
                         model.orders_sent, model.orders_filled));
    line.add(fmt::format("  refused {}", model.orders_refused), model.orders_refused > 0 ? Ink::yellow : Ink::plain);
    line.add(fmt::format("  unknown {}", model.orders_unknown), model.orders_unknown > 0 ? Ink::red : Ink::plain);
    out.push_back(line.text());
}

void add_latency(const Canvas& canvas, const ViewModel& model, Lines& out) {
    const ViewModel::Latency& l = model.latency;
    ScreenLine line = canvas.line();
    line.add(" tick-to-trade")
        .add(fmt::format(" ({} orders)  ", l.count), Ink::dim)
        .add(fmt::format("p50 {}  p90 {}  p99 {}  p99.9 {}  max {} us", short_number(l.p50_us), short_number(l.p90_us),
                         short_number(l.p99_us), short_number(l.p99_9_us), short_number(l.max_us)));
    out.push_back(line.text());
}

}  // namespace

std::string render(const ViewModel& model, int width, int height, bool colour) {
    const Canvas canvas{std::clamp(width, kViewWidthMin, kViewWidthMax), colour};
    const bool wide = canvas.width >= kTwoColumnsFrom;
    Lines head;
    add_header(canvas, model, head);
    add_sessions(canvas, model, head);
    Lines foot;
    add_account(canvas, model, foot);
    add_latency(canvas, model, foot);
    if (!model.notices.empty()) foot.push_back(canvas.line().add(" ! " + model.notices.front(), Ink::yellow).text());
    const int fixed = static_cast<int>(head.size() + foot.size()) + 1;
    const auto free = static_cast<std::size_t>(std::max(height - fixed, 0));

    // Boundaries come first, then what was decided, then what is held.
    const std::size_t boundary_rows = std::min(model.boundaries.size() + 1, free / 2);
    std::size_t left = free - boundary_rows;
    const std::size_t decisions_wanted = std::max<std::size_t>(model.decisions.size() * (wide ? 1 : 2) + 1, 2);
    const std::size_t orders_wanted = std::max<std::size_t>(model.orders.size(), 1) + 1;
    const std::size_t positions_wanted = model.positions.size() + 1;
    const std::size_t holdings_wanted = wide ? std::max(positions_wanted, orders_wanted)
                                             : positions_wanted + std::min(orders_wanted, positions_wanted + 1);
    const std::size_t decisions_least = std::min(decisions_wanted, left * 2 / 5);
    const std::size_t decision_rows = std::max(decisions_least, left - std::min(left, holdings_wanted));
    left -= decision_rows;
    Lines body;
    add_boundaries(canvas, model, boundary_rows, body);
    if (left >= 4) add_holdings(canvas, model, left, body);
    add_decisions(canvas, model, decision_rows, body);
    while (body.size() < free) body.emplace_back();
    if (body.size() > free) body.resize(free);

    std::string out;
    int lines = 0;
    const auto put = [&out, &lines, height](const std::string& line) {
        if (lines == height) return;
        if (lines++ > 0) out += '\n';
        out += line;
    };
    for (const std::string& line : head) put(line);
    for (const std::string& line : body) put(line);
    put(heading(canvas, "account"));
    for (const std::string& line : foot) put(line);
    return out;
}

}  // namespace keel::app
