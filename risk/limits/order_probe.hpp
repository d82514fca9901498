#pragma once

#include "risk/limits/pretrade_gate.hpp"

namespace keel::risk {

// One order with everything that the checks look at, read once.
struct PretradeGate::Probe {
    const OrderIntent& intent;
    const Instrument& instrument;
    const RiskEngine& risk;
    const CoreView& view;
    const Position& position;
    const Order* target{nullptr};  // of a replace: leaves the working orders, its fills count
    Side side{Side::bid};
    Quantity lots{};       // that this order may still trade
    Reserved others{};     // what the instrument's other orders may still trade
    double price{0.0};     // price units
    double index{0.0};     // USD per coin; NaN unknown
    bool shrinks{false};   // the holding shrinks without turning, other orders of the side filled too
    bool reducing{false};  // proven to reduce risk: see reduces_risk

    // Signed lots of the holding when every order of this side has filled.
    [[nodiscard]] Quantity worst_position() const {
        return side == Side::bid ? position.quantity + others.bids + lots : position.quantity - others.asks - lots;
    }
    [[nodiscard]] Quantity signed_lots() const { return side == Side::bid ? lots : -lots; }
    [[nodiscard]] double notional_usd(Quantity quantity, double at_price) const {
        return instrument.notional_usd(quantity, at_price, index);
    }
};

// Where a limit price may lie: not beyond the reference by more than `width` on the adverse side.
struct PriceCollar {
    double reference{0.0};  // median of the fresh ones; NaN with fewer than two
    double width{0.0};
    int references{0};  // how many of mark, index-based and own mid were fresh
};

// The collar for one order; `config` gives the widths, `ages` what fresh means.
[[nodiscard]] PriceCollar price_collar(const Instrument& instrument, const Position& position, const RiskEngine& risk,
                                       const CoreView& view, const GateConfig& config, const InputAgeMax& ages);

}  // namespace keel::risk
