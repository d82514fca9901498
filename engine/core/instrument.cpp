#include "engine/core/instrument.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "engine/core/assert.hpp"

namespace keel {
namespace {

constexpr double kGridSlack = 1e-9;  // of one tick or lot: what a double product may miss a whole count by

}  // namespace

std::string_view Instrument::name_view() const { return {name.data(), ::strnlen(name.data(), name.size())}; }

void Instrument::set_name(std::string_view text) {
    KEEL_ASSERT(text.size() < name.size());
    name.fill('\0');
    std::copy(text.begin(), text.end(), name.begin());
}

Result<Price> Instrument::price_from_text(std::string_view text) const {
    const Result<Decimal> value = parse_decimal(text);
    if (!value) return fail(value.error());
    const Result<std::int64_t> ticks = count_units(*value, tick, Errc::price_off_tick);
    if (!ticks) return fail(ticks.error());
    return Price{*ticks};
}

Result<Quantity> Instrument::quantity_from_text(std::string_view text) const {
    const Result<Decimal> value = parse_decimal(text);
    if (!value) return fail(value.error());
    const Result<std::int64_t> lots = count_units(*value, lot, Errc::quantity_off_lot);
    if (!lots) return fail(lots.error());
    return Quantity{*lots};
}

Decimal Instrument::decimal_of(Price price) const { return Decimal{price.count() * tick.mantissa, tick.exponent}; }

Decimal Instrument::decimal_of(Quantity quantity) const {
    return Decimal{quantity.count() * lot.mantissa, lot.exponent};
}

double Instrument::price_value(Price price) const { return decimal_of(price).to_double(); }

double Instrument::amount_value(Quantity quantity) const { return decimal_of(quantity).to_double(); }

std::int64_t Instrument::tick_at(Price price) const {
    std::int64_t step = 1;
    for (std::size_t i = 0; i < tick_steps_count; ++i) {
        if (price.count() >= tick_steps[i].above) step = tick_steps[i].step;
    }
    return step;
}

bool Instrument::on_tick(Price price) const { return price.count() % tick_at(price) == 0; }

Price Instrument::price_floor(double value) const {
    const auto ticks = static_cast<std::int64_t>(std::floor(value / tick.to_double() + kGridSlack));
    const std::int64_t step = tick_at(Price{ticks});
    return Price{ticks - ((ticks % step) + step) % step};
}

Price Instrument::price_ceil(double value) const {
    const auto ticks = static_cast<std::int64_t>(std::ceil(value / tick.to_double() - kGridSlack));
    const std::int64_t step = tick_at(Price{ticks});
    const std::int64_t over = ((ticks % step) + step) % step;
    return Price{over == 0 ? ticks : ticks + step - over};
}

Quantity Instrument::quantity_floor(double amount) const {
    return Quantity{static_cast<std::int64_t>(std::floor(amount / lot.to_double() + kGridSlack))};
}

double Instrument::coins(Quantity quantity, double price) const {
    const double amount = amount_value(quantity) * multiplier;
    return payoff == Payoff::inverse && !is_option() ? amount / price : amount;
}

double Instrument::notional_usd(Quantity quantity, double price, double underlying_usd) const {
    const double amount = std::abs(amount_value(quantity)) * multiplier;
    if (is_option()) return amount * underlying_usd;
    return payoff == Payoff::inverse ? amount : amount * price;
}

}  // namespace keel
