#include "risk/calculator/expiry_scenarios.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "engine/core/assert.hpp"
#include "risk/book/expiring_option.hpp"

namespace keel::risk {
namespace {

// ln of one volatility against the others of its expiry, either way: beyond it the smile has another shape. What is
// left of it in a scenario's profit is the change of vega times this.
constexpr double kSmileChangeMax = 0.002;
// Standard deviation left in an option below which the nodes of a ladder are too far apart for it: ten hours at 60 %.
constexpr double kDeviationMin = 0.02;
// How old what was built may grow: as the buckets of the book, a share of the time left.
constexpr double kAgeShare = 0.002;
constexpr std::chrono::nanoseconds kAgeMin = std::chrono::milliseconds{50};
constexpr std::chrono::nanoseconds kAgeMax = std::chrono::seconds{30};
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Slot>
std::size_t at(Slot slot) {
    return static_cast<std::size_t>(slot);
}

std::chrono::nanoseconds age_max(std::chrono::nanoseconds left) {
    return std::clamp(
        std::chrono::nanoseconds{static_cast<std::int64_t>(kAgeShare * static_cast<double>(left.count()))}, kAgeMin,
        kAgeMax);
}

// Of two prices that are not known nothing has moved.
bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool is_price(double value) { return value > 0.0 && std::isfinite(value); }

}  // namespace

void ExpiryScenarios::Settlement::clear() {
    strike.clear();
    volatility.clear();
    quantity.clear();
    type.clear();
}

ExpiryScenarios::ExpiryScenarios(const Book& book, const MarketState& market, ExpirySlot expiry, std::size_t scenarios)
    : book_{book}, market_{market}, expiry_{expiry}, chain_{0}, scratch_{0}, part_(scenarios) {
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        const Contract& contract = book.contracts[i];
        if (!is_option(contract.kind) || contract.expiry != expiry) continue;
        auto found = std::ranges::find(settlements_, contract.stable, &Settlement::stable);
        if (found == settlements_.end()) {
            settlements_.push_back({.stable = contract.stable});
            found = settlements_.end() - 1;
        }
        rows_.push_back({.contract = i, .settlement = static_cast<std::size_t>(found - settlements_.begin())});
    }
    for (Settlement& settlement : settlements_) {
        settlement.strike.reserve(rows_.size());
        settlement.volatility.reserve(rows_.size());
        settlement.quantity.reserve(rows_.size());
        settlement.type.reserve(rows_.size());
    }
    held_.reserve(rows_.size());
    chain_ = OptionChain{rows_.size()};
    scratch_ = OptionChain{rows_.size()};
}

// Coins of the row that can be priced.
double ExpiryScenarios::quantity_of(const Row& row) const {
    const bool priced = is_price(market().forward) && is_price(market_.quotes[row.contract].volatility);
    return priced ? book_.holdings[row.contract].quantity * book_.contracts[row.contract].multiplier : 0.0;
}

// Whether the ladders hold what is held and their smile has kept its shape; how far all of it has moved since.
bool ExpiryScenarios::fits_ladders(double& log_volatility) const {
    double low = std::numeric_limits<double>::infinity();
    double high = 0.0;
    for (const Row& row : rows_) {
        const double quantity = quantity_of(row);
        if (quantity != row.quantity) return false;
        if (quantity == 0.0) continue;
        const double ratio = market_.quotes[row.contract].volatility / row.volatility;
        low = std::min(low, ratio);
        high = std::max(high, ratio);
    }
    if (held_.empty()) return true;
    log_volatility = 0.5 * std::log(low * high);
    return high <= low * std::exp(2.0 * kSmileChangeMax);
}

bool ExpiryScenarios::take_volatilities() {
    bool moved = false;
    for (std::size_t i = 0; i < held_.size(); ++i) {
        Row& row = rows_[held_[i]];
        const double volatility = market_.quotes[row.contract].volatility;
        if (volatility == row.volatility_now) continue;
        row.volatility_now = volatility;
        chain_.set_volatility(i, volatility);
        moved = true;
    }
    return moved;
}

// Cells of coin-settled options are told in coin: the index does not move them.
ExpiryScenarios::Moved ExpiryScenarios::take_rates() {
    Moved moved;
    for (Settlement& settlement : settlements_) {
        const bool in_coin = settlement.stable == StableSlot::none;
        const double rate = in_coin ? index() / market().forward : market_.stables[at(settlement.stable)];
        if (!is_same(rate, settlement.rate) && !settlement.strike.empty()) {
            moved.scenarios = true;
            moved.cells = moved.cells || !in_coin;
        }
        settlement.rate = rate;
    }
    return moved;
}

void ExpiryScenarios::build() {
    held_.clear();
    chain_.clear();
    chain_years_ = years_;
    for (Settlement& settlement : settlements_) settlement.clear();
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        Row& row = rows_[i];
        row.quantity = quantity_of(row);
        if (row.quantity == 0.0) continue;
        const Contract& contract = book_.contracts[row.contract];
        row.volatility = row.volatility_now = market_.quotes[row.contract].volatility;
        held_.push_back(i);
        chain_.add(contract.type, contract.strike, years_, row.volatility);
        Settlement& settlement = settlements_[row.settlement];
        settlement.strike.push_back(contract.strike);
        settlement.volatility.push_back(row.volatility);
        settlement.quantity.push_back(row.quantity);
        settlement.type.push_back(contract.type);
    }
    priced_ = seen_.averaging || std::ranges::any_of(held_, [&](std::size_t i) {
                  return rows_[i].volatility * std::sqrt(years_) < kDeviationMin;
              });
    built_ = true;
    for (Settlement& settlement : settlements_) {
        if (settlement.strike.empty() || priced_) continue;
        built_ = settlement.ladder.build(settlement.columns(years_), market().forward, market_.now, scratch_) && built_;
        ++builds_;
    }
}

ExpiryScenarios::Moved ExpiryScenarios::refresh() {
    const ExpiryMarket& expiry = market();
    const DeliveryForward delivery = delivery_forward(expiry, market_.now);
    Seen now{.built_at = seen_.built_at,
             .forward = expiry.forward,
             .average = expiry.settlement_average,
             .log_volatility = 0.0,
             .averaging = delivery.averaging};
    bool due = !fits_ladders(now.log_volatility) || !built_ || now.averaging != seen_.averaging ||
               market_.now - seen_.built_at > age_max(expiry.expiry - market_.now);
    for (const Settlement& settlement : settlements_) {
        if (due || priced_ || settlement.strike.empty()) continue;
        const double log_forward = std::log(expiry.forward / settlement.ladder.anchor_forward());
        due = settlement.ladder.rebuild_due(log_forward, now.log_volatility, market_.now, false);
    }
    const Seen before = seen_;
    seen_ = now;
    if (due) {
        years_ = delivery.years;
        seen_.built_at = market_.now;
        seen_.log_volatility = 0.0;
        const bool was_empty = held_.empty();
        build();
        (void)take_rates();
        return {.scenarios = !was_empty || !empty(), .cells = !was_empty || !empty()};
    }
    if (empty()) return {};
    const bool volatilities = take_volatilities();
    const Moved rates = take_rates();
    const bool price = now.forward != before.forward || (now.averaging && !is_same(now.average, before.average));
    return {.scenarios = price || rates.scenarios || volatilities, .cells = price || rates.cells || volatilities};
}

ExpiryScenarios::Moved ExpiryScenarios::refresh_rates() {
    if (empty()) return {};
    if (priced_) {
        rate_ratio_ = kNaN;
        return take_rates();
    }
    std::size_t used = 0;
    const Settlement* only = nullptr;
    double before = 0.0;
    for (const Settlement& settlement : settlements_) {
        if (settlement.strike.empty()) continue;
        ++used;
        only = &settlement;
        before = settlement.rate;
    }
    const Moved moved = take_rates();
    rate_ratio_ = used == 1 ? only->rate / before : kNaN;
    return moved;
}

void ExpiryScenarios::rescaled_pnl(const ScenarioSet& set, std::span<const double> before, std::span<double> pnl_usd) {
    if (!std::isfinite(rate_ratio_)) return scenario_pnl(set, pnl_usd);
    for (std::size_t s = 0; s < pnl_usd.size(); ++s) pnl_usd[s] = rate_ratio_ * before[s];
}

// Everything held when spot and forward are `spot_factor` times what they are, and all volatilities likewise.
ExpiryScenarios::Worth ExpiryScenarios::worth(double spot_factor, double volatility_factor) {
    const DeliveryForward delivery = delivery_forward(market(), market_.now, spot_factor);
    // Volatilities scaled alike are variance over a longer time.
    const double years = (seen_.averaging ? delivery.years : years_) * volatility_factor * volatility_factor;
    if (std::exchange(chain_years_, years) != years) chain_.set_years(years);
    if (chain_.price(delivery.price) != 0) return {.coin = kNaN, .usd = kNaN};
    Worth out;
    const std::span<const double> price = chain_.price();
    for (std::size_t i = 0; i < held_.size(); ++i) {
        const Row& row = rows_[held_[i]];
        const Settlement& settlement = settlements_[row.settlement];
        if (settlement.stable == StableSlot::none) {
            out.coin += row.quantity * price[i];
        } else {
            out.usd += row.quantity * price[i] * settlement.rate;
        }
    }
    out.coin /= delivery.price;
    return out;
}

void ExpiryScenarios::scenario_pnl(const ScenarioSet& set, std::span<double> pnl_usd) {
    KEEL_ASSERT(pnl_usd.size() == set.scenarios() && part_.size() == set.scenarios());
    const std::size_t u = at(market().underlying);
    const auto returns = set.log_moves(u);
    const auto volatilities = set.log_moves(market_.underlyings.size() + u);
    const double weight = tenor_weight(VolatilityTenor::power, years_between(market_.now, market().expiry));
    std::ranges::fill(pnl_usd, 0.0);
    if (empty()) return;
    if (!priced_) {
        for (const Settlement& settlement : settlements_) {
            if (settlement.strike.empty()) continue;
            const auto here = settlement.ladder.position(market().forward, seen_.log_volatility);
            if (!built_ || !here) {
                std::ranges::fill(pnl_usd, kNaN);
                return;
            }
            (void)settlement.ladder.shock_all(*here, returns, volatilities, weight, settlement.columns(years_), part_);
            for (std::size_t s = 0; s < part_.size(); ++s) pnl_usd[s] += settlement.rate * part_[s];
        }
        return;
    }
    const Worth before = worth(1.0, 1.0);
    for (std::size_t s = 0; s < pnl_usd.size(); ++s) {
        const double spot = std::exp(returns[s]);
        const Worth after = worth(spot, std::exp(weight * volatilities[s]));
        pnl_usd[s] = after.usd - before.usd + index() * (after.coin * spot - before.coin);
    }
}

void ExpiryScenarios::stress_cells(StressCells& out) {
    const double weight = tenor_weight(VolatilityTenor::power, years_between(market_.now, market().expiry));
    constexpr std::size_t kColumns = kGridVolatilityMoves.size();
    for (std::size_t column = 0; column < kColumns; ++column) {
        const double volatility = std::max(0.0, 1.0 + weight * kGridVolatilityMoves[column]);
        for (std::size_t row = 0; row < kGridSpotMoves.size(); ++row) {
            const Worth there = worth(1.0 + kGridSpotMoves[row], volatility);
            out.coin[row * kColumns + column] = there.coin;
            out.usd[row * kColumns + column] = there.usd;
        }
    }
}

}  // namespace keel::risk
