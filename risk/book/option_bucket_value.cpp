#include <algorithm>
#include <cmath>

#include "risk/book/option_bucket.hpp"

// What a bucket is worth where it stands: polynomials for what is expanded, prices for what is live.
namespace keel::risk {
namespace {

// Rounding of a sum of some thousand terms, as a share of its gross: part of every bound.
constexpr double kRounding = 1e-12;

double power4(double x) { return (x * x) * (x * x); }

FourDoubles magnitude(const FourDoubles& x) { return x < 0.0 ? -x : x; }

// Where an expansion is read: the forward turns USD into coin, root is sqrt(years), shift that of volatility.
struct Standpoint {
    double per_forward{0.0};
    double root{0.0};
    double shift{0.0};
    double forward{0.0};
};

CurvePoint operator+(const CurvePoint& a, const CurvePoint& b) {
    return {a.value + b.value, a.slope + b.slope, a.curvature + b.curvature};
}

// Greeks of two expansions at one point, in the units of RiskVector; with `minus` +1 for magnitudes, where every
// difference is a sum. The other members of `out` stand.
void set_risk(const CurvePoint& stable, const CurvePoint& coin, const Standpoint& here, double minus, RiskVector& out) {
    Sensitivities& g = out.greeks;
    const CurvePoint both = stable + coin;
    const double per_time = minus * 0.5 / here.root;
    const double coin_vega = coin.value[2] * here.root;
    const double coin_theta = per_time * (coin.value[1] + here.shift * coin.value[2]);
    out.stable = stable.value[0];
    out.coin = coin.value[0] * here.per_forward;
    g.delta_bs = both.slope[0];
    g.delta_net = both.slope[0] + minus * out.coin;
    g.delta_inverse = coin.slope[0] + minus * out.coin;
    g.delta_linear_stable = stable.slope[0] * here.forward;
    g.gamma = both.curvature[0];
    g.vega = both.value[2] * here.root;
    g.theta = per_time * (both.value[1] + here.shift * both.value[2]);
    g.vanna = both.slope[2] * here.root;
    g.volga = both.value[3] * here.root * here.root;
    g.charm = per_time * (both.slope[1] + here.shift * both.slope[2]);
    g.gamma_coin = (coin.curvature[0] + minus * 2.0 * g.delta_inverse * here.per_forward) * here.per_forward;
    g.vega_coin = coin_vega * here.per_forward;
    g.theta_coin = coin_theta * here.per_forward;
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
        const bool in_coin = in_coin_[i] != 0;
        RiskVector risk;
        risk.greeks = option_sensitivities(usd, coin, in_coin, size, market_.forward);
        risk.greeks.gross_coins = 0.0;  // the lane counts them
        risk.greeks.net_coins = 0.0;
        (in_coin ? risk.coin : risk.stable) = size * (in_coin ? coin.value : usd.price);
        add_to(lane.live, risk);
    }
}

// `rest` and `rounding` for a holding of one coin: what the terms beyond order four, and rounding, may come to.
void OptionBucket::evaluate_lane(Lane& lane, const CurvePoint& rest, const CurvePoint& rounding) {
    const double x = market_.forward - anchor_forward_;
    const double root = root_ > 0.0 ? root_ : 1.0;  // nothing is expanded then
    std::array<Bounded<CurvePoint>, 2> at;
    for (std::size_t i = 0; i < at.size(); ++i) {
        const Expansion& sums = lane.expansions[i];
        if (sums.gross == 0.0) continue;
        const double guard_u = anchor_root_ > 0.0 ? sums.guard3 / anchor_root_ : 0.0;
        const FourDoubles guard{sums.guard4, guard_u, sums.guard4, sums.guard4};
        const CurvePoint fourth = evaluate_curve(sums.curve.rest, x);
        const auto bound = [&](FourDoubles CurvePoint::*part) {
            return magnitude(fourth.*part) + (guard * rest.*part + sums.gross * rounding.*part);
        };
        at[i].value = evaluate_curve(sums.curve.inside, x);
        at[i].bound = {bound(&CurvePoint::value), bound(&CurvePoint::slope), bound(&CurvePoint::curvature)};
    }
    Bounded<RiskVector>& risk = lane.risks[1 - lane.posted_at];
    lane.moved = true;
    Standpoint here{.per_forward = 1.0 / market_.forward, .root = root, .shift = shift_, .forward = market_.forward};
    set_risk(at[0].value, at[1].value, here, -1.0, risk.value);
    here.shift = std::abs(shift_);
    set_risk(at[0].bound, at[1].bound, here, 1.0, risk.bound);
    if (!live_.empty()) add_to(risk.value, lane.live);
    risk.value.greeks.gross_coins = lane.expansions[0].gross + lane.expansions[1].gross;
    risk.value.greeks.net_coins = lane.expansions[0].net + lane.expansions[1].net;
    risk.value.margin_coins = lane.expansions[0].margin + lane.expansions[1].margin;
    // Fills are added one by one: quantities that cancel leave their rounding.
    risk.bound.greeks.gross_coins = kRounding * risk.value.greeks.gross_coins;
    risk.bound.greeks.net_coins = kRounding * risk.value.greeks.gross_coins;
    risk.bound.margin_coins = kRounding * risk.value.margin_coins;
}

void OptionBucket::evaluate() {
    if (!priced_) return;
    if (!live_.empty()) price_live();
    const double per_anchor = 1.0 / anchor_forward_;
    const double x = std::abs(market_.forward - anchor_forward_) * per_anchor;
    const double ratio = std::max(market_.forward * per_anchor, anchor_forward_ / market_.forward);
    const double margin = s_margin_ * power4(ratio);
    CurvePoint rest = evaluate_curve(remainder_.power, x);
    rest.value *= margin * anchor_forward_;
    rest.slope *= margin;
    rest.curvature *= margin * per_anchor;
    const double r = kRounding;
    const double r_s = kRounding / deviation_low_;
    const CurvePoint rounding{anchor_forward_ * FourDoubles{r, r * volatility_high_, r, r_s},
                              FourDoubles{r, r_s * volatility_high_, r_s, 0.0},
                              FourDoubles{r_s * per_anchor, 0.0, 0.0, 0.0}};
    for (Lane& lane : lanes_) evaluate_lane(lane, rest, rounding);
}

bool OptionBucket::within(const BucketTolerance& tolerance) const {
    if (overrun_) return false;
    double value = 0.0;
    double delta = 0.0;
    for (const Lane& lane : lanes_) {
        const RiskVector& bound = lane.risk().bound;
        value += bound.coin * market_.forward + bound.stable;
        delta += bound.greeks.delta_bs;
    }
    return value <= tolerance.value_usd && delta <= tolerance.delta_coin;
}

}  // namespace keel::risk
