#include "risk/options/chain_kernel.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <new>

#include "engine/core/assert.hpp"
#include "risk/options/normal_tail.hpp"

namespace keel::risk {
namespace {

constexpr std::align_val_t kCacheLine{64};
constexpr std::size_t kDoublesPerCacheLine = 8;
const double kAllBits = std::bit_cast<double>(~std::uint64_t{0});

// Where no intermediate of the fast path can overflow or leave the normal numbers.
constexpr double kPriceMin = 1e-60, kPriceMax = 1e60;
constexpr double kDiscountMin = 1e-10, kDiscountMax = 1e10;
constexpr double kYearsMin = 1e-12, kYearsMax = 1e3;
constexpr double kVolatilityMin = 1e-6, kVolatilityMax = 1e3;

bool is_between(double value, double low, double high) { return value >= low && value <= high; }

// Phi(+d) or Phi(-d) as `sign` says, from Phi(-|d|).
Lanes signed_cdf(Lanes d, Lanes sign, Lanes tail, Lanes whole) {
    return select(Lanes{0.0} < d * sign, whole - tail, tail);
}

}  // namespace

void OptionChain::Freed::operator()(double* block) const { ::operator delete[](block, kCacheLine); }

OptionChain::OptionChain(std::size_t capacity)
    : capacity_{capacity},
      stride_{(capacity + kDoublesPerCacheLine) / kDoublesPerCacheLine * kDoublesPerCacheLine},
      block_{static_cast<double*>(::operator new[](kColumns* stride_ * sizeof(double), kCacheLine))},
      status_(stride_, PricingStatus::ok) {
    std::fill_n(block_.get(), kColumns * stride_, 0.0);
}

std::size_t OptionChain::add(OptionType type, double strike, double years, double volatility) {
    KEEL_ASSERT(size_ < capacity_);
    const std::size_t index = size_++;
    const double nan = std::numeric_limits<double>::quiet_NaN();
    column(kStrike)[index] = strike;
    column(kSign)[index] = type == OptionType::call ? 1.0 : type == OptionType::put ? -1.0 : nan;
    column(kVolatility)[index] = volatility;
    column(kYears)[index] = years;
    for (std::size_t out = kPrice; out < kColumns; ++out) column(static_cast<Column>(out))[index] = 0.0;
    derive(index);
    return index;
}

void OptionChain::set_volatility(std::size_t index, double volatility) {
    KEEL_ASSERT(index < size_);
    column(kVolatility)[index] = volatility;
    derive(index);
}

void OptionChain::set_years(std::size_t index, double years) {
    KEEL_ASSERT(index < size_);
    column(kYears)[index] = years;
    derive(index);
}

void OptionChain::set_years(double years) {
    for (std::size_t i = 0; i < size_; ++i) set_years(i, years);
}

void OptionChain::set_rate(double rate) {
    rate_ = rate;
    for (std::size_t i = 0; i < size_; ++i) derive(i);
}

void OptionChain::derive(std::size_t index) {
    const double years = column(kYears)[index];
    const double discount = rate_ == 0.0 ? 1.0 : std::exp(-rate_ * years);
    column(kRootYears)[index] = std::sqrt(years);
    column(kHalfInverseYears)[index] = 0.5 / years;
    column(kDiscount)[index] = discount;
    const bool regular = is_between(column(kStrike)[index], kPriceMin, kPriceMax) &&
                         is_between(years, kYearsMin, kYearsMax) && !std::isnan(column(kSign)[index]) &&
                         is_between(column(kVolatility)[index], kVolatilityMin, kVolatilityMax) &&
                         is_between(discount, kDiscountMin, kDiscountMax);
    column(kRegular)[index] = regular ? kAllBits : 0.0;
}

// black76() of one option; cold.
template <bool kCross>
void OptionChain::price_one(std::size_t index, double forward) {
    const double sign = column(kSign)[index];
    const OptionInputs in{.forward = forward,
                          .strike = column(kStrike)[index],
                          .years = column(kYears)[index],
                          .volatility = column(kVolatility)[index],
                          .rate = rate_,
                          .type = sign == 1.0    ? OptionType::call
                                  : sign == -1.0 ? OptionType::put
                                                 : OptionType::none};
    OptionGreeks g;
    status_[index] = black76(in, g);
    if (status_[index] != PricingStatus::ok) return;
    column(kPrice)[index] = g.price;
    column(kDelta)[index] = g.delta;
    column(kGamma)[index] = g.gamma;
    column(kVega)[index] = g.vega;
    column(kTheta)[index] = g.theta;
    if constexpr (kCross) {
        column(kVanna)[index] = g.vanna;
        column(kVolga)[index] = g.volga;
        column(kCharm)[index] = g.charm;
        column(kSpeed)[index] = g.speed;
    }
}

// Four regular options. With q = exp(-d1^2/2), Phi(-|d1|) = q Y(|d1|) and, since F phi(d1) = K phi(d2),
// K Phi(-|d2|) = F q Y(|d2|): one exponential serves both distributions and the density.
template <bool kCross>
void OptionChain::price_lanes(std::size_t first, double forward) {
    const auto in = [&](Column which) { return Lanes::load(column(which) + first); };
    const auto out = [&](Column which, Lanes value) { value.store(column(which) + first); };
    const Lanes spot{forward}, inverse_spot{1.0 / forward}, rate{rate_}, one{1.0};
    const Lanes strike = in(kStrike), sign = in(kSign), root_years = in(kRootYears), discount = in(kDiscount);
    const Lanes half_inverse_years = in(kHalfInverseYears);
    const Lanes s = in(kVolatility)*root_years;
    const Lanes inverse_s = one / s;
    const Lanes d1 = fused(Lanes{0.5}, s, log_ratio(spot, strike) * inverse_s);
    const Lanes d2 = d1 - s;
    const Lanes q = exp_of_negative(Lanes{-0.5} * d1 * d1);
    const Lanes cdf1 = signed_cdf(d1, sign, q * scaled_normal_tail(absolute(d1)), one);
    const Lanes strike_cdf2 = signed_cdf(d2, sign, spot * q * scaled_normal_tail(absolute(d2)), strike);

    const Lanes side = discount * sign;
    const Lanes density = discount * q * Lanes{kInverseRoot2Pi};
    const Lanes price = side * fused(spot, cdf1, -strike_cdf2);
    const Lanes delta = side * cdf1;
    const Lanes gamma = density * inverse_s * inverse_spot;
    const Lanes vega = spot * density * root_years;
    out(kPrice, price);
    out(kDelta, delta);
    out(kGamma, gamma);
    out(kVega, vega);
    out(kTheta, fused(rate, price, -(spot * density * s * half_inverse_years)));
    if constexpr (kCross) {
        const Lanes inverse_volatility = root_years * inverse_s;
        out(kVanna, -(density * d2 * inverse_volatility));
        out(kVolga, vega * d1 * d2 * inverse_volatility);
        out(kCharm, fused(rate, delta, density * d2 * half_inverse_years));
        out(kSpeed, -(gamma * inverse_spot * fused(d1, inverse_s, one)));
    }
}

// A block with irregular lanes: these keep their outputs while the fast path runs over the others, so that no option's
// bits depend on its neighbours.
template <bool kCross>
void OptionChain::price_mixed(std::size_t first, unsigned irregular, double forward) {
    constexpr std::size_t kOutputs = kColumns - kPrice;
    std::array<Lanes, kOutputs> kept;
    for (std::size_t i = 0; i < kOutputs; ++i) kept[i] = Lanes::load(column(static_cast<Column>(kPrice + i)) + first);
    const LaneMask regular{Lanes::load(column(kRegular) + first).value};
    price_lanes<kCross>(first, forward);
    for (std::size_t i = 0; i < kOutputs; ++i) {
        double* at = column(static_cast<Column>(kPrice + i)) + first;
        select(regular, Lanes::load(at), kept[i]).store(at);
    }
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
        if ((irregular >> lane & 1U) != 0U) price_one<kCross>(first + lane, forward);
    }
}

template <bool kCross>
std::size_t OptionChain::price_all(double forward) {
    const bool forward_regular = is_between(forward, kPriceMin, kPriceMax);
    for (std::size_t i = 0; i < size_; i += kLanes) {
        const std::size_t count = std::min(kLanes, size_ - i);
        const unsigned present = (1U << count) - 1U;
        const unsigned regular =
            forward_regular ? LaneMask{Lanes::load(column(kRegular) + i).value}.bits() & present : 0U;
        std::fill_n(status_.begin() + static_cast<std::ptrdiff_t>(i), kLanes, PricingStatus::ok);
        if (regular == present) {
            price_lanes<kCross>(i, forward);
        } else if (regular != 0U) {
            price_mixed<kCross>(i, present & ~regular, forward);
        } else {
            for (std::size_t lane = i; lane < i + count; ++lane) price_one<kCross>(lane, forward);
        }
    }
    return static_cast<std::size_t>(
        std::count(status_.begin(), status_.begin() + static_cast<std::ptrdiff_t>(size_), PricingStatus::bad_input));
}

std::size_t OptionChain::price(double forward) { return price_all<false>(forward); }
std::size_t OptionChain::price_with_cross_greeks(double forward) { return price_all<true>(forward); }

}  // namespace keel::risk
