#include <algorithm>
#include <cmath>

#include "risk/book/option_bucket.hpp"

// What a bucket is worth where it stands: polynomials for what is expanded, prices for what is live.
namespace keel::risk {
namespace {

// Rounding of a sum of some thousand terms, as a share of its gross: part of every bound.
constexpr double kRounding = 1e-12;

double power4(double x) { return (x * x) * (x * x); }

// Greeks of an expansion at one point, in the units of RiskVector. `forward` turns USD into coin. A lane sets the
// same members every time; the others stay zero.
void set_risk(const CurvePoint& at, bool in_coin, double forward, double root, double shift, RiskVector& out) {
    Sensitivities& g = out.greeks;
    const double per_time = -0.5 / root;
    g.delta_bs = at.f;
    g.gamma = at.ff;
    g.vega = at.v * root;
    g.theta = per_time * (at.u + shift * at.v);
    g.vanna = at.fv * root;
    g.volga = at.vv * root * root;
    g.charm = per_time * (at.fu + shift * at.fv);
    if (in_coin) {
        const double coin = at.value / forward;
        out.coin = coin;
        g.delta_net = at.f - coin;
        g.delta_inverse = g.delta_net;
        g.gamma_coin = (g.gamma - 2.0 * g.delta_net / forward) / forward;
        g.vega_coin = g.vega / forward;
        g.theta_coin = g.theta / forward;
    } else {
        out.stable = at.value;
        g.delta_net = at.f;
        g.delta_linear_usd = at.f * forward;
    }
}

// The same map for magnitudes: every difference becomes a sum.
void set_bound(const CurvePoint& at, bool in_coin, double forward, double root, double shift, RiskVector& out) {
    Sensitivities& g = out.greeks;
    const double per_time = 0.5 / root;
    g.delta_bs = at.f;
    g.gamma = at.ff;
    g.vega = at.v * root;
    g.theta = per_time * (at.u + std::abs(shift) * at.v);
    g.vanna = at.fv * root;
    g.volga = at.vv * root * root;
    g.charm = per_time * (at.fu + std::abs(shift) * at.fv);
    if (in_coin) {
        out.coin = at.value / forward;
        g.delta_net = at.f + out.coin;
        g.delta_inverse = g.delta_net;
        g.gamma_coin = (g.gamma + 2.0 * g.delta_net / forward) / forward;
        g.vega_coin = g.vega / forward;
        g.theta_coin = g.theta / forward;
    } else {
        out.stable = at.value;
        g.delta_net = at.f;
        g.delta_linear_usd = at.f * forward;
    }
}

}  // namespace

void OptionBucket::price_live() {
    for (Lane& lane : lanes_) lane.live = {};
    for (const std::uint32_t i : live_) {
        OptionGreeks usd;
        InverseGreeks coin;
        Lane& lane = lanes_[lane_[i]];
        ++work_.kernels;
        const OptionSpec spec{.strike = strike_[i], .type = type_[i], .volatility = volatility_[i] + shift_};
        if (!expiring_option(spec, market_, now_, usd, coin)) continue;
        const double size = quantity_[i] * multiplier_[i];
        RiskVector risk;
        risk.greeks = option_sensitivities(usd, coin, lane.in_coin, size, market_.forward);
        risk.greeks.gross_coins = 0.0;  // the lane counts them
        risk.greeks.net_coins = 0.0;
        (lane.in_coin ? risk.coin : risk.stable) = size * (lane.in_coin ? coin.value : usd.price);
        add_to(lane.live, risk);
    }
}

void OptionBucket::evaluate_lane(Lane& lane, const RemainderPoint& rest) {
    const double forward = market_.forward;
    const double x = forward - anchor_forward_;
    const double root = root_ > 0.0 ? root_ : 1.0;  // nothing is expanded then
    const CurvePoint point = evaluate_curve(lane.curve, x);
    const CurvePoint fourth = evaluate_rest(lane.curve, x);
    const double guard = lane.guard4;
    const double guard_u = anchor_root_ > 0.0 ? lane.guard3 / anchor_root_ : 0.0;
    const double rounding = kRounding * lane.gross;
    const double s = deviation_low_;
    const CurvePoint error{.value = std::abs(fourth.value) + anchor_forward_ * (guard * rest.value + rounding),
                           .f = std::abs(fourth.f) + guard * rest.x + rounding,
                           .ff = std::abs(fourth.ff) + (guard * rest.xx + rounding / s) / anchor_forward_,
                           .u = std::abs(fourth.u) + anchor_forward_ * (guard_u * rest.e + rounding * volatility_high_),
                           .fu = std::abs(fourth.fu) + guard_u * rest.xe + rounding * volatility_high_ / s,
                           .v = std::abs(fourth.v) + anchor_forward_ * (guard * rest.e + rounding),
                           .fv = std::abs(fourth.fv) + guard * rest.xe + rounding / s,
                           .vv = std::abs(fourth.vv) + anchor_forward_ * (guard * rest.ee + rounding / s)};
    Bounded<RiskVector>& risk = lane.risks[1 - lane.posted_at];
    lane.moved = true;
    set_risk(point, lane.in_coin, forward, root, shift_, risk.value);
    set_bound(error, lane.in_coin, forward, root, shift_, risk.bound);
    if (!live_.empty()) add_to(risk.value, lane.live);
    risk.value.greeks.gross_coins = lane.gross;
    risk.value.greeks.net_coins = lane.net;
    risk.value.margin_coins = lane.margin;
}

void OptionBucket::evaluate() {
    if (!priced_) return;
    if (!live_.empty()) price_live();
    const double x = std::abs(market_.forward - anchor_forward_) / anchor_forward_;
    const double ratio = std::max(market_.forward / anchor_forward_, anchor_forward_ / market_.forward);
    const double margin = s_margin_ * power4(ratio);
    RemainderPoint rest = evaluate_remainder(remainder_, x);
    rest = {.value = margin * rest.value,
            .x = margin * rest.x,
            .xx = margin * rest.xx,
            .e = margin * rest.e,
            .xe = margin * rest.xe,
            .ee = margin * rest.ee};
    for (Lane& lane : lanes_) evaluate_lane(lane, rest);
}

bool OptionBucket::within(const BucketTolerance& tolerance) const {
    if (overrun_) return false;
    double value = 0.0;
    double delta = 0.0;
    for (const Lane& lane : lanes_) {
        const RiskVector& bound = lane.risk().bound;
        value += lane.in_coin ? bound.coin * market_.forward : bound.stable;
        delta += bound.greeks.delta_bs;
    }
    return value <= tolerance.value_usd && delta <= tolerance.delta_coin;
}

}  // namespace keel::risk
