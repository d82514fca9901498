#include "strategies/hedge/hedge_config.hpp"

#include <array>
#include <cmath>

namespace keel::strategies {
namespace {

bool positive(double value) { return std::isfinite(value) && value > 0.0; }
bool at_least_zero(double value) { return std::isfinite(value) && value >= 0.0; }
bool ratio(double value) { return std::isfinite(value) && value >= 0.0 && value < 1.0; }

}  // namespace

Result<void> HedgeConfig::validate() const {
    using namespace std::chrono_literals;
    bool targets_good = true;
    for (const HedgeTarget& target : targets) {
        targets_good =
            targets_good && target.underlying != UnderlyingId::none && std::isfinite(target.delta_target_coin);
    }
    const std::array good{
        targets_good,
        positive(risk_aversion_per_usd),
        positive(delta_risk_limit_usd),
        band_horizon > 0s,
        ratio(boundary_buffer_ratio),
        positive(volatility_floor_ratio),
        at_least_zero(half_spread_fallback_bps),
        positive(book_share_ratio) && book_share_ratio <= 1.0,
        book_age_max > 0ms,
        positive(order_notional_max_usd),
        positive(order_coins_max),
        positive(position_notional_max_usd),
        time_in_force != TimeInForce::fill_or_kill,
        at_least_zero(cross_bps),
        positive(collar_bps) && collar_bps >= cross_bps && collar_bps<10'000.0, reprice_after> 0ms,
        retry_after > 0ms,
        deadline >= reprice_after,
        attempts_max > 0,
        settle_time >= 0ms,
        report_interval > 0ms,
    };
    for (std::size_t at = 0; at < good.size(); ++at) {
        if (!good[at]) return fail(Errc::config_invalid, at);
    }
    return {};
}

}  // namespace keel::strategies
