#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/exchange/change_log.hpp"
#include "simulator/exchange/listing.hpp"
#include "simulator/exchange/orders.hpp"
#include "simulator/exchange/views.hpp"

namespace keel::simulator {

class MarketSource;

struct InitialPosition {
    std::string instrument_name{};
    double amount{0.0};         // signed, amount units
    double average_price{0.0};  // 0: the mark at the moment the account is opened
};

struct AccountConfig {
    std::string name{};
    std::string client_id{};
    std::string client_secret{};
    std::array<double, kCurrencyCount> balances{};  // by Currency
    std::vector<InitialPosition> positions{};       // held from the start, nothing is paid for them
    SelfTradeMode self_trade{SelfTradeMode::cancel_maker};
};

// The venue's rules that are numbers. Defaults follow the venue text.
struct ExchangeConfig {
    double taker_fee_future{0.0005};
    double maker_fee_future{0.0};
    double fee_option{0.0003};            // fraction of one coin
    double fee_option_cap{0.125};         // fraction of the option's price
    double price_band_ratio{0.015};       // futures: mark +- 1.5 %
    double price_band_option_coin{0.04};  // inverse options: mark +- 0.04 coin
    double funding_dead_band{0.00025};    // per 8 h
    double funding_cap{0.005};            // per 8 h
    bool check_funds{true};               // 10009 when the initial margin does not fit
};

// A Deribit-like venue in one process: listings, books, matching, accounts, margins. It has no clock, no
// thread and no network; whoever drives it says what time it is. The market's own flow never depends on
// foreign orders, so that two runs of one seed see the same market. The market's makers and takers are
// accounts too, so that profit and loss add up to the fees.
// Thread: the one that drives it. Allocates: yes, it is no part of any measured path.
class Exchange {
public:
    Exchange(ExchangeConfig config, std::unique_ptr<MarketSource> market);
    ~Exchange();
    Exchange(const Exchange&) = delete;
    Exchange& operator=(const Exchange&) = delete;

    // --- Time -------------------------------------------------------------------------------------
    // Plays the market up to and including `time` (simulated); earlier times do nothing.
    void advance(UnixNanos time);
    // The newest time that was played; stamps every answer. At construction: the market's start.
    [[nodiscard]] UnixNanos now() const;
    // The market's first moment, and the last one it has data for (0: it never ends).
    [[nodiscard]] UnixNanos start_time() const;
    [[nodiscard]] UnixNanos end_time() const;
    // One sentence that says what is simulated, to be shown wherever results are.
    [[nodiscard]] std::string_view description() const;
    // XXH3 over the exogenous flow up to now(); equal for equal seed, scenario and span.
    [[nodiscard]] std::uint64_t market_hash() const;

    // --- Changes ----------------------------------------------------------------------------------
    // Moves everything that happened since the last call into `out`, whose buffers are reused.
    void drain(ChangeLog& out);
    [[nodiscard]] const ChangeCounts& counts() const;

    // --- Public data ------------------------------------------------------------------------------
    // All instruments ever listed, slot = InstrumentId; recorded markets add to it as days pass, so
    // keep ids, not references.
    [[nodiscard]] std::span<const Listing> listings() const;
    [[nodiscard]] const Listing& listing(InstrumentId instrument) const;
    [[nodiscard]] std::optional<InstrumentId> find(std::string_view instrument_name) const;
    [[nodiscard]] BookView book(InstrumentId instrument, std::size_t depth = SIZE_MAX) const;
    [[nodiscard]] TickerView ticker(InstrumentId instrument) const;
    [[nodiscard]] double index_price(Currency currency) const;       // USD; usdc: 1
    [[nodiscard]] double volatility_index(Currency currency) const;  // DVOL, percent
    // Newest first, at most `count`, of the last kTradesKeptMax.
    [[nodiscard]] std::vector<PublicTrade> last_trades(InstrumentId instrument, std::size_t count) const;

    // --- Accounts ---------------------------------------------------------------------------------
    // Errors: 13020 for an initial position in an instrument that is not listed.
    Answer<AccountId> open_account(const AccountConfig& config);
    [[nodiscard]] std::optional<AccountId> find_account(std::string_view client_id) const;
    [[nodiscard]] std::string_view client_secret(AccountId account) const;
    [[nodiscard]] std::string_view account_name(AccountId account) const;
    void set_self_trade_mode(AccountId account, SelfTradeMode mode);

    // --- Orders -----------------------------------------------------------------------------------
    // Errors: 10002, 10004, 10005, 10007, 10009, 10010, 10012, 10021, 10029, 10041, 10043, 11044,
    // 11054, 11055, 13020, 13040, 13888, and -32602 for parameters that do not fit together.
    Answer<OrderAnswer> submit(AccountId account, const OrderRequest& request);
    Answer<OrderAnswer> edit(AccountId account, const EditRequest& request);
    Answer<OrderView> cancel(AccountId account, std::string_view order_id);
    // The orders that were cancelled. `reason` is the venue's word and must outlive the exchange.
    std::vector<OrderView> cancel_all(AccountId account, const OrderFilter& filter = {},
                                      std::string_view reason = "user_request");
    // Market or limit order against the whole position, reduce-only. Error 11044-like codes as submit.
    Answer<OrderAnswer> close_position(AccountId account, std::string_view instrument_name,
                                       std::optional<double> limit_price, SessionId session = SessionId::none);

    [[nodiscard]] Answer<OrderView> order(AccountId account, std::string_view order_id) const;
    [[nodiscard]] std::vector<OrderView> open_orders(AccountId account, const OrderFilter& filter = {}) const;
    // Done orders (filled or cancelled), newest first.
    [[nodiscard]] std::vector<OrderView> order_history(AccountId account, const OrderFilter& filter, std::size_t count,
                                                       std::size_t offset = 0) const;
    // Newest first; `order_id` narrows to one order.
    [[nodiscard]] std::vector<UserTrade> user_trades(AccountId account, const OrderFilter& filter, std::size_t count,
                                                     std::optional<std::string_view> order_id = {}) const;

    // --- Holdings ---------------------------------------------------------------------------------
    // Every instrument with a size or with a realised result in this session.
    [[nodiscard]] std::vector<PositionView> positions(AccountId account, const OrderFilter& filter = {}) const;
    [[nodiscard]] PositionView position(AccountId account, InstrumentId instrument) const;
    [[nodiscard]] PortfolioView portfolio(AccountId account, Currency currency) const;
    [[nodiscard]] Answer<MarginPreview> margins(AccountId account, std::string_view instrument_name, double amount,
                                                double price) const;

    // --- Faults, for tests of a client --------------------------------------------------------------
    // While set, orders, edits and cancels are refused with 10041, as at 08:00 UTC.
    void set_settlement_pause(bool paused);

    static constexpr std::size_t kTradesKeptMax = 1'000;  // per instrument; the venue answers 1,000 at most

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace keel::simulator
