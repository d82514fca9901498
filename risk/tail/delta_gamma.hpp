#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "risk/tail/quadratic_form.hpp"
#include "risk/tail/tail_measures.hpp"

namespace keel::risk {

// A book to second order: profit = theta + delta'x + x'Gamma x/2 with x ~ N(0, Omega). Factors are log
// prices and log volatilities: vega, vanna and volga are entries of delta and Gamma. Matrices row-major n x n,
// Gamma and Omega symmetric; USD.
struct DeltaGammaBook {
    double theta{0.0};
    std::span<const double> delta;
    std::span<const double> gamma;
    std::span<const double> omega;
};

// The first four cumulants of the profit, with B = Gamma Omega: k1 = theta + tr B/2,
// k2 = d'Od + tr B^2/2, k3 = 3 d'O Gamma O d + tr B^3, k4 = 12 d'O Gamma O Gamma O d + 3 tr B^4.
struct ProfitCumulants {
    double k1{0.0}, k2{0.0}, k3{0.0}, k4{0.0};
    [[nodiscard]] double skewness() const;         // 0 where k2 is 0
    [[nodiscard]] double excess_kurtosis() const;  // 0 where k2 is 0
};
// O(n^3), n at most kQuadraticFactorsMax; nullopt where larger, empty, not finite, or k2 negative.
// Allocates: never.
[[nodiscard]] std::optional<ProfitCumulants> profit_cumulants(const DeltaGammaBook& book);

// Cornish-Fisher's fourth-order quantile at z = N^-1(1 - alpha):
// w = z + (z^2-1) S/6 + (z^3-3z) K/24 - (2z^3-5z) S^2/36, VaR = -(k1 + w sqrt k2). The ES is the mean of that
// quantile over the tail, closed because it is a cubic in z. Valid only where w grows with z on the way
// from z - 0.5 to 0 (z + 0.5 for an upper quantile).
[[nodiscard]] double cornish_fisher_z(const ProfitCumulants& cumulants, double alpha);
[[nodiscard]] bool cornish_fisher_valid(const ProfitCumulants& cumulants, double alpha);
[[nodiscard]] TailMeasures cornish_fisher_tail(const ProfitCumulants& cumulants, double alpha);

// VaR and ES from the distribution of the form. ES is the mean of the quantile over the tail by 16 Gauss points in
// the square root of the probability, which takes the edge off the quantile's logarithmic pole at 0.
[[nodiscard]] std::optional<TailMeasures> saddlepoint_tail(const QuadraticForm& form, double alpha);
[[nodiscard]] std::optional<TailMeasures> exact_tail(const QuadraticForm& form, double alpha);

// Which method a published figure comes from.
enum class DeltaGammaMethod : std::uint8_t { cornish_fisher, saddlepoint, filtered_historical };
struct DeltaGammaTail {
    TailMeasures measures;
    DeltaGammaMethod method{DeltaGammaMethod::filtered_historical};
};
// Cornish-Fisher where it is locally valid, else the saddlepoint, else what filtered historical simulation says.
// Allocates: only where the form is needed; at refreshes, at most every 100 ms, never between event and command.
[[nodiscard]] DeltaGammaTail delta_gamma_tail(const DeltaGammaBook& book, double alpha, TailMeasures fallback);

}  // namespace keel::risk
