#include "app/report/risk_report_plots.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/report/report_words.hpp"
#include "app/report/svg_plot.hpp"
#include "app/view/screen_line.hpp"
#include "risk/report/report_smiles.hpp"

namespace keel::app {
namespace {

using risk::RiskReport;

constexpr char kInks[] = {'a', 'b', 'c', 'd'};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// One smile: the curve over the strikes quoted (or three standard deviations), and the quotes.
void add_smile(const RiskReport& report, const risk::SmileReport& smile, std::string& out) {
    constexpr std::size_t kPoints = 81;
    Plot plot{.title = fmt::format("{} {} smile", smile.underlying, report.expiry_names[smile.expiry]),
              .unit = "implied volatility, %",
              .marks = {{smile.forward, "forward"}},
              .axis = PlotAxis::number};
    double low = kNaN, high = kNaN;
    if (smile.svi) {
        const double at_forward = smile_volatility(smile, smile.forward) * std::sqrt(smile.years);
        low = smile.forward * std::exp(-3.0 * at_forward);
        high = smile.forward * std::exp(3.0 * at_forward);
    }
    if (!smile.quotes.empty()) {
        low = std::isnan(low) ? smile.quotes.front().strike : std::max(low, smile.quotes.front().strike);
        high = std::isnan(high) ? smile.quotes.back().strike : std::min(high, smile.quotes.back().strike);
    }
    PlotLine curve{.label = smile.fitted ? "fit" : "given", .ink = 'a', .values = {}};
    PlotLine bids{.label = "bid", .ink = 'c', .values = {}, .dots = true};
    PlotLine asks{.label = "ask", .ink = 'b', .values = {}, .dots = true};
    PlotLine marks{.label = "mark", .ink = 'd', .values = {}, .dots = true};
    const auto point = [&](double strike, double on_curve, const risk::SmileQuote& quote) {
        plot.x.push_back(strike);
        curve.values.push_back(100.0 * on_curve);
        bids.values.push_back(100.0 * quote.bid);
        asks.values.push_back(100.0 * quote.ask);
        marks.values.push_back(100.0 * quote.mark);
    };
    for (std::size_t i = 0; smile.svi && i < kPoints && high > low; ++i) {
        const double strike = low * std::pow(high / low, static_cast<double>(i) / (kPoints - 1));
        point(strike, smile_volatility(smile, strike), {});
    }
    for (const risk::SmileQuote& quote : smile.quotes) {
        if (quote.strike >= low && quote.strike <= high) point(quote.strike, kNaN, quote);
    }
    const auto known = [](const PlotLine& line) {
        return std::ranges::any_of(line.values, [](double value) { return std::isfinite(value); });
    };
    for (PlotLine* line : {&curve, &bids, &asks, &marks}) {
        if (known(*line)) plot.lines.push_back(*line);
    }
    out += svg_plot(plot);
}

// What the surface says at constant maturities.
void add_signals(const risk::UnderlyingReport& underlying, std::string& out) {
    const risk::SurfaceSignals& signals = underlying.signals;
    if (has(signals.quality, risk::SurfaceQuality::missing)) return;
    out += fmt::format(
        "<figure><figcaption><b>{} surface</b> <span class=\"unit\">at constant maturity, %</span>"
        "</figcaption><table>",
        escaped(underlying.name));
    const auto row = [&](const char* name, double ratio, risk::SurfaceQuality quality) {
        const std::string words = risk::signal_quality_words(quality);
        out += fmt::format("<tr><td>{}{}</td><td class=\"n\">{:.2f}</td></tr>", name,
                           words == "good" ? "" : "<div class=\"fine\">" + words + "</div>", 100.0 * ratio);
    };
    row("at the money, 7 days", signals.volatility_7d, signals.quality_7d);
    row("at the money, 30 days", signals.volatility_30d, signals.quality_30d);
    row("at the money, 90 days", signals.volatility_90d, signals.quality_90d);
    row("term slope, 90 less 7 days", signals.term_slope, signals.quality_7d | signals.quality_90d);
    row("risk reversal, 25 delta, 30 days", signals.risk_reversal_30d, signals.quality_30d);
    row("butterfly, 25 delta, 30 days", signals.butterfly_30d, signals.quality_30d);
    row("model-free, 30 days", std::sqrt(signals.variance_30d), signals.quality_30d);
    out += "</table></figure>\n";
}

}  // namespace

std::string signed_percent(double ratio, int decimals) {
    return std::isfinite(ratio) ? fmt::format("{:+.{}f} %", 100.0 * ratio, decimals) : "–";
}

std::string spot_ladder_plot(const risk::UnderlyingReport& underlying) {
    Plot plot{.title = underlying.name + " spot ladder",
              .unit = "USD",
              .x = underlying.ladder.spot_moves,
              .marks = {{0.0, "now"}},
              .from_zero = true,
              .axis = PlotAxis::percent};
    for (std::size_t i = 0; i < underlying.ladder.pnl_usd.size(); ++i) {
        plot.lines.push_back({.label = "iv " + signed_percent(underlying.ladder.volatility_moves[i]),
                              .ink = kInks[(i + 3) % 4],
                              .dashed = underlying.ladder.volatility_moves[i] != 0.0,
                              .values = underlying.ladder.pnl_usd[i]});
    }
    return svg_plot(plot);
}

std::string scenario_histogram(const RiskReport& report) {
    constexpr std::size_t kBins = 48;
    if (report.scenario_pnl_usd.empty()) return {};
    const auto [low, high] = std::ranges::minmax(report.scenario_pnl_usd);
    if (!(high > low)) return {};
    const risk::ReportMetric* value_at_risk = find_metric(report, "var_99_usd", "");
    Plot plot{.title = "Profit of a day, " + report.scenario_method,
              .unit = fmt::format("of {} scenarios", report.scenario_pnl_usd.size()),
              .marks = {{-(value_at_risk == nullptr ? kNaN : value_at_risk->value), "−VaR 99 %"}, {0.0, "0"}},
              .from_zero = true,
              .axis = PlotAxis::number};
    std::vector<double> counts(kBins);
    for (const double pnl : report.scenario_pnl_usd) {
        const auto bin = static_cast<std::size_t>((pnl - low) / (high - low) * kBins);
        counts[std::min(bin, kBins - 1)] += 1.0;
    }
    PlotLine steps{.label = "scenarios", .ink = 'a', .values = {}};
    for (std::size_t bin = 0; bin < kBins; ++bin) {
        for (const double edge : {0.0, 1.0}) {
            plot.x.push_back(low + (static_cast<double>(bin) + edge) * (high - low) / kBins);
            steps.values.push_back(counts[bin]);
        }
    }
    plot.lines.push_back(std::move(steps));
    return svg_plot(plot);
}

std::string smile_plots(const RiskReport& report) {
    std::string out;
    for (const risk::UnderlyingReport& underlying : report.underlyings) {
        for (const risk::SmileReport& smile : report.smiles) {
            if (smile.underlying == underlying.name) add_smile(report, smile, out);
        }
        add_signals(underlying, out);
    }
    return out;
}

std::string surface_table(const RiskReport& report) {
    constexpr double kMoneyness[] = {0.6, 0.7, 0.8, 0.9, 0.95, 1.0, 1.05, 1.1, 1.2, 1.35, 1.5};
    double low = 1e9, high = 0.0;
    for (const risk::SmileReport& smile : report.smiles) {
        for (const double ratio : kMoneyness) {
            const double iv = smile_volatility(smile, ratio * smile.forward);
            if (!std::isfinite(iv)) continue;
            low = std::min(low, iv);
            high = std::max(high, iv);
        }
    }
    if (!(high > 0.0)) return {};
    std::string out =
        "<section><h2>Volatility surface, % by strike over forward</h2><div class=\"scroll\"><table class=\"heat\">"
        "<tr><th>expiry</th><th>days</th>";
    for (const double ratio : kMoneyness) out += fmt::format("<th>{:.2f}</th>", ratio);
    out += "<th></th></tr>";
    for (const risk::SmileReport& smile : report.smiles) {
        out += fmt::format("<tr><th>{} {}</th><th>{:.1f}</th>", escaped(smile.underlying),
                           escaped(report.expiry_names[smile.expiry]), smile.years * 365.0);
        for (const double ratio : kMoneyness) {
            const double iv = smile_volatility(smile, ratio * smile.forward);
            if (!std::isfinite(iv)) {
                out += "<td>–</td>";
                continue;
            }
            const double share = high > low ? (iv - low) / (high - low) : 0.5;
            out += fmt::format("<td style=\"background:color-mix(in srgb,var(--b) {:.0f}%,transparent)\">{:.1f}</td>",
                               65.0 * share, 100.0 * iv);
        }
        out += fmt::format("<th class=\"words\">{}</th></tr>", escaped(smile.note));
    }
    return out + "</table></div></section>\n";
}

}  // namespace keel::app
