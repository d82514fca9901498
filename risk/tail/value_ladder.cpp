#include "risk/tail/value_ladder.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numbers>
#include <optional>

#include "engine/core/assert.hpp"
#include "risk/options/lanes.hpp"
#include "risk/options/price_lanes.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kForwardMax = ValueLadder::kForwardNodes.back();
constexpr std::size_t kVolatility = ValueLadder::kVolatilityNodes;
constexpr std::size_t kTaps = kLanes;
constexpr double kForwardReach = 1.35;  // the outer nodes: forward times or over it
constexpr double kNodeCrowding = 1.3;   // nodes are closer where the forward is
constexpr double kVolatilityReach = std::numbers::ln2;
constexpr double kRebuildForward = 0.03;
constexpr double kRebuildVolatility = 0.1;
constexpr std::chrono::seconds kRebuildAge{30};
constexpr std::size_t kCells = 2048;  // finer than the closest nodes, so that one step corrects the guess
constexpr std::size_t kStrideMax = ValueLadder::kStrideMax;

// Four neighbouring nodes and the inverse denominators of their Lagrange polynomials.
struct Taps {
    std::array<double, kTaps> node{};
    std::array<double, kTaps> scale{};

    // Of x - node = (a, b, c, d): (b cd, a cd, d ab, c ab) times the scale.
    [[nodiscard]] Lanes weights(double x) const {
        const Lanes distance = Lanes{x} - Lanes::load(node.data());
        const Lanes neighbour = _mm256_permute_pd(distance.value, 0b0101);
        const Lanes pairs = distance * neighbour;
        const Lanes others = _mm256_permute2f128_pd(pairs.value, pairs.value, 1);
        return neighbour * others * Lanes::load(scale.data());
    }
};

void find_taps(std::span<const double> nodes, std::span<Taps> taps) {
    for (std::size_t first = 0; first + kTaps <= nodes.size(); ++first) {
        for (std::size_t i = 0; i < kTaps; ++i) {
            taps[first].node[i] = nodes[first + i];
            double product = 1.0;
            for (std::size_t j = 0; j < kTaps; ++j) {
                if (j != i) product *= nodes[first + i] - nodes[first + j];
            }
            taps[first].scale[i] = 1.0 / product;
        }
    }
}

// The nodes, the same for every ladder of one density.
struct Grid {
    std::size_t forwards;
    std::size_t stride;  // a row of forwards, padded to whole vectors
    std::array<double, kForwardMax> y{};
    std::array<double, kVolatility> v{};
    std::array<Taps, kForwardMax> y_taps;
    std::array<Taps, kVolatility> v_taps;
    std::array<std::uint8_t, kCells> interval{};      // of the cell's left edge
    std::array<double, kStrideMax> forward_factor{};  // of the nodes; the padding repeats the last one
    std::array<double, kVolatility> volatility_factor{};
    double reach{std::log(kForwardReach)};
    double cells_per_unit{static_cast<double>(kCells) / (2.0 * reach)};
    double volatility_nodes_per_unit{static_cast<double>(kVolatility - 1) / (2.0 * kVolatilityReach)};

    explicit Grid(std::size_t nodes) : forwards{nodes}, stride{(nodes + kLanes - 1) / kLanes * kLanes} {
        for (std::size_t j = 0; j < forwards; ++j) {
            const double u = 2.0 * static_cast<double>(j) / static_cast<double>(forwards - 1) - 1.0;
            y[j] = std::copysign(std::pow(std::abs(u), kNodeCrowding), u) * reach;
        }
        for (std::size_t k = 0; k < kVolatility; ++k) {
            v[k] = (2.0 * static_cast<double>(k) / static_cast<double>(kVolatility - 1) - 1.0) * kVolatilityReach;
            volatility_factor[k] = std::exp(v[k]);
        }
        for (std::size_t j = 0; j < stride; ++j) forward_factor[j] = std::exp(y[std::min(j, forwards - 1)]);
        find_taps(std::span{y}.first(forwards), y_taps);
        find_taps(v, v_taps);
        for (std::size_t cell = 0; cell < kCells; ++cell) {
            const double edge = y[0] + static_cast<double>(cell) / cells_per_unit;
            std::size_t j = 0;
            while (j + 2 < forwards && y[j + 1] <= edge) ++j;
            interval[cell] = static_cast<std::uint8_t>(j);
        }
    }

    [[nodiscard]] bool inside(double at_y, double at_v) const {
        return at_y >= -reach && at_y <= reach && at_v >= v.front() && at_v <= v.back();  // false for NaN
    }
    // First of the four nodes around the point, which is inside.
    [[nodiscard]] std::size_t first_forward(double at) const {
        const auto cell = std::min(kCells - 1, static_cast<std::size_t>((at - y[0]) * cells_per_unit));
        std::size_t j = interval[cell];
        if (j + 2 < forwards && at >= y[j + 1]) ++j;
        return std::min(j - std::min<std::size_t>(j, 1), forwards - kTaps);
    }
    [[nodiscard]] std::size_t first_volatility(double at) const {
        const auto k = static_cast<std::size_t>((at - v[0]) * volatility_nodes_per_unit);
        return std::min(k - std::min<std::size_t>(k, 1), kVolatility - kTaps);
    }
};

const std::array kGrids{Grid{ValueLadder::kForwardNodes[0]}, Grid{ValueLadder::kForwardNodes[1]},
                        Grid{ValueLadder::kForwardNodes[2]}};

double sum_of(Lanes lanes) {  // (a + b) + (c + d)
    const __m128d pairs = _mm_hadd_pd(_mm256_castpd256_pd128(lanes.value), _mm256_extractf128_pd(lanes.value, 1));
    return _mm_cvtsd_f64(_mm_add_sd(pairs, _mm_unpackhi_pd(pairs, pairs)));
}

double interpolate(const Grid& grid, const double* values, double y, double v) {
    const std::size_t column = grid.first_forward(y);
    const std::size_t row = grid.first_volatility(v);
    alignas(32) std::array<double, kLanes> lane;
    grid.v_taps[row].weights(v).store(lane.data());
    Lanes sum{0.0};
    for (std::size_t k = 0; k < kTaps; ++k) {
        sum = fused(Lanes::load(values + (row + k) * grid.stride + column), Lanes{lane[k]}, sum);
    }
    return sum_of(sum * grid.y_taps[column].weights(y));
}

// Of whole vectors.
bool all_finite(std::span<const double> values) {
    LaneMask finite = Lanes{0.0} <= Lanes{0.0};
    for (std::size_t i = 0; i < values.size(); i += kLanes) {
        finite = finite & (absolute(Lanes::load(&values[i])) <= Lanes{std::numeric_limits<double>::max()});
    }
    return finite.bits() == kAllLanes;
}

bool is_between(double value, double low, double high) { return value >= low && value <= high; }

// Up to four options; beyond the last one of `of` it stands again, nothing held.
struct Four {
    Lanes strike, volatility, quantity, sign;

    Four(const OptionColumns& of, std::size_t first)
        : sign{_mm256_setr_pd(sign_at(of, first), sign_at(of, first + 1), sign_at(of, first + 2),
                              sign_at(of, first + 3))} {
        if (first + kLanes <= of.strike.size()) {
            strike = Lanes::load(&of.strike[first]);
            volatility = Lanes::load(&of.volatility[first]);
            quantity = Lanes::load(&of.quantity_coin[first]);
            return;
        }
        std::array<double, kLanes> padded_strike{}, padded_volatility{}, padded_quantity{};
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            const std::size_t i = std::min(first + lane, of.strike.size() - 1);
            padded_strike[lane] = of.strike[i];
            padded_volatility[lane] = of.volatility[i];
            padded_quantity[lane] = i == first + lane ? of.quantity_coin[i] : 0.0;
        }
        strike = Lanes::load(padded_strike.data());
        volatility = Lanes::load(padded_volatility.data());
        quantity = Lanes::load(padded_quantity.data());
    }

private:
    static double sign_at(const OptionColumns& of, std::size_t i) {
        return lane_sign(of.type[std::min(i, of.type.size() - 1)]);
    }
};

// Adds `quantity` times an option's value at every node. One option at four forwards at a time: the same steps
// whatever else the table holds.
void add_values(const Grid& grid, double* values, const OptionInputs& option, double quantity) {
    const double root_years = std::sqrt(option.years);
    const bool regular = is_between(option.strike, kLanePriceMin, kLanePriceMax) &&
                         is_between(option.forward / kForwardReach, kLanePriceMin, kLanePriceMax) &&
                         option.forward * kForwardReach <= kLanePriceMax;
    const Lanes strike{option.strike};
    const Lanes sign{lane_sign(option.type)};
    std::array<Lanes, kStrideMax / kLanes> forward, log_moneyness;
    const std::size_t blocks = grid.stride / kLanes;
    for (std::size_t j = 0; j < blocks; ++j) {
        forward[j] = Lanes{option.forward} * Lanes::load(&grid.forward_factor[j * kLanes]);
        log_moneyness[j] = log_ratio(forward[j], strike);
    }
    for (std::size_t k = 0; k < kVolatility; ++k) {
        double* row = values + k * grid.stride;
        OptionInputs inputs = option;
        inputs.volatility *= grid.volatility_factor[k];
        const double deviation = inputs.volatility * root_years;
        if (regular && is_between(deviation, kLaneDeviationMin, kLaneDeviationMax)) {
            // The nodes near the strike are neighbours.
            std::size_t first = 0, last = blocks;
            while (first < last && is_intrinsic(Lanes{deviation}, log_moneyness[first])) ++first;
            while (first < last && is_intrinsic(Lanes{deviation}, log_moneyness[last - 1])) --last;
            for (std::size_t j = 0; j < blocks; ++j) {
                double* node = row + j * kLanes;
                const Lanes value = j >= first && j < last
                                        ? price_lanes(forward[j], strike, sign, Lanes{deviation}, log_moneyness[j])
                                        : intrinsic_lanes(forward[j], strike, sign);
                fused(Lanes{quantity}, value, Lanes::load(node)).store(node);
            }
            continue;
        }
        for (std::size_t j = 0; j < grid.stride; ++j) {
            inputs.forward = option.forward * grid.forward_factor[j];
            row[j] += quantity * black76_price(inputs);
        }
    }
}

// What add_values() of an option adds when ln of its volatility moves by `by`. False where the lanes do not take it.
bool add_shift(const Grid& grid, double* values, const OptionInputs& option, double quantity, double by) {
    const double deviation = option.volatility * std::sqrt(option.years);
    if (!is_between(option.strike, kLanePriceMin, kLanePriceMax) ||
        !is_between(option.forward / kForwardReach, kLanePriceMin, kLanePriceMax) ||
        option.forward * kForwardReach > kLanePriceMax || deviation * grid.volatility_factor[0] < kLaneDeviationMin ||
        deviation * grid.volatility_factor[kVolatility - 1] > kLaneDeviationMax) {
        return false;
    }
    for (std::size_t j = 0; j < grid.stride; j += kLanes) {
        const Lanes forward = Lanes{option.forward} * Lanes::load(&grid.forward_factor[j]);
        const Lanes log_moneyness = log_ratio(forward, Lanes{option.strike});
        for (std::size_t k = 0; k < kVolatility; ++k) {
            const Lanes own{deviation * grid.volatility_factor[k]};
            if (is_intrinsic(own, log_moneyness)) continue;
            double* node = values + k * grid.stride + j;
            const Lanes more = shift_lanes(forward, own, log_moneyness, by).value;
            fused(Lanes{quantity}, more, Lanes::load(node)).store(node);
        }
    }
    return true;
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

void add_book_values(const OptionColumns& options, std::span<const OptionWorld> worlds, std::span<double> values) {
    KEEL_ASSERT(values.size() == worlds.size());
    for (std::size_t i = 0; i < options.strike.size(); i += kLanes) {
        const Four four{options, i};
        const LaneMask usable = (Lanes{kLanePriceMin} <= four.strike) & (four.strike <= Lanes{kLanePriceMax});
        for (std::size_t w = 0; w < worlds.size(); ++w) {
            const OptionWorld& world = worlds[w];
            const Lanes deviation = four.volatility * Lanes{world.deviation};
            const LaneMask regular =
                usable & (Lanes{kLaneDeviationMin} <= deviation) & (deviation <= Lanes{kLaneDeviationMax});
            if (regular.bits() == kAllLanes && is_between(world.forward, kLanePriceMin, kLanePriceMax)) {
                const Lanes forward{world.forward};
                const Lanes log_moneyness = log_ratio(forward, four.strike);
                const Lanes value = is_intrinsic(deviation, log_moneyness)
                                        ? intrinsic_lanes(forward, four.strike, four.sign)
                                        : price_lanes(forward, four.strike, four.sign, deviation, log_moneyness);
                values[w] += sum_of(four.quantity * value);
            } else {
                OptionColumns part = options.part(i, std::min(kLanes, options.strike.size() - i));
                part.years = 1.0;  // all of the deviation is in the scale
                values[w] += black76_book_value(part, world.forward, world.deviation);
            }
        }
    }
}

std::optional<std::size_t> ValueLadder::density_for(double deviation) {
    for (std::size_t density = 0; density < kDeviationMin.size(); ++density) {
        if (deviation >= kDeviationMin[density]) return density;
    }
    return std::nullopt;
}

bool ValueLadder::build(const OptionColumns& options, double forward, UnixNanos now, std::size_t density) {
    KEEL_ASSERT(density < kGrids.size());
    if (!options.priceable() || !(forward > 0.0) || !std::isfinite(forward)) return false;
    Table values;
    std::fill_n(values.begin(), used(density), 0.0);
    if (!add_to(values, density, options, forward)) return false;
    anchor_ = forward;
    years_ = options.years;
    built_at_ = now;
    return true;
}

bool ValueLadder::add(const OptionColumns& options) {
    if (!built() || options.years != years_ || !options.priceable()) return false;
    Table values;
    std::copy_n(values_.begin(), used(density_), values.begin());
    return add_to(values, density_, options, anchor_);
}

bool ValueLadder::shift(const OptionColumns& options, double by) {
    KEEL_ASSERT(std::abs(by) <= kShiftMax);
    if (!built() || options.years != years_ || !options.priceable()) return false;
    Table values;
    std::copy_n(values_.begin(), used(density_), values.begin());
    for (std::size_t i = 0; i < options.strike.size(); ++i) {
        const OptionInputs option = options.row(i, anchor_);
        if (!add_shift(kGrids[density_], values.data(), option, options.quantity_coin[i], by)) return false;
    }
    return keep(values, density_);
}

std::size_t ValueLadder::used(std::size_t density) { return kVolatility * kGrids[density].stride; }

bool ValueLadder::add_to(Table& values, std::size_t density, const OptionColumns& options, double forward) {
    for (std::size_t i = 0; i < options.strike.size(); ++i) {
        add_values(kGrids[density], values.data(), options.row(i, forward), options.quantity_coin[i]);
    }
    return keep(values, density);
}

bool ValueLadder::keep(const Table& values, std::size_t density) {
    const std::span<const double> nodes = std::span{values}.first(used(density));
    if (!all_finite(nodes)) return false;
    std::ranges::copy(nodes, values_.begin());
    density_ = density;
    return true;
}

bool ValueLadder::rebuild_due(double log_forward, double log_volatility, UnixNanos now, bool shape_refit) const {
    const bool near = std::abs(log_forward) <= kRebuildForward && std::abs(log_volatility) <= kRebuildVolatility;
    return !built() || !near || shape_refit || now - built_at_ > kRebuildAge;
}

std::optional<double> ValueLadder::value_usd(double y, double v) const {
    const Grid& grid = kGrids[density_];
    if (!built() || !grid.inside(y, v)) return std::nullopt;
    return interpolate(grid, values_.data(), y, v);
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
                                   const OptionColumns& options, std::span<double> pnl_usd) const {
    KEEL_ASSERT(built() && log_returns.size() == pnl_usd.size() && log_volatility_changes.size() == pnl_usd.size());
    const Grid& grid = kGrids[density_];
    std::size_t outside = 0;
    for (std::size_t s = 0; s < pnl_usd.size(); ++s) {
        const double y = from.log_forward + log_returns[s];
        const double v = from.log_volatility + log_volatility_changes[s] * tenor_factor;
        double value = 0.0;
        if (grid.inside(y, v)) {
            value = interpolate(grid, values_.data(), y, v);
        } else {
            const OptionWorld world{.forward = anchor_ * std::exp(y), .deviation = std::exp(v) * std::sqrt(years_)};
            add_book_values(options, {&world, 1}, {&value, 1});
            ++outside;
        }
        pnl_usd[s] = value - from.value_usd;
    }
    return outside;
}

double ValueLadder::midpoint_error_usd(const OptionColumns& options) const {
    KEEL_ASSERT(built());
    const Grid& grid = kGrids[density_];
    double worst = 0.0;
    for (const double v : {0.0, 0.5 * (grid.v[kVolatility / 2] + grid.v[kVolatility / 2 + 1])}) {
        for (std::size_t j = 0; j + 1 < grid.forwards; ++j) {
            const double y = 0.5 * (grid.y[j] + grid.y[j + 1]);
            const double exact = black76_book_value(options, anchor_ * std::exp(y), std::exp(v));
            worst = std::max(worst, std::abs(interpolate(grid, values_.data(), y, v) - exact));
        }
    }
    return worst;
}

}  // namespace keel::risk
