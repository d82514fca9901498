#include "risk/margin/deribit_matrix.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/options/black76.hpp"
#include "risk/options/price_lanes.hpp"

namespace keel::risk {
namespace {

constexpr double kDaysPerYear = 365.0;
static_assert(std::tuple_size_v<MatrixCells> % kLanes == 0);

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

double sign_of(OptionType type) { return type == OptionType::put ? -1.0 : 1.0; }

// Whether price_lanes takes it.
bool is_regular(const MatrixContract& contract, const std::array<double, kMatrixVolatilities>& deviations) {
    const auto within = [](double value, double low, double high) { return value >= low && value <= high; };
    bool regular =
        within(contract.price, kLanePriceMin, kLanePriceMax) && within(contract.strike, kLanePriceMin, kLanePriceMax);
    for (const double deviation : deviations) {
        regular = regular && within(deviation, kLaneDeviationMin, kLaneDeviationMax);
    }
    return regular;
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
    price_factor_.fill(1.0);
    volatility_.fill(1);
    for (std::size_t i = 0; i < standard_count(); ++i) {
        price_factor_[i] = 1.0 + moves_[i / kMatrixVolatilities];
        volatility_[i] = static_cast<std::uint8_t>(i % kMatrixVolatilities);
    }
    for (std::size_t i = 0; i < parameters.extended_count; ++i) {
        price_factor_[standard_count() + i] = 1.0 + parameters.extended_moves[i];
        volatility_[standard_count() + i] = kMatrixVolatilities - 1;
    }
    for (std::size_t i = 0; i < price_factor_.size(); ++i) {
        log_factor_[i] = std::log(price_factor_[i]);
        inverse_factor_[i] = 1.0 / price_factor_[i];
    }
}

double DeribitGrid::tenor_scale(double years) const {
    const double days = std::max(years * kDaysPerYear, parameters_.tenor_days_min);
    const bool near = days < parameters_.short_term_days;
    return std::pow(parameters_.short_term_days / days,
                    near ? parameters_.short_term_vega_power : parameters_.long_term_vega_power);
}

double DeribitGrid::shocked_down(double volatility, double scale) const {
    return std::max(volatility * (1.0 - parameters_.volatility_range_down * scale), 0.0);
}

double DeribitGrid::shocked_up(double volatility, double scale) const {
    return std::max(volatility * (1.0 + parameters_.volatility_range_up * scale),
                    parameters_.volatility_shocked_up_min);
}

UnitCells DeribitGrid::unit_cells(const MatrixContract& contract) const {
    UnitCells out;
    if (!is_contract(contract)) return out;
    out.expiry = contract.expiry;
    if (contract.type == OptionType::none) {
        add_future(contract, out);
    } else if (!add_option(contract, out)) {
        return {};
    }
    if (!finish(contract.payoff, contract.unsettled_ratio, out)) return {};
    return out;
}

bool DeribitGrid::finish(Payoff payoff, double unsettled_ratio, UnitCells& out) const {
    for (std::size_t i = 0; i < parameters_.extended_count; ++i) {
        const double conversion = payoff == Payoff::inverse ? (1.0 + parameters_.extended_moves[i]) / edge_[i] : 1.0;
        out.cells[standard_count() + i] *= weight_[i] * conversion;
    }
    bool finite = std::isfinite(out.relative_delta);
    for (double& cell : out.cells) {
        cell *= unsettled_ratio;
        finite = finite && std::isfinite(cell);
    }
    out.relative_delta *= unsettled_ratio;
    if (finite) out.status = MarginStatus::ok;
    return finite;
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

bool DeribitGrid::add_option(const MatrixContract& contract, UnitCells& out) const {
    const double scale = tenor_scale(contract.years);
    const std::array volatilities{shocked_down(contract.volatility, scale), contract.volatility,
                                  shocked_up(contract.volatility, scale)};
    const double root_years = std::sqrt(contract.years);
    std::array<double, kMatrixVolatilities> deviations{};
    for (std::size_t v = 0; v < kMatrixVolatilities; ++v) deviations[v] = volatilities[v] * root_years;

    const bool inverse = contract.payoff == Payoff::inverse;
    const double sign = sign_of(contract.type);
    MatrixCells values;
    if (is_regular(contract, deviations)) {
        MatrixCells deviation;
        for (std::size_t i = 0; i < deviation.size(); ++i) deviation[i] = deviations[volatility_[i]];
        for (std::size_t i = 0; i < values.size(); i += kLanes) {
            const Lanes forward = Lanes{contract.price} * Lanes::load(&price_factor_[i]);
            const Lanes price = price_lanes(forward, Lanes{contract.strike}, Lanes{sign}, Lanes::load(&deviation[i]));
            (inverse ? price / forward : price).store(&values[i]);
        }
    } else {
        for (std::size_t i = 0; i < values.size(); ++i) {
            const double forward = contract.price * price_factor_[i];
            const double price = black76_price({.forward = forward,
                                                .strike = contract.strike,
                                                .years = contract.years,
                                                .volatility = volatilities[volatility_[i]],
                                                .type = contract.type});
            values[i] = inverse ? price / forward : price;
        }
    }
    for (std::size_t i = 0; i < values.size(); ++i) {
        out.cells[i] = contract.multiplier * (values[i] - values[kMatrixSpareCell]);
    }
    const OptionInputs in{.forward = contract.price,
                          .strike = contract.strike,
                          .years = contract.years,
                          .volatility = contract.volatility,
                          .type = contract.type};
    double delta = 0.0;  // F dv/dF = theta (K/F) Phi(theta d2) in coin, F dV/dF in the stablecoin
    if (deviations[1] > 0.0) {
        const BlackTerms terms = black_terms(in);
        delta = inverse ? sign * contract.strike / contract.price * normal_cdf(sign * terms.d2)
                        : sign * contract.price * normal_cdf(sign * terms.d1);
    } else {
        OptionGreeks greeks;
        if (black76(in, greeks) != PricingStatus::ok) return false;
        delta = inverse ? greeks.delta - greeks.price / contract.price : greeks.delta * contract.price;
    }
    out.relative_delta = contract.multiplier * delta;
    return true;
}

}  // namespace keel::risk
