#pragma once

#include <chrono>

#include "risk/surface/ssvi.hpp"

namespace keel::risk {

// Rules of one surface; docs/risk-model.md, "Volatility surface".
struct SurfaceConfig {
    std::chrono::nanoseconds quote_age_max{std::chrono::seconds{5}};         // an older quote weighs nothing
    std::chrono::nanoseconds fit_age_max{std::chrono::seconds{30}};          // an older fit is called stale
    std::chrono::nanoseconds refit_period{std::chrono::seconds{1}};          // with any change since the last fit
    std::chrono::nanoseconds refit_gap_min{std::chrono::milliseconds{100}};  // between two fits of one expiry
    std::chrono::nanoseconds life_min{std::chrono::minutes{30}};             // nearer to expiry nothing is fitted
    double residual_growth_max{2.0};  // weighted rms now against the last fit's: above, refit
    double changed_share_max{0.20};   // of the quotes since the last fit: above, refit
    double forward_move_max{0.5};     // |d ln F| since the last fit in units of sqrt(w at the money): above, refit
    double publish_step_min{2e-4};    // of volatility: smaller changes between fits are not published
    std::size_t refits_per_evaluation{4};
    SsviParameters prior{};  // shape where an expiry never had five usable quotes
};

}  // namespace keel::risk
