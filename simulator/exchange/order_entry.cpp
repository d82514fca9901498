#include <algorithm>
#include <charconv>
#include <cmath>

#include "engine/core/assert.hpp"
#include "simulator/exchange/core.hpp"

namespace keel::simulator {

namespace {

constexpr std::size_t kDoneOrdersKeptMax = 10'000;  // per account; a client reads far less back
constexpr int kInvalidParams = -32602;
constexpr double kNumberMax = 1e10;  // of amounts and prices: eight decimals of it still fit 64 bits

std::unexpected<VenueError> refuse(int code, std::string message) {
    return std::unexpected{VenueError{code, std::move(message)}};
}

std::string number_text(double value) {
    std::array<char, 32> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
    return {text.data(), end};
}

}  // namespace

void OrderRecord::refresh(const Instrument& contract, UnixNanos time) {
    view.price = contract.price_value(price);
    view.amount = contract.amount_value(quantity);
    view.filled_amount = contract.amount_value(filled);
    view.updated = time;
}

std::optional<VenueError> Exchange::Core::refused_now(UnixNanos valid_until) const {
    if (is_paused) return VenueError{10041, "settlement_in_progress"};
    if (valid_until.ns() != 0 && valid_until < now) return VenueError{13888, "timed_out"};
    return std::nullopt;
}

Answer<Quantity> Exchange::Core::checked_amount(const Listing& listing, double amount) {
    if (!std::isfinite(amount) || amount <= 0.0 || amount > kNumberMax) return refuse(10021, "invalid_amount");
    const auto lots = count_units(decimal_from_double(amount, 8), listing.contract.lot, Errc::quantity_off_lot);
    if (amount < listing.contract.amount_value(listing.contract.quantity_min)) return refuse(10002, "qty_too_low");
    if (!lots) return refuse(10021, "invalid_amount");
    return Quantity{*lots};
}

Answer<Price> Exchange::Core::checked_price(InstrumentId instrument, Side side, double value) {
    const Instrument& contract = listing_of(instrument).contract;
    if (!std::isfinite(value) || value <= 0.0 || value > kNumberMax) return refuse(kInvalidParams, "Invalid params");
    const auto ticks = count_units(decimal_from_double(value, 8), contract.tick, Errc::price_off_tick);
    if (!ticks || *ticks <= 0 || !contract.on_tick(Price{*ticks})) return refuse(10043, "price_wrong_tick");
    // Only prices that would trade far beyond the mark are refused; far away on the passive side may rest.
    const auto [low, high] = price_band(instrument);
    if (side == Side::bid && value > high) return refuse(10007, "price_too_high " + number_text(high));
    if (side == Side::ask && value < low) return refuse(10005, "price_too_low " + number_text(low));
    return Price{*ticks};
}

Answer<OrderRecord> Exchange::Core::make_order(AccountId account, const OrderRequest& request) {
    if (const auto refused = refused_now(request.valid_until)) return std::unexpected{*refused};
    const auto found = by_name.find(request.instrument_name);
    if (found == by_name.end()) return refuse(13020, "not_found");
    const Listing& listing = listing_of(found->second);
    if (listing.state == ListingState::delivered) return refuse(10012, "book_closed");
    if (listing.state == ListingState::settlement) return refuse(10041, "settlement_in_progress");
    if (request.mmp) return refuse(13040, "mmp_required");
    constexpr std::size_t kLabelMax = 64;
    const bool is_limit = request.type == OrderType::limit;
    const bool is_gtc =
        request.time_in_force == TimeInForce::good_til_cancelled || request.time_in_force == TimeInForce::good_til_day;
    if (request.label.size() > kLabelMax || (is_limit && !request.price)) {
        return refuse(kInvalidParams, "Invalid params");
    }
    if (request.post_only && (!is_limit || !is_gtc)) return refuse(11055, "post_only_not_allowed");
    const auto quantity = checked_amount(listing, request.amount);
    if (!quantity) return std::unexpected{quantity.error()};

    OrderRecord order;
    order.quantity = *quantity;
    if (is_limit) {
        const auto price = checked_price(listing.id(), request.side, *request.price);
        if (!price) return std::unexpected{price.error()};
        order.price = *price;
    } else {
        const auto best = state_of(listing.id()).book.best(opposite(request.side));
        const auto [low, high] = price_band(listing.id());
        order.price = request.side == Side::bid ? listing.contract.price_floor(high) : listing.contract.price_ceil(low);
        if (request.type == OrderType::market_limit && best) order.price = *best;
    }
    order.view = OrderView{.account = account,
                           .instrument = listing.id(),
                           .session = request.session,
                           .side = request.side,
                           .type = request.type,
                           .time_in_force = request.time_in_force,
                           .post_only = request.post_only,
                           .reject_post_only = request.post_only && request.reject_post_only,
                           .reduce_only = request.reduce_only,
                           .label = request.label,
                           .created = now};
    order.refresh(listing.contract, now);
    return order;
}

std::optional<VenueError> Exchange::Core::prepare_post_only(OrderRecord& order) {
    const Instrument& contract = listing_of(order.view.instrument).contract;
    const auto best = state_of(order.view.instrument).book.best(opposite(order.view.side));
    const bool is_bid = order.view.side == Side::bid;
    if (!best || (is_bid ? order.price < *best : order.price > *best)) return std::nullopt;
    if (order.view.reject_post_only) return VenueError{11054, "post_only_reject"};
    const Price beside = is_bid ? *best - Price{1} : *best + Price{contract.tick_at(*best)};
    order.price = is_bid ? contract.price_floor(contract.price_value(beside)) : beside;
    if (order.price.count() <= 0) return VenueError{11054, "post_only_reject"};
    return std::nullopt;
}

std::optional<VenueError> Exchange::Core::prepare(OrderRecord& order, double margin_amount) {
    OrderView& view = order.view;
    const Listing& listing = listing_of(view.instrument);
    Account& owner = account_of(view.account);
    const Quantity held = owner.lots(view.instrument);
    const bool is_reducing = view.side == Side::bid ? held.count() < 0 : held.count() > 0;
    const Quantity reducible{std::abs(held.count())};
    if (view.reduce_only) {
        if (!is_reducing) return VenueError{11030, "other_reject reduce_only"};
        if (order.left() > reducible) order.quantity = order.filled + reducible;
    }
    if (view.post_only) {
        if (const auto refused = prepare_post_only(order)) return refused;
    }
    const MatchingBook& book = state_of(view.instrument).book;
    if (owner.self_trade == SelfTradeMode::reject_taker &&
        book.meets_own(view.side, order.price, order.left(), view.account)) {
        return VenueError{10003, "order_overlap"};
    }
    order.refresh(listing.contract, now);
    const bool is_closing = is_reducing && order.left() <= reducible;
    if (!config.check_funds || is_closing || margin_amount <= 0.0) return std::nullopt;
    const double amount = std::min(margin_amount, listing.contract.amount_value(order.left()));
    const bool is_bid = view.side == Side::bid;
    const double before = order_margin(view.account, view.instrument, 0.0, 0.0, 0.0);
    const double after =
        order_margin(view.account, view.instrument, is_bid ? amount : 0.0, is_bid ? 0.0 : amount, view.price);
    const double available = portfolio(view.account, listing.settlement).available_funds;
    if (after - before > available) return VenueError{10009, "not_enough_funds"};
    return std::nullopt;
}

Answer<OrderAnswer> Exchange::Core::submit(AccountId account, const OrderRequest& request) {
    auto made = make_order(account, request);
    if (!made) return std::unexpected{made.error()};
    if (const auto refused = prepare(*made, request.amount)) return std::unexpected{*refused};
    const Listing& listing = listing_of(made->view.instrument);
    made->number = ++last_order;
    made->view.order_id = venue_id(listing, made->number);
    OrderRecord& order = orders.emplace(made->number, std::move(*made)).first->second;
    enter(order);
    OrderAnswer answer = answer_of(order);
    publish(listing.id());
    return answer;
}

void Exchange::Core::enter(OrderRecord& order) {
    OrderView& view = order.view;
    const Listing& listing = listing_of(view.instrument);
    InstrumentState& state = state_of(view.instrument);
    effects.touch(order.number);
    const bool is_market = view.type == OrderType::market;
    const bool is_fok = view.time_in_force == TimeInForce::fill_or_kill && !is_market;
    if (is_fok && state.book.available(view.side, order.price, order.left(), view.account) < order.left()) {
        close_order(order, OrderState::cancelled, "");
        return;
    }
    Taker taker{.instrument = view.instrument,
                .account = view.account,
                .record = &order,
                .side = view.side,
                .limit = order.price,
                .left = order.left()};
    match(taker);
    if (order.left().count() == 0) {
        if (view.state == OrderState::open) close_order(order, OrderState::filled, "");
        return;
    }
    const bool is_resting = !is_market && (view.time_in_force == TimeInForce::good_til_cancelled ||
                                           view.time_in_force == TimeInForce::good_til_day);
    if (!is_resting) {
        close_order(order, OrderState::cancelled, "");
        return;
    }
    state.book.rest(view.side,
                    {.number = order.number, .account = view.account, .price = order.price, .left = order.left()});
    state.open_orders.push_back(order.number);
    order.refresh(listing.contract, now);
}

void Exchange::Core::match(Taker& taker) {
    MatchingBook& book = state_of(taker.instrument).book;
    while (taker.left.count() > 0) {
        const RestingOrder* best = book.front(taker.side, taker.limit);
        if (best == nullptr) return;
        const RestingOrder maker = *best;
        if (maker.account == taker.account) {
            book.remove(maker.number);
            const auto own = orders.find(maker.number);
            if (own != orders.end()) close_order(own->second, OrderState::cancelled, "order_overlap");
            continue;
        }
        fill(taker, maker, std::min(taker.left, maker.left));
    }
}

void Exchange::Core::fill(Taker& taker, const RestingOrder& maker, Quantity lots) {
    const Listing& listing = listing_of(taker.instrument);
    InstrumentState& state = state_of(taker.instrument);
    state.book.reduce(maker.number, lots);
    taker.left -= lots;
    taker.last_price = maker.price;

    PublicTrade trade{.instrument = taker.instrument, .time = now, .taker_side = taker.side};
    trade.trade_id = venue_id(listing, ++last_trade[static_cast<std::size_t>(listing.settlement)]);
    trade.trade_seq = ++state.trade_seq;
    trade.price = listing.contract.price_value(maker.price);
    trade.amount = listing.contract.amount_value(lots);
    trade.mark_price = mark(taker.instrument).mark_price;
    trade.index_price = std::round(index(listing.base) * 100.0) / 100.0;
    if (listing.contract.is_option()) trade.iv_percent = implied_percent(listing, trade.price);
    // 0 up, 1 unchanged after up, 2 down, 3 unchanged after down.
    const bool was_up = state.tick_direction <= 1;
    if (trade.price == state.last_price) {
        state.tick_direction = was_up ? 1 : 3;
    } else {
        state.tick_direction = trade.price > state.last_price ? 0 : 2;
    }
    trade.tick_direction = state.tick_direction;
    if (state.first_price == 0.0) state.first_price = state.low = state.high = trade.price;
    state.last_price = trade.price;
    state.high = std::max(state.high, trade.price);
    state.low = std::min(state.low, trade.price);
    const double coins = futures_coins(listing, trade.amount, trade.price);
    state.volume_coin += coins;
    state.volume_usd += coins * index(listing.base);
    effects.trades.push_back(trade);
    state.trades.push_back(trade);
    if (state.trades.size() > kTradesKeptMax) state.trades.pop_front();

    const auto resting = orders.find(maker.number);
    OrderRecord* maker_record = resting == orders.end() ? nullptr : &resting->second;
    book_side(taker.account, taker.record, taker.side, lots, false, trade);
    book_side(maker.account, maker_record, opposite(taker.side), lots, true, trade);
    if (maker_record != nullptr && maker_record->left().count() == 0) {
        close_order(*maker_record, OrderState::filled, "");
    }
    if (maker_record != nullptr) curtail_reduce_only(maker.account, taker.instrument);
    if (taker.record != nullptr) curtail_reduce_only(taker.account, taker.instrument);
}

void Exchange::Core::book_side(AccountId account, OrderRecord* record, Side side, Quantity lots, bool is_maker,
                               const PublicTrade& trade) {
    const Listing& listing = listing_of(trade.instrument);
    Account& owner = account_of(account);
    const double index_usd = index(listing.base);
    const double fee = owner.is_market ? 0.0 : trade_fee(listing, fees, trade.amount, trade.price, index_usd, is_maker);
    const Quantity signed_lots = side == Side::bid ? lots : -lots;
    const double cumulative = state_of(trade.instrument).funding_cumulative;
    const double realised = owner.book_fill(listing, cumulative, signed_lots, trade.price, index_usd, fee);
    if (record == nullptr) return;

    OrderView& view = record->view;
    view.average_price = averaged_price(listing, view.filled_amount, view.average_price, trade.amount, trade.price);
    record->filled += lots;
    record->refresh(listing.contract, now);
    UserTrade own{.trade = trade, .account = account, .order_id = view.order_id, .label = view.label, .side = side};
    own.order_type = view.type;
    own.order_state = record->left().count() == 0 ? OrderState::filled : OrderState::open;
    own.is_maker = is_maker;
    own.post_only = view.post_only;
    own.reduce_only = view.reduce_only;
    own.fee = fee;
    own.profit_loss = realised;
    if (listing.contract.is_option()) own.underlying_price = mark(trade.instrument).underlying_price;
    owner.trades.push_back(own);
    if (owner.trades.size() > kDoneOrdersKeptMax) owner.trades.pop_front();
    effects.user_trades.push_back(std::move(own));
    effects.touch(record->number);
    effects.touch(account);
}

void Exchange::Core::close_order(OrderRecord& order, OrderState state, std::string_view reason) {
    order.view.state = state;
    order.view.cancel_reason = reason;
    order.refresh(listing_of(order.view.instrument).contract, now);
    std::erase(state_of(order.view.instrument).open_orders, order.number);
    effects.touch(order.number);
    std::deque<std::uint64_t>& done = account_of(order.view.account).done_orders;
    done.push_back(order.number);
    if (done.size() > kDoneOrdersKeptMax) {
        orders.erase(done.front());
        done.pop_front();
    }
}

void Exchange::Core::curtail_reduce_only(AccountId account, InstrumentId instrument) {
    const Quantity held = account_of(account).lots(instrument);
    Quantity allowed{std::abs(held.count())};
    const std::vector<std::uint64_t> open = state_of(instrument).open_orders;
    for (const std::uint64_t number : open) {
        OrderRecord& order = orders.at(number);
        if (order.view.account != account || !order.view.reduce_only) continue;
        const bool is_reducing = order.view.side == Side::bid ? held.count() < 0 : held.count() > 0;
        const Quantity may_stay = is_reducing ? std::min(order.left(), allowed) : Quantity{};
        const Quantity excess = order.left() - may_stay;
        allowed -= may_stay;
        if (excess.count() == 0) continue;
        state_of(instrument).book.reduce(number, excess);
        if (may_stay.count() == 0) {
            close_order(order, OrderState::cancelled, "risk_mitigation");
            continue;
        }
        order.quantity -= excess;
        order.refresh(listing_of(instrument).contract, now);
        effects.touch(number);
    }
}

Answer<OrderAnswer> Exchange::Core::edit(AccountId account, const EditRequest& request) {
    if (const auto refused = refused_now(request.valid_until)) return std::unexpected{*refused};
    const auto found = own_order(account, request.order_id);
    if (!found) return std::unexpected{found.error()};
    OrderRecord& order = **found;
    if (order.view.state == OrderState::filled) return refuse(11008, "already_filled");
    if (order.view.state != OrderState::open) return refuse(10010, "already_closed");
    const InstrumentId instrument = order.view.instrument;
    const Listing& listing = listing_of(instrument);

    OrderRecord wanted = order;
    wanted.view.post_only = request.post_only;
    wanted.view.reject_post_only = request.post_only && request.reject_post_only;
    wanted.view.reduce_only = request.reduce_only;
    wanted.view.replaced = true;
    if (request.amount != 0.0) {
        const auto quantity = checked_amount(listing, request.amount);
        if (!quantity) return std::unexpected{quantity.error()};
        wanted.quantity = *quantity;
    }
    if (wanted.quantity <= order.filled) return refuse(10021, "invalid_amount");
    if (request.price) {
        const auto price = checked_price(instrument, order.view.side, *request.price);
        if (!price) return std::unexpected{price.error()};
        wanted.price = *price;
    }
    MatchingBook& book = state_of(instrument).book;
    const Quantity more = wanted.quantity - order.quantity;
    const auto refused = prepare(wanted, listing.contract.amount_value(more));
    if (refused && refused->code == 11054) {
        book.remove(order.number);
        close_order(order, OrderState::cancelled, "edit_post_only_reject");
        OrderAnswer answer = answer_of(order);
        publish(instrument);
        return answer;
    }
    if (refused) return std::unexpected{*refused};
    const bool keeps_place = wanted.price == order.price && wanted.quantity <= order.quantity;
    const Quantity less = order.quantity - wanted.quantity;
    order = std::move(wanted);
    order.refresh(listing.contract, now);
    effects.touch(order.number);
    if (keeps_place) {
        if (less.count() > 0) book.reduce(order.number, less);
    } else {
        book.remove(order.number);
        std::erase(state_of(instrument).open_orders, order.number);
        enter(order);
    }
    OrderAnswer answer = answer_of(order);
    publish(instrument);
    return answer;
}

Answer<OrderView> Exchange::Core::cancel(AccountId account, std::string_view order_id) {
    if (is_paused) return refuse(10041, "settlement_in_progress");
    const auto found = own_order(account, order_id);
    if (!found) return std::unexpected{found.error()};
    OrderRecord& order = **found;
    if (order.view.state != OrderState::open) return refuse(11044, "not_open_order");
    state_of(order.view.instrument).book.remove(order.number);
    close_order(order, OrderState::cancelled, "user_request");
    OrderView view = order.view;
    publish(view.instrument);
    return view;
}

std::vector<OrderView> Exchange::Core::cancel_all(AccountId account, const OrderFilter& filter,
                                                  std::string_view reason) {
    std::vector<OrderView> cancelled;
    for (const Listing& listing : listings) {
        const std::vector<std::uint64_t> open = state_of(listing.id()).open_orders;
        const std::size_t before = cancelled.size();
        for (const std::uint64_t number : open) {
            OrderRecord& order = orders.at(number);
            if (order.view.account != account || !matches(order.view, filter)) continue;
            state_of(listing.id()).book.remove(number);
            close_order(order, OrderState::cancelled, reason);
            cancelled.push_back(order.view);
        }
        if (cancelled.size() != before) publish(listing.id());
    }
    return cancelled;
}

OrderAnswer Exchange::Core::answer_of(const OrderRecord& order) const {
    OrderAnswer answer{.order = order.view};
    for (const UserTrade& trade : effects.user_trades) {
        if (trade.order_id == order.view.order_id) answer.trades.push_back(trade);
    }
    return answer;
}

std::string Exchange::Core::venue_id(const Listing& listing, std::uint64_t number) const {
    const std::string digits = std::to_string(number);
    if (listing.settlement == Currency::btc) return digits;
    return std::string{currency_name(listing.settlement)} + "-" + digits;
}

std::expected<OrderRecord*, VenueError> Exchange::Core::own_order(AccountId account, std::string_view order_id) {
    const std::size_t dash = order_id.find('-');
    const std::string_view digits = dash == std::string_view::npos ? order_id : order_id.substr(dash + 1);
    std::uint64_t number = 0;
    const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), number);
    const auto found = read.ec == std::errc{} ? orders.find(number) : orders.end();
    if (found == orders.end() || found->second.view.order_id != order_id) return refuse(10004, "order_not_found");
    if (found->second.view.account != account) return refuse(10029, "not_owner_of_order");
    return &found->second;
}

bool Exchange::Core::matches(const OrderView& order, const OrderFilter& filter) const {
    const Listing& listing = listing_of(order.instrument);
    return (!filter.currency || *filter.currency == listing.settlement) &&
           (!filter.is_option || *filter.is_option == listing.contract.is_option()) &&
           (!filter.instrument || *filter.instrument == order.instrument) &&
           (!filter.label || *filter.label == order.label) && (!filter.session || *filter.session == order.session);
}

}  // namespace keel::simulator
