#include "risk/margin/deribit_matrix.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/options/black76.hpp"

namespace keel::risk {
namespace {

constexpr double kDaysPerYear = 365.0;

bool is_positive(double value) { return std::isfinite(value) && value > 0.0; }
bool is_ratio(double value) { return std::isfinite(value) && value >= 0.0 && value <= 1.0; }
bool is_amount(double value) { return std::isfinite(value) && value >= 0.0; }

bool is_contract(const MatrixContract& contract) {
    const bool priced = is_positive(contract.price) && is_positive(contract.multiplier) && is_amount(contract.years) &&
                        is_ratio(contract.unsettled_ratio) && contract.expiry < kMatrixExpiriesMax;
    if (contract.type == OptionType::none) return priced;
    return priced && is_positive(contract.strike) && is_amount(contract.volatility);
}

// Profit per contract of a future when its price moves by `move`.
double future_profit(const MatrixContract& contract, double move) {
    if (contract.payoff == Payoff::linear) return contract.multiplier * contract.price * move;
    return contract.multiplier / contract.price * (1.0 - 1.0 / (1.0 + move));
}

// Value per coin of an option in its settlement currency.
double option_value(const MatrixContract& contract, double forward, double volatility) {
    const double price = black76_price({.forward = forward,
                                        .strike = contract.strike,
                                        .years = contract.years,
                                        .volatility = volatility,
                                        .type = contract.type});
    return contract.payoff == Payoff::inverse ? price / forward : price;
}

}  // namespace

bool is_valid(const DeribitMatrixParameters& p) {
    const bool shape = p.price_range > 0.0 && p.price_range < 1.0 && p.buckets >= 1 && p.buckets <= kMatrixBucketsMax &&
                       p.extended_count <= kMatrixExtendedMax;
    if (!shape) return false;
    for (std::uint32_t i = 0; i < p.extended_count; ++i) {
        const double move = p.extended_moves[i];
        if (!std::isfinite(move) || move <= -1.0 || move == 0.0) return false;
    }
    const bool tenor = is_positive(p.short_term_days) && is_positive(p.tenor_days_min) &&
                       is_amount(p.short_term_vega_power) && is_amount(p.long_term_vega_power);
    const bool volatility = is_amount(p.volatility_range_up) && is_amount(p.volatility_range_down) &&
                            is_amount(p.volatility_shocked_up_min);
    const bool roll = is_amount(p.annualised_move_risk) && is_amount(p.annualised_move_min);
    const bool offset = is_ratio(p.pnl_offset_ratio) && is_amount(p.offsetable_pnl_usd_max);
    const bool shock = is_amount(p.delta_shock_threshold_usd) && is_amount(p.delta_shock_ratio_max) &&
                       is_amount(p.delta_shock_per_coin);
    return tenor && volatility && roll && offset && shock && is_amount(p.extended_factor) &&
           is_amount(p.extended_dampener_usd);
}

double unsettled_ratio(double years, double window_years) {
    if (!is_positive(window_years) || std::isnan(years)) return 1.0;
    return std::clamp(years / window_years, 0.0, 1.0);
}

DeribitGrid::DeribitGrid(const DeribitMatrixParameters& parameters)
    : parameters_{parameters}, moves_count_{2 * std::size_t{parameters.buckets} + 1} {
    KEEL_ASSERT(is_valid(parameters));
    const double range = parameters.price_range;
    const auto buckets = static_cast<double>(parameters.buckets);
    for (std::size_t i = 0; i < moves_count_; ++i) moves_[i] = (static_cast<double>(i) - buckets) * range / buckets;
    for (std::size_t i = 0; i < parameters.extended_count; ++i) {
        const double move = parameters.extended_moves[i];
        weight_[i] = parameters.extended_factor * range / std::abs(move);
        edge_[i] = move > 0.0 ? 1.0 + range : 1.0 - range;
        const double beyond = std::max(std::abs(move) / range, 1.0) - 1.0;
        dampener_usd_[i] = beyond * parameters.extended_dampener_usd;
    }
}

double DeribitGrid::volatility_down(double volatility, double years) const {
    const double days = std::max(years * kDaysPerYear, parameters_.tenor_days_min);
    const double power =
        days < parameters_.short_term_days ? parameters_.short_term_vega_power : parameters_.long_term_vega_power;
    const double scale = std::pow(parameters_.short_term_days / days, power);
    return std::max(volatility * (1.0 - parameters_.volatility_range_down * scale), 0.0);
}

double DeribitGrid::volatility_up(double volatility, double years) const {
    const double days = std::max(years * kDaysPerYear, parameters_.tenor_days_min);
    const double power =
        days < parameters_.short_term_days ? parameters_.short_term_vega_power : parameters_.long_term_vega_power;
    const double scale = std::pow(parameters_.short_term_days / days, power);
    return std::max(volatility * (1.0 + parameters_.volatility_range_up * scale),
                    parameters_.volatility_shocked_up_min);
}

UnitCells DeribitGrid::unit_cells(const MatrixContract& contract) const {
    UnitCells out;
    if (!is_contract(contract)) return out;
    out.expiry = contract.expiry;
    if (contract.type == OptionType::none) {
        add_future(contract, out);
    } else {
        add_option(contract, out);
    }
    for (std::size_t i = 0; i < parameters_.extended_count; ++i) {
        const double conversion =
            contract.payoff == Payoff::inverse ? (1.0 + parameters_.extended_moves[i]) / edge_[i] : 1.0;
        out.cells[standard_count() + i] *= weight_[i] * conversion;
    }
    bool finite = std::isfinite(out.relative_delta);
    for (double& cell : out.cells) {
        cell *= contract.unsettled_ratio;
        finite = finite && std::isfinite(cell);
    }
    out.relative_delta *= contract.unsettled_ratio;
    if (!finite) return {};
    out.status = MarginStatus::ok;
    return out;
}

void DeribitGrid::add_future(const MatrixContract& contract, UnitCells& out) const {
    for (std::size_t m = 0; m < moves_count_; ++m) {
        const double profit = future_profit(contract, moves_[m]);
        for (std::size_t v = 0; v < kMatrixVolatilities; ++v) out.cells[m * kMatrixVolatilities + v] = profit;
    }
    for (std::size_t i = 0; i < parameters_.extended_count; ++i) {
        out.cells[standard_count() + i] = future_profit(contract, parameters_.extended_moves[i]);
    }
    out.relative_delta = contract.payoff == Payoff::inverse ? contract.multiplier / contract.price
                                                            : contract.multiplier * contract.price;
}

void DeribitGrid::add_option(const MatrixContract& contract, UnitCells& out) const {
    const std::array volatilities{volatility_down(contract.volatility, contract.years), contract.volatility,
                                  volatility_up(contract.volatility, contract.years)};
    const double base = option_value(contract, contract.price, contract.volatility);
    for (std::size_t m = 0; m < moves_count_; ++m) {
        const double forward = contract.price * (1.0 + moves_[m]);
        for (std::size_t v = 0; v < kMatrixVolatilities; ++v) {
            out.cells[m * kMatrixVolatilities + v] =
                contract.multiplier * (option_value(contract, forward, volatilities[v]) - base);
        }
    }
    for (std::size_t i = 0; i < parameters_.extended_count; ++i) {
        const double forward = contract.price * (1.0 + parameters_.extended_moves[i]);
        out.cells[standard_count() + i] =
            contract.multiplier * (option_value(contract, forward, volatilities.back()) - base);
    }
    OptionGreeks greeks;
    if (black76({.forward = contract.price,
                 .strike = contract.strike,
                 .years = contract.years,
                 .volatility = contract.volatility,
                 .type = contract.type},
                greeks) != PricingStatus::ok) {
        return;
    }
    // F dv/dF = delta - v in coin; F dV/dF in the stablecoin.
    const double delta = contract.payoff == Payoff::inverse ? greeks.delta - greeks.price / contract.price
                                                            : greeks.delta * contract.price;
    out.relative_delta = contract.multiplier * delta;
}

}  // namespace keel::risk
