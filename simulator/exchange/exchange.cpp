#include "simulator/exchange/exchange.hpp"

#include <algorithm>
#include <cmath>
#include <tuple>

#include "engine/core/assert.hpp"
#include "simulator/exchange/core.hpp"

namespace keel::simulator {

void Effects::clear() {
    trades.clear();
    user_trades.clear();
    orders.clear();
    holders.clear();
}

void Effects::touch(std::uint64_t order) {
    if (std::find(orders.begin(), orders.end(), order) == orders.end()) orders.push_back(order);
}

void Effects::touch(AccountId holder) {
    if (std::find(holders.begin(), holders.end(), holder) == holders.end()) holders.push_back(holder);
}

Exchange::Core::Core(const ExchangeConfig& config_in, std::unique_ptr<MarketSource> market_in)
    : config{config_in},
      fees{.taker_future = config_in.taker_fee_future,
           .maker_future = config_in.maker_fee_future,
           .option = config_in.fee_option,
           .option_cap = config_in.fee_option_cap},
      market{std::move(market_in)},
      now{market->start_time()} {
    accounts.resize(2);
    accounts[static_cast<std::size_t>(kMakers)].name = "market makers";
    accounts[static_cast<std::size_t>(kTakers)].name = "market takers";
    for (Account& account : accounts) account.is_market = true;
    // Far apart, as the venue's are; nothing may take them for a count.
    last_change = {71'000'000'000, 53'000'000'000, 12'000'000'000};
    last_trade = {403'000'000, 250'000'000, 9'000'000};
    sync_listings();
    apply_flow();
}

void Exchange::Core::note(ChangeKind kind, std::size_t slot_number) {
    log.sequence.push_back({.kind = kind, .slot = static_cast<std::uint32_t>(slot_number)});
    ++counts.by_kind[static_cast<std::size_t>(kind)];
}

void Exchange::Core::publish(InstrumentId instrument) {
    const Listing& listing = listing_of(instrument);
    InstrumentState& state = state_of(instrument);
    for (PublicTrade& trade : effects.trades) {
        log.trades.push_back(std::move(trade));
        note(ChangeKind::trade, log.trades.size() - 1);
    }
    for (UserTrade& trade : effects.user_trades) {
        log.user_trades.push_back(std::move(trade));
        note(ChangeKind::user_trade, log.user_trades.size() - 1);
    }
    for (const std::uint64_t number : effects.orders) {
        const auto found = orders.find(number);
        if (found == orders.end()) continue;
        log.orders.push_back(found->second.view);
        note(ChangeKind::order, log.orders.size() - 1);
    }
    for (const AccountId holder : effects.holders) {
        if (account_of(holder).is_market) continue;
        log.positions.push_back(position(holder, instrument));
        note(ChangeKind::position, log.positions.size() - 1);
        log.portfolios.push_back(portfolio(holder, listing.settlement));
        note(ChangeKind::portfolio, log.portfolios.size() - 1);
    }
    effects.clear();
    const std::size_t first = log.levels.size();
    state.book.collect(listing.contract, log.levels);
    const std::size_t count = log.levels.size() - first;
    if (count == 0) return;
    counts.levels += count;
    const std::uint64_t previous = state.change_id;
    state.change_id = ++last_change[static_cast<std::size_t>(listing.settlement)];
    state.book_time = now;
    log.books.push_back({.instrument = instrument,
                         .time = now,
                         .change_id = state.change_id,
                         .prev_change_id = previous,
                         .first_level = static_cast<std::uint32_t>(first),
                         .level_count = static_cast<std::uint32_t>(count)});
    note(ChangeKind::book, log.books.size() - 1);
}

Exchange::Exchange(ExchangeConfig config, std::unique_ptr<MarketSource> market)
    : core_{std::make_unique<Core>(config, std::move(market))} {}
Exchange::~Exchange() = default;

void Exchange::advance(UnixNanos time) { core_->advance(time); }
UnixNanos Exchange::now() const { return core_->now; }
UnixNanos Exchange::start_time() const { return core_->market->start_time(); }
UnixNanos Exchange::end_time() const { return core_->market->end_time(); }
std::string_view Exchange::description() const { return core_->market->description(); }
std::uint64_t Exchange::market_hash() const { return core_->market->hash(); }

void Exchange::drain(ChangeLog& out) {
    out.clear();
    std::swap(out, core_->log);
}

const ChangeCounts& Exchange::counts() const { return core_->counts; }
std::span<const Listing> Exchange::listings() const { return core_->listings; }
const Listing& Exchange::listing(InstrumentId instrument) const { return core_->listing_of(instrument); }

std::optional<InstrumentId> Exchange::find(std::string_view instrument_name) const {
    const auto found = core_->by_name.find(std::string{instrument_name});
    if (found == core_->by_name.end()) return std::nullopt;
    return found->second;
}

BookView Exchange::book(InstrumentId instrument, std::size_t depth) const {
    const InstrumentState& state = core_->state_of(instrument);
    const Instrument& contract = core_->listing_of(instrument).contract;
    BookView view{.instrument = instrument, .time = state.book_time, .change_id = state.change_id};
    for (const Side side : {Side::bid, Side::ask}) {
        auto& levels = side == Side::bid ? view.bids : view.asks;
        for (const auto& [price, lots] : state.book.levels(side, depth)) {
            levels.push_back({.price = contract.price_value(price), .amount = contract.amount_value(lots)});
        }
    }
    return view;
}

TickerView Exchange::ticker(InstrumentId instrument) const { return core_->ticker(instrument); }
double Exchange::index_price(Currency currency) const { return core_->index(currency); }
double Exchange::volatility_index(Currency currency) const { return core_->market->volatility_index(currency); }

std::vector<PublicTrade> Exchange::last_trades(InstrumentId instrument, std::size_t count) const {
    const std::deque<PublicTrade>& trades = core_->state_of(instrument).trades;
    const std::size_t kept = std::min(count, trades.size());
    return {trades.rbegin(), trades.rbegin() + static_cast<std::ptrdiff_t>(kept)};
}

Answer<AccountId> Exchange::open_account(const AccountConfig& config) {
    for (const InitialPosition& position : config.positions) {
        if (!find(position.instrument_name)) return std::unexpected{VenueError{13020, "not_found"}};
    }
    Account& account = core_->accounts.emplace_back();
    const AccountId id{static_cast<std::uint16_t>(core_->accounts.size() - 1)};
    account.name = config.name;
    account.client_id = config.client_id;
    account.client_secret = config.client_secret;
    account.self_trade = config.self_trade;
    account.balances = config.balances;
    for (const InitialPosition& position : config.positions) {
        const Listing& listing = core_->listing_of(*find(position.instrument_name));
        const double marked = core_->mark(listing.id()).mark_price;
        const double price = position.average_price > 0.0 ? position.average_price : marked;
        const Quantity lots{std::llround(position.amount / listing.contract.lot.to_double())};
        // The makers hold the other side, so that results still add up; no premium is paid either way.
        for (const auto& [holder, side_lots] : {std::pair{id, lots}, std::pair{Core::kMakers, -lots}}) {
            Account& owner = core_->account_of(holder);
            const double cumulative = core_->state_of(listing.id()).funding_cumulative;
            const double cash = owner.balance(listing.settlement);
            owner.book_fill(listing, cumulative, side_lots, price, core_->index(listing.base), 0.0);
            owner.balance(listing.settlement) = cash;
        }
    }
    return id;
}

std::optional<AccountId> Exchange::find_account(std::string_view client_id) const {
    for (std::size_t i = 0; i < core_->accounts.size(); ++i) {
        const Account& account = core_->accounts[i];
        if (!account.is_market && account.client_id == client_id) return AccountId{static_cast<std::uint16_t>(i)};
    }
    return std::nullopt;
}

std::string_view Exchange::client_secret(AccountId account) const { return core_->account_of(account).client_secret; }
std::string_view Exchange::account_name(AccountId account) const { return core_->account_of(account).name; }

void Exchange::set_self_trade_mode(AccountId account, SelfTradeMode mode) {
    core_->account_of(account).self_trade = mode;
}

Answer<OrderAnswer> Exchange::submit(AccountId account, const OrderRequest& request) {
    return core_->submit(account, request);
}
Answer<OrderAnswer> Exchange::edit(AccountId account, const EditRequest& request) {
    return core_->edit(account, request);
}
Answer<OrderView> Exchange::cancel(AccountId account, std::string_view order_id) {
    return core_->cancel(account, order_id);
}
std::vector<OrderView> Exchange::cancel_all(AccountId account, const OrderFilter& filter, std::string_view reason) {
    return core_->cancel_all(account, filter, reason);
}

Answer<OrderAnswer> Exchange::close_position(AccountId account, std::string_view instrument_name,
                                             std::optional<double> limit_price, SessionId session) {
    const auto instrument = find(instrument_name);
    if (!instrument) return std::unexpected{VenueError{13020, "not_found"}};
    const Quantity held = core_->account_of(account).lots(*instrument);
    if (held.count() == 0) return std::unexpected{VenueError{11030, "other_reject no_position"}};
    OrderRequest request{.instrument_name = std::string{instrument_name}};
    request.side = held.count() > 0 ? Side::ask : Side::bid;
    request.amount = core_->listing_of(*instrument).contract.amount_value(Quantity{std::abs(held.count())});
    request.type = limit_price ? OrderType::limit : OrderType::market;
    request.price = limit_price;
    request.reduce_only = true;
    request.session = session;
    return core_->submit(account, request);
}

Answer<OrderView> Exchange::order(AccountId account, std::string_view order_id) const {
    const auto found = core_->own_order(account, order_id);
    if (!found) return std::unexpected{found.error()};
    return (*found)->view;
}

std::vector<OrderView> Exchange::open_orders(AccountId account, const OrderFilter& filter) const {
    std::vector<OrderView> open;
    for (const InstrumentState& state : core_->states) {
        for (const std::uint64_t number : state.open_orders) {
            const OrderView& view = core_->orders.at(number).view;
            if (view.account == account && core_->matches(view, filter)) open.push_back(view);
        }
    }
    return open;
}

std::vector<OrderView> Exchange::order_history(AccountId account, const OrderFilter& filter, std::size_t count,
                                               std::size_t offset) const {
    std::vector<OrderView> done;
    const std::deque<std::uint64_t>& numbers = core_->account_of(account).done_orders;
    for (auto number = numbers.rbegin(); number != numbers.rend() && done.size() < count; ++number) {
        const OrderView& view = core_->orders.at(*number).view;
        if (!core_->matches(view, filter)) continue;
        if (offset > 0) {
            --offset;
        } else {
            done.push_back(view);
        }
    }
    return done;
}

std::vector<UserTrade> Exchange::user_trades(AccountId account, const OrderFilter& filter, std::size_t count,
                                             std::optional<std::string_view> order_id) const {
    std::vector<UserTrade> kept;
    const std::deque<UserTrade>& trades = core_->account_of(account).trades;
    for (auto trade = trades.rbegin(); trade != trades.rend() && kept.size() < count; ++trade) {
        if (order_id && trade->order_id != *order_id) continue;
        const OrderView like{.instrument = trade->trade.instrument, .label = trade->label};
        if (core_->matches(like, filter)) kept.push_back(*trade);
    }
    return kept;
}

std::vector<PositionView> Exchange::positions(AccountId account, const OrderFilter& filter) const {
    std::vector<PositionView> held;
    for (const auto& [id, holding] : core_->account_of(account).holdings) {
        if (core_->matches(OrderView{.instrument = id}, filter)) held.push_back(position(account, id));
    }
    return held;
}

PositionView Exchange::position(AccountId account, InstrumentId instrument) const {
    PositionView view = core_->position(account, instrument);
    const Listing& listing = core_->listing_of(instrument);
    if (listing.contract.is_option() || view.size == 0.0) return view;
    // Price at which the margin balance meets the maintenance margin, everything else standing still.
    const PortfolioView whole = core_->portfolio(account, listing.settlement);
    const double mark = view.mark_price;
    const double spare = whole.margin_balance - (whole.maintenance_margin - view.maintenance_margin);
    if (listing.contract.payoff == Payoff::inverse) {
        const double rate = view.maintenance_margin * mark / std::abs(view.size);  // coin per USD of size, at 1
        const double price = (view.size + rate * std::abs(view.size)) / (spare + view.size / mark);
        view.estimated_liquidation_price = price > 0.0 && std::isfinite(price) ? price : 0.0;
    } else {
        const double rate = view.maintenance_margin / (std::abs(view.size) * mark);
        const double price = (spare - view.size * mark) / (rate * std::abs(view.size) - view.size);
        view.estimated_liquidation_price = price > 0.0 && std::isfinite(price) ? price : 0.0;
    }
    return view;
}

PortfolioView Exchange::portfolio(AccountId account, Currency currency) const {
    return core_->portfolio(account, currency);
}

Answer<MarginPreview> Exchange::margins(AccountId account, std::string_view instrument_name, double amount,
                                        double price) const {
    const auto instrument = find(instrument_name);
    if (!instrument) return std::unexpected{VenueError{13020, "not_found"}};
    MarginPreview preview;
    const double before = core_->order_margin(account, *instrument, 0.0, 0.0, 0.0);
    preview.buy = core_->order_margin(account, *instrument, amount, 0.0, price) - before;
    preview.sell = core_->order_margin(account, *instrument, 0.0, amount, price) - before;
    std::tie(preview.min_price, preview.max_price) = core_->price_band(*instrument);
    return preview;
}

void Exchange::set_settlement_pause(bool paused) { core_->is_paused = paused; }

}  // namespace keel::simulator
