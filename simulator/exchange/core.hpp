#pragma once

#include <array>
#include <deque>
#include <memory>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "simulator/accounts/account.hpp"
#include "simulator/accounts/margin.hpp"
#include "simulator/exchange/exchange.hpp"
#include "simulator/exchange/matching_book.hpp"
#include "simulator/market/market_source.hpp"

namespace keel::simulator {

// An order of an account, with exact numbers. Market flow has none: it exists in the books alone.
struct OrderRecord {
    OrderView view;  // its numbers are kept in step with the exact ones below
    std::uint64_t number{0};
    Price price{};
    Quantity quantity{};
    Quantity filled{};

    [[nodiscard]] Quantity left() const { return quantity - filled; }
    // Brings the view's numbers in step with the exact ones.
    void refresh(const Instrument& contract, UnixNanos time);
};

// Everything of one instrument besides its listing.
struct InstrumentState {
    MatchingBook book;
    std::uint64_t change_id{0};
    std::uint64_t trade_seq{0};
    double last_price{0.0};
    int tick_direction{1};
    double first_price{0.0};
    double high{0.0};
    double low{0.0};
    double volume_coin{0.0};
    double volume_usd{0.0};
    double settlement_price{0.0};
    double funding_cumulative{0.0};  // per amount unit, paid by longs since the start
    UnixNanos book_time{};
    std::deque<PublicTrade> trades;  // newest last
    InstrumentMark mark;
    std::int64_t mark_step{-1};
    std::vector<std::uint64_t> open_orders;  // numbers of accounts' resting orders
};

// What one request or one market step did to one instrument, until it is published.
struct Effects {
    std::vector<PublicTrade> trades;
    std::vector<UserTrade> user_trades;
    std::vector<std::uint64_t> orders;  // touched, in order of first touch
    std::vector<AccountId> holders;     // whose position changed
    void clear();
    void touch(std::uint64_t order);
    void touch(AccountId holder);
};

// A taker on its way through a book.
struct Taker {
    InstrumentId instrument{InstrumentId::none};
    AccountId account{AccountId::none};
    OrderRecord* record{nullptr};  // null: market flow
    Side side{Side::bid};
    Price limit{};
    Quantity left{};
    Price last_price{};  // of the last fill
};

struct Exchange::Core {
    Core(const ExchangeConfig& config_in, std::unique_ptr<MarketSource> market_in);

    // market_clock.cpp: time, flow, settlement.
    void advance(UnixNanos time);
    void step();
    void sync_listings();
    void apply_flow();
    void apply(const FlowAction& action);
    void accrue_funding();
    void publish_step();
    void watch_delivery(UnixNanos before);
    void settle_day();
    void deliver(InstrumentId instrument, double price);

    // order_entry.cpp: requests and matching.
    Answer<OrderAnswer> submit(AccountId account, const OrderRequest& request);
    Answer<OrderAnswer> edit(AccountId account, const EditRequest& request);
    Answer<OrderView> cancel(AccountId account, std::string_view order_id);
    std::vector<OrderView> cancel_all(AccountId account, const OrderFilter& filter, std::string_view reason);
    // Checks everything that does not depend on the other orders; the number is not given yet.
    [[nodiscard]] Answer<OrderRecord> make_order(AccountId account, const OrderRequest& request);
    [[nodiscard]] Answer<Price> checked_price(InstrumentId instrument, Side side, double value);
    [[nodiscard]] static Answer<Quantity> checked_amount(const Listing& listing, double amount);
    [[nodiscard]] std::optional<VenueError> refused_now(UnixNanos valid_until) const;
    // Reduce-only shrinking, post-only re-pricing, self-trade and funds. `margin_amount`: what is new.
    [[nodiscard]] std::optional<VenueError> prepare(OrderRecord& order, double margin_amount);
    [[nodiscard]] std::optional<VenueError> prepare_post_only(OrderRecord& order);
    // Matches a prepared order and rests, fills or cancels what is left.
    void enter(OrderRecord& order);
    void match(Taker& taker);
    void fill(Taker& taker, const RestingOrder& maker, Quantity lots);
    void book_side(AccountId account, OrderRecord* record, Side side, Quantity lots, bool is_maker,
                   const PublicTrade& trade);
    void close_order(OrderRecord& order, OrderState state, std::string_view reason);
    // Shrinks or cancels resting reduce-only orders that outgrew their position.
    void curtail_reduce_only(AccountId account, InstrumentId instrument);
    // Turns the effects on an instrument into changes and forgets them.
    void publish(InstrumentId instrument);
    [[nodiscard]] OrderAnswer answer_of(const OrderRecord& order) const;
    [[nodiscard]] std::string venue_id(const Listing& listing, std::uint64_t number) const;
    // The account's own order, or 10004 / 10029.
    [[nodiscard]] std::expected<OrderRecord*, VenueError> own_order(AccountId account, std::string_view order_id);
    [[nodiscard]] bool matches(const OrderView& order, const OrderFilter& filter) const;

    // queries.cpp: views.
    [[nodiscard]] const InstrumentMark& mark(InstrumentId instrument);
    [[nodiscard]] std::pair<double, double> price_band(InstrumentId instrument);
    [[nodiscard]] double funding_rate(InstrumentId instrument);
    [[nodiscard]] TickerView ticker(InstrumentId instrument);
    [[nodiscard]] double implied_percent(const Listing& listing, double price);
    [[nodiscard]] PositionView position(AccountId account, InstrumentId instrument);
    [[nodiscard]] PortfolioView portfolio(AccountId account, Currency currency);
    // Initial margin of an instrument with `more_buy` and `more_sell` (amount units) besides the open orders.
    [[nodiscard]] double order_margin(AccountId account, InstrumentId instrument, double more_buy, double more_sell,
                                      double price);
    [[nodiscard]] Margin position_margin(AccountId account, InstrumentId instrument);

    [[nodiscard]] Account& account_of(AccountId account) { return accounts[static_cast<std::size_t>(account)]; }
    [[nodiscard]] const Listing& listing_of(InstrumentId id) const { return listings[keel::slot(id)]; }
    [[nodiscard]] InstrumentState& state_of(InstrumentId id) { return states[keel::slot(id)]; }
    [[nodiscard]] double index(Currency currency) const { return market->index_price(currency); }
    void note(ChangeKind kind, std::size_t slot_number);

    static constexpr AccountId kMakers{0};
    static constexpr AccountId kTakers{1};
    static constexpr std::uint64_t kFlowBit = std::uint64_t{1} << 63;  // numbers of the market's own orders

    ExchangeConfig config;
    FeeRates fees;
    std::unique_ptr<MarketSource> market;
    UnixNanos now{};
    std::int64_t steps{0};
    bool is_paused{false};
    std::vector<Listing> listings;
    std::unordered_map<std::string, InstrumentId> by_name;
    std::deque<InstrumentState> states;
    std::deque<Account> accounts;
    std::unordered_map<std::uint64_t, OrderRecord> orders;
    std::uint64_t last_order{1'000'000};
    std::array<std::uint64_t, kCurrencyCount> last_trade{};
    std::array<std::uint64_t, kCurrencyCount> last_change{};
    std::array<double, kCurrencyCount> delivery_sum{};  // index samples of the last half hour before 08:00
    std::int64_t delivery_samples{0};
    Effects effects;
    ChangeLog log;
    ChangeCounts counts;
};

}  // namespace keel::simulator
