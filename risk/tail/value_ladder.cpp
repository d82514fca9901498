#include "risk/tail/value_ladder.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <numbers>

#include "engine/core/assert.hpp"
#include "risk/options/chain_kernel.hpp"
#include "risk/options/lanes.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kForward = ValueLadder::kForwardNodes;
constexpr std::size_t kVolatility = ValueLadder::kVolatilityNodes;
constexpr std::size_t kTaps = kLanes;
constexpr double kForwardReach = 1.35;  // the outer nodes: forward times or over it
constexpr double kNodeCrowding = 1.3;   // nodes are closer where the forward is
constexpr double kVolatilityReach = std::numbers::ln2;
constexpr double kRebuildForward = 0.03;
constexpr double kRebuildVolatility = 0.1;
constexpr std::chrono::seconds kRebuildAge{30};
constexpr std::size_t kCells = 512;  // finer than the closest nodes, so that one step corrects the guess

// Four neighbouring nodes and the inverse denominators of their Lagrange polynomials.
struct Taps {
    std::array<double, kTaps> node{};
    std::array<double, kTaps> scale{};

    [[nodiscard]] Lanes weights(double x) const {
        const double a = x - node[0];
        const double b = x - node[1];
        const double c = x - node[2];
        const double d = x - node[3];
        const double low = a * b;
        const double high = c * d;
        return Lanes{_mm256_setr_pd(b * high, a * high, low * d, low * c)} * Lanes::load(scale.data());
    }
};

template <std::size_t N>
std::array<Taps, N - kTaps + 1> taps_of(const std::array<double, N>& nodes) {
    std::array<Taps, N - kTaps + 1> taps;
    for (std::size_t first = 0; first < taps.size(); ++first) {
        for (std::size_t i = 0; i < kTaps; ++i) {
            taps[first].node[i] = nodes[first + i];
            double product = 1.0;
            for (std::size_t j = 0; j < kTaps; ++j) {
                if (j != i) product *= nodes[first + i] - nodes[first + j];
            }
            taps[first].scale[i] = 1.0 / product;
        }
    }
    return taps;
}

// The nodes, the same for every ladder.
struct Grid {
    std::array<double, kForward> y{};
    std::array<double, kVolatility> v{};
    std::array<Taps, kForward - kTaps + 1> y_taps;
    std::array<Taps, kVolatility - kTaps + 1> v_taps;
    std::array<std::uint8_t, kCells> interval{};  // of the cell's left edge
    double cells_per_unit{0.0};
    double volatility_nodes_per_unit{0.0};

    Grid() {
        const double reach = std::log(kForwardReach);
        for (std::size_t j = 0; j < kForward; ++j) {
            const double u = 2.0 * static_cast<double>(j) / static_cast<double>(kForward - 1) - 1.0;
            y[j] = std::copysign(std::pow(std::abs(u), kNodeCrowding), u) * reach;
        }
        for (std::size_t k = 0; k < kVolatility; ++k) {
            v[k] = (2.0 * static_cast<double>(k) / static_cast<double>(kVolatility - 1) - 1.0) * kVolatilityReach;
        }
        volatility_nodes_per_unit = static_cast<double>(kVolatility - 1) / (2.0 * kVolatilityReach);
        y_taps = taps_of(y);
        v_taps = taps_of(v);
        cells_per_unit = static_cast<double>(kCells) / (2.0 * reach);
        for (std::size_t cell = 0; cell < kCells; ++cell) {
            const double edge = y[0] + static_cast<double>(cell) / cells_per_unit;
            std::size_t j = 0;
            while (j + 2 < kForward && y[j + 1] <= edge) ++j;
            interval[cell] = static_cast<std::uint8_t>(j);
        }
    }

    [[nodiscard]] bool inside(double at_y, double at_v) const {
        return at_y >= y.front() && at_y <= y.back() && at_v >= v.front() && at_v <= v.back();  // false for NaN
    }
    // First of the four nodes around the point, which is inside.
    [[nodiscard]] std::size_t first_forward(double at) const {
        const auto cell = std::min(kCells - 1, static_cast<std::size_t>((at - y[0]) * cells_per_unit));
        std::size_t j = interval[cell];
        if (j + 2 < kForward && at >= y[j + 1]) ++j;
        return std::min(j - std::min<std::size_t>(j, 1), kForward - kTaps);
    }
    [[nodiscard]] std::size_t first_volatility(double at) const {
        const auto k = static_cast<std::size_t>((at - v[0]) * volatility_nodes_per_unit);
        return std::min(k - std::min<std::size_t>(k, 1), kVolatility - kTaps);
    }
};

const Grid kGrid;

double interpolate(const double* values, std::size_t stride, double y, double v) {
    const std::size_t column = kGrid.first_forward(y);
    const std::size_t row = kGrid.first_volatility(v);
    alignas(32) std::array<double, kLanes> lane;
    kGrid.v_taps[row].weights(v).store(lane.data());
    Lanes sum{0.0};
    for (std::size_t k = 0; k < kTaps; ++k) {
        sum = fused(Lanes::load(values + (row + k) * stride + column), Lanes{lane[k]}, sum);
    }
    (sum * kGrid.y_taps[column].weights(y)).store(lane.data());
    return (lane[0] + lane[1]) + (lane[2] + lane[3]);
}

}  // namespace

bool OptionColumns::priceable() const {
    const std::size_t n = strike.size();
    if (volatility.size() != n || quantity_coin.size() != n || type.size() != n) return false;
    if (!(years >= 0.0) || !std::isfinite(years)) return false;
    for (std::size_t i = 0; i < n; ++i) {
        const bool good = strike[i] > 0.0 && volatility[i] >= 0.0;
        if (!good || !std::isfinite(strike[i] + volatility[i] + quantity_coin[i])) return false;
    }
    return true;
}

double black76_book_value(const OptionColumns& options, double forward, double volatility_scale) {
    double sum = 0.0;
    for (std::size_t i = 0; i < options.strike.size(); ++i) {
        const OptionInputs inputs{.forward = forward,
                                  .strike = options.strike[i],
                                  .years = options.years,
                                  .volatility = options.volatility[i] * volatility_scale,
                                  .type = options.type[i]};
        sum += options.quantity_coin[i] * black76_price(inputs);
    }
    return sum;
}

bool ValueLadder::build(const OptionColumns& options, double forward, UnixNanos now, BookPricer pricer) {
    if (!options.priceable() || !(forward > 0.0) || !std::isfinite(forward)) return false;
    Table values{};
    for (std::size_t k = 0; k < kVolatilityNodes; ++k) {
        const double scale = std::exp(kGrid.v[k]);
        for (std::size_t j = 0; j < kForwardNodes; ++j) {
            values[k * kStride + j] = pricer(options, forward * std::exp(kGrid.y[j]), scale);
        }
    }
    return adopt(values, options.years, forward, now);
}

bool ValueLadder::build(const OptionColumns& options, double forward, UnixNanos now, OptionChain& chain) {
    if (!options.priceable() || !(forward > 0.0) || !std::isfinite(forward)) return false;
    const std::size_t n = options.strike.size();
    KEEL_ASSERT(n <= chain.capacity());
    chain.clear();
    for (std::size_t i = 0; i < n; ++i) chain.add(options.type[i], options.strike[i], options.years, 0.0);
    Table values{};
    for (std::size_t k = 0; k < kVolatilityNodes; ++k) {
        const double scale = std::exp(kGrid.v[k]);
        for (std::size_t i = 0; i < n; ++i) chain.set_volatility(i, options.volatility[i] * scale);
        for (std::size_t j = 0; j < kForwardNodes; ++j) {
            if (chain.price(forward * std::exp(kGrid.y[j])) != 0) return false;
            const std::span<const double> price = chain.price();
            double sum = 0.0;
            for (std::size_t i = 0; i < n; ++i) sum += options.quantity_coin[i] * price[i];
            values[k * kStride + j] = sum;
        }
    }
    return adopt(values, options.years, forward, now);
}

bool ValueLadder::adopt(const Table& values, double years, double forward, UnixNanos now) {
    if (!std::ranges::all_of(values, [](double value) { return std::isfinite(value); })) return false;
    values_ = values;
    anchor_ = forward;
    years_ = years;
    built_at_ = now;
    return true;
}

bool ValueLadder::add_scaled(const ValueLadder& unit, double quantity) {
    if (!built() || unit.anchor_ != anchor_ || unit.years_ != years_ || !std::isfinite(quantity)) return false;
    for (std::size_t i = 0; i < values_.size(); ++i) values_[i] += quantity * unit.values_[i];
    return true;
}

bool ValueLadder::rebuild_due(double log_forward, double log_volatility, UnixNanos now, bool shape_refit) const {
    const bool near = std::abs(log_forward) <= kRebuildForward && std::abs(log_volatility) <= kRebuildVolatility;
    return !built() || !near || shape_refit || now - built_at_ > kRebuildAge;
}

std::optional<double> ValueLadder::value_usd(double y, double v) const {
    if (!built() || !kGrid.inside(y, v)) return std::nullopt;
    return interpolate(values_.data(), kStride, y, v);
}

std::optional<LadderPosition> ValueLadder::position(double forward, double log_volatility) const {
    if (!built() || !(forward > 0.0)) return std::nullopt;
    const double y = std::log(forward / anchor_);
    const std::optional<double> value = value_usd(y, log_volatility);
    if (!value) return std::nullopt;
    return LadderPosition{
        .log_forward = y, .log_volatility = log_volatility, .value_usd = *value, .value_coin = *value / forward};
}

std::optional<OptionShockPnl> ValueLadder::shock(const LadderPosition& from, double log_return,
                                                 double log_volatility_change) const {
    const double y = from.log_forward + log_return;
    const std::optional<double> value = value_usd(y, from.log_volatility + log_volatility_change);
    if (!value) return std::nullopt;
    return OptionShockPnl{.usd = *value - from.value_usd, .coin = *value / (anchor_ * std::exp(y)) - from.value_coin};
}

std::size_t ValueLadder::shock_all(const LadderPosition& from, std::span<const double> log_returns,
                                   std::span<const double> log_volatility_changes, double tenor_factor,
                                   const OptionColumns& options, std::span<double> pnl_usd, BookPricer pricer) const {
    KEEL_ASSERT(built() && log_returns.size() == pnl_usd.size() && log_volatility_changes.size() == pnl_usd.size());
    std::size_t outside = 0;
    for (std::size_t s = 0; s < pnl_usd.size(); ++s) {
        const double y = from.log_forward + log_returns[s];
        const double v = from.log_volatility + log_volatility_changes[s] * tenor_factor;
        double value = 0.0;
        if (kGrid.inside(y, v)) {
            value = interpolate(values_.data(), kStride, y, v);
        } else {
            value = pricer(options, anchor_ * std::exp(y), std::exp(v));
            ++outside;
        }
        pnl_usd[s] = value - from.value_usd;
    }
    return outside;
}

double ValueLadder::midpoint_error_usd(const OptionColumns& options, BookPricer pricer) const {
    KEEL_ASSERT(built());
    double worst = 0.0;
    for (const double v : {0.0, 0.5 * (kGrid.v[kVolatility / 2] + kGrid.v[kVolatility / 2 + 1])}) {
        for (std::size_t j = 0; j + 1 < kForwardNodes; ++j) {
            const double y = 0.5 * (kGrid.y[j] + kGrid.y[j + 1]);
            const double exact = pricer(options, anchor_ * std::exp(y), std::exp(v));
            worst = std::max(worst, std::abs(interpolate(values_.data(), kStride, y, v) - exact));
        }
    }
    return worst;
}

}  // namespace keel::risk
