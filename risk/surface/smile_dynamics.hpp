#pragma once

#include <chrono>
#include <cstdint>

#include "engine/core/time.hpp"
#include "risk/surface/svi_slice.hpp"

namespace keel::risk {

// How the smile moves with the forward: at a fixed strike d sigma / d ln F = (R-1) d sigma/dk, with R the skew
// stickiness (Bergomi, "Smile Dynamics IV", 2009): 0 the smile travels with the forward (sticky delta), 1 a strike
// keeps its volatility (sticky strike), 1.5 to 2 as local volatility has it.

// d sigma/dk of a slice whose total variance is over `years`. Needs w(k) > 0. Thread: any. Allocates: never.
[[nodiscard]] double svi_skew(const SviParameters& svi, double k, double years);

// dV/dF along the smile, coin: delta_bs + vega skew / F, vega in USD per 1.00.
[[nodiscard]] constexpr double smile_delta(double delta_bs, double vega, double skew, double forward,
                                           double stickiness) {
    return delta_bs + vega * (stickiness - 1.0) * skew / forward;
}
// The same for an option settled in coin, F d(V/F)/dF: less its value in coin.
[[nodiscard]] constexpr double smile_delta_net(double delta_bs, double vega, double skew, double forward,
                                               double stickiness, double value_coin) {
    return smile_delta(delta_bs, vega, skew, forward, stickiness) - value_coin;
}

// R as the slope of changes of the volatility at the money on skew * d ln F, both since the last sample, with
// exponentially fading weight. Clipped to [0, 2]; 1 until it has seen enough.
// Thread: core. Allocates: never.
class SkewStickiness {
public:
    static constexpr double kMin = 0.0;
    static constexpr double kMax = 2.0;
    static constexpr double kUnknown = 1.0;
    static constexpr std::uint32_t kSamplesMin = 30;  // below, one jump decides

    explicit SkewStickiness(std::chrono::nanoseconds half_life = std::chrono::hours{6},
                            std::chrono::nanoseconds period = std::chrono::minutes{1})
        : half_life_{half_life}, period_{period} {}

    // The state of one maturity: forward, volatility at the money, d sigma/dk at the money. Samples closer than the
    // period, and such as are not finite and positive, are ignored.
    void on_sample(double forward, double volatility, double skew, UnixNanos now);
    // Another maturity is followed from here on: the next sample only starts a change.
    void restart() { has_last_ = false; }

    [[nodiscard]] double value() const;
    [[nodiscard]] bool is_known() const { return samples_ >= kSamplesMin && square_ > 0.0; }

private:
    std::chrono::nanoseconds half_life_;
    std::chrono::nanoseconds period_;
    double product_{0.0};  // faded sum of x dsigma, x = skew d ln F
    double square_{0.0};   // of x^2
    double forward_{0.0};
    double volatility_{0.0};
    double skew_{0.0};
    UnixNanos time_{};
    std::uint32_t samples_{0};
    bool has_last_{false};
};

}  // namespace keel::risk
