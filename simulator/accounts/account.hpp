#pragma once

#include <array>
#include <deque>
#include <map>
#include <string>

#include "simulator/accounts/contract_math.hpp"
#include "simulator/exchange/orders.hpp"

namespace keel::simulator {

// What an account holds of one instrument. `session_price` is the price from which this session's result
// counts: the last settlement for what was held then, the trade for what came since.
struct Holding {
    Quantity lots{};  // signed
    double average_price{0.0};
    double average_price_usd{0.0};  // options
    double session_price{0.0};
    double session_realised{0.0};  // settlement currency, funding included
    double session_funding{0.0};
    double funding_seen{0.0};  // the instrument's cumulative funding at the last accrual

    // Applies a fill of `lots` (signed) and returns what it realised. For futures the result stays in
    // `session_realised` until settlement; for options it is only shown, the premium is the cash.
    double fill(const Listing& listing, Quantity lots, double price, double index_usd);
    // Takes in funding up to `cumulative` (per amount unit, paid by longs).
    void accrue_funding(const Listing& listing, double cumulative);
    // Ends the session at `price`: returns the cash that moves to the balance (futures) and starts anew.
    double settle(const Listing& listing, double price);
    [[nodiscard]] double amount(const Listing& listing) const { return listing.contract.amount_value(lots); }
};

// Cash and holdings of one participant.
// Invariant: balance + session results + option values of all accounts together change only by fees.
// Thread: the exchange's. Allocates: yes.
class Account {
public:
    std::string name;
    std::string client_id;
    std::string client_secret;
    SelfTradeMode self_trade{SelfTradeMode::cancel_maker};
    bool is_market{false};  // makers and takers of the venue: no fees, no limits, nothing published
    std::array<double, kCurrencyCount> balances{};
    std::array<double, kCurrencyCount> fees_paid{};
    std::map<InstrumentId, Holding> holdings;
    std::deque<UserTrade> trades;           // newest last
    std::deque<std::uint64_t> done_orders;  // newest last

    [[nodiscard]] double& balance(Currency currency) { return balances[static_cast<std::size_t>(currency)]; }
    // Signed lots held.
    [[nodiscard]] Quantity lots(InstrumentId instrument) const;

    // Books a fill: holding, premium and fee. Returns the realised result.
    double book_fill(const Listing& listing, double funding_cumulative, Quantity lots, double price, double index_usd,
                     double fee);
};

}  // namespace keel::simulator
