#pragma once

#include <algorithm>
#include <cmath>
#include <span>

#include "risk/options/black76.hpp"

namespace keel::risk {

struct StrikeVolatility {
    double strike{0.0};
    double volatility{0.0};
};

inline constexpr std::size_t kVarianceStrikesMax = 512;

// Fair variance per year from listed strikes: the log contract is replaced by straight pieces between strikes, each
// weight a difference of slopes, and the part between the forward and the strike below it is added in closed form
// (Demeterfi, Derman, Kamal and Zou, "More Than You Ever Wanted to Know About Volatility Swaps", 1999, eq. 26 and
// appendix A). Strikes ascending, at least one at or below the forward and one above; the outermost pieces are as long
// as their neighbours. False (out untouched) otherwise, or where a number is not finite and positive.
// Thread: any. Allocates: never.
[[nodiscard]] bool replicated_variance(std::span<const StrikeVolatility> smile, double forward, double years,
                                       double& out);

// Fair variance per year of a whole smile, 2/T times the integral of the out-of-the-money price over K^2, by Simpson's
// rule on either side of the forward. `total_variance(k)` is w at ln(K/F), positive and finite. Steps are even in
// asinh(k/sqrt(w(0))): fine at the money, wide in wings that fade over several units of k.
// Thread: any. Allocates: never.
template <class TotalVariance>
[[nodiscard]] double model_free_variance(TotalVariance&& total_variance, double years) {
    constexpr int kSteps = 120;      // per side, even
    constexpr double kReach = 10.0;  // of |k|
    const double width = std::sqrt(total_variance(0.0));
    const double step = std::asinh(kReach / width) / kSteps;
    double sum = 0.0;
    for (const double sign : {-1.0, 1.0}) {
        for (int i = 0; i <= kSteps; ++i) {
            const double k = sign * width * std::sinh(step * i);
            const double deviation = std::sqrt(total_variance(k));
            const double d1 = -k / deviation + 0.5 * deviation;
            const double d2 = d1 - deviation;
            const double ratio = std::exp(k);  // strike over forward
            const double price =
                sign < 0.0 ? ratio * normal_cdf(-d2) - normal_cdf(-d1) : normal_cdf(d1) - ratio * normal_cdf(d2);
            const double weight = i == 0 || i == kSteps ? 1.0 : i % 2 == 1 ? 4.0 : 2.0;
            sum += weight * std::max(price, 0.0) / ratio * width * std::cosh(step * i);
        }
    }
    return 2.0 / years * sum * step / 3.0;
}

}  // namespace keel::risk
