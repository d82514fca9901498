#include "risk/surface/surface_quote.hpp"

#include <algorithm>
#include <cmath>

#include "risk/options/black76.hpp"
#include "risk/options/implied_quote.hpp"

namespace keel::risk {
namespace {

constexpr double kDeltaMin = 0.01;
constexpr double kMarkHalfSpread = 0.05;  // of the volatility: doubt of a mark without two sides beside it

// Negative and infinite prices are nobody's quote; NaN and zero mean none.
bool is_side(double price) { return std::isnan(price) || (price >= 0.0 && std::isfinite(price)); }

QuoteFlaw flaws_of_market(const SurfaceQuote& quote) {
    if (!(quote.bid > 0.0) || !(quote.ask > 0.0)) return QuoteFlaw::one_sided;
    if (quote.bid >= quote.ask) return QuoteFlaw::crossed;
    if (!(quote.volatility_bid > 0.0) || !(quote.volatility_ask > 0.0)) return QuoteFlaw::one_sided;
    if (!is_market_volatility(quote.volatility_bid) || !is_market_volatility(quote.volatility_ask))
        return QuoteFlaw::out_of_range;
    if (quote.volatility_bid >= quote.volatility_ask) return QuoteFlaw::crossed;
    const double tick = std::isfinite(quote.tick) ? std::max(quote.tick, 0.0) : 0.0;
    return is_wide_quote(quote.bid, quote.ask, tick) ? QuoteFlaw::wide : QuoteFlaw::none;
}

}  // namespace

JudgedQuote judge_quote(const SurfaceQuote& quote, double years) {
    JudgedQuote out;
    if (!is_surface_price(quote.strike) || !is_surface_price(quote.forward) || !(years > 0.0) ||
        !std::isfinite(years) || !is_side(quote.bid) || !is_side(quote.ask)) {
        out.flaws = QuoteFlaw::bad_input;
        return out;
    }
    SviPoint& point = out.point;
    point.k = std::log(quote.strike / quote.forward);
    if (quote.type == OptionType::call ? point.k < 0.0 : point.k > 0.0) out.flaws = QuoteFlaw::in_the_money;
    out.flaws = out.flaws | flaws_of_market(quote);
    const bool is_two_sided = !has(out.flaws, QuoteFlaw::one_sided | QuoteFlaw::crossed | QuoteFlaw::out_of_range);
    double share = 1.0;
    if (is_two_sided && !has(out.flaws, QuoteFlaw::wide)) {
        point.volatility = 0.5 * (quote.volatility_bid + quote.volatility_ask);
        point.half_spread = 0.5 * (quote.volatility_ask - quote.volatility_bid);
    } else if (is_market_volatility(quote.volatility_mark)) {
        point.volatility = quote.volatility_mark;
        point.half_spread = kMarkHalfSpread * quote.volatility_mark;
        out.flaws = out.flaws | QuoteFlaw::mark_used;
        share = kMarkWeight;
    } else {
        return out;
    }
    const double deviation = point.volatility * std::sqrt(years);
    const double d1 = -point.k / deviation + 0.5 * deviation;
    if (normal_cdf(point.k >= 0.0 ? d1 : -d1) < kDeltaMin) out.flaws = out.flaws | QuoteFlaw::far_out;
    if (has(out.flaws, QuoteFlaw::in_the_money | QuoteFlaw::far_out)) return out;
    const double weight = share * svi_quote_weight(point.k, point.volatility, years, point.half_spread);
    if (std::isfinite(weight)) point.weight = weight;
    return out;
}

}  // namespace keel::risk
