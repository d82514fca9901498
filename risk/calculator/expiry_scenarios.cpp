#include "risk/calculator/expiry_scenarios.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <utility>

#include "engine/core/assert.hpp"
#include "risk/book/expiring_option.hpp"
#include "risk/options/price_lanes.hpp"

namespace keel::risk {
namespace {

// ln of one volatility against the others of its expiry, either way: beyond it the smile has another shape. What is
// left of it in a scenario's profit is the change of vega times this.
constexpr double kSmileChangeMax = 0.002;
const double kSmileBand = std::exp(2.0 * kSmileChangeMax);
// How old what was built may grow: as the buckets of the book, a share of the time left.
constexpr double kAgeShare = 0.002;
constexpr std::chrono::nanoseconds kAgeMin = std::chrono::milliseconds{50};
constexpr std::chrono::nanoseconds kAgeMax = std::chrono::seconds{30};
// Variance left, which in an averaging window goes with the forward and the average too, over that of the build.
constexpr double kVarianceShare = 0.01;
// Options added to ladders before they are built anew. Each rounds a node once: together less than 6e-14 of the
// greatest value that the node has had.
constexpr std::size_t kUpdatesMax = 256;
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

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
    volatility_now.clear();
    quantity.clear();
    type.clear();
}

ExpiryScenarios::ExpiryScenarios(const Book& book, const MarketState& market, ExpirySlot expiry, std::size_t scenarios)
    : book_{book},
      market_{market},
      expiry_{expiry},
      worlds_(kGridCells),
      values_(std::max(scenarios + 1, kGridCells)),
      part_(scenarios),
      forwards_(scenarios + 1) {
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        const Contract& contract = book.contracts[i];
        if (!is_option(contract.kind) || contract.expiry != expiry) continue;
        auto found = std::ranges::find(settlements_, contract.stable, &Settlement::stable);
        if (found == settlements_.end()) {
            settlements_.push_back({.stable = contract.stable, .expansion = WorldExpansion{scenarios + 1}});
            found = settlements_.end() - 1;
        }
        rows_.push_back({.contract = i, .settlement = static_cast<std::size_t>(found - settlements_.begin())});
    }
    for (Settlement& settlement : settlements_) {
        settlement.strike.reserve(rows_.size());
        settlement.volatility.reserve(rows_.size());
        settlement.volatility_now.reserve(rows_.size());
        settlement.quantity.reserve(rows_.size());
        settlement.type.reserve(rows_.size());
    }
    ratios_.reserve(rows_.size());
    differing_.reserve(rows_.size());
}

// Coins of the row that can be priced.
double ExpiryScenarios::quantity_of(const Row& row) const {
    const bool priced = is_price(market().forward) && is_price(market_.quotes[row.contract].volatility);
    return priced ? book_.holdings[row.contract].quantity * book_.contracts[row.contract].multiplier : 0.0;
}

double ExpiryScenarios::volatility_ratio(const Row& row) const {
    return market_.quotes[row.contract].volatility / row.volatility;
}

// Where the volatilities have moved together since the ladders were built: of all bands that one smile may fill, the
// one that most of them are in.
ExpiryScenarios::Band ExpiryScenarios::common_band() {
    ratios_.clear();
    for (const Row& row : rows_) {
        if (row.quantity != 0.0 && quantity_of(row) != 0.0) ratios_.push_back(volatility_ratio(row));
    }
    if (ratios_.empty()) return {};
    const auto [low, high] = std::ranges::minmax(ratios_);
    if (high <= low * kSmileBand) return {.low = low, .high = high};
    std::ranges::sort(ratios_);
    Band band;
    std::size_t most = 0;
    for (std::size_t first = 0, last = 0; last < ratios_.size(); ++last) {
        while (ratios_[last] > ratios_[first] * kSmileBand) ++first;
        if (last - first < most) continue;
        most = last - first + 1;
        band = {.low = ratios_[first], .high = ratios_[last]};
    }
    return band;
}

// Adds to the ladders what they lack of the holdings and of the smile, where that is less work than building them.
ExpiryScenarios::Fit ExpiryScenarios::fit_ladders(const Band& band) {
    differing_.clear();
    std::size_t units = 0;
    std::size_t held = 0;
    for (std::size_t i = 0; i < rows_.size(); ++i) {
        const Row& row = rows_[i];
        const double quantity = quantity_of(row);
        held += quantity != 0.0 ? 1U : 0U;
        const bool bent = row.quantity != 0.0 && quantity != 0.0 && !band.holds(volatility_ratio(row));
        if (quantity == row.quantity && !bent) continue;
        differing_.push_back(i);
        units += bent ? 2U : 1U;
    }
    if (differing_.empty()) return Fit::as_it_was;
    updates_ += units;
    if ((by_scenario_ && !expanded_) || units >= held || updates_ > kUpdatesMax) return Fit::to_build;
    for (const std::size_t i : differing_) {
        if (!update_ladder(rows_[i], band)) return Fit::to_build;
    }
    added_ += units;
    return Fit::updated;
}

// The ladder's query stands at the middle of the band: an option comes in with the volatility that is its own there.
bool ExpiryScenarios::update_ladder(Row& row, const Band& band) {
    const Contract& contract = book_.contracts[row.contract];
    Settlement& settlement = settlements_[row.settlement];
    const double next = quantity_of(row);
    const bool stays = row.quantity != 0.0 && (next == 0.0 || band.holds(volatility_ratio(row)));
    const double volatility = stays ? row.volatility : market_.quotes[row.contract].volatility / band.middle();
    const auto density = ValueLadder::density_for(volatility * std::sqrt(years_));
    if (settlement.strike.empty() || (!by_scenario_ && (!density || *density > density_))) return false;
    const std::array strikes{contract.strike, contract.strike};
    const std::array volatilities{row.volatility, volatility};
    const std::array quantities{stays ? next - row.quantity : -row.quantity, next};
    const std::array types{contract.type, contract.type};
    const OptionColumns both{
        .strike = strikes, .volatility = volatilities, .quantity_coin = quantities, .type = types, .years = years_};
    const std::size_t first = row.quantity == 0.0 ? 1 : 0;
    // Only its volatility moved, a little: by its greeks, for less work than taking it out and adding it again.
    const double by = std::log(volatility / row.volatility);
    bool shifted = false;
    if (!stays && next == row.quantity && std::abs(by) <= kShiftMax) {
        OptionColumns standing = both.part(0, 1);
        standing.quantity_coin = {&next, 1};
        shifted = by_scenario_ ? settlement.expansion.shift(standing, by) : settlement.ladder.shift(standing, by);
    }
    const OptionColumns added = both.part(first, (stays ? 1 : 2) - first);
    if (by_scenario_ && !shifted) {
        settlement.expansion.add(added);
    } else if (!by_scenario_ && !shifted && !settlement.ladder.add(added)) {
        return false;
    }
    row.quantity = next;
    row.volatility = volatility;
    return true;
}

bool ExpiryScenarios::take_volatilities() {
    bool moved = false;
    for (const Row& row : rows_) {
        if (row.quantity == 0.0) continue;
        const double volatility = market_.quotes[row.contract].volatility;
        moved =
            std::exchange(settlements_[row.settlement].volatility_now[row.place], volatility) != volatility || moved;
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

void ExpiryScenarios::lay_out() {
    held_ = 0;
    for (Settlement& settlement : settlements_) settlement.clear();
    for (Row& row : rows_) {
        if (row.quantity == 0.0) continue;
        const Contract& contract = book_.contracts[row.contract];
        Settlement& settlement = settlements_[row.settlement];
        row.place = settlement.strike.size();
        settlement.strike.push_back(contract.strike);
        settlement.volatility.push_back(row.volatility);
        settlement.volatility_now.push_back(market_.quotes[row.contract].volatility);
        settlement.quantity.push_back(row.quantity);
        settlement.type.push_back(contract.type);
        ++held_;
    }
}

void ExpiryScenarios::build() {
    updates_ = 0;
    double least = std::numeric_limits<double>::infinity();
    for (Row& row : rows_) {
        row.quantity = quantity_of(row);
        if (row.quantity == 0.0) continue;
        row.volatility = market_.quotes[row.contract].volatility;
        least = std::min(least, row.volatility);
    }
    const auto density = ValueLadder::density_for(least * std::sqrt(years_));
    by_scenario_ = seen_.averaging || !density;
    density_ = density.value_or(0);
    expanded_ = false;
    lay_out();
    built_ = true;
    for (Settlement& settlement : settlements_) {
        if (settlement.strike.empty() || by_scenario_) continue;
        built_ = settlement.ladder.build(settlement.columns(years_), market().forward, market_.now, density_) && built_;
        ++builds_;
    }
}

ExpiryScenarios::Moved ExpiryScenarios::refresh() {
    const ExpiryMarket& expiry = market();
    const DeliveryForward delivery = delivery_forward(expiry, market_.now);
    const Band band = common_band();
    const Seen now{.built_at = seen_.built_at,
                   .forward = expiry.forward,
                   .average = expiry.settlement_average,
                   .log_volatility = std::log(band.middle()),
                   .averaging = delivery.averaging};
    bool due = !built_ || now.averaging != seen_.averaging ||
               market_.now - seen_.built_at > age_max(expiry.expiry - market_.now);
    if (by_scenario_) {
        due = due || std::abs(now.log_volatility) > WorldExpansion::kLogDeviationMax ||
              std::abs(delivery.years - years_) > kVarianceShare * years_;
    }
    for (const Settlement& settlement : settlements_) {
        if (due || by_scenario_ || settlement.strike.empty()) continue;
        const double log_forward = std::log(expiry.forward / settlement.ladder.anchor_forward());
        due = settlement.ladder.rebuild_due(log_forward, now.log_volatility, market_.now, false);
    }
    const Fit fit = due ? Fit::to_build : fit_ladders(band);
    const Seen before = seen_;
    seen_ = now;
    if (fit == Fit::to_build) {
        years_ = delivery.years;
        seen_.built_at = market_.now;
        seen_.log_volatility = 0.0;
        const bool was_empty = empty();
        build();
        (void)take_rates();
        return {.scenarios = !was_empty || !empty(), .cells = !was_empty || !empty()};
    }
    if (empty()) return {};
    if (fit == Fit::updated) {
        lay_out();
        (void)take_rates();
        return {.scenarios = true, .cells = true};
    }
    const bool volatilities = take_volatilities();
    const Moved rates = take_rates();
    const bool price = now.forward != before.forward || (now.averaging && !is_same(now.average, before.average));
    return {.scenarios = price || rates.scenarios || volatilities, .cells = price || rates.cells || volatilities};
}

ExpiryScenarios::Moved ExpiryScenarios::refresh_rates() {
    if (empty()) return {};
    if (by_scenario_) {
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

// Spot and forward `spot_factor` times what they are, and all volatilities likewise.
OptionWorld ExpiryScenarios::world(double spot_factor, double volatility_factor) const {
    const DeliveryForward delivery = delivery_forward(market(), market_.now, spot_factor);
    const double years = seen_.averaging ? delivery.years : years_;
    return {.forward = delivery.price, .deviation = volatility_factor * std::sqrt(years)};
}

// Of what settles in the same, in each of worlds_.
std::span<const double> ExpiryScenarios::cell_values(const Settlement& settlement) {
    const std::span<double> out = std::span{values_}.first(worlds_.size());
    std::ranges::fill(out, 0.0);
    add_book_values(settlement.columns_now(), worlds_, out);
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
    if (by_scenario_) return expanded_pnl(set, pnl_usd);
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
}

// Each with the deviation of now and its own change of the ladders' volatilities.
void ExpiryScenarios::expand_scenarios(const ScenarioSet& set) {
    const auto volatilities = set.log_moves(market_.underlyings.size() + at(market().underlying));
    const double weight = tenor_weight(VolatilityTenor::power, years_between(market_.now, market().expiry));
    const auto moves = set.relative_moves(at(market().underlying));
    const std::span<double> deviations = std::span{values_}.first(forwards_.size());
    for (std::size_t s = 0; s < set.scenarios(); ++s) {
        deviations[s] = world(1.0 + moves[s], std::exp(weight * volatilities[s])).deviation;
    }
    deviations.back() = world(1.0, 1.0).deviation;
    for (Settlement& settlement : settlements_) {
        if (!settlement.strike.empty()) settlement.expansion.build(deviations);
    }
    expanded_ = true;
}

void ExpiryScenarios::expanded_pnl(const ScenarioSet& set, std::span<double> pnl_usd) {
    if (!expanded_) expand_scenarios(set);
    const auto moves = set.relative_moves(at(market().underlying));
    const std::size_t n = pnl_usd.size();
    const DeliveryForward delivery = delivery_forward(market(), market_.now);
    const double open = delivery.weight * market().forward;
    for (std::size_t s = 0; s < n; ++s) forwards_[s] = delivery.price + open * moves[s];
    forwards_[n] = delivery.price;
    const std::span<double> value = std::span{values_}.first(n + 1);
    for (Settlement& settlement : settlements_) {
        if (settlement.strike.empty()) continue;
        settlement.expansion.values(settlement.columns(years_), forwards_, seen_.log_volatility, value);
        if (settlement.stable == StableSlot::none) {
            const double price = index();
            const double now = value[n] / forwards_[n];
            for (std::size_t s = 0; s < n; ++s) {
                pnl_usd[s] += price * (value[s] / forwards_[s] * (1.0 + moves[s]) - now);
            }
        } else {
            const double rate = settlement.rate;
            for (std::size_t s = 0; s < n; ++s) pnl_usd[s] += rate * (value[s] - value[n]);
        }
    }
}

void ExpiryScenarios::stress_cells(StressCells& out) {
    const double weight = tenor_weight(VolatilityTenor::power, years_between(market_.now, market().expiry));
    constexpr std::size_t kColumns = kGridVolatilityMoves.size();
    for (std::size_t column = 0; column < kColumns; ++column) {
        const double volatility = std::max(0.0, 1.0 + weight * kGridVolatilityMoves[column]);
        for (std::size_t row = 0; row < kGridSpotMoves.size(); ++row) {
            worlds_[row * kColumns + column] = world(1.0 + kGridSpotMoves[row], volatility);
        }
    }
    out = {};
    for (const Settlement& settlement : settlements_) {
        if (settlement.strike.empty()) continue;
        const auto value = cell_values(settlement);
        for (std::size_t cell = 0; cell < kGridCells; ++cell) {
            if (settlement.stable == StableSlot::none) {
                out.coin[cell] += value[cell] / worlds_[cell].forward;
            } else {
                out.usd[cell] += value[cell] * settlement.rate;
            }
        }
    }
}

}  // namespace keel::risk
