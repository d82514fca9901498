#include "risk/liquidity/impact.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double impact_relative(double quantity, double sigma_day, double daily_volume, double factor) {
    if (!std::isfinite(quantity) || !(sigma_day >= 0.0) || !(daily_volume > 0.0)) return kNaN;
    return factor * sigma_day * std::sqrt(std::abs(quantity) / daily_volume);
}

double days_to_exit(double quantity, double daily_volume, double participation) {
    if (!std::isfinite(quantity) || !(daily_volume * participation > 0.0)) return kNaN;
    return std::abs(quantity) / (participation * daily_volume);
}

double amihud_illiquidity(std::span<const double> returns, std::span<const double> dollar_volumes) {
    const std::size_t n = std::min(returns.size(), dollar_volumes.size());
    double sum = 0.0;
    std::size_t used = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double term = std::abs(returns[i]) / dollar_volumes[i];
        if (!(dollar_volumes[i] > 0.0) || !std::isfinite(term)) continue;
        sum += term;
        ++used;
    }
    return used > 0 ? sum / static_cast<double>(used) : kNaN;
}

void KyleLambda::add(double signed_volume, double price_change) {
    if (!std::isfinite(signed_volume * signed_volume) || !std::isfinite(signed_volume * price_change)) {
        ++refused_;
        return;
    }
    sxy_ = decay_ * sxy_ + (1.0 - decay_) * signed_volume * price_change;
    sxx_ = decay_ * sxx_ + (1.0 - decay_) * signed_volume * signed_volume;
}

double KyleLambda::value() const { return sxx_ > 0.0 ? sxy_ / sxx_ : kNaN; }

KyleRegression kyle_regression(std::span<const double> signed_volumes, std::span<const double> price_changes) {
    const std::size_t n = std::min(signed_volumes.size(), price_changes.size());
    double mean_x = 0.0;
    double mean_y = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        mean_x += signed_volumes[i] / static_cast<double>(n);
        mean_y += price_changes[i] / static_cast<double>(n);
    }
    double xy = 0.0, xx = 0.0, xy_centred = 0.0, xx_centred = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        const double x = signed_volumes[i], y = price_changes[i];
        xy += x * y;
        xx += x * x;
        xy_centred += (x - mean_x) * (y - mean_y);
        xx_centred += (x - mean_x) * (x - mean_x);
    }
    return {.through_origin = xx > 0.0 ? xy / xx : kNaN,
            .with_intercept = xx_centred > 0.0 ? xy_centred / xx_centred : kNaN};
}

}  // namespace keel::risk
