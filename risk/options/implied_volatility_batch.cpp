#include "risk/options/implied_volatility_batch.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/options/normal_model_fit.hpp"
#include "risk/options/normal_tail.hpp"

namespace keel::risk {
namespace {

// Where the vector path may run: normal numbers throughout, and tails far enough apart for their difference.
constexpr double kPriceMin = 1e-100, kPriceMax = 1e100;
constexpr double kTailGapMin = 1e-4;
constexpr double kDeviationMax = 10.0;
// A second step of this relative size leaves its fourth power times a small factor.
constexpr double kFirstStepMax = 4.0 * kWarmRadius;
constexpr double kSecondStepMax = 1e-3;

// Options are solved in tiles, stage by stage: within a stage the blocks of four do not depend on each other, and the
// processor overlaps them.
constexpr std::size_t kTileBlocks = 8;

struct Tile {
    std::array<Lanes, kTileBlocks> x, log_value, s, tails;
    std::array<LaneMask, kTileBlocks> valid;
};

struct Shared {
    Lanes forward, root_years, discount_or_forward;
    bool coin{false};
};

// The normal-model volatility of implied_volatility.cpp, below half of the largest price and off the money.
Lanes first_guess(Lanes x, Lanes distance, Lanes value) {
    const Lanes u = log_ratio(distance + value, value);
    const Lanes w = square_root(u);
    const NormalModelFit<Lanes> fit = normal_model_fit(w);
    const Lanes s = x * fit.bottom / (u * fit.top);
    const Lanes share = s * s / (Lanes{24.0} * square_root(fused(x * x, Lanes{1.0 / 60.0}, Lanes{1.0})));
    const Lanes capped = select(share < Lanes{1.0 / 3.0}, share, Lanes{1.0 / 3.0});
    return fused(s, share / fused(Lanes{-2.1}, capped, Lanes{1.0}), s);
}

// The normalised problem of the four options from `first`.
void pose(const QuotedChain& chain, const Shared& shared, std::size_t first, const double* last, Tile& tile,
          std::size_t block) {
    const Lanes strike = Lanes::load(chain.strike.data() + first), sign = Lanes::load(chain.sign.data() + first);
    const Lanes price = Lanes::load(chain.price.data() + first);
    const Lanes premium = shared.coin ? price * shared.discount_or_forward : price / shared.discount_or_forward;
    const Lanes distance = shared.forward - strike, moneyness = sign * distance;
    const Lanes value = premium - select(Lanes{0.0} < moneyness, moneyness, Lanes{0.0});
    const Lanes cap = select(shared.forward < strike, shared.forward, strike);
    const Lanes x = absolute(log_ratio(shared.forward, strike));
    Lanes s = Lanes::load(last + first) * shared.root_years;
    const LaneMask known = (Lanes{0.0} < s) & (s < Lanes{kDeviationMax});
    if (known.bits() != kAllLanes) s = select(known, s, first_guess(x, absolute(distance), value));
    tile.x[block] = x;
    tile.log_value[block] = fused(Lanes{-0.5}, x, log_ratio(value, cap));
    tile.s[block] = s;
    tile.valid[block] = (Lanes{kPriceMin} < strike) & (strike < Lanes{kPriceMax}) & (Lanes{kPriceMin} < value) &
                        (value <= Lanes{0.5} * cap) & (absolute(sign) <= Lanes{1.0}) & (Lanes{1.0} <= absolute(sign)) &
                        (Lanes{0.0} <= price) & (Lanes{0.0} < s) & (s < Lanes{kDeviationMax});
}

// Y(a-t) - Y(a+t) at the tile's s.
void evaluate(Tile& tile, std::size_t block) {
    const Lanes s = tile.s[block], a = tile.x[block] / s, t = Lanes{0.5} * s;
    const Lanes near = a - t, apart = fused(t, a, t);
    const Lanes w = scaled_normal_tail(near) - scaled_normal_tail(a + t);
    tile.tails[block] = w;
    tile.valid[block] =
        tile.valid[block] & (Lanes{kNormalTailMin} <= near) & (Lanes{kTailGapMin} < apart) & (Lanes{0.0} < w);
}

// Householder's step on ln b, as in implied_volatility.cpp; a lane that moves further than `change_max` is given up.
void step(Tile& tile, std::size_t block, double change_max) {
    const Lanes half{0.5}, one{1.0};
    const Lanes s = tile.s[block], w = tile.tails[block];
    const Lanes a = tile.x[block] / s, t = half * s;
    const Lanes a2 = a * a, t2 = t * t;
    const Lanes excess = log_of(w) - fused(half, a2 + t2, tile.log_value[block]);
    const Lanes slope = Lanes{kInverseRoot2Pi} * s / w;
    const Lanes bend = a2 - t2;
    const Lanes newton = -excess / slope;
    const Lanes second = bend - slope;
    const Lanes third =
        fused(bend, bend, fused(Lanes{-3.0}, a2, -t2)) + slope * fused(Lanes{2.0}, slope, Lanes{-3.0} * bend);
    const Lanes top = newton * fused(half * second, newton, one);
    const Lanes bottom = fused(newton, fused(third * newton, Lanes{1.0 / 6.0}, second), one);
    const Lanes change = top / bottom;
    tile.s[block] = fused(s, change, s);
    tile.valid[block] = tile.valid[block] & (absolute(change) < Lanes{change_max});
}

// Solves `blocks` blocks from `first`; stores what was solved and leaves the validity of each lane in the tile.
void solve_tile(const QuotedChain& chain, const Shared& shared, std::size_t first, std::size_t blocks,
                double* volatility, Tile& tile) {
    for (std::size_t b = 0; b < blocks; ++b) pose(chain, shared, first + b * kLanes, volatility, tile, b);
    for (std::size_t b = 0; b < blocks; ++b) evaluate(tile, b);
    for (std::size_t b = 0; b < blocks; ++b) step(tile, b, kFirstStepMax);
    for (std::size_t b = 0; b < blocks; ++b) evaluate(tile, b);
    for (std::size_t b = 0; b < blocks; ++b) step(tile, b, kSecondStepMax);
    for (std::size_t b = 0; b < blocks; ++b) {
        double* at = volatility + first + b * kLanes;
        select(tile.valid[b], tile.s[b] / shared.root_years, Lanes::load(at)).store(at);
    }
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

// Stores the answers of the four lanes of a solved block, the first `count` of them, asking the scalar solver where the
// lane is not valid. Answers how many it asked.
std::size_t settle(const QuotedChain& chain, std::size_t first, std::size_t count, unsigned solved,
                   std::span<double> volatility, std::span<ImpliedStatus> status) {
    std::size_t fallbacks = 0;
    for (std::size_t lane = 0; lane < count; ++lane) {
        const std::size_t i = first + lane;
        if ((solved >> lane & 1U) != 0U) {
            status[i] = ImpliedStatus::ok;
        } else {
            solve_one(chain, i, volatility[i], status[i]);
            ++fallbacks;
        }
    }
    return fallbacks;
}

// The last one to three options, filled up to a block with the last of them: an answer does not depend on the place.
std::size_t solve_rest(const QuotedChain& chain, const Shared& shared, std::size_t first, Tile& tile,
                       std::span<double> volatility, std::span<ImpliedStatus> status) {
    const std::size_t count = chain.strike.size() - first;
    std::array<double, kLanes> strike, sign, price, last;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        const std::size_t i = first + std::min(lane, count - 1);
        strike[lane] = chain.strike[i];
        sign[lane] = chain.sign[i];
        price[lane] = chain.price[i];
        last[lane] = volatility[i];
    }
    QuotedChain block = chain;
    block.strike = strike;
    block.sign = sign;
    block.price = price;
    solve_tile(block, shared, 0, 1, last.data(), tile);
    for (std::size_t lane = 0; lane < count; ++lane) volatility[first + lane] = last[lane];
    return settle(chain, first, count, tile.valid[0].bits(), volatility, status);
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
    if (!shared_valid) {
        for (std::size_t i = 0; i < size; ++i) solve_one(chain, i, volatility[i], status[i]);
        return size;
    }
    Tile tile;
    std::size_t fallbacks = 0;
    std::size_t i = 0;
    while (i + kLanes <= size) {
        const std::size_t blocks = std::min(kTileBlocks, (size - i) / kLanes);
        solve_tile(chain, shared, i, blocks, volatility.data(), tile);
        for (std::size_t b = 0; b < blocks; ++b, i += kLanes) {
            fallbacks += settle(chain, i, kLanes, tile.valid[b].bits(), volatility, status);
        }
    }
    if (i < size) fallbacks += solve_rest(chain, shared, i, tile, volatility, status);
    return fallbacks;
}

}  // namespace keel::risk
