#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "risk/tail/tail_measures.hpp"

namespace keel::risk {

// VaR and ES as multiples of the book's standard deviation.
struct TailMultiples {
    double var{0.0};
    double es{0.0};
};

// Normal: z and phi(z)/(1-alpha). Student-t with nu > 2 degrees of freedom, scaled so that its variance is
// the book's: quantile and tail mean times sqrt((nu-2)/nu). nullopt where alpha or nu is out of range.
[[nodiscard]] std::optional<TailMultiples> normal_tail(double alpha);
[[nodiscard]] std::optional<TailMultiples> student_t_tail(double alpha, double nu);

// Parametric VaR over n factors. State: exposures e (USD of profit per unit of log return), covariance Sigma
// of the factors over the horizon, u = Sigma e and s2 = e'u. One exposure moves in O(n):
// s2 += de (2 u_i + Sigma_ii de), u += Sigma_.i de (Euler decomposition: e.g. Hull, Options, Futures and
// Other Derivatives, chapter on VaR). The state is recomputed exactly every kExactEvery updates and with each
// covariance. What is not finite is refused and raises `refused`; it never enters the state.
// Thread: core. Allocates: at construction.
class ParametricTail {
public:
    static constexpr std::size_t kFactorsMax = 64;  // a covariance of 32 KB stays in the second-level cache
    static constexpr std::uint32_t kExactEvery = 1024;

    explicit ParametricTail(std::size_t factors);

    // Row-major n x n, symmetric to 1e-9 of its scale, diagonal not negative. False: refused, the last stands.
    bool set_covariance(std::span<const double> covariance);
    // The exposure to one factor, as a change or as a level. False: refused, the last stands.
    bool add_exposure(std::size_t factor, double change_usd);
    bool set_exposure(std::size_t factor, double exposure_usd);
    void recompute();

    [[nodiscard]] std::size_t factors() const { return exposure_.size(); }
    [[nodiscard]] double exposure_usd(std::size_t factor) const { return exposure_[factor]; }
    [[nodiscard]] double sigma_usd() const;
    // drift_usd is mu h, the profit expected over the horizon; VaR and ES both carry minus it.
    [[nodiscard]] TailMeasures measures(TailMultiples multiples, double drift_usd = 0.0) const;

    // d measure / d exposure, and exposure times it: components sum to multiple * sigma. Zero for a book
    // without risk. `multiple` is either of TailMultiples.
    [[nodiscard]] double marginal(std::size_t factor, double multiple) const;
    [[nodiscard]] double component_usd(std::size_t factor, double multiple) const;
    // Change of the measure if `trade_usd` were added to one factor: exact, and to first order.
    [[nodiscard]] double incremental_usd(std::size_t factor, double trade_usd, double multiple) const;
    [[nodiscard]] double incremental_first_order_usd(std::size_t factor, double trade_usd, double multiple) const;
    // The trade in one factor that leaves the least variance: -(Sigma e)_i / Sigma_ii; 0 for a factor
    // without variance.
    [[nodiscard]] double best_hedge_usd(std::size_t factor) const;

    // Something not finite was offered since the last clear_refused().
    [[nodiscard]] bool refused() const { return refused_; }
    void clear_refused() { refused_ = false; }

private:
    [[nodiscard]] double covariance_of(std::size_t row, std::size_t column) const {
        return covariance_[row * exposure_.size() + column];
    }

    std::vector<double> exposure_;    // n
    std::vector<double> covariance_;  // n x n
    std::vector<double> product_;     // u = Sigma e
    double variance_{0.0};            // s2 = e'u, USD squared
    std::uint32_t updates_{0};
    bool refused_{false};
};

}  // namespace keel::risk
