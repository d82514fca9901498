#include "risk/margin/deribit_portfolio.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kChains = 4;
static_assert((kMatrixCellsMax + 1) % kChains == 0);

// Knuth's two-sum: `carry` keeps what `sum` could not hold.
void add_exactly(double& sum, double& carry, double term) {
    const double total = sum + term;
    const double shift = total - sum;
    carry += (sum - (total - shift)) + (term - shift);
    sum = total;
}

// The smallest cell, NaN where one is not finite. Four running minima, because one chain of comparisons
// would wait for itself.
double smallest(const MatrixCells& cells) {
    std::array<double, kChains> low{};
    std::array<double, kChains> poison{};  // stays zero while all is finite
    for (std::size_t i = 0; i < kChains; ++i) low[i] = cells[i];
    for (std::size_t at = 0; at < cells.size(); at += kChains) {
        for (std::size_t i = 0; i < kChains; ++i) {
            low[i] = cells[at + i] < low[i] ? cells[at + i] : low[i];
            poison[i] += cells[at + i] * 0.0;
        }
    }
    const double all = (poison[0] + poison[1]) + (poison[2] + poison[3]);
    return std::min(std::min(low[0], low[1]), std::min(low[2], low[3])) + all;
}

double round_half_up(double value, std::uint32_t decimals) {
    if (decimals == 0) return value;
    double scale = 1.0;
    for (std::uint32_t i = 0; i < std::min(decimals, kMatrixDecimalsMax); ++i) scale *= 10.0;
    const double scaled = value * scale;
    if (std::abs(scaled) > 0x1p52) return value;
    return std::floor(scaled + 0.5) / scale;
}

struct Shocks {
    double roll{0.0};
    double delta{0.0};
};

DeribitPortfolioMargin margin_of(const MatrixCells& adjusted, const Shocks& shocks,
                                 const DeribitPortfolioParameters& general, const MatrixAddOns& add_ons) {
    DeribitPortfolioMargin out;
    const double low = smallest(adjusted);
    const auto is_charge = [](double value) { return std::isfinite(value) && value >= 0.0; };
    const bool charges = is_charge(add_ons.correlation_contingency) && is_charge(add_ons.spot) &&
                         is_charge(add_ons.market_maker_protection) && is_charge(add_ons.open_orders);
    if (!charges || !std::isfinite(low)) {
        out.margin = kMarginUnknown;
        return out;
    }
    out.worst_case = std::max(-low, 0.0);
    out.worst_cell = static_cast<std::uint32_t>(std::find(adjusted.begin(), adjusted.end(), low) - adjusted.begin());
    out.roll_shock = shocks.roll;
    out.delta_shock = shocks.delta;
    out.risk_matrix_margin = round_half_up(out.worst_case, general.worst_case_decimals) + out.roll_shock +
                             out.delta_shock + add_ons.correlation_contingency;
    out.margin =
        finite_margin(out.risk_matrix_margin + add_ons.market_maker_protection + add_ons.open_orders + add_ons.spot,
                      general.maintenance_ratio * out.risk_matrix_margin);
    return out;
}

DeribitPortfolioMargin no_margin() {
    DeribitPortfolioMargin out;
    out.margin = kMarginUnknown;
    return out;
}

}  // namespace

DeribitRiskMatrix::DeribitRiskMatrix(const DeribitMatrixParameters& parameters, Payoff settlement)
    : grid_{parameters}, coin_settled_{settlement == Payoff::inverse} {
    roll_rate_.fill(parameters.annualised_move_min);
}

MarginStatus DeribitRiskMatrix::set_index(double index) {
    if (!std::isfinite(index) || index <= 0.0) return MarginStatus::bad_input;
    index_ = index;
    return MarginStatus::ok;
}

MarginStatus DeribitRiskMatrix::set_expiry(std::size_t slot, double years) {
    KEEL_ASSERT(slot < kMatrixExpiriesMax);
    if (!std::isfinite(years) || years < 0.0) return MarginStatus::bad_input;
    const DeribitMatrixParameters& p = grid_.parameters();
    const double drift = p.annualised_move_risk * years;
    const double move = p.roll_law == RollLaw::exponential ? std::expm1(drift) : drift;
    if (!std::isfinite(move)) return MarginStatus::bad_input;
    roll_rate_[slot] = std::max(p.annualised_move_min, move);
    return MarginStatus::ok;
}

MarginStatus DeribitRiskMatrix::add(double quantity, const UnitCells& unit) {
    if (!std::isfinite(quantity) || unit.status != MarginStatus::ok) return MarginStatus::bad_input;
    KEEL_ASSERT(unit.expiry < kMatrixExpiriesMax);
    bool finite = std::isfinite(delta_[unit.expiry] + quantity * unit.relative_delta);
    for (std::size_t i = 0; i < sum_.size(); ++i) finite = finite && std::isfinite(sum_[i] + quantity * unit.cells[i]);
    if (!finite) return MarginStatus::bad_input;
    for (std::size_t i = 0; i < sum_.size(); ++i) add_exactly(sum_[i], carry_[i], quantity * unit.cells[i]);
    add_exactly(delta_[unit.expiry], delta_carry_[unit.expiry], quantity * unit.relative_delta);
    return MarginStatus::ok;
}

void DeribitRiskMatrix::clear() {
    sum_ = {};
    carry_ = {};
    delta_ = {};
    delta_carry_ = {};
}

MatrixCells DeribitRiskMatrix::sums() const {
    MatrixCells out;
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = sum_[i] + carry_[i];
    return out;
}

MatrixCells DeribitRiskMatrix::adjusted(const MatrixCells& sums) const {
    const DeribitMatrixParameters& p = grid_.parameters();
    MatrixCells out = sums;
    const double unit = coin_settled_ ? index_ : 1.0;  // USD per unit of a standard cell
    for (std::size_t i = 0; i < p.extended_count; ++i) {
        double& cell = out[grid_.standard_count() + i];
        const double edge = coin_settled_ ? grid_.edge(i) * index_ : 1.0;
        const double room = std::min(grid_.dampener_usd(i) / edge, std::abs(cell));
        cell -= cell > 0.0 ? room : -room;
    }
    const double cap = p.offsetable_pnl_usd_max / unit;
    for (double& cell : out) {
        const double offset = std::min(cell * p.pnl_offset_ratio, cap);
        cell = cell > 0.0 ? offset : cell;
    }
    return out;
}

DeribitRiskMatrix::Deltas DeribitRiskMatrix::deltas() const {
    Deltas out;
    for (std::size_t i = 0; i < kMatrixExpiriesMax; ++i) out.by_expiry[i] = delta_[i] + delta_carry_[i];
    for (const double delta : out.by_expiry) out.total += delta;
    return out;
}

double DeribitRiskMatrix::roll_shock(const Deltas& deltas) const {
    double shock = 0.0;
    for (std::size_t i = 0; i < kMatrixExpiriesMax; ++i) shock += std::abs(deltas.by_expiry[i]) * roll_rate_[i];
    return shock;
}

double DeribitRiskMatrix::delta_shock(const Deltas& deltas) const {
    const DeribitMatrixParameters& p = grid_.parameters();
    const double size = std::abs(deltas.total);
    const double coins = coin_settled_ ? size : size / index_;
    const double beyond = coins - p.delta_shock_threshold_usd / index_;
    if (!(beyond > 0.0)) return 0.0;
    return std::min(p.delta_shock_ratio_max, beyond * p.delta_shock_per_coin) * size;
}

DeribitPortfolioMargin DeribitRiskMatrix::margin(const DeribitPortfolioParameters& general,
                                                 const MatrixAddOns& add_ons) const {
    return margin_after({}, general, add_ons);
}

DeribitPortfolioMargin DeribitRiskMatrix::margin_after(std::span<const MatrixTrade> trades,
                                                       const DeribitPortfolioParameters& general,
                                                       const MatrixAddOns& add_ons) const {
    if (index_ == 0.0) return no_margin();
    MatrixCells cells = sums();
    Deltas held = deltas();
    for (const MatrixTrade& trade : trades) {
        if (trade.unit == nullptr || trade.unit->status != MarginStatus::ok || !std::isfinite(trade.quantity)) {
            return no_margin();
        }
        for (std::size_t i = 0; i < cells.size(); ++i) cells[i] += trade.quantity * trade.unit->cells[i];
        const double delta = trade.quantity * trade.unit->relative_delta;
        held.by_expiry[trade.unit->expiry] += delta;
        held.total += delta;
    }
    return margin_of(adjusted(cells), {.roll = roll_shock(held), .delta = delta_shock(held)}, general, add_ons);
}

DeribitPortfolioMargin combined_margin(std::span<const DeribitRiskMatrix* const> pairs,
                                       const DeribitPortfolioParameters& general, const MatrixAddOns& add_ons) {
    MatrixCells cells{};
    Shocks shocks;
    for (const DeribitRiskMatrix* pair : pairs) {
        if (pair->index_ == 0.0) return no_margin();
        KEEL_ASSERT(pair->grid_.cells_count() == pairs.front()->grid_.cells_count());
        KEEL_ASSERT(pair->coin_settled_ == pairs.front()->coin_settled_);
        const MatrixCells own = pair->adjusted();
        for (std::size_t i = 0; i < cells.size(); ++i) cells[i] += own[i];
        const DeribitRiskMatrix::Deltas held = pair->deltas();
        shocks.roll += pair->roll_shock(held);
        shocks.delta += pair->delta_shock(held);
    }
    return margin_of(cells, shocks, general, add_ons);
}

}  // namespace keel::risk
