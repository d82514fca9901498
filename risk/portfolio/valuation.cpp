#include "risk/portfolio/valuation.hpp"

#include <cmath>

#include "risk/options/inverse_option.hpp"
#include "risk/portfolio/contract_pnl.hpp"

namespace keel::risk {
namespace {

bool all_finite(const UnitValue& unit) {
    if (!std::isfinite(unit.value)) return false;
    for (const double value : std::bit_cast<SensitivityArray>(unit.risk)) {
        if (!std::isfinite(value)) return false;
    }
    return true;
}

// Futures, perpetuals and spot: no volatility, and the coin ledger's convexity for inverse ones.
UnitValue value_delta_one(const Instrument& instrument, const MarketInputs& in) {
    const double face = lot_face(instrument);
    const ContractForm form = is_inverse(instrument) ? ContractForm::inverse : ContractForm::linear;
    const double coins = contract_delta_coins(form, face, 1.0, in.mark);
    UnitValue out;
    out.risk.delta_bs = coins;
    out.risk.delta_net = coins;
    if (form == ContractForm::inverse) {
        out.risk.delta_inverse = coins;
        out.risk.gamma_coin = contract_convexity(form, face, 1.0, in.mark);
        out.risk.gross_usd = out.risk.net_usd = face;
    } else {
        out.risk.delta_linear_stable = coins * in.mark;
        out.risk.gross_stable = out.risk.net_stable = face * in.mark;
    }
    return out;
}

bool value_option(const Instrument& instrument, const MarketInputs& in, UnitValue& out) {
    const OptionInputs inputs{.forward = in.forward,
                              .strike = instrument.strike,
                              .years = years_between(in.time, instrument.expiry),
                              .volatility = in.volatility,
                              .type = instrument.option_type};
    OptionGreeks usd;
    InverseGreeks coin;
    // No volatility would be priced, at intrinsic value: gamma and vega would vanish unseen.
    if (!(in.volatility > 0.0) || inverse_option(inputs, usd, coin) != PricingStatus::ok) return false;
    const double face = lot_face(instrument);
    UnitValue unit;
    unit.risk.delta_bs = face * usd.delta;
    unit.risk.gamma = face * usd.gamma;
    unit.risk.vega = face * usd.vega;
    unit.risk.theta = face * usd.theta;
    unit.risk.vanna = face * usd.vanna;
    unit.risk.volga = face * usd.volga;
    unit.risk.charm = face * usd.charm;
    unit.risk.gross_coins = face;
    unit.risk.net_coins = face;
    const bool marked = std::isfinite(in.mark) && in.mark >= 0.0;
    if (is_inverse(instrument)) {
        unit.value = face * (marked ? in.mark : coin.value);
        unit.risk.delta_net = face * coin.delta_net;
        unit.risk.delta_inverse = unit.risk.delta_net;
        unit.risk.gamma_coin = face * coin.gamma;
        unit.risk.vega_coin = face * coin.vega;
        unit.risk.theta_coin = face * coin.theta;
    } else {
        unit.value = face * (marked ? in.mark : usd.price);
        unit.risk.delta_net = unit.risk.delta_bs;
        unit.risk.delta_linear_stable = unit.risk.delta_bs * in.forward;
    }
    if (!all_finite(unit)) return false;
    out = unit;
    return true;
}

}  // namespace

double lot_face(const Instrument& instrument) { return instrument.lot.to_double() * instrument.multiplier; }

MarketInputs inputs_from(const Ticker& ticker, const Instrument& instrument, UnixNanos received) {
    MarketInputs out;
    out.mark = ticker.mark_price.value();
    out.forward = instrument.is_option() ? ticker.underlying_price.value() : out.mark;
    out.volatility = ticker.mark_iv.value();
    out.index = ticker.index_price.value();
    out.price_min = ticker.price_min.value();
    out.price_max = ticker.price_max.value();
    out.funding_8h = ticker.funding_8h.value();
    out.time = received;
    return out;
}

bool value_unit(const Instrument& instrument, const MarketInputs& inputs, UnitValue& out) {
    if (instrument.is_option()) return value_option(instrument, inputs, out);
    if (!std::isfinite(inputs.mark) || inputs.mark <= 0.0) return false;
    const UnitValue unit = value_delta_one(instrument, inputs);
    if (!all_finite(unit)) return false;
    out = unit;
    return true;
}

}  // namespace keel::risk
