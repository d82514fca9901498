#include "risk/report/factor_covariance.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "risk/matrix/covariance.hpp"
#include "risk/matrix/scaled_covariance.hpp"

namespace keel::risk {
namespace {

// A bar a day. A factor without moves never has one and stands still.
void covariance_of_days(const FactorMoves& history, std::span<double> out, std::vector<std::string>& notes) {
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
    if (covariance.refused() == 0) return;
    notes.push_back("moves of the past days that no market makes: " + std::to_string(covariance.refused()) +
                    " left out of the covariance");
}

// Volatilities stand still.
void covariance_given(const ReportInputs& inputs, std::size_t underlyings, std::span<double> out,
                      std::vector<std::string>& notes) {
    ScaledCovariance covariance{underlyings};
    const bool given =
        inputs.correlations.size() == underlyings * underlyings && covariance.set_correlations(inputs.correlations);
    if (!given && underlyings > 1) {
        notes.push_back("no history and no correlations: underlyings taken as moving together");
    }
    if (!given) (void)covariance.set_correlations(std::vector<double>(underlyings * underlyings, 1.0));
    for (std::size_t u = 0; u < std::min(underlyings, inputs.histories.size()); ++u) {
        (void)covariance.set_volatility(u, inputs.histories[u].daily_volatility);  // NaN: stays 0
    }
    for (std::size_t u = 0; u < underlyings; ++u) {
        covariance.write_row(u, out.subspan(2 * underlyings * u, underlyings));
    }
}

}  // namespace

FactorCovariance factor_covariance(const ReportInputs& inputs, const FactorMoves& history,
                                   std::vector<std::string>& notes) {
    const std::size_t n = history.count();
    FactorCovariance out{.covariance = std::vector<double>(n * n), .sigma_day = {}};
    if (history.days > 0) {
        covariance_of_days(history, out.covariance, notes);
    } else {
        covariance_given(inputs, history.underlyings, out.covariance, notes);
    }
    for (std::size_t u = 0; u < history.underlyings; ++u) {
        const double variance = out.covariance[u * n + u];
        out.sigma_day.push_back(variance > 0.0 ? std::sqrt(variance) : std::numeric_limits<double>::quiet_NaN());
    }
    return out;
}

}  // namespace keel::risk
