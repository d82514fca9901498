#pragma once

#include <cstdint>
#include <span>

#include "risk/surface/svi_objective.hpp"

namespace keel::risk {

// How a fit ended. From `projected` on the slice is not the least error but the nearest that may be published.
enum class SviFitStatus : std::uint8_t {
    ok,              // least error, free of butterflies and of calendar arbitrage against `near`
    projected,       // fitted again with the arbitrage barred
    repaired,        // Gatheral and Jacquier's jump-wing repair of the least error
    too_few_quotes,  // fewer than five of positive weight; nothing written
    failed,          // none of the three: keep the last surface and call it stale; nothing written
};
[[nodiscard]] constexpr bool is_fitted(SviFitStatus status) { return status <= SviFitStatus::repaired; }

// Whether a fit counts a quote: finite, with a volatility and a weight.
[[nodiscard]] bool is_fittable(const SviPoint& point);

struct SviFitRequest {
    std::span<const SviPoint> points;        // at most kSviPointsMax; those that are not fittable are left out
    double years{0.0};                       // > 0
    const SviParameters* previous{nullptr};  // where to start; null: a scan
    const SviParameters* near{nullptr};      // slice of the expiry before: a floor for all k
    std::span<const SviParameters> far{};    // slices of later expiries: a ceiling where there are no quotes
    bool is_robust{true};                    // Huber's weights: errors beyond 3 half-spreads count by their size only
};

struct SviFit {
    SviParameters svi;      // what may be published
    SviParameters raw;      // least error, whatever arbitrage it has
    double error{0.0};      // sqrt(sum w d^2 / sum w) of svi, fraction of volatility, with the robust weights
    double error_raw{0.0};  // likewise of raw
    double g_min{0.0};      // of svi
    std::size_t evaluations{0};
};

// Raw SVI to the quotes of one expiry: the quasi-explicit inner problem, Nelder and Mead over (m, ln sigma) outside,
// then the arbitrage checks and, where they fail, at most three fits with a growing penalty.
// Thread: any. Allocates: never.
[[nodiscard]] SviFitStatus svi_fit(const SviFitRequest& request, SviFit& out);

// Huber's weight of an error of volatility: 1 up to three half-spreads (floor 0.002 added), then falling as 1/|error|.
[[nodiscard]] double svi_huber_weight(double error, double half_spread);

}  // namespace keel::risk
