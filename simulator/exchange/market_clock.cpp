#include <chrono>
#include <cmath>

#include "engine/core/assert.hpp"
#include "simulator/exchange/core.hpp"

namespace keel::simulator {

namespace {

// All cadences are in market steps, so that they follow the pace at which a market is served.
constexpr std::int64_t kFutureTickerSteps = 5;   // 100 ms at the generator's 20 ms
constexpr std::int64_t kHeldTickerSteps = 5;     // options that some account holds
constexpr std::int64_t kOptionTickerSteps = 25;  // 500 ms
constexpr std::int64_t kIndexSteps = 5;
constexpr std::int64_t kVolatilityIndexSteps = 50;
constexpr std::int64_t kPortfolioSteps = 50;

constexpr std::int64_t kDayNs = 86'400'000'000'000;
constexpr std::int64_t kEightHoursNs = 8 * 3'600'000'000'000;
constexpr std::int64_t kDeliveryWindowNs = 30 * 60'000'000'000;

// Days since 1970 whose 08:00 UTC has passed.
std::int64_t settlement_day(UnixNanos time) { return (time.ns() - kEightHoursNs) / kDayNs; }

}  // namespace

void Exchange::Core::advance(UnixNanos time) {
    const UnixNanos end = market->end_time();
    for (;;) {
        const UnixNanos next = market->start_time() + std::chrono::nanoseconds{(steps + 1) * market->step_ns()};
        if (next > time || (end.ns() != 0 && next > end)) break;
        step();
    }
    if (time > now) now = time;
}

void Exchange::Core::step() {
    const UnixNanos before = now;
    ++steps;
    market->step();
    const UnixNanos stepped = market->start_time() + std::chrono::nanoseconds{steps * market->step_ns()};
    if (stepped > now) now = stepped;
    sync_listings();
    accrue_funding();
    watch_delivery(before);
    apply_flow();
    publish_step();
}

void Exchange::Core::sync_listings() {
    const std::span<const Listing> known = market->listings();
    for (std::size_t i = listings.size(); i < known.size(); ++i) {
        listings.push_back(known[i]);
        by_name.emplace(std::string{known[i].name()}, known[i].id());
        states.emplace_back();
        const InstrumentId id = known[i].id();
        state_of(id).settlement_price = mark(id).mark_price;
        if (steps == 0) continue;
        log.instrument_states.push_back({.instrument = id, .time = now, .state = ListingState::open});
        note(ChangeKind::instrument_state, log.instrument_states.size() - 1);
    }
}

void Exchange::Core::accrue_funding() {
    const double seconds = static_cast<double>(market->step_ns()) * 1e-9;
    for (const Listing& listing : listings) {
        if (listing.contract.kind != InstrumentKind::perpetual) continue;
        const double rate = funding_rate(listing.id());
        state_of(listing.id()).funding_cumulative += funding_per_amount(listing, rate, index(listing.base), seconds);
    }
}

void Exchange::Core::apply_flow() {
    // A step's flow comes instrument by instrument; each gets one book change.
    const std::span<const FlowAction> flow = market->flow();
    for (std::size_t i = 0; i < flow.size(); ++i) {
        if (listing_of(flow[i].instrument).state == ListingState::open) apply(flow[i]);
        const bool is_last = i + 1 == flow.size() || flow[i + 1].instrument != flow[i].instrument;
        if (is_last) publish(flow[i].instrument);
    }
}

void Exchange::Core::apply(const FlowAction& action) {
    const std::uint64_t number = kFlowBit | (std::uint64_t{keel::slot(action.instrument)} << 32) | action.maker_order;
    InstrumentState& state = state_of(action.instrument);
    if (action.kind == FlowKind::cancel) {
        state.book.remove(number);  // false: it was filled meanwhile
        return;
    }
    const bool is_maker = action.kind == FlowKind::add;
    Taker taker{.instrument = action.instrument,
                .account = is_maker ? kMakers : kTakers,
                .record = nullptr,
                .side = action.side,
                .limit = action.price,
                .left = action.quantity};
    match(taker);
    if (is_maker && taker.left.count() > 0) {
        state.book.rest(action.side, {.number = number, .account = kMakers, .price = action.price, .left = taker.left});
    }
}

void Exchange::Core::publish_step() {
    for (const Listing& listing : listings) {
        if (listing.state != ListingState::open) continue;
        std::int64_t every = kFutureTickerSteps;
        if (listing.contract.is_option()) {
            every = kOptionTickerSteps;
            for (std::size_t a = 2; a < accounts.size(); ++a) {
                if (accounts[a].lots(listing.id()).count() != 0) every = kHeldTickerSteps;
            }
        }
        if ((steps + static_cast<std::int64_t>(keel::slot(listing.id()))) % every != 0) continue;
        log.tickers.push_back(ticker(listing.id()));
        note(ChangeKind::ticker, log.tickers.size() - 1);
    }
    for (const Currency currency : {Currency::btc, Currency::eth}) {
        if (steps % kIndexSteps == 0) {
            log.index_prices.push_back({.currency = currency, .time = now, .price_usd = index(currency)});
            note(ChangeKind::index_price, log.index_prices.size() - 1);
        }
        if (steps % kVolatilityIndexSteps == 0) {
            log.volatility_indices.push_back(
                {.currency = currency, .time = now, .percent = market->volatility_index(currency)});
            note(ChangeKind::volatility_index, log.volatility_indices.size() - 1);
        }
    }
    if (steps % kPortfolioSteps != 0) return;
    for (std::size_t a = 2; a < accounts.size(); ++a) {
        for (const Currency currency : kCurrencies) {
            const PortfolioView view = portfolio(AccountId{static_cast<std::uint16_t>(a)}, currency);
            if (view.balance == 0.0 && view.equity == 0.0 && view.initial_margin == 0.0) continue;
            log.portfolios.push_back(view);
            note(ChangeKind::portfolio, log.portfolios.size() - 1);
        }
    }
}

void Exchange::Core::watch_delivery(UnixNanos before) {
    const std::int64_t since_settlement = (now.ns() - kEightHoursNs) % kDayNs;
    if (since_settlement >= kDayNs - kDeliveryWindowNs) {
        for (const Currency currency : kCurrencies) delivery_sum[static_cast<std::size_t>(currency)] += index(currency);
        ++delivery_samples;
    }
    if (settlement_day(now) == settlement_day(before)) return;
    for (std::size_t i = 0; i < listings.size(); ++i) {
        const Listing& listing = listings[i];
        const bool is_dated = listing.contract.expiry.ns() != 0;
        if (!is_dated || listing.state == ListingState::delivered || listing.contract.expiry > now) continue;
        // Without a sample in the window (coarse steps) the index of the moment stands for the average.
        const double average = delivery_samples > 0 ? delivery_sum[static_cast<std::size_t>(listing.base)] /
                                                          static_cast<double>(delivery_samples)
                                                    : index(listing.base);
        deliver(listing.id(), average);
    }
    settle_day();
    delivery_sum = {};
    delivery_samples = 0;
}

void Exchange::Core::settle_day() {
    for (const Listing& listing : listings) {
        if (listing.state != ListingState::open) continue;
        const InstrumentId id = listing.id();
        InstrumentState& state = state_of(id);
        const std::vector<std::uint64_t> open = state.open_orders;
        for (const std::uint64_t number : open) {
            OrderRecord& order = orders.at(number);
            if (order.view.time_in_force != TimeInForce::good_til_day) continue;
            state.book.remove(number);
            close_order(order, OrderState::cancelled, "settlement");
        }
        const double price = mark(id).mark_price;
        state.settlement_price = price;
        for (std::size_t a = 0; a < accounts.size(); ++a) {
            Account& account = accounts[a];
            const auto held = account.holdings.find(id);
            if (held == account.holdings.end()) continue;
            held->second.accrue_funding(listing, state.funding_cumulative);
            account.balance(listing.settlement) += held->second.settle(listing, price);
            if (held->second.lots.count() == 0) account.holdings.erase(held);
            effects.touch(AccountId{static_cast<std::uint16_t>(a)});
        }
        publish(id);
    }
}

void Exchange::Core::deliver(InstrumentId instrument, double price) {
    Listing& listing = listings[keel::slot(instrument)];
    InstrumentState& state = state_of(instrument);
    for (const std::uint64_t number : state.book.numbers()) {
        state.book.remove(number);
        const auto own = orders.find(number);
        if (own != orders.end()) close_order(own->second, OrderState::cancelled, "settlement");
    }
    const double value = listing.contract.is_option() ? option_payoff(listing, price) : price;
    for (std::size_t a = 0; a < accounts.size(); ++a) {
        Account& account = accounts[a];
        const auto held = account.holdings.find(instrument);
        if (held == account.holdings.end()) continue;
        double& cash = account.balance(listing.settlement);
        cash +=
            listing.contract.is_option() ? held->second.amount(listing) * value : held->second.settle(listing, value);
        account.holdings.erase(held);
        effects.touch(AccountId{static_cast<std::uint16_t>(a)});
    }
    publish(instrument);
    listing.state = ListingState::delivered;
    listing.delivery_price = price;
    log.instrument_states.push_back({.instrument = instrument, .time = now, .state = ListingState::delivered});
    note(ChangeKind::instrument_state, log.instrument_states.size() - 1);
}

}  // namespace keel::simulator
