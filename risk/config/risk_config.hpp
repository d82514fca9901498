#pragma once

#include <chrono>
#include <limits>
#include <string>
#include <vector>

#include "engine/events/decision.hpp"
#include "risk/config/config_problem.hpp"

namespace keel::risk {

// Which delta the portfolio is steered by: the coin value's (delta_net) or the USD equity's (delta_usd).
enum class HedgeNumeraire : std::uint8_t { coin, usd };

// The side on which a boundary is left. Metrics are compared by magnitude where they have a sign.
enum class BoundaryDirection : std::uint8_t { above, below };

// One boundary around one metric. Levels are in the metric's unit (see Metric).
struct BoundaryConfig {
    Metric metric{Metric::net_delta};
    std::string underlying{};  // "" = one boundary for each underlying; ignored by account metrics
    BoundaryDirection direction{BoundaryDirection::above};
    double target{0.0};  // net_delta only: the boundary stands around this many coins
    double soft{std::numeric_limits<double>::quiet_NaN()};
    double hard{std::numeric_limits<double>::quiet_NaN()};
    double clear{std::numeric_limits<double>::quiet_NaN()};  // NaN: 0.9 soft (above) or soft / 0.9 (below)
    std::chrono::nanoseconds debounce_soft{std::chrono::milliseconds{500}};
    std::chrono::nanoseconds debounce_hard{0};
    std::chrono::nanoseconds cooldown{std::chrono::seconds{5}};
    std::chrono::nanoseconds refire_hard{std::chrono::seconds{2}};
    std::chrono::nanoseconds escalate_after{std::chrono::seconds{30}};
};

// Irregular EWMA of squared returns, sampled on a grid (risk-model.md, "Realised volatility").
struct VolatilityConfig {
    std::chrono::nanoseconds sample_every{std::chrono::seconds{1}};
    std::chrono::nanoseconds price_age_max{std::chrono::seconds{5}};  // an older price gives no sample
    std::chrono::nanoseconds half_life_fast{std::chrono::minutes{10}};
    std::chrono::nanoseconds half_life_medium{std::chrono::hours{6}};
    std::chrono::nanoseconds half_life_slow{std::chrono::hours{240}};
    std::uint32_t seed_samples{50};  // mean square of the first ones starts the average
};

// Change of the at-the-money implied volatility over a window.
struct ImpliedVolatilityConfig {
    std::chrono::nanoseconds window{std::chrono::minutes{10}};
    std::chrono::nanoseconds tenor_min{std::chrono::hours{24}};  // nearer expiries are too noisy to judge
    double moneyness_max{0.5};  // |ln(K/F)| in standard deviations, beyond which a strike is not "at the money"
};

// Everything that RiskEngine can be told.
struct RiskConfig {
    HedgeNumeraire hedge_numeraire{HedgeNumeraire::usd};
    double stablecoin_usd{1.0};  // USD value of one unit of a stable settlement currency
    std::chrono::nanoseconds ticker_age_max{std::chrono::seconds{10}};  // older inputs flag the snapshot stale
    std::chrono::nanoseconds index_age_max{std::chrono::seconds{10}};
    VolatilityConfig volatility{};
    ImpliedVolatilityConfig implied_volatility{};
    std::vector<BoundaryConfig> boundaries{};  // at most kTriggersMax after one is made per underlying

    // Every key that is wrong, e.g. "boundaries[2].soft": soft lies beyond hard.
    [[nodiscard]] ConfigProblems validate() const;
};

}  // namespace keel::risk
