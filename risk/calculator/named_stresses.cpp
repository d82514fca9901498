#include "risk/calculator/named_stresses.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/book/expiring_option.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/stress/funding.hpp"

namespace keel::risk {
namespace {

constexpr double kIndexMax = 1e9;  // USD per coin, as StressGrid

bool is_price(double value) { return value > 0.0 && std::isfinite(value); }

std::size_t ledger_of(const Contract& contract) { return settles_in_coin(contract.kind) ? 0 : 1 + at(contract.stable); }

}  // namespace

bool is_price_stress(const StressDefinition& definition) {
    return definition.kind == StressDefinition::Kind::shock && definition.spread_factor == 1.0 &&
           definition.depth_factor == 1.0 && definition.impact_factor == 1.0;
}

NamedStresses::NamedStresses(const Book& book, const MarketState& market, std::span<const StressDefinition> definitions)
    : book_{book},
      market_{market},
      ledgers_{1 + market.stables.size()},
      parts_{market.expiries.size() + market.underlyings.size() + 1},
      chain_{0} {
    worlds_.push_back({.definition = {}, .moves = stress_moves({}, book)});
    for (const StressDefinition& definition : definitions) {
        if (is_price_stress(definition)) worlds_.push_back({definition, stress_moves(definition, book)});
    }
    for (World& world : worlds_) {  // what has no name stands still
        world.moves.underlyings.resize(market.underlyings.size());
        world.moves.stables.resize(market.stables.size());
    }
    worth_.resize(worlds_.size() * parts_ * ledgers_);
    next_.resize(worlds_.size() * ledgers_);
    paid_usd_.resize(worlds_.size() * market.underlyings.size());
    stale_.resize(parts_);
    std::vector<std::size_t> options(market.expiries.size());
    for (const Contract& contract : book.contracts) {
        if (is_option(contract.kind)) ++options[at(contract.expiry)];
    }
    const std::size_t most = options.empty() ? 0 : std::ranges::max(options);
    chain_ = OptionChain{most};
    held_.reserve(most);
}

// Takes next_ over where all of it is known.
void NamedStresses::take(std::size_t part) {
    const bool good = std::ranges::all_of(next_, [](double worth) { return std::isfinite(worth); });
    stale_[part] = static_cast<std::uint8_t>(!good);
    if (!good) return;
    for (std::size_t w = 0; w < worlds_.size(); ++w) {
        std::ranges::copy(std::span{next_}.subspan(w * ledgers_, ledgers_), worth(w, part).begin());
    }
}

// As holding_value() has it, every option of the expiry at once. What has no forward or volatility is in no number.
void NamedStresses::refresh(ExpirySlot slot, std::span<const std::size_t> rows) {
    const ExpiryMarket& expiry = market_.expiries[at(slot)];
    chain_.clear();
    held_.clear();
    for (const std::size_t row : rows) {
        const Contract& contract = book_.contracts[row];
        const double volatility = market_.quotes[row].volatility;
        const double coins = book_.holdings[row].quantity * contract.multiplier;
        if (coins == 0.0 || !is_price(expiry.forward) || !is_price(volatility)) continue;
        chain_.add(contract.type, contract.strike, 0.0, volatility);
        held_.push_back({.coins = coins, .ledger = ledger_of(contract)});
    }
    std::ranges::fill(next_, 0.0);
    const double weight = tenor_weight(VolatilityTenor::power, years_between(market_.now, expiry.expiry));
    for (std::size_t w = 0; w < worlds_.size() && !held_.empty(); ++w) {
        const UnderlyingShock& move = worlds_[w].moves.underlyings[at(expiry.underlying)];
        const DeliveryForward delivery = delivery_forward(expiry, market_.now, 1.0 + move.spot);
        // Volatilities scaled alike are variance over a longer time.
        const double scale = std::max(0.0, 1.0 + weight * move.volatility);
        chain_.set_years(delivery.years * scale * scale);
        const bool good = chain_.price(delivery.price) == 0;
        const std::span<double> out = std::span{next_}.subspan(w * ledgers_, ledgers_);
        for (std::size_t i = 0; i < held_.size(); ++i) out[held_[i].ledger] += held_[i].coins * chain_.price()[i];
        out[0] /= delivery.price;
        if (!good) out[0] = std::numeric_limits<double>::quiet_NaN();
    }
    take(at(slot));
}

// What a perpetual pays in a stress.
double NamedStresses::funding_usd(const World& world, std::size_t row) const {
    const StressDefinition& stress = world.definition;
    const Holding& holding = book_.holdings[row];
    if (stress.funding_8h == 0.0 || !is_perpetual(book_.contracts[row])) return 0.0;
    if (stress.funding_shorts && holding.quantity > 0.0) return 0.0;
    const double notional =
        notional_usd(book_.contracts[row], holding, market_.quotes[row], market_, world.moves.shock());
    return std::isfinite(notional) ? notional * stress.funding_8h * kFundingsPerDay * stress.days : 0.0;
}

void NamedStresses::refresh(UnderlyingSlot slot, std::span<const std::size_t> rows) {
    std::ranges::fill(next_, 0.0);
    for (std::size_t w = 0; w < worlds_.size(); ++w) {
        double& paid = paid_usd_[w * market_.underlyings.size() + at(slot)];
        paid = 0.0;
        for (const std::size_t row : rows) {
            const Contract& contract = book_.contracts[row];
            const Holding& holding = book_.holdings[row];
            if (holding.quantity == 0.0) continue;
            const double worth =
                holding_value(contract, holding, market_.quotes[row], market_, worlds_[w].moves.shock());
            if (std::isfinite(worth)) next_[w * ledgers_ + ledger_of(contract)] += worth;
            paid += funding_usd(worlds_[w], row);
        }
    }
    take(underlying_part(at(slot)));
}

void NamedStresses::refresh_cash(std::span<const std::size_t> rows) {
    std::ranges::fill(next_, 0.0);
    for (std::size_t w = 0; w < worlds_.size(); ++w) {
        for (const std::size_t row : rows) {
            next_[w * ledgers_ + ledger_of(book_.contracts[row])] += book_.holdings[row].quantity;
        }
    }
    take(cash_part());
}

double NamedStresses::coin_usd(const World& world, std::size_t underlying) const {
    const double index = market_.underlyings[underlying].index;
    return is_price(index) && index <= kIndexMax ? index * (1.0 + world.moves.underlyings[underlying].spot) : 0.0;
}

double NamedStresses::stable_usd(const World& world, std::size_t stable) const {
    const double price = market_.stables[stable];
    return is_price(price) ? price * (1.0 + world.moves.stables[stable]) : 0.0;
}

double NamedStresses::value_usd(std::size_t w) const {
    const World& world = worlds_[w];
    const std::size_t expiries = market_.expiries.size();
    double sum = 0.0;
    for (std::size_t part = 0; part < parts_; ++part) {
        const double* const ledgers = worth_.data() + (w * parts_ + part) * ledgers_;
        if (part != cash_part()) {
            const std::size_t u = part < expiries ? at(market_.expiries[part].underlying) : part - expiries;
            sum += ledgers[0] * coin_usd(world, u);
        }
        for (std::size_t k = 1; k < ledgers_; ++k) sum += ledgers[k] * stable_usd(world, k - 1);
    }
    for (std::size_t u = 0; u < market_.underlyings.size(); ++u) {
        sum -= paid_usd_[w * market_.underlyings.size() + u];
    }
    return sum;
}

double NamedStresses::pnl_usd(std::size_t stress) const {
    KEEL_ASSERT(stress < size());
    return value_usd(stress + 1) - value_usd(0);
}

bool NamedStresses::stale() const { return std::ranges::find(stale_, 1) != stale_.end(); }

}  // namespace keel::risk
