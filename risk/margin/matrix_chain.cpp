#include "risk/margin/matrix_chain.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "risk/options/price_lanes.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_between(double value, double low, double high) { return value >= low && value <= high; }
Lanes at_least(Lanes low, Lanes value) { return select(value < low, low, value); }  // NaN stays

double sum_of(Lanes lanes) {
    std::array<double, kLanes> each{};
    lanes.store(each.data());
    return (each[0] + each[1]) + (each[2] + each[3]);
}

// Phi(sign d1) and (K/F) Phi(sign d2): an option over its forward is `sign` times their difference.
struct Legs {
    Lanes asset, cash;
};

// As price_lanes(), over the forward. `d1` and `d2` carry the sign: a blend reads it from them.
inline Legs legs_of(Lanes d1, Lanes d2, Lanes strike) {
    const Lanes q = exp_of_negative(Lanes{-0.5} * d1 * d1);
    const Lanes tail1 = q * scaled_normal_tail(absolute(d1));
    const Lanes tail2 = q * scaled_normal_tail(absolute(d2));
    return {.asset = select(LaneMask{d1.value}, tail1, Lanes{1.0} - tail1),
            .cash = select(LaneMask{d2.value}, tail2, strike - tail2)};
}

MatrixContract in_world(const MatrixContract& option, const ChainWorld& world) {
    MatrixContract out = option;
    out.price = world.price;
    out.years = world.years;
    out.volatility = option.volatility * world.volatility_factor;
    if (out.volatility < 0.0) out.volatility = 0.0;
    out.unsettled_ratio = world.unsettled_ratio;
    return out;
}

// False where it is not known or has no finite sum, and then in no sum.
bool add_times(double quantity, const UnitCells& unit, UnitCells& sum) {
    UnitCells after = sum;
    after.relative_delta += quantity * unit.relative_delta;
    bool known = unit.status == MarginStatus::ok && std::isfinite(after.relative_delta);
    for (std::size_t i = 0; i < after.cells.size(); ++i) {
        after.cells[i] += quantity * unit.cells[i];
        known = known && std::isfinite(after.cells[i]);
    }
    if (known) sum = after;
    return known;
}

}  // namespace

void MatrixChain::clear() {
    options_.clear();
    for (auto* column : {&quantity_, &strike_, &volatility_, &sign_, &coins_}) column->clear();
}

void MatrixChain::add(double quantity, const MatrixContract& option) {
    const std::size_t lane = options_.size();
    const double coins = quantity * option.multiplier;
    const bool regular = option.type != OptionType::none && option.multiplier > 0.0 && std::isfinite(coins) &&
                         is_between(option.strike, kLanePriceMin, kLanePriceMax);
    if (lane == strike_.size()) {
        strike_.resize(lane + kLanes, regular ? option.strike : kNaN);
        volatility_.resize(lane + kLanes, option.volatility);
        sign_.resize(lane + kLanes, 1.0);
        coins_.resize(lane + kLanes, 0.0);
    }
    strike_[lane] = regular ? option.strike : kNaN;
    volatility_[lane] = option.volatility;
    sign_[lane] = option.type == OptionType::put ? -1.0 : 1.0;
    coins_[lane] = coins;
    options_.push_back(option);
    quantity_.push_back(quantity);
}

struct DeribitGrid::ChainSums {
    std::array<Lanes, kMatrixCellsMax + 1> cells{};  // of values over the cell's forward
    Lanes asset, cash;                               // of the legs where nothing moves
};

// Four options in a world.
struct DeribitGrid::ChainBlock {
    Lanes strike;         // over the forward
    Lanes log_moneyness;  // ln F/K
    // These are times the option's sign.
    Lanes coins;
    std::array<Lanes, kMatrixVolatilities> deviation, half_deviation, inverse_deviation;
    bool regular{false};  // price_lanes() would take each of them
};

DeribitGrid::ChainBlock DeribitGrid::block_of(const MatrixChain& chain, std::size_t first, const ChainWorld& world,
                                              double scale) const {
    const Lanes strike = Lanes::load(&chain.strike_[first]), forward{world.price}, none{};
    const Lanes volatility = at_least(none, Lanes::load(&chain.volatility_[first]) * Lanes{world.volatility_factor});
    const Lanes up = volatility * Lanes{1.0 + parameters_.volatility_range_up * scale};
    const Lanes down = volatility * Lanes{1.0 - parameters_.volatility_range_down * scale};
    const Lanes root_years{std::sqrt(world.years)};
    const std::array deviations{at_least(none, down) * root_years, volatility * root_years,
                                at_least(Lanes{parameters_.volatility_shocked_up_min}, up) * root_years};
    const Lanes sign = Lanes::load(&chain.sign_[first]);
    ChainBlock out;
    out.coins = Lanes::load(&chain.coins_[first]) * sign;
    LaneMask regular = strike <= Lanes{kLanePriceMax};
    for (std::size_t v = 0; v < kMatrixVolatilities; ++v) {
        regular = regular & (Lanes{kLaneDeviationMin} <= deviations[v]) & (deviations[v] <= Lanes{kLaneDeviationMax});
        out.deviation[v] = deviations[v] * sign;
        out.half_deviation[v] = Lanes{0.5} * out.deviation[v];
        out.inverse_deviation[v] = Lanes{1.0} / out.deviation[v];
    }
    out.regular = regular.bits() == kAllLanes;
    out.strike = strike / forward;
    out.log_moneyness = log_ratio(forward, strike);
    return out;
}

void DeribitGrid::add_block(const ChainBlock& block, ChainSums& sums) const {
    Legs legs;
    const std::size_t cells = cells_count();
    for (std::size_t i = 0; i <= cells; ++i) {
        const std::size_t cell = i < cells ? i : kMatrixSpareCell;
        const std::size_t v = volatility_[cell];
        const Lanes moneyness = block.log_moneyness + Lanes{log_factor_[cell]};
        const Lanes d1 = fused(moneyness, block.inverse_deviation[v], block.half_deviation[v]);
        legs = legs_of(d1, d1 - block.deviation[v], block.strike * Lanes{inverse_factor_[cell]});
        sums.cells[cell] = fused(block.coins, legs.asset - legs.cash, sums.cells[cell]);
    }
    sums.asset = fused(block.coins, legs.asset, sums.asset);
    sums.cash = fused(block.coins, legs.cash, sums.cash);
}

UnitCells DeribitGrid::total_of(const ChainSums& sums, Payoff payoff, const ChainWorld& world) const {
    UnitCells out;
    const bool inverse = payoff == Payoff::inverse;
    const double still = sum_of(sums.cells[kMatrixSpareCell]);
    for (std::size_t i = 0; i < cells_count(); ++i) {
        const double moved = sum_of(sums.cells[i]);
        out.cells[i] = inverse ? moved - still : world.price * (moved * price_factor_[i] - still);
    }
    // F dv/dF = theta (K/F) Phi(theta d2) in coin, F dV/dF in the stablecoin
    out.relative_delta = inverse ? sum_of(sums.cash) : world.price * sum_of(sums.asset);
    return out;
}

ChainCells DeribitGrid::chain_cells(const MatrixChain& chain, const ChainWorld& world) const {
    ChainCells out;
    if (chain.empty()) return out;
    const bool regular = is_between(world.price, kLanePriceMin, kLanePriceMax) && world.years > 0.0 &&
                         std::isfinite(world.years) && is_between(world.unsettled_ratio, 0.0, 1.0);
    const double scale = tenor_scale(world.years);
    ChainSums lanes;
    UnitCells singles{.status = MarginStatus::ok};
    for (std::size_t first = 0; first < chain.options_.size(); first += kLanes) {
        if (regular) {
            const ChainBlock block = block_of(chain, first, world, scale);
            if (block.regular) {
                add_block(block, lanes);
                continue;
            }
        }
        const std::size_t end = std::min(first + kLanes, chain.options_.size());
        for (std::size_t i = first; i < end; ++i) {
            const UnitCells unit = unit_cells(in_world(chain.options_[i], world));
            out.complete = add_times(chain.quantity_[i], unit, singles) && out.complete;
        }
    }
    out.sum = total_of(lanes, chain.options_.front().payoff, world);
    if (!finish(chain.options_.front().payoff, world.unsettled_ratio, out.sum)) return {.complete = false};
    out.complete = add_times(1.0, singles, out.sum) && out.complete;
    out.sum.expiry = chain.options_.front().expiry;
    return out;
}

}  // namespace keel::risk
