#include "app/report/risk_report_text.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numeric>
#include <span>

#include "app/report/report_words.hpp"
#include "app/report/text_table.hpp"
#include "app/view/screen_line.hpp"

namespace keel::app {
namespace {

using risk::LimitState;
using risk::ReportMetric;
using risk::RiskReport;

constexpr std::size_t kPositionsShown = 20;

std::string percent(double ratio) { return std::isfinite(ratio) ? fmt::format("{:+.0f}%", 100.0 * ratio) : "–"; }

void heading(std::string& out, const std::string& title) { out += fmt::format("\n{}\n", title); }

std::string limit_words(const ReportMetric& metric) {
    if (metric.state == LimitState::none) return "";
    return fmt::format("  {} (soft {}, hard {})", limit_state_name(metric.state), number(metric.soft),
                       number(metric.hard));
}

// What is at or beyond a limit, or cannot be judged.
void add_limits(const RiskReport& report, std::string& out) {
    out += "Limits: " + limits_words(report) + "\n";
    const std::vector<const ReportMetric*> told = limits_to_tell(report);
    if (told.empty()) return;
    TextTable table{{"limit", "metric", "scope", ">value", ">soft", ">hard", "quality"}};
    for (const ReportMetric* metric : told) {
        table.row({limit_state_name(metric->state), metric->name, metric->scope.empty() ? "account" : metric->scope,
                   number(metric->value), number(metric->soft), number(metric->hard), metric->quality});
    }
    out += table.text(kReportColumns);
}

// Parts down, the account and its underlyings across.
void add_profit(const RiskReport& report, std::string& out) {
    if (!report.profit) return;
    constexpr std::size_t kAbreast = 6;
    const std::vector<risk::ProfitRow>& rows = report.profit->rows;
    heading(out, profit_title(*report.profit));
    for (std::size_t first = 0; first < rows.size(); first += kAbreast) {
        const std::span abreast = std::span{rows}.subspan(first, std::min(kAbreast, rows.size() - first));
        const auto cells = [&](const char* name, auto text_of) {
            std::vector<std::string> line{name};
            for (const risk::ProfitRow& row : abreast) line.push_back(text_of(row));
            return line;
        };
        TextTable table{
            cells("", [](const risk::ProfitRow& row) { return ">" + (row.scope.empty() ? "account" : row.scope); })};
        const auto line = [&](const char* name, auto text_of) { table.row(cells(name, text_of)); };
        if (first > 0) out += "\n";
        for (const auto& [name, part] : kProfitParts) {
            line(name, [part](const risk::ProfitRow& row) { return grouped(row.parts.*part, 2); });
        }
        line("change", [](const risk::ProfitRow& row) { return grouped(row.parts.change(), 2); });
        line("residual share",
             [](const risk::ProfitRow& row) { return fmt::format("{:.1f}%", 100.0 * row.residual_share); });
        out += table.text(kReportColumns);
    }
    for (const risk::ProfitRow& row : rows) {
        if (row.quality == "good") continue;
        out += fmt::format("  {}: {}\n", row.scope.empty() ? "account" : row.scope, row.quality);
    }
}

void add_metrics(const RiskReport& report, std::string& out) {
    std::string scope = "\n";
    for (const ReportMetric& metric : report.metrics) {
        if (metric.scope != scope) heading(out, metric.scope.empty() ? "ACCOUNT" : metric.scope);
        scope = metric.scope;
        out += fmt::format("  {:<26}{} {:<15}{}", metric.name, right(number(metric.value), 14), metric.unit,
                           limit_words(metric));
        out += quality_mark(metric);
        if (std::isfinite(metric.age_seconds)) out += fmt::format("  {:.0f} s old", metric.age_seconds);
        while (out.back() == ' ') out.pop_back();
        out += "\n";
    }
}

void add_tails(const RiskReport& report, std::string& out) {
    if (report.tails.empty()) return;
    heading(out, "TAILS, one day");
    out += fmt::format("  {:<28}{}{}\n", "method", right("VaR 99 % USD", 16), right("ES 97.5 % USD", 16));
    for (const risk::TailRow& row : report.tails) {
        out += fmt::format("  {:<28}{}{}{}{}\n", row.method, right(number(row.var_99_usd), 16),
                           right(number(row.es_975_usd), 16), row.note.empty() ? "" : "  ", row.note);
    }
}

void add_matrix(const risk::UnderlyingReport& underlying, std::string& out) {
    heading(out, fmt::format("STRESS {}, P&L in thousand USD: spot down, implied volatility across", underlying.name));
    out += "         ";
    for (const double move : risk::kGridVolatilityMoves) out += right(percent(move), 12);
    out += "\n";
    for (std::size_t row = 0; row < risk::kGridSpotMoves.size(); ++row) {
        out += "  " + right(percent(risk::kGridSpotMoves[row]), 7);
        for (std::size_t column = 0; column < risk::kGridVolatilityMoves.size(); ++column) {
            const double pnl = underlying.matrix.pnl_usd[row * risk::kGridVolatilityMoves.size() + column];
            const bool worst = underlying.matrix.worst.spot == row && underlying.matrix.worst.volatility == column;
            out += right((worst ? "*" : "") + grouped(pnl / 1e3, 1), 12);
        }
        out += "\n";
    }
}

// What volatility does not move: a column each instead of a matrix of equal columns.
void add_linear_underlyings(const RiskReport& report, std::string& out) {
    constexpr std::size_t kAbreast = 7;
    std::vector<const risk::UnderlyingReport*> rows;
    for (const risk::UnderlyingReport& underlying : report.underlyings) {
        if (!moves_with_volatility(underlying)) rows.push_back(&underlying);
    }
    for (std::size_t first = 0; first < rows.size(); first += kAbreast) {
        const std::span abreast = std::span{rows}.subspan(first, std::min(kAbreast, rows.size() - first));
        heading(out, "STRESS of linear underlyings, P&L in thousand USD: spot down");
        out += std::string(9, ' ');
        for (const risk::UnderlyingReport* underlying : abreast) out += right(underlying->name, 12);
        out += "\n";
        for (std::size_t row = 0; row < risk::kGridSpotMoves.size(); ++row) {
            out += "  " + right(percent(risk::kGridSpotMoves[row]), 7);
            for (const risk::UnderlyingReport* underlying : abreast) {
                out += right(grouped(underlying->matrix.pnl_usd[row * risk::kGridVolatilityMoves.size()] / 1e3, 1), 12);
            }
            out += "\n";
        }
    }
}

void add_stresses(const RiskReport& report, std::string& out) {
    heading(out, "NAMED STRESSES");
    out += fmt::format("  {:<22}{}{}", "stress", right("P&L USD", 14), right("equity USD", 14));
    constexpr std::size_t kVenuesBeside = 2, kNameBeside = 10;  // the others have a table of their own
    const auto& names = report.venue_names;
    std::size_t beside = 0;
    while (beside < std::min(kVenuesBeside, names.size()) && names[beside].size() <= kNameBeside) ++beside;
    for (std::size_t v = 0; v < beside; ++v) out += right(names[v] + " ratio", 17);
    out += "\n";
    for (const risk::StressResult& stress : report.stresses) {
        out += fmt::format("  {:<22}{}{}", stress.id, right(money(stress.pnl_usd), 14),
                           right(money(stress.equity_usd), 14));
        for (std::size_t v = 0; v < std::min(beside, stress.venues.size()); ++v) {
            out += right(number(stress.venues[v].margin_ratio), 17);
        }
        if (stress.left_out > 0) out += fmt::format("  [{} left out]", stress.left_out);
        out += "\n";
    }
    constexpr std::size_t kVenuesAbreast = 4;
    for (std::size_t first = beside; first < names.size(); first += kVenuesAbreast) {
        const std::size_t end = std::min(first + kVenuesAbreast, names.size());
        out += fmt::format("\n  {:<22}", "margin ratio under");
        for (std::size_t v = first; v < end; ++v) out += right(names[v], 18);
        out += "\n";
        for (const risk::StressResult& stress : report.stresses) {
            if (stress.venues.size() < end) continue;
            out += fmt::format("  {:<22}", stress.id);
            for (std::size_t v = first; v < end; ++v) out += right(number(stress.venues[v].margin_ratio), 18);
            out += "\n";
        }
    }
}

// Where a stress leaves another book, another tail, or would fire a limit.
void add_aftermath(const RiskReport& report, std::string& out) {
    constexpr int kColumns = 100;
    heading(out, "AFTER THE STRESS");
    out += fmt::format("  {:<22}{}  {}\n", "stress", right("VaR 99 % USD", 14), "left, or fired");
    for (const risk::StressResult& stress : report.stresses) {
        const std::vector<std::string> items = aftermath(report, stress);
        if (std::isnan(stress.var_99_usd) && items.empty()) continue;
        std::string line = fmt::format("  {:<22}{}", stress.id, right(number(stress.var_99_usd), 14));
        for (const std::string& item : items) {
            if (columns_of(line) + 2 + columns_of(item) > kColumns) {
                out += line + "\n";
                line = std::string(38, ' ');
            }
            line += "  " + item;
        }
        out += line + "\n";
    }
}

void add_venues(const RiskReport& report, std::string& out) {
    for (const risk::VenueReport& venue : report.venues) {
        if (venue.liquidations.empty()) continue;
        heading(out, fmt::format("LIQUIDATION {} ({})", venue.name, venue.model));
        const auto line = [&](const std::string& name, const risk::LiquidationPrices& prices) {
            out += fmt::format("  {:<22}{}{}{}\n", name, right(liquidation_words(prices.down, false), 24),
                               right(liquidation_words(prices.up, true), 24),
                               right(liquidation_sigmas(prices.sigmas), 18));
        };
        if (std::ranges::any_of(venue.liquidations, has_liquidation_price)) {
            out += fmt::format("  {:<22}{}{}{}\n", "underlying", right("down at", 24), right("up at", 24),
                               right("sigmas of a day", 18));
        }
        for (const auto& row : venue.liquidations) {
            if (!has_liquidation_price(row)) continue;
            line(row.underlying, row.still);
            line("  others by beta", row.by_beta);
        }
        for (const std::string& others : without_liquidation_price(venue)) out += "  " + others + "\n";
    }
}

void add_deleveraging(const RiskReport& report, std::string& out) {
    if (report.deleveraging.empty()) return;
    heading(out, "DELEVERAGING, by the venues' own indicators (5: next)");
    for (const risk::AdlRow& row : report.deleveraging) {
        out += fmt::format("  {:<26}{:<13} {} of 5  offsets {} of others  at risk {} USD{}\n", row.name, row.venue,
                           number(row.risk.indicator), percent(row.offset_ratio), number(row.risk.risk_usd),
                           row.risk.act ? "   SHRINK BOTH LEGS" : "");
    }
}

void add_positions(const RiskReport& report, std::string& out) {
    std::vector<std::size_t> order(report.positions.size());
    std::iota(order.begin(), order.end(), 0U);
    std::ranges::sort(order, std::greater{}, [&](std::size_t i) {
        const risk::PositionRow& row = report.positions[i];
        return std::isfinite(row.es_component_usd) ? std::abs(row.es_component_usd) : std::abs(row.delta_net);
    });
    heading(out, "POSITIONS, by contribution to the expected shortfall");
    TextTable table{{"contract", "venue", ">quantity", ">value USD", ">delta net", ">vega", ">ES part", ">VaR part"}};
    for (std::size_t i = 0; i < std::min(order.size(), kPositionsShown); ++i) {
        const risk::PositionRow& row = report.positions[order[i]];
        table.row({row.name, row.venue, number(row.quantity), row.priced ? grouped(row.value_usd, 0) : "no price",
                   number(row.delta_net), number(row.vega_usd), number(row.es_component_usd),
                   number(row.var_component_usd)});
    }
    out += table.text(kReportColumns);
    if (order.size() > kPositionsShown)
        out += fmt::format("  … and {} more (--json has all)\n", order.size() - kPositionsShown);
}

void add_smiles(const RiskReport& report, std::string& out) {
    if (report.smiles.empty()) return;
    heading(out, "SURFACE");
    for (const risk::SmileReport& smile : report.smiles) {
        out +=
            fmt::format("  {:<6}{:<9} forward {}  {}{}{}\n", smile.underlying, report.expiry_names[smile.expiry],
                        right(number(smile.forward), 11), smile.svi ? (smile.fitted ? "fitted" : "given") : "no curve",
                        smile.svi && !smile.arbitrage_free ? ", NOT free of arbitrage" : "",
                        smile.note.empty() ? "" : ": " + smile.note);
    }
}

}  // namespace

bool takes_positions(const risk::StressResult& stress) {
    using Kind = risk::StressDefinition::Kind;
    return stress.kind == Kind::venue || stress.kind == Kind::deleverage;
}

std::vector<std::string> aftermath(const RiskReport& report, const risk::StressResult& stress) {
    std::vector<std::string> out;
    const bool legs_gone = takes_positions(stress);
    for (std::size_t u = 0; legs_gone && u < stress.delta_coin.size(); ++u) {
        out.push_back(fmt::format("delta_bs {} {}", number(stress.delta_coin[u]), report.underlying_names[u]));
    }
    for (const risk::FiredLimit& fired : stress.limits_fired) {
        out.push_back(fmt::format("fires {}{}{} {}", fired.metric, fired.scope.empty() ? "" : " ", fired.scope,
                                  limit_state_name(fired.hard ? LimitState::hard : LimitState::soft)));
    }
    return out;
}

std::string quality_mark(const ReportMetric& metric) {
    return metric.quality == "good" || std::isnan(metric.value) ? "" : "  [" + metric.quality + "]";
}

const char* limit_state_name(LimitState state) {
    switch (state) {
        case LimitState::none: return "";
        case LimitState::inside: return "inside";
        case LimitState::soft: return "SOFT";
        case LimitState::hard: return "HARD";
        case LimitState::unknown: return "unknown";
    }
    return "";
}

std::string risk_report_text(const RiskReport& report) {
    std::string out = fmt::format("Risk of {}, equity {} USD\n", holdings_words(report), grouped(report.equity_usd, 0));
    out += as_of_words(report) + "\n";
    add_limits(report, out);
    for (const std::string& note : report.notes) out += "  note: " + note + "\n";
    add_profit(report, out);
    add_metrics(report, out);
    add_tails(report, out);
    for (const risk::UnderlyingReport& underlying : report.underlyings) {
        if (moves_with_volatility(underlying)) add_matrix(underlying, out);
    }
    add_linear_underlyings(report, out);
    add_stresses(report, out);
    add_aftermath(report, out);
    add_venues(report, out);
    add_deleveraging(report, out);
    add_positions(report, out);
    add_smiles(report, out);
    return wrapped(out, kReportColumns);
}

}  // namespace keel::app
