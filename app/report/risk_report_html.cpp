#include <fmt/format.h>

#include <algorithm>
#include <cmath>

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

void tile(std::string& out, const std::string& name, const std::string& value, const std::string& beside) {
    out += fmt::format(
        "<div class=\"tile\"><div class=\"name\">{}</div><div class=\"value\">{}</div><div "
        "class=\"beside\">{}</div></div>",
        escaped(name), escaped(value), escaped(beside));
}

double metric(const RiskReport& report, std::string_view name, std::string_view scope = "") {
    const ReportMetric* found = find_metric(report, name, scope);
    return found == nullptr ? kNaN : found->value;
}

void add_tiles(const RiskReport& report, std::string& out) {
    out += "<section class=\"tiles\">";
    tile(out, "Equity, USD", grouped(report.equity_usd, 0), fmt::format("{} positions", report.positions.size()));
    tile(out, "Dollar delta, USD", number(metric(report, "dollar_delta_usd")),
         "net leverage " + number(metric(report, "leverage_net")));
    tile(out, "VaR 99 % a day, USD", number(metric(report, "var_99_usd")),
         "shortfall 97.5 %: " + number(metric(report, "es_975_usd")));
    tile(out, "Worst stress, USD", number(metric(report, "stress_worst_usd")),
         "margin ends at " + number(report.reverse_crash_scale) + " × CRASH");
    tile(out, "Gross leverage", number(metric(report, "leverage_gross")),
         "margin " + number(metric(report, "leverage_margin")));
    const auto count = [&](risk::LimitState state) {
        return std::ranges::count(report.metrics, state, &ReportMetric::state);
    };
    tile(out, "Limits", fmt::format("{} hard, {} soft", count(risk::LimitState::hard), count(risk::LimitState::soft)),
         fmt::format("{} inside", count(risk::LimitState::inside)));
    out += "</section>";
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

void add_contributions(const RiskReport& report, std::string& out) {
    std::vector<const risk::PositionRow*> rows;
    for (const risk::PositionRow& row : report.positions) rows.push_back(&row);
    const auto size = [](const risk::PositionRow* row) {
        return std::isfinite(row->es_component_usd) ? std::abs(row->es_component_usd) : std::abs(row->delta_net);
    };
    std::ranges::sort(rows, std::greater{}, size);
    const double most = rows.empty() ? 0.0 : size(rows.front());
    out += fmt::format(
        "<section><h2>Contributions</h2><p class=\"fine\">{}</p><div class=\"scroll\"><table><tr><th>contract</th>"
        "<th>venue</th><th class=\"n\">quantity</th><th class=\"n\">value USD</th><th class=\"n\">delta net</th>"
        "<th class=\"n\">vega</th><th class=\"n\">VaR part</th><th class=\"n\">ES part</th><th></th></tr>",
        report.scenario_method.empty()
            ? "No history: ordered by delta."
            : "Parts of VaR and ES by the method " + escaped(report.scenario_method) + "; they sum to its figures.");
    for (std::size_t i = 0; i < std::min(rows.size(), kContributionsShown); ++i) {
        const risk::PositionRow& row = *rows[i];
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
            "<td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"meter\"><i class=\"{}\" "
            "style=\"width:{:.1f}%\"></i></td></tr>",
            escaped(row.name), escaped(row.venue), number(row.quantity),
            row.priced ? grouped(row.value_usd, 0) : "no price", number(row.delta_net), number(row.vega_usd),
            number(row.var_component_usd), number(row.es_component_usd), row.es_component_usd < 0.0 ? 'a' : 'b',
            most > 0.0 ? 100.0 * size(&row) / most : 0.0);
    }
    out += "</table></div>";
    if (rows.size() > kContributionsShown) {
        out += fmt::format("<p class=\"fine\">and {} more: <code>keel risk --json</code> has all.</p>",
                           rows.size() - kContributionsShown);
    }
    out += "</section>\n";
}

void add_stresses(const RiskReport& report, std::string& out) {
    out +=
        "<section><h2>Named stresses</h2><div class=\"scroll\"><table><tr><th>stress</th><th class=\"n\">P&amp;L "
        "USD</th><th class=\"n\">equity USD</th>";
    for (const std::string& venue : report.venue_names) {
        out += fmt::format("<th class=\"n\">{} margin ratio</th>", escaped(venue));
    }
    out += "<th class=\"n\">VaR 99 % USD</th><th>left, or fired</th></tr>";
    for (const risk::StressResult& stress : report.stresses) {
        out += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>", escaped(stress.id),
                           grouped(stress.pnl_usd, 0), grouped(stress.equity_usd, 0));
        for (std::size_t v = 0; v < report.venue_names.size(); ++v) {
            const double ratio = v < stress.venues.size() ? stress.venues[v].margin_ratio : kNaN;
            out += fmt::format("<td class=\"n{}\">{}</td>", ratio <= 1.0 ? " hard" : "", number(ratio));
        }
        std::string left;
        for (const std::string& item : aftermath(report, stress)) left += (left.empty() ? "" : "; ") + item;
        out += fmt::format("<td class=\"n\">{}</td><td>{}</td></tr>", number(stress.var_99_usd), escaped(left));
    }
    out += "</table></div></section>\n";
}

void add_margin(const RiskReport& report, std::string& out) {
    out +=
        "<section><h2>Margin and liquidation</h2><div class=\"scroll\"><table><tr><th>venue</th><th>model</th>"
        "<th class=\"n\">equity</th><th class=\"n\">initial</th><th class=\"n\">maintenance</th><th "
        "class=\"n\">ratio</th>"
        "<th>underlying</th><th class=\"n\">down at</th><th class=\"n\">up at</th><th class=\"n\">sigmas</th></tr>";
    for (const risk::VenueReport& venue : report.venues) {
        const std::string head = fmt::format(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
            "<td class=\"n\">{}</td>",
            escaped(venue.name), escaped(venue.model), grouped(venue.equity_usd, 0), number(venue.initial_margin_usd),
            number(venue.maintenance_margin_usd), number(venue.margin_ratio));
        if (venue.liquidations.empty()) out += head + "<td>–</td><td></td><td></td><td></td></tr>";
        for (const auto& row : venue.liquidations) {
            const auto prices = [&](const std::string& name, const risk::LiquidationPrices& found) {
                out += head + fmt::format(
                                  "<td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td "
                                  "class=\"n\">{}</td></tr>",
                                  escaped(name), liquidation_words(found.down, false),
                                  liquidation_words(found.up, true), liquidation_sigmas(found.sigmas));
            };
            prices(row.underlying, row.still);
            prices(row.underlying + ", others by beta", row.by_beta);
        }
    }
    out += "</table></div></section>\n";
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
        out += fmt::format("<tr><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td>{}</td></tr>",
                           escaped(row.method), number(row.var_99_usd), number(row.es_975_usd), escaped(row.note));
    }
    out += "</table></div></section>\n";
}

void add_metrics(const RiskReport& report, std::string& out) {
    out +=
        "<section><h2>Every metric</h2><div class=\"scroll\"><table><tr><th>scope</th><th>metric</th><th "
        "class=\"n\">value</th><th>unit</th><th class=\"n\">soft</th><th class=\"n\">hard</th><th>limit</th>"
        "<th>quality</th></tr>";
    for (const ReportMetric& row : report.metrics) {
        const char* state = limit_state_name(row.state);
        const char* ink = row.state == risk::LimitState::hard     ? "hard"
                          : row.state == risk::LimitState::soft   ? "soft"
                          : row.state == risk::LimitState::inside ? "inside"
                                                                  : "";
        out += fmt::format(
            "<tr><td>{}</td><td>{}</td><td class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td>"
            "<td class=\"{}\">{}</td><td>{}</td></tr>",
            row.scope.empty() ? "account" : escaped(row.scope), escaped(row.name), number(row.value), escaped(row.unit),
            row.state == risk::LimitState::none ? "" : number(row.soft),
            row.state == risk::LimitState::none ? "" : number(row.hard), ink, state, escaped(row.quality));
    }
    out += "</table></div></section>\n";
}

}  // namespace

std::string risk_sections_html(const RiskReport& report) {
    std::string out;
    add_tiles(report, out);
    out += "<section class=\"plots\">\n";
    for (const risk::UnderlyingReport& underlying : report.underlyings) out += spot_ladder_plot(underlying);
    out += scenario_histogram(report);
    out += smile_plots(report);
    out += "</section>\n";
    for (const risk::UnderlyingReport& underlying : report.underlyings) add_matrix(underlying, out);
    out += surface_table(report);
    add_contributions(report, out);
    add_tails(report, out);
    add_stresses(report, out);
    add_margin(report, out);
    add_deleveraging(report, out);
    add_metrics(report, out);
    return out;
}

std::string risk_report_html(const RiskReport& report) {
    std::string out = open_page("Risk report");
    out += fmt::format("<header><h1>Risk report</h1><p>{}</p></header>\n", escaped(as_of_words(report)));
    for (const std::string& note : report.notes) out += fmt::format("<p class=\"notice\">{}</p>", escaped(note));
    return out + risk_sections_html(report) + "</main></body></html>\n";
}

}  // namespace keel::app
