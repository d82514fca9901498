#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "app/report/html_table.hpp"
#include "app/report/report_words.hpp"
#include "app/report/risk_report_plots.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/svg_plot.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

using risk::ReportMetric;
using risk::RiskReport;

constexpr std::size_t kContributionsShown = 25;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double value_of(const ReportMetric* metric) { return metric == nullptr ? kNaN : metric->value; }

// A small word where one of the tile's metrics is doubtful, with their quality as its title.
std::string doubt_mark(std::initializer_list<const ReportMetric*> metrics) {
    std::string word, title;
    for (const ReportMetric* metric : metrics) {
        if (metric == nullptr || *doubt_word(*metric) == '\0') continue;
        if (word.empty()) word = doubt_word(*metric);
        title += (title.empty() ? "" : "; ") + metric->name + ": " + metric->quality;
    }
    return word.empty() ? "" : fmt::format("<div class=\"doubt\" title=\"{}\">{}</div>", escaped(title), word);
}

void tile(std::string& out, const std::string& name, const std::string& value, const std::string& beside,
          const std::string& mark = "") {
    out += fmt::format(
        "<div class=\"tile\"><div class=\"name\">{}</div><div class=\"value\">{}</div><div "
        "class=\"beside\">{}</div>{}</div>",
        escaped(name), escaped(value), escaped(beside), mark);
}

void add_tiles(const RiskReport& report, std::string& out) {
    const auto named = [&](std::string_view name) { return find_metric(report, name, ""); };
    const auto shown = [&](std::string_view name) { return number(value_of(named(name))); };
    const auto mark = [&](std::string_view name, std::string_view beside) {
        return doubt_mark({named(name), named(beside)});
    };
    out += "<section class=\"tiles\">";
    tile(out, "Equity, USD", grouped(report.equity_usd, 0), holdings_words(report), doubt_mark({named("equity_usd")}));
    tile(out, "Dollar delta, USD", shown("dollar_delta_usd"), "net leverage " + shown("leverage_net"),
         mark("dollar_delta_usd", "leverage_net"));
    tile(out, "VaR 99 % a day, USD", shown("var_99_usd"), "shortfall 97.5 %: " + shown("es_975_usd"),
         mark("var_99_usd", "es_975_usd"));
    tile(out, "Worst stress, USD", shown("stress_worst_usd"),
         "margin ends at " + number(report.reverse_crash_scale) + " × CRASH",
         mark("stress_worst_usd", "reverse_crash_scale"));
    tile(out, "Gross leverage", shown("leverage_gross"), "margin " + shown("leverage_margin"),
         mark("leverage_gross", "leverage_margin"));
    const auto count = [&](risk::LimitState state) {
        return std::ranges::count(report.metrics, state, &ReportMetric::state);
    };
    const auto unknown = count(risk::LimitState::unknown);
    tile(out, "Limits", fmt::format("{} hard, {} soft", count(risk::LimitState::hard), count(risk::LimitState::soft)),
         fmt::format("{} inside{}", count(risk::LimitState::inside),
                     unknown == 0 ? "" : fmt::format(", {} not known", unknown)));
    out += "</section>\n";
}

void add_limits(const RiskReport& report, std::string& out) {
    const std::vector<const ReportMetric*> told = limits_to_tell(report);
    if (told.empty()) {
        out += "<p class=\"fine\">Limits: " + limits_words(report) + ".</p>\n";
        return;
    }
    open_table(out, "Limits: " + limits_words(report),
               {"limit", "metric", "scope", ">value", ">soft", ">hard", "quality"});
    for (const ReportMetric* metric : told) {
        out += fmt::format("<tr><td class=\"{}\">{}</td>", ink_of(metric->state), limit_state_name(metric->state));
        cell(out, metric->name);
        cell(out, metric->scope.empty() ? "account" : metric->scope);
        for (const double value : {metric->value, metric->soft, metric->hard}) figure(out, number(value));
        words(out, metric->quality);
        out += "</tr>\n";
    }
    close_table(out);
}

void add_matrix(const risk::UnderlyingReport& underlying, std::string& out) {
    constexpr std::size_t kColumns = risk::kGridVolatilityMoves.size();
    double most = 0.0;
    for (const double pnl : underlying.matrix.pnl_usd) most = std::max(most, std::abs(pnl));
    out += fmt::format(
        "<section><h2>{} stress matrix, thousand USD</h2><div class=\"scroll\"><table class=\"heat\"><tr><th>spot \\ "
        "volatility</th>",
        escaped(underlying.name));
    for (const double move : risk::kGridVolatilityMoves) out += fmt::format("<th>{}</th>", signed_percent(move));
    out += "</tr>";
    for (std::size_t row = 0; row < risk::kGridSpotMoves.size(); ++row) {
        out += fmt::format("<tr><th>{}</th>", signed_percent(risk::kGridSpotMoves[row]));
        for (std::size_t column = 0; column < kColumns; ++column) {
            const double pnl = underlying.matrix.pnl_usd[row * kColumns + column];
            const double share = most > 0.0 ? std::sqrt(std::abs(pnl) / most) : 0.0;
            const bool worst = underlying.matrix.worst.spot == row && underlying.matrix.worst.volatility == column;
            out += fmt::format("<td{} style=\"background:color-mix(in srgb,var(--{}) {:.0f}%,transparent)\">{}</td>",
                               worst ? " class=\"worst\"" : "", pnl < 0.0 ? "bad" : "good", 60.0 * share,
                               grouped(pnl / 1e3, 1));
        }
        out += "</tr>";
    }
    out += "</table></div></section>\n";
}

// What volatility does not move: a row each instead of a matrix of equal columns.
void add_linear_underlyings(const RiskReport& report, std::string& out) {
    constexpr std::size_t kColumns = risk::kGridVolatilityMoves.size();
    if (std::ranges::all_of(report.underlyings, moves_with_volatility)) return;
    out +=
        "<section><h2>Linear underlyings, profit by spot move, thousand USD</h2><div class=\"scroll\"><table "
        "class=\"heat tight\"><tr><th>underlying</th>";
    for (const double move : risk::kGridSpotMoves) out += fmt::format("<th>{}</th>", signed_percent(move));
    out += "</tr>\n";
    for (const risk::UnderlyingReport& underlying : report.underlyings) {
        if (moves_with_volatility(underlying)) continue;
        const auto& cells = underlying.matrix.pnl_usd;
        double most = 0.0;
        for (const double pnl : cells) most = std::max(most, std::abs(pnl));
        out += fmt::format("<tr><th>{}</th>", escaped(underlying.name));
        for (std::size_t row = 0; row < risk::kGridSpotMoves.size(); ++row) {
            const double pnl = cells[row * kColumns];
            out += fmt::format("<td style=\"background:color-mix(in srgb,var(--{}) {:.0f}%,transparent)\">{}</td>",
                               pnl < 0.0 ? "bad" : "good", most > 0.0 ? 60.0 * std::sqrt(std::abs(pnl) / most) : 0.0,
                               grouped(pnl / 1e3, 1));
        }
        out += "</tr>\n";
    }
    out += "</table></div></section>\n";
}

void add_contributions(const RiskReport& report, std::string& out) {
    std::vector<const risk::PositionRow*> rows;
    for (const risk::PositionRow& row : report.positions) rows.push_back(&row);
    const auto size = [](const risk::PositionRow* row) {
        return std::isfinite(row->es_component_usd) ? std::abs(row->es_component_usd) : std::abs(row->delta_net);
    };
    std::ranges::sort(rows, std::greater{}, size);
    const double most = rows.empty() ? 0.0 : size(rows.front());
    const bool by_tail =
        std::ranges::any_of(rows, [](const risk::PositionRow* row) { return std::isfinite(row->es_component_usd); });
    out += fmt::format(
        "<section><h2>Contributions</h2><p class=\"fine\">{}</p><div class=\"scroll\"><table><tr><th>contract</th>"
        "<th>venue</th><th class=\"n\">quantity</th><th class=\"n\">value USD</th><th class=\"n\">delta net</th>"
        "<th class=\"n\">vega</th><th class=\"n\">VaR part</th><th class=\"n\">ES part</th><th "
        "class=\"middle\">{}</th></tr>",
        report.scenario_method.empty()
            ? "No history: ordered by delta."
            : "Parts of VaR and ES by the method " + escaped(report.scenario_method) + "; they sum to its figures.",
        by_tail ? "lowers it | adds to it" : "short | long");
    for (std::size_t i = 0; i < std::min(rows.size(), kContributionsShown); ++i) {
        const risk::PositionRow& row = *rows[i];
        const bool left = std::isfinite(row.es_component_usd) ? row.es_component_usd < 0.0 : row.delta_net < 0.0;
        const double half = most > 0.0 ? 50.0 * size(&row) / most : 0.0;  // % of the cell, from its middle
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
            "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"meter\"><i class=\"{}\" "
            "style=\"margin-left:{:.1f}%;width:{:.1f}%\"></i></td></tr>",
            escaped(row.name), escaped(row.venue), number(row.quantity),
            row.priced ? grouped(row.value_usd, 0) : "no price", number(row.delta_net), number(row.vega_usd),
            number(row.var_component_usd), number(row.es_component_usd), left ? 'a' : 'b', left ? 50.0 - half : 50.0,
            half);
    }
    out += "</table></div>";
    if (rows.size() > kContributionsShown) {
        out += fmt::format("<p class=\"fine\">and {} more: <code>keel risk --json</code> has all.</p>",
                           rows.size() - kContributionsShown);
    }
    out += "</section>\n";
}

// A row for the account and each underlying, its parts across; the colour is a part's size in its row.
void add_profit(const RiskReport& report, std::string& out) {
    if (!report.profit) return;
    out += fmt::format("<section><h2>{}</h2><div class=\"scroll\"><table class=\"heat tight\"><tr><th></th>",
                       escaped(profit_title(*report.profit)));
    for (const auto& [name, part] : kProfitParts) out += fmt::format("<th>{}</th>", name);
    out += "<th>change</th><th>residual share</th><th class=\"words\">quality</th></tr>\n";
    for (const risk::ProfitRow& row : report.profit->rows) {
        double most = 0.0;
        for (const auto& [name, part] : kProfitParts) most = std::max(most, std::abs(row.parts.*part));
        out += fmt::format("<tr><th>{}</th>", escaped(row.scope.empty() ? "account" : row.scope));
        for (const auto& [name, part] : kProfitParts) {
            const double usd = row.parts.*part;
            out += fmt::format("<td style=\"background:color-mix(in srgb,var(--{}) {:.0f}%,transparent)\">{}</td>",
                               usd < 0.0 ? "bad" : "good", most > 0.0 ? 60.0 * std::abs(usd) / most : 0.0,
                               grouped(usd, 2));
        }
        out += fmt::format("<td>{}</td><td>{:.1f} %</td><td class=\"words\">{}</td></tr>\n",
                           grouped(row.parts.change(), 2), 100.0 * row.residual_share, escaped(row.quality));
    }
    out += "</table></div></section>\n";
}

void add_stresses(const RiskReport& report, std::string& out) {
    const std::vector<std::size_t> venues = margined_venues(report.stresses, report.venue_names.size());
    out +=
        "<section><h2>Named stresses</h2><div class=\"scroll\"><table><tr><th>stress</th><th class=\"n\">P&amp;L "
        "USD</th><th class=\"n\">equity USD</th>";
    for (const std::size_t v : venues) {
        out += fmt::format("<th class=\"n words\">{} margin ratio</th>", escaped(report.venue_names[v]));
    }
    out += "<th class=\"n words\">VaR 99 % USD</th><th>left, or fired</th></tr>\n";
    for (const risk::StressResult& stress : report.stresses) {
        out += "<tr>";
        cell(out, stress.id);
        figure(out, money(stress.pnl_usd));
        figure(out, money(stress.equity_usd));
        for (const std::size_t v : venues) {
            const double ratio = v < stress.venues.size() ? stress.venues[v].margin_ratio : kNaN;
            out += fmt::format("<td class=\"n{}\">{}</td>", ratio <= 1.0 ? " hard" : "", number(ratio));
        }
        figure(out, number(stress.var_99_usd));
        std::string left = stress.left_out > 0 ? fmt::format("{} positions left out", stress.left_out) : "";
        for (const std::string& item : aftermath(report, stress)) left += (left.empty() ? "" : "; ") + item;
        words(out, left);
        out += "</tr>\n";
    }
    close_table(out);
}

void add_margin(const RiskReport& report, std::string& out) {
    open_table(out, "Margin and liquidation",
               {"venue", "model", ">equity", ">initial", ">maintenance", ">ratio", "underlying", ">down at", ">up at",
                ">sigmas"});
    for (const risk::VenueReport& venue : report.venues) {
        bool first = true;
        const auto head = [&] {  // the venue's own numbers, once
            out += "<tr>";
            if (!std::exchange(first, false)) {
                out += "<td colspan=\"6\"></td>";
                return;
            }
            cell(out, venue.name);
            cell(out, venue.model);
            figure(out, grouped(venue.equity_usd, 0));
            for (const double value : {venue.initial_margin_usd, venue.maintenance_margin_usd, venue.margin_ratio})
                figure(out, number(value));
        };
        const auto prices = [&](const std::string& name, const risk::LiquidationPrices& found) {
            head();
            cell(out, name);
            figure(out, liquidation_words(found.down, false));
            figure(out, liquidation_words(found.up, true));
            figure(out, liquidation_sigmas(found.sigmas));
            out += "</tr>\n";
        };
        for (const auto& row : venue.liquidations) {
            if (!has_liquidation_price(row)) continue;
            prices(row.underlying, row.still);
            prices(row.underlying + ", others by beta", row.by_beta);
        }
        std::vector<std::string> others = without_liquidation_price(venue);
        if (venue.liquidations.empty()) others.emplace_back("–");
        for (const std::string& line : others) {
            head();
            out += fmt::format("<td colspan=\"4\">{}</td></tr>\n", escaped(line));
        }
    }
    close_table(out);
}

void add_deleveraging(const RiskReport& report, std::string& out) {
    if (report.deleveraging.empty()) return;
    out +=
        "<section><h2>Deleveraging</h2><div class=\"scroll\"><table><tr><th>contract</th><th>venue</th><th "
        "class=\"n\">indicator of 5</th><th class=\"n\">offsets of other venues</th><th class=\"n\">at risk USD</th>"
        "<th></th></tr>";
    for (const risk::AdlRow& row : report.deleveraging) {
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
            "<td class=\"hard\">{}</td></tr>",
            escaped(row.name), escaped(row.venue), number(row.risk.indicator), signed_percent(row.offset_ratio),
            number(row.risk.risk_usd), row.risk.act ? "shrink both legs" : "");
    }
    out += "</table></div></section>\n";
}

void add_tails(const RiskReport& report, std::string& out) {
    if (report.tails.empty()) return;
    out +=
        "<section><h2>Tails, one day</h2><div class=\"scroll\"><table><tr><th>method</th><th class=\"n\">VaR 99 % "
        "USD</th><th class=\"n\">ES 97.5 % USD</th><th></th></tr>";
    for (const risk::TailRow& row : report.tails) {
        out +=
            fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"words\">{}</td></tr>",
                        escaped(row.method), number(row.var_99_usd), number(row.es_975_usd), escaped(row.note));
    }
    out += "</table></div></section>\n";
}

void add_metrics(const RiskReport& report, std::string& out) {
    open_table(out, "Every metric", {"scope", "metric", ">value", "unit", ">soft", ">hard", "limit", "quality"});
    for (const ReportMetric& row : report.metrics) {
        const bool limited = row.state != risk::LimitState::none;
        out += "<tr>";
        cell(out, row.scope.empty() ? "account" : row.scope);
        cell(out, row.name);
        figure(out, number(row.value));
        cell(out, row.unit);
        for (const double limit : {row.soft, row.hard}) figure(out, limited ? number(limit) : "");
        out += fmt::format("<td class=\"{}\">{}</td>", ink_of(row.state), limit_state_name(row.state));
        words(out, row.quality);
        out += "</tr>\n";
    }
    close_table(out);
}

}  // namespace

std::string risk_summary_html(const RiskReport& report) {
    std::string out;
    add_tiles(report, out);
    add_limits(report, out);
    return out;
}

std::string risk_sections_html(const RiskReport& report) {
    std::string out;
    add_profit(report, out);
    for (const risk::UnderlyingReport& underlying : report.underlyings) {
        if (moves_with_volatility(underlying)) add_matrix(underlying, out);
    }
    add_linear_underlyings(report, out);
    add_stresses(report, out);
    add_margin(report, out);
    add_deleveraging(report, out);
    add_contributions(report, out);
    add_tails(report, out);
    out += "<section class=\"plots\">\n";
    for (const risk::UnderlyingReport& underlying : report.underlyings) {
        if (moves_with_volatility(underlying)) out += spot_ladder_plot(underlying);
    }
    out += scenario_histogram(report);
    out += "</section>\n";
    add_metrics(report, out);
    out += surface_table(report);
    out += "<section class=\"plots\">\n" + smile_plots(report) + "</section>\n";
    return out;
}

std::string risk_report_html(const RiskReport& report) {
    std::string out = open_page("Risk report");
    out += fmt::format("<header><h1>Risk report</h1><p>{}</p></header>\n", escaped(as_of_words(report)));
    return out + risk_summary_html(report) + notes_html(report.notes) + risk_sections_html(report) +
           "</main></body></html>\n";
}

}  // namespace keel::app
