#include "risk/margin/liquidation_price.hpp"

#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kEdgeRoom = 1e-12;  // relative; a price exactly on a tier's edge belongs to both

bool is_positive(double value) { return std::isfinite(value) && value > 0.0; }

bool is_position(double amount, double entry) { return std::isfinite(amount) && amount != 0.0 && is_positive(entry); }

bool is_cross(const CrossPosition& p) {
    return is_position(p.amount, p.entry) && std::isfinite(p.wallet) && std::isfinite(p.maintenance_other) &&
           std::isfinite(p.unrealised_other);
}

double cushion(const CrossPosition& p) { return p.wallet - p.maintenance_other + p.unrealised_other; }

LiquidationPrice no_price(double amount) {
    return {.price = amount > 0.0 ? 0.0 : std::numeric_limits<double>::infinity(), .status = LiquidationStatus::none};
}

// A quotient that is a price, or none.
LiquidationPrice price_or_none(double numerator, double denominator, double amount) {
    const double price = numerator / denominator;
    if (!is_positive(price)) return no_price(amount);
    return {.price = price, .status = LiquidationStatus::found};
}

// The tier that is consistent with its own price. `price_in` answers for one tier, `notional_at` tells
// the notional at a price.
template <class PriceIn, class NotionalAt>
LiquidationPrice consistent_tier(const TierTable& tiers, double amount, PriceIn&& price_in, NotionalAt&& notional_at) {
    if (tiers.size() == 0) return {};
    for (std::size_t i = 0; i < tiers.size(); ++i) {
        LiquidationPrice found = price_in(tiers.tier(i).maintenance_rate, tiers.tier(i).deduction);
        if (found.status != LiquidationStatus::found) {
            if (found.status == LiquidationStatus::bad_input) return found;
            continue;
        }
        const double measure = tiers.rule() == TierRule::whole ? std::abs(amount) : notional_at(found.price);
        const bool above = measure >= tiers.floor(i) * (1.0 - kEdgeRoom);
        const bool below = i + 1 == tiers.size() || measure <= tiers.tier(i).cap * (1.0 + kEdgeRoom);
        if (!above || !below) continue;
        found.tier = i;
        return found;
    }
    return no_price(amount);
}

}  // namespace

LiquidationPrice cross_linear_liquidation(const CrossPosition& position, double rate, double deduction) {
    if (!is_cross(position) || !(rate > 0.0 && rate < 1.0) || !std::isfinite(deduction)) return {};
    const double amount = position.amount;
    return price_or_none(cushion(position) + deduction - amount * position.entry, std::abs(amount) * rate - amount,
                         amount);
}

LiquidationPrice cross_linear_liquidation(const CrossPosition& position, const TierTable& tiers) {
    return consistent_tier(
        tiers, position.amount,
        [&](double rate, double deduction) { return cross_linear_liquidation(position, rate, deduction); },
        [&](double price) { return std::abs(position.amount) * price; });
}

LiquidationPrice cross_inverse_liquidation(const CrossPosition& position, double rate, double deduction) {
    if (!is_cross(position) || !(rate > 0.0 && rate < 1.0) || !std::isfinite(deduction)) return {};
    const double amount = position.amount;
    return price_or_none(std::abs(amount) * rate + amount, cushion(position) + deduction + amount / position.entry,
                         amount);
}

LiquidationPrice cross_inverse_liquidation(const CrossPosition& position, const TierTable& tiers) {
    return consistent_tier(
        tiers, position.amount,
        [&](double rate, double deduction) { return cross_inverse_liquidation(position, rate, deduction); },
        [&](double price) { return std::abs(position.amount) / price; });
}

LiquidationPrice isolated_linear_liquidation(const IsolatedPosition& position) {
    if (!is_position(position.amount, position.entry) || !std::isfinite(position.initial) ||
        !std::isfinite(position.maintenance)) {
        return {};
    }
    const double room = (position.initial - position.maintenance) / position.amount;  // signed as the position
    return price_or_none(position.entry - room, 1.0, position.amount);
}

LiquidationPrice isolated_inverse_liquidation(const IsolatedPosition& position) {
    if (!is_position(position.amount, position.entry) || !std::isfinite(position.initial) ||
        !std::isfinite(position.maintenance)) {
        return {};
    }
    const double value = position.amount / position.entry;
    return price_or_none(position.amount, value + (position.initial - position.maintenance), position.amount);
}

LiquidationPrice bybit_cross_inverse_liquidation(const BybitCrossInverse& position) {
    const auto is_rate = [](double rate) { return std::isfinite(rate) && rate >= 0.0 && rate < 1.0; };
    if (!is_position(position.amount, position.entry) || !std::isfinite(position.balance) ||
        !is_rate(position.maintenance_rate) || !is_rate(position.taker_fee_rate) ||
        !(std::isfinite(position.tick) && position.tick >= 0.0)) {
        return {};
    }
    const double amount = position.amount;
    const double face = std::abs(amount);
    const double value = face / position.entry;
    const LiquidationPrice bankrupt =
        price_or_none(amount + face * position.taker_fee_rate, amount / position.entry + position.balance, amount);
    if (bankrupt.status != LiquidationStatus::found) return bankrupt;
    const double reserved = position.maintenance_rate * value + position.taker_fee_rate * face / bankrupt.price;
    LiquidationPrice out = price_or_none(amount, amount / position.entry + position.balance - reserved, amount);
    out.bankruptcy_price = bankrupt.price;
    if (out.status == LiquidationStatus::found && position.tick > 0.0) {
        const double ticks = out.price / position.tick;
        out.price = (amount > 0.0 ? std::ceil(ticks) : std::floor(ticks)) * position.tick;
        if (!std::isfinite(out.price)) return {};
    }
    return out;
}

}  // namespace keel::risk
