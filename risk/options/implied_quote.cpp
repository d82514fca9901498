#include "risk/options/implied_quote.hpp"

#include <cmath>

#include "risk/options/inverse_option.hpp"

namespace keel::risk {
namespace {

constexpr double kResolveTicks = 0.25;

}  // namespace

// Comparisons are written so that NaN anywhere means "solve again".
bool ImpliedQuote::stands(const Side& side, const QuoteTerms& terms, double price) const {
    const bool same_market = terms.unit == side.terms.unit && terms.rate == side.terms.rate && terms.tick > 0.0;
    if (!same_market || side.implied.status == SideStatus::absent) return false;
    const double forward_change = std::abs(terms.forward - side.terms.forward);
    const double time_change = std::abs(terms.years - side.terms.years);
    const double price_change = std::abs(price - side.price);
    if (side.implied.status == SideStatus::unsolvable) return forward_change + time_change + price_change == 0.0;
    const double moved = price_change + std::abs(side.slope) * forward_change + std::abs(side.decay) * time_change;
    return moved <= kResolveTicks * terms.tick && terms.years > 0.0;
}

void ImpliedQuote::solve(Side& side) {
    const QuoteTerms& terms = side.terms;
    const bool coin = terms.unit == PremiumUnit::coin;
    const ImpliedVolatility answer = implied_volatility({.forward = terms.forward,
                                                         .strike = strike_,
                                                         .years = terms.years,
                                                         .rate = terms.rate,
                                                         .price = side.price,
                                                         .unit = terms.unit,
                                                         .type = type_});
    side.implied = {.status = SideStatus::unsolvable};
    if (answer.status != ImpliedStatus::ok) return;
    OptionGreeks usd;
    const OptionInputs inputs{.forward = terms.forward,
                              .strike = strike_,
                              .years = terms.years,
                              .volatility = answer.volatility,
                              .rate = coin ? 0.0 : terms.rate,
                              .type = type_};
    if (black76(inputs, usd) != PricingStatus::ok) return;
    if (coin) {
        const InverseGreeks in_coin = inverse_greeks(inputs, usd);
        side.slope = in_coin.slope;
        side.decay = in_coin.theta;
    } else {
        side.slope = usd.delta;
        side.decay = usd.theta;
    }
    if (is_market_volatility(answer.volatility)) {
        side.implied = {.volatility = answer.volatility, .status = SideStatus::ok};
    } else {
        side.implied = {.status = SideStatus::out_of_bounds};
        ++refused_;
    }
}

// True where the side was solved.
bool ImpliedQuote::refresh(Side& side, const QuoteTerms& terms, double price) {
    if (price == 0.0) {
        side.implied = {};
        return false;
    }
    if (stands(side, terms, price)) return false;
    side.terms = terms;
    side.price = price;
    solve(side);
    return true;
}

void ImpliedQuote::choose(const QuoteTerms& terms, double bid, double ask, double mark_volatility) {
    const bool both = bid_.implied.status == SideStatus::ok && ask_.implied.status == SideStatus::ok;
    if (both && ask >= bid && !is_wide_quote(bid, ask, terms.tick)) {
        quoted_ = {.volatility = 0.5 * (bid_.implied.volatility + ask_.implied.volatility),
                   .weight = 1.0,
                   .source = VolatilitySource::mid};
        return;
    }
    quoted_ = {};
    if (is_market_volatility(mark_volatility)) {
        quoted_ = {.volatility = mark_volatility, .weight = kMarkWeight, .source = VolatilitySource::mark};
    }
}

int ImpliedQuote::update(const QuoteTerms& terms, double bid, double ask, double mark_volatility) {
    const int solved = (refresh(bid_, terms, bid) ? 1 : 0) + (refresh(ask_, terms, ask) ? 1 : 0);
    const bool new_mark = mark_volatility != 0.0 && mark_volatility != last_mark_;
    if (new_mark && !is_market_volatility(mark_volatility)) ++refused_;
    last_mark_ = mark_volatility;
    choose(terms, bid, ask, mark_volatility);
    return solved;
}

}  // namespace keel::risk
