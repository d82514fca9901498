#include "risk/options/implied_volatility_batch.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/options/normal_tail.hpp"

namespace keel::risk {
namespace {

// Where the vector path may run: normal numbers throughout, and tails far enough apart for their difference.
constexpr double kPriceMin = 1e-100, kPriceMax = 1e100;
constexpr double kTailGapMin = 1e-4;
constexpr double kDeviationMax = 10.0;
// A second step of this relative size leaves its fourth power times a small factor.
constexpr double kSecondStepMax = 1e-3;

struct Shared {
    Lanes forward, root_years, discount_or_forward;
    bool coin{false};
};

struct LaneStep {
    Lanes change;  // relative to s
    LaneMask valid;
};

// Householder's step on ln b of four options at once; see implied_volatility.cpp.
LaneStep lane_step(Lanes x, Lanes s, Lanes log_value) {
    const Lanes half{0.5}, one{1.0};
    const Lanes a = x / s, t = half * s;
    const Lanes near = a - t, apart = t * (one + a);
    const Lanes w = scaled_normal_tail(near) - scaled_normal_tail(a + t);
    const Lanes a2 = a * a, t2 = t * t;
    const Lanes excess = log_of(w) - fused(half, a2 + t2, log_value);
    const Lanes inverse_slope = w * Lanes{kSqrt2Pi} / s;
    const Lanes slope = Lanes{kInverseRoot2Pi} * s / w;
    const Lanes bend = a2 - t2;
    const Lanes newton = -(excess * inverse_slope);
    const Lanes second = bend - slope;
    const Lanes third =
        fused(bend, bend, fused(Lanes{-3.0}, a2, -t2)) + slope * fused(Lanes{2.0}, slope, Lanes{-3.0} * bend);
    const Lanes top = newton * fused(half * second, newton, one);
    const Lanes bottom = fused(newton, fused(third * newton, Lanes{1.0 / 6.0}, second), one);
    return {top / bottom, (Lanes{kNormalTailMin} <= near) & (Lanes{kTailGapMin} < apart) & (Lanes{0.0} < w)};
}

// Four options from `first`; bits of those that were solved, whose volatilities are stored.
unsigned solve_lanes(const QuotedChain& chain, const Shared& shared, std::size_t first, double* volatility) {
    const Lanes strike = Lanes::load(chain.strike.data() + first), sign = Lanes::load(chain.sign.data() + first);
    const Lanes price = Lanes::load(chain.price.data() + first);
    const Lanes last = Lanes::load(volatility + first);
    const Lanes premium = shared.coin ? price * shared.discount_or_forward : price / shared.discount_or_forward;
    const Lanes moneyness = sign * (shared.forward - strike);
    const Lanes value = premium - select(Lanes{0.0} < moneyness, moneyness, Lanes{0.0});
    const Lanes cap = select(shared.forward < strike, shared.forward, strike);
    LaneMask valid = (Lanes{kPriceMin} < strike) & (strike < Lanes{kPriceMax}) & (Lanes{kPriceMin} < value) &
                     (value <= Lanes{0.5} * cap) & (absolute(sign) <= Lanes{1.0}) & (Lanes{1.0} <= absolute(sign)) &
                     (Lanes{0.0} <= price);
    const Lanes x = absolute(log_ratio(shared.forward, strike));
    const Lanes log_value = fused(Lanes{-0.5}, x, log_ratio(value, cap));
    const Lanes s0 = last * shared.root_years;
    valid = valid & (Lanes{0.0} < s0) & (s0 < Lanes{kDeviationMax});
    const LaneStep one = lane_step(x, s0, log_value);
    const Lanes s1 = fused(s0, one.change, s0);
    const LaneStep two = lane_step(x, s1, log_value);
    const Lanes s2 = fused(s1, two.change, s1);
    valid = valid & one.valid & two.valid & (absolute(one.change) < Lanes{4.0 * kWarmRadius}) &
            (absolute(two.change) < Lanes{kSecondStepMax}) & (Lanes{0.0} < s2);
    select(valid, s2 / shared.root_years, last).store(volatility + first);
    return valid.bits();
}

void solve_one(const QuotedChain& chain, std::size_t i, double& volatility, ImpliedStatus& status) {
    const OptionType type = chain.sign[i] == 1.0    ? OptionType::call
                            : chain.sign[i] == -1.0 ? OptionType::put
                                                    : OptionType::none;
    const ImpliedVolatility answer = implied_volatility({.forward = chain.forward,
                                                         .strike = chain.strike[i],
                                                         .years = chain.years,
                                                         .rate = chain.rate,
                                                         .price = chain.price[i],
                                                         .unit = chain.unit,
                                                         .type = type});
    volatility = answer.volatility;
    status = answer.status;
}

}  // namespace

std::size_t implied_volatility_batch(const QuotedChain& chain, std::span<double> volatility,
                                     std::span<ImpliedStatus> status) {
    const std::size_t size = chain.strike.size();
    KEEL_ASSERT(chain.sign.size() == size && chain.price.size() == size);
    KEEL_ASSERT(volatility.size() == size && status.size() == size);
    const bool coin = chain.unit == PremiumUnit::coin;
    const double scale = coin ? chain.forward : std::exp(-chain.rate * chain.years);
    const bool shared_valid = std::isfinite(chain.years) && chain.years > 0.0 && std::isfinite(chain.rate) &&
                              chain.forward > kPriceMin && chain.forward < kPriceMax && std::isnormal(scale);
    const Shared shared{.forward = chain.forward,
                        .root_years = shared_valid ? std::sqrt(chain.years) : 0.0,
                        .discount_or_forward = scale,
                        .coin = coin};
    std::size_t fallbacks = 0;
    std::size_t i = 0;
    if (shared_valid) {
        for (; i + kLanes <= size; i += kLanes) {
            const unsigned solved = solve_lanes(chain, shared, i, volatility.data());
            std::fill_n(status.begin() + static_cast<std::ptrdiff_t>(i), kLanes, ImpliedStatus::ok);
            if (solved == 0xFU) continue;
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
                if ((solved >> lane & 1U) != 0U) continue;
                solve_one(chain, i + lane, volatility[i + lane], status[i + lane]);
                ++fallbacks;
            }
        }
    }
    for (; i < size; ++i) {
        solve_one(chain, i, volatility[i], status[i]);
        ++fallbacks;
    }
    return fallbacks;
}

}  // namespace keel::risk
