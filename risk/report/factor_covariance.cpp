#include "risk/report/factor_covariance.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <span>

#include "risk/matrix/covariance.hpp"
#include "risk/matrix/positive_semidefinite.hpp"
#include "risk/matrix/scaled_covariance.hpp"
#include "risk/tail/scenario_set.hpp"

namespace keel::risk {
namespace {

// A bar a day. A factor without moves never has one and stands still.
void covariance_of_days(const FactorMoves& history, std::span<double> out) {
    const std::size_t n = history.count();
    EwmaCovariance covariance{{.factors = n, .decay = kReportEwmaDecay, .seed_bars = kReportEwmaSeed}};
    std::vector<double> bar(n);
    std::vector<std::uint8_t> live(n);
    for (std::size_t day = 0; day < history.days; ++day) {
        for (std::size_t f = 0; f < n; ++f) {
            live[f] = history.moves[f].empty() ? 0 : 1;
            if (live[f] != 0) bar[f] = history.moves[f][day];
        }
        (void)covariance.on_bar(bar, live);
    }
    covariance.write_matrix(out);
}

// As given, 1 where none is, and the nearest that can be where they contradict each other: said in a note.
std::vector<double> correlations_of(const ReportInputs& inputs, std::size_t underlyings,
                                    std::vector<std::string>& notes) {
    constexpr double kRounding = 1e-6;  // of the eigenvalues of correlations of few digits
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    const std::size_t cells = underlyings * underlyings;
    std::vector<double> out = inputs.correlations;
    if (out.size() != cells) out.assign(cells, kNaN);
    const auto missing = static_cast<std::size_t>(std::ranges::count_if(out, [](double c) { return std::isnan(c); }));
    std::ranges::replace_if(
        out, [](double c) { return std::isnan(c); }, 1.0);
    if (missing > 0 && underlyings > 1) {
        notes.push_back(std::string{"no history and no correlations"} +
                        (missing < cells ? " of some: those" : ": underlyings") + " taken as moving together");
    }
    std::vector<double> repaired = out;
    const Repair repair = repair_positive_semidefinite(repaired, underlyings);
    if (repair.status != RepairStatus::repaired || repair.eigenvalue_min > -kRounding) return out;
    notes.push_back("the correlations given contradict each other: the nearest that do not are used");
    return repaired;
}

// Volatilities stand still.
void covariance_given(const ReportInputs& inputs, std::size_t underlyings, std::span<double> out,
                      std::vector<std::string>& notes) {
    ScaledCovariance covariance{underlyings};
    if (!covariance.set_correlations(correlations_of(inputs, underlyings, notes))) {
        notes.push_back("the correlations given are none: underlyings taken as not correlated");
    }
    for (std::size_t u = 0; u < std::min(underlyings, inputs.histories.size()); ++u) {
        (void)covariance.set_volatility(u, own_daily_volatility(inputs.histories[u]));  // NaN: stays 0
    }
    for (std::size_t u = 0; u < underlyings; ++u) {
        covariance.write_row(u, out.subspan(2 * underlyings * u, underlyings));
    }
}

// Days that the volatility of a held underlying's own returns is not of.
void doubt_days_left_out(const ReportInputs& inputs, const FactorMoves& history, FactorCovariance& out,
                         std::vector<std::string>& notes) {
    for (std::size_t u = 0; u < std::min(history.underlyings, inputs.histories.size()); ++u) {
        const UnderlyingHistory& own = inputs.histories[u];
        const std::size_t days = std::min(own.returns.size(), kScenariosDefault), present = days_present(own.returns);
        if (!history.held[u] || std::isfinite(own.daily_volatility) || present == days) continue;
        if (!std::isfinite(own_daily_volatility(own))) continue;
        out.doubts |= InputDoubt::days_filled;
        notes.push_back(inputs.book.underlying_names[u] + ": " + std::to_string(days - present) + " of " +
                        std::to_string(days) + " daily returns are missing, left out of its volatility");
    }
}

// What is held and stands still while something else moves is missing from every tail.
void doubt_what_stands_still(const ReportInputs& inputs, const FactorMoves& history, FactorCovariance& out,
                             std::vector<std::string>& notes) {
    const auto is_known = [](double sigma) { return std::isfinite(sigma); };
    if (std::ranges::none_of(out.sigma_day, is_known)) return;
    for (std::size_t u = 0; u < history.underlyings; ++u) {
        if (!history.held[u] || is_known(out.sigma_day[u])) continue;
        out.doubts |= InputDoubt::price_still;
        notes.push_back(inputs.book.underlying_names[u] +
                        ": neither daily returns nor a daily volatility, its price stands still in every tail");
    }
}

}  // namespace

double own_daily_volatility(const UnderlyingHistory& history) {
    const std::size_t days = history.returns.size();
    if (std::isfinite(history.daily_volatility) || days < kReportEwmaSeed) return history.daily_volatility;
    EwmaCovariance variance{{.factors = 1, .decay = kReportEwmaDecay, .seed_bars = kReportEwmaSeed}};
    for (const double& move : std::span{history.returns}.last(std::min(days, kScenariosDefault))) {
        (void)variance.on_bar({&move, 1}, std::array<std::uint8_t, 1>{is_day(move)});
    }
    return variance.seeded(0) ? std::sqrt(variance.covariance(0, 0)) : std::numeric_limits<double>::quiet_NaN();
}

FactorCovariance factor_covariance(const ReportInputs& inputs, const FactorMoves& history,
                                   std::vector<std::string>& notes) {
    const std::size_t n = history.count();
    FactorCovariance out{.covariance = std::vector<double>(n * n), .sigma_day = {}, .doubts = InputDoubt::none};
    if (history.days > 0) {
        covariance_of_days(history, out.covariance);
    } else {
        std::vector<std::string> unsaid;  // of nothing
        const bool any_held = std::ranges::count(history.held, true) > 0;
        covariance_given(inputs, history.underlyings, out.covariance, any_held ? notes : unsaid);
        doubt_days_left_out(inputs, history, out, notes);
    }
    for (std::size_t u = 0; u < history.underlyings; ++u) {
        const double variance = out.covariance[u * n + u];
        out.sigma_day.push_back(variance > 0.0 ? std::sqrt(variance) : std::numeric_limits<double>::quiet_NaN());
    }
    doubt_what_stands_still(inputs, history, out, notes);
    return out;
}

}  // namespace keel::risk
