#include <algorithm>
#include <cmath>
#include <tuple>

#include "engine/core/assert.hpp"
#include "risk/options/black76.hpp"
#include "simulator/exchange/core.hpp"

namespace keel::simulator {

namespace {

double rounded(double value, double unit) { return std::round(value / unit) * unit; }

risk::OptionInputs option_inputs(const Listing& listing, double forward, double iv_ratio, UnixNanos now) {
    return {.forward = forward,
            .strike = listing.contract.strike,
            .years = years_between(now, listing.contract.expiry),
            .volatility = iv_ratio,
            .type = listing.contract.option_type};
}

struct VenueGreeks {
    double delta{0.0};
    double gamma{0.0};
    double vega{0.0};
    double theta{0.0};
    double rho{0.0};
};

// In the venue's units: vega per vol point, theta per day and never more than the option still holds,
// rho per 1 %.
VenueGreeks venue_greeks(const Listing& listing, const InstrumentMark& mark, UnixNanos now) {
    risk::OptionGreeks raw;
    if (risk::black76(option_inputs(listing, mark.underlying_price, mark.iv_ratio, now), raw) !=
        risk::PricingStatus::ok) {
        return {};
    }
    return {.delta = rounded(raw.delta, 1e-5),
            .gamma = rounded(raw.gamma, 1e-7),
            .vega = rounded(raw.vega * 0.01, 1e-5),
            .theta = rounded(-std::min(-raw.theta / 365.0, raw.price), 1e-5),
            .rho = rounded(raw.rho * 0.01, 1e-5)};
}

}  // namespace

const InstrumentMark& Exchange::Core::mark(InstrumentId instrument) {
    InstrumentState& state = state_of(instrument);
    if (state.mark_step != steps) {
        const Listing& listing = listing_of(instrument);
        state.mark = market->mark(instrument);
        // Published to this many decimals, and used so everywhere.
        state.mark.mark_price = rounded(state.mark.mark_price, listing.contract.is_option() ? 1e-8 : 1e-2);
        state.mark_step = steps;
    }
    return state.mark;
}

std::pair<double, double> Exchange::Core::price_band(InstrumentId instrument) {
    const Instrument& contract = listing_of(instrument).contract;
    const double centre = mark(instrument).mark_price;
    const double half = contract.is_option() ? config.price_band_option_coin : centre * config.price_band_ratio;
    const double tick = contract.tick.to_double();
    const double low = std::max(tick, centre - half);
    return {contract.price_value(contract.price_floor(low)), contract.price_value(contract.price_floor(centre + half))};
}

double Exchange::Core::funding_rate(InstrumentId instrument) {
    const Listing& listing = listing_of(instrument);
    if (listing.contract.kind != InstrumentKind::perpetual) return 0.0;
    return funding_rate_8h(mark(instrument).mark_price, index(listing.base), config.funding_dead_band,
                           config.funding_cap);
}

double Exchange::Core::implied_percent(const Listing& listing, double price) {
    if (!(price > 0.0)) return 0.0;
    const double forward = mark(listing.id()).underlying_price;
    const double wanted_usd = listing.contract.payoff == Payoff::inverse ? price * forward : price;
    double low = 0.01;
    double high = 5.0;
    if (risk::black76_price(option_inputs(listing, forward, low, now)) >= wanted_usd) return 0.0;
    if (risk::black76_price(option_inputs(listing, forward, high, now)) <= wanted_usd) return 0.0;
    constexpr int kHalvings = 24;  // to 0.0001 points, finer than is published
    for (int i = 0; i < kHalvings; ++i) {
        const double middle = 0.5 * (low + high);
        (risk::black76_price(option_inputs(listing, forward, middle, now)) < wanted_usd ? low : high) = middle;
    }
    return rounded(50.0 * (low + high), 0.01);
}

TickerView Exchange::Core::ticker(InstrumentId instrument) {
    const Listing& listing = listing_of(instrument);
    const InstrumentState& state = state_of(instrument);
    const InstrumentMark& marked = mark(instrument);
    TickerView view{.instrument = instrument, .time = now};
    const auto bid = state.book.best(Side::bid);
    const auto ask = state.book.best(Side::ask);
    if (bid) {
        view.best_bid_price = listing.contract.price_value(*bid);
        view.best_bid_amount = listing.contract.amount_value(state.book.level_total(Side::bid, *bid));
    }
    if (ask) {
        view.best_ask_price = listing.contract.price_value(*ask);
        view.best_ask_amount = listing.contract.amount_value(state.book.level_total(Side::ask, *ask));
    }
    view.last_price = state.last_price;
    view.mark_price = marked.mark_price;
    view.index_price = rounded(index(listing.base), 0.01);
    std::tie(view.min_price, view.max_price) = price_band(instrument);
    view.settlement_price = state.settlement_price;
    for (const Account& account : accounts) {
        view.open_interest += std::max(0.0, listing.contract.amount_value(account.lots(instrument)));
    }
    view.volume = state.volume_coin;
    view.volume_usd = state.volume_usd;
    view.high = state.high;
    view.low = state.low;
    if (state.first_price > 0.0) view.price_change_ratio = state.last_price / state.first_price - 1.0;
    view.estimated_delivery_price = view.index_price;
    if (listing.contract.kind == InstrumentKind::perpetual) {
        view.current_funding = rounded(funding_rate(instrument), 1e-8);
        view.funding_8h = rounded(state.funding_cumulative * index(listing.base), 1e-8);
        view.interest_value = (marked.mark_price - index(listing.base)) / index(listing.base);
    }
    if (listing.contract.is_option()) {
        view.underlying_price = rounded(marked.underlying_price, 1e-4);
        view.mark_iv_percent = rounded(marked.iv_ratio * 100.0, 0.01);
        view.bid_iv_percent = implied_percent(listing, view.best_bid_price);
        view.ask_iv_percent = implied_percent(listing, view.best_ask_price);
        const VenueGreeks greeks = venue_greeks(listing, marked, now);
        view.delta = greeks.delta;
        view.gamma = greeks.gamma;
        view.vega = greeks.vega;
        view.theta = greeks.theta;
        view.rho = greeks.rho;
    }
    return view;
}

double Exchange::Core::order_margin(AccountId account, InstrumentId instrument, double more_buy, double more_sell,
                                    double price) {
    const Listing& listing = listing_of(instrument);
    const double held = listing.contract.amount_value(account_of(account).lots(instrument));
    double buys = more_buy;
    double sells = more_sell;
    double premium = more_buy * price;
    for (const std::uint64_t number : state_of(instrument).open_orders) {
        const OrderRecord& order = orders.at(number);
        if (order.view.account != account) continue;
        const double open = listing.contract.amount_value(order.left());
        if (order.view.side == Side::bid) {
            buys += open;
            premium += open * listing.contract.price_value(order.price);
        } else {
            sells += open;
        }
    }
    if (listing.contract.is_option()) {
        const double shorts = std::max(0.0, sells - held);
        const double per_coin = short_option_margin(listing, mark(instrument).mark_price, index(listing.base)).initial;
        const double opening_buys = std::max(0.0, buys + std::min(0.0, held));
        return shorts * per_coin + (buys > 0.0 ? premium * opening_buys / buys : 0.0);
    }
    const double worst = std::max(std::abs(held + buys), std::abs(held - sells));
    const double coins = futures_coins(listing, worst, mark(instrument).mark_price);
    return future_margin(listing, future_margin_rates(listing.base), coins, index(listing.base)).initial;
}

Margin Exchange::Core::position_margin(AccountId account, InstrumentId instrument) {
    const Listing& listing = listing_of(instrument);
    const double held = listing.contract.amount_value(account_of(account).lots(instrument));
    if (!listing.contract.is_option()) {
        const double coins = futures_coins(listing, held, mark(instrument).mark_price);
        return future_margin(listing, future_margin_rates(listing.base), coins, index(listing.base));
    }
    const double shorts = std::max(0.0, -held);
    const Margin per_coin = short_option_margin(listing, mark(instrument).mark_price, index(listing.base));
    return {.initial = shorts * per_coin.initial, .maintenance = shorts * per_coin.maintenance};
}

PositionView Exchange::Core::position(AccountId account, InstrumentId instrument) {
    const Listing& listing = listing_of(instrument);
    const InstrumentMark& marked = mark(instrument);
    PositionView view{.account = account, .instrument = instrument};
    view.mark_price = marked.mark_price;
    view.index_price = rounded(index(listing.base), 0.01);
    view.settlement_price = state_of(instrument).settlement_price;
    const Margin margin = position_margin(account, instrument);
    view.initial_margin = margin.initial;
    view.maintenance_margin = margin.maintenance;
    view.open_orders_margin = std::max(0.0, order_margin(account, instrument, 0.0, 0.0, 0.0) - margin.initial);
    view.leverage = listing.contract.leverage_max;
    auto& holdings = account_of(account).holdings;
    const auto found = holdings.find(instrument);
    if (found == holdings.end()) return view;

    Holding& holding = found->second;
    holding.accrue_funding(listing, state_of(instrument).funding_cumulative);
    view.size = holding.amount(listing);
    view.average_price = holding.average_price;
    view.average_price_usd = holding.average_price_usd;
    view.floating_profit_loss = holding_profit(listing, view.size, holding.session_price, marked.mark_price);
    view.realized_profit_loss = holding.session_realised;
    view.realized_funding = holding.session_funding;
    view.total_profit_loss = holding_profit(listing, view.size, holding.average_price, marked.mark_price);
    view.size_currency = futures_coins(listing, view.size, marked.mark_price);
    view.delta = view.size_currency;
    if (listing.contract.is_option()) {
        const VenueGreeks greeks = venue_greeks(listing, marked, now);
        view.delta = view.size * greeks.delta;
        view.gamma = view.size * greeks.gamma;
        view.vega = view.size * greeks.vega;
        view.theta = view.size * greeks.theta;
    }
    return view;
}

PortfolioView Exchange::Core::portfolio(AccountId account, Currency currency) {
    Account& owner = account_of(account);
    PortfolioView view{.account = account, .currency = currency};
    view.balance = owner.balance(currency);
    view.fees_paid = owner.fees_paid[static_cast<std::size_t>(currency)];
    UnixNanos nearest{};
    for (const auto& [id, holding] : owner.holdings) {
        const Listing& listing = listing_of(id);
        if (listing.settlement != currency || listing.contract.expiry.ns() == 0 || holding.lots.count() == 0) continue;
        if (nearest.ns() == 0 || listing.contract.expiry < nearest) nearest = listing.contract.expiry;
    }
    for (const Listing& listing : listings) {
        if (listing.settlement != currency) continue;
        const InstrumentId id = listing.id();
        const bool is_held = owner.holdings.contains(id);
        if (!is_held && state_of(id).open_orders.empty()) continue;
        const double initial = order_margin(account, id, 0.0, 0.0, 0.0);
        view.initial_margin += initial;
        const bool is_nearest = nearest.ns() != 0 && listing.contract.expiry == nearest;
        if (!is_nearest) view.projected_initial_margin += initial;
        if (!is_held) continue;
        const PositionView held = position(account, id);
        view.maintenance_margin += held.maintenance_margin;
        if (!is_nearest) view.projected_maintenance_margin += held.maintenance_margin;
        double delta = held.delta;
        if (listing.contract.is_option()) {
            if (listing.contract.payoff == Payoff::inverse) delta -= held.size * held.mark_price;
            view.options_value += held.size * held.mark_price;
            view.options_pl += held.total_profit_loss;
            view.options_session_upl += held.floating_profit_loss;
            view.options_session_rpl += held.realized_profit_loss;
            view.options_delta += held.delta;
            view.options_gamma += held.gamma;
            view.options_vega += held.vega;
            view.options_theta += held.theta;
        } else {
            view.futures_pl += held.total_profit_loss;
            view.futures_session_upl += held.floating_profit_loss;
            view.futures_session_rpl += held.realized_profit_loss;
        }
        view.delta_total += delta;
        if (!is_nearest) view.projected_delta_total += delta;
    }
    view.session_upl = view.futures_session_upl + view.options_session_upl;
    view.session_rpl = view.futures_session_rpl + view.options_session_rpl;
    view.total_pl = view.futures_pl + view.options_pl;
    view.margin_balance = view.balance + view.futures_session_upl + view.futures_session_rpl;
    view.equity = view.margin_balance + view.options_value;
    view.available_funds = view.margin_balance - view.initial_margin;
    return view;
}

}  // namespace keel::simulator
