#include "risk/surface/surface_signals.hpp"

#include <cmath>

#include "risk/options/black76.hpp"
#include "risk/surface/model_free_variance.hpp"

namespace keel::risk {
namespace {

constexpr double kWingDelta = 0.25;
constexpr int kBisectionSteps = 52;
constexpr std::chrono::hours kDay{24};

template <class Surface>
double moneyness_of(const Surface& surface, double delta, UnixNanos maturity, UnixNanos now) {
    const SurfacePoint money = surface.at_moneyness(0.0, maturity, now);
    if (has(money.quality, SurfaceQuality::missing) || !(delta > 0.0) || !(delta < 1.0)) return 0.0;
    double high = 0.5 + 10.0 * std::sqrt(money.total_variance);
    double low = -high;
    for (int step = 0; step < kBisectionSteps; ++step) {
        const double k = 0.5 * (low + high);
        const double deviation = std::sqrt(surface.at_moneyness(k, maturity, now).total_variance);
        if (normal_cdf(-k / deviation + 0.5 * deviation) > delta) {
            low = k;
        } else {
            high = k;
        }
    }
    return 0.5 * (low + high);
}

template <class Surface>
SurfaceSignals signals_of(const Surface& surface, UnixNanos now) {
    const SurfacePoint week = surface.at_moneyness(0.0, now + 7 * kDay, now);
    const SurfacePoint month = surface.at_moneyness(0.0, now + 30 * kDay, now);
    const SurfacePoint quarter = surface.at_moneyness(0.0, now + 90 * kDay, now);
    SurfaceSignals out;
    out.quality = week.quality | month.quality | quarter.quality;
    if (has(out.quality, SurfaceQuality::missing)) {
        out.quality = SurfaceQuality::missing;
        return out;
    }
    out.quality_7d = week.quality;
    out.quality_30d = month.quality;
    out.quality_90d = quarter.quality;
    const UnixNanos maturity = now + 30 * kDay;
    const auto volatility_of_delta = [&](double delta) {
        return surface.at_moneyness(moneyness_of(surface, delta, maturity, now), maturity, now).volatility;
    };
    const double call = volatility_of_delta(kWingDelta);
    const double put = volatility_of_delta(1.0 - kWingDelta);
    out.volatility_7d = week.volatility;
    out.volatility_30d = month.volatility;
    out.volatility_90d = quarter.volatility;
    out.term_slope = quarter.volatility - week.volatility;
    out.risk_reversal_30d = call - put;
    out.butterfly_30d = 0.5 * (call + put) - month.volatility;
    out.variance_30d = model_free_variance(
        [&](double k) { return surface.at_moneyness(k, maturity, now).total_variance; }, month.years);
    return out;
}

}  // namespace

double moneyness_of_delta(const VolatilitySurface& surface, double delta, UnixNanos maturity, UnixNanos now) {
    return moneyness_of(surface, delta, maturity, now);
}

SurfaceSignals surface_signals(const VolatilitySurface& surface, UnixNanos now) { return signals_of(surface, now); }
SurfaceSignals surface_signals(const SliceSurface& surface, UnixNanos now) { return signals_of(surface, now); }

}  // namespace keel::risk
