#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "risk/metrics/observation.hpp"

namespace keel::risk {

inline constexpr std::size_t kMarketFactorsMax = 4;  // BTC and ETH by default; beyond a few the betas are noise

// How one asset moves with the market factors. Every number is finite; zero where `known` is false.
struct FactorBeta {
    std::array<double, kMarketFactorsMax> betas{};  // return per return of each market factor, all others held still
    double beta_single{0.0};                        // to the first market factor alone
    double variance{0.0};                           // per step of the covariance
    double specific_variance{0.0};                  // what the market factors do not explain
    double r_squared{0.0};                          // explained share, in [0, 1]
    bool known{false};
    // A market factor moves so much like those before it that no second beta can be told: its beta is zero.
    bool collinear{false};
};

// A portfolio seen through the model; exposures in USD (profit for a log return of one).
struct FactorRisk {
    std::array<double, kMarketFactorsMax> market_usd{};  // exposure to each market factor: sum of beta times exposure
    double market_variance{0.0};                         // USD squared per step
    double specific_variance{0.0};                       // the same; specific parts are independent
    double unknown_usd{0.0};                             // sum of |exposure| without a known beta: not in the variances
    bool known{false};                                   // no exposure is unknown
};

// Linear factor model of n assets on a few of them (the market model of Sharpe 1963; several factors as in
// Rosenberg 1974): r_i = sum b_im r_m + e_i. The regression is that of the covariance it is given: b_i =
// S_MM^-1 S_Mi, so an exponentially weighted, shrunk covariance gives rolling, shrunk betas. Specific parts are taken
// as independent, which makes the model's covariance b_i' S_MM b_j (+ specific variance on the diagonal) positive
// semidefinite whatever n is.
// Thread: core. Allocates: at construction.
class FactorModel {
public:
    // `markets`: slots of the market factors, the most important first; distinct, 1 to kMarketFactorsMax.
    FactorModel(std::size_t assets, std::span<const std::size_t> markets);

    // From a covariance per step, row-major n x n, e.g. EwmaCovariance after shrink_correlations. `usable[i] == 0`
    // (not seeded, stale) leaves asset i unknown; so does a variance that is none. Where a market factor is
    // unusable every beta is unknown. O(n). Refused (`absurd`, every beta unknown) where the market block is not finite
    // or no variance of returns.
    Observation fit(std::span<const double> covariance, std::span<const std::uint8_t> usable);

    [[nodiscard]] std::size_t assets() const { return rows_.size(); }
    [[nodiscard]] std::span<const std::size_t> markets() const { return {markets_.data(), markets_count_}; }
    [[nodiscard]] const FactorBeta& beta(std::size_t asset) const { return rows_[asset]; }
    // By the model; 0 where one of the two is unknown.
    [[nodiscard]] double covariance(std::size_t i, std::size_t j) const;
    // Market and specific risk of n exposures. An exposure that is not finite or beyond 1e15 USD makes the answer
    // unknown and is in none of its numbers.
    [[nodiscard]] FactorRisk portfolio(std::span<const double> exposures_usd) const;

private:
    using Vector = std::array<double, kMarketFactorsMax>;
    bool factorise_market(std::span<const double> covariance);
    [[nodiscard]] Vector solve_market(Vector rhs) const;
    void fit_asset(std::size_t asset, std::span<const double> covariance);

    std::array<std::size_t, kMarketFactorsMax> markets_{};
    std::size_t markets_count_;
    std::array<Vector, kMarketFactorsMax> market_{};  // S_MM
    std::array<Vector, kMarketFactorsMax> factor_{};  // its lower factor
    std::array<bool, kMarketFactorsMax> dropped_{};   // collinear with those before
    std::vector<FactorBeta> rows_;
};

}  // namespace keel::risk
