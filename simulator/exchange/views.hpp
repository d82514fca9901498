#pragma once

#include <cstdint>
#include <vector>

#include "simulator/exchange/orders.hpp"

namespace keel::simulator {

struct BookLevel {
    double price{0.0};
    double amount{0.0};
};

// A whole book or its top, best level first.
struct BookView {
    InstrumentId instrument{InstrumentId::none};
    UnixNanos time{};
    std::uint64_t change_id{0};
    std::vector<BookLevel> bids{};
    std::vector<BookLevel> asks{};
};

// Everything that `ticker.*` and public/ticker show. Greeks in the venue's units: delta dUSD/dF, gamma
// per USD, vega USD per vol point, theta USD per day, rho USD per 1 % rate. Implied volatilities in
// percent. Prices of inverse options in coin, everything else in USD.
struct TickerView {
    InstrumentId instrument{InstrumentId::none};
    UnixNanos time{};
    double best_bid_price{0.0};  // 0: none
    double best_bid_amount{0.0};
    double best_ask_price{0.0};
    double best_ask_amount{0.0};
    double last_price{0.0};  // 0: no trade yet
    double mark_price{0.0};
    double index_price{0.0};
    double min_price{0.0};  // price band: orders beyond get 10005 / 10007
    double max_price{0.0};
    double settlement_price{0.0};  // of the last daily settlement
    double open_interest{0.0};     // amount units
    double volume{0.0};            // since start, coin
    double volume_usd{0.0};
    double high{0.0};
    double low{0.0};
    double price_change_ratio{0.0};
    double estimated_delivery_price{0.0};
    double current_funding{0.0};  // perpetuals: 8 h rate
    double funding_8h{0.0};
    double interest_value{0.0};
    double underlying_price{0.0};  // options: forward of the expiry
    double mark_iv_percent{0.0};
    double bid_iv_percent{0.0};
    double ask_iv_percent{0.0};
    double delta{0.0};
    double gamma{0.0};
    double vega{0.0};
    double theta{0.0};
    double rho{0.0};
};

// A position as private/get_position shows it; money in the settlement currency.
struct PositionView {
    AccountId account{AccountId::none};
    InstrumentId instrument{InstrumentId::none};
    double size{0.0};           // signed: USD for inverse futures, coin otherwise
    double size_currency{0.0};  // futures: coin
    double average_price{0.0};
    double average_price_usd{0.0};  // options
    double mark_price{0.0};
    double index_price{0.0};
    double settlement_price{0.0};
    double delta{0.0};  // coin; options: size times Black-Scholes delta
    double gamma{0.0};
    double vega{0.0};
    double theta{0.0};
    double initial_margin{0.0};
    double maintenance_margin{0.0};
    double open_orders_margin{0.0};
    double floating_profit_loss{0.0};
    double realized_profit_loss{0.0};
    double realized_funding{0.0};
    double interest_value{0.0};
    double total_profit_loss{0.0};
    double leverage{0.0};
    double estimated_liquidation_price{0.0};  // USD; 0: none
};

// One currency of an account as private/get_account_summary shows it, under segregated standard margin.
// equity = balance + futures_session_upl + futures_session_rpl + options_value;
// margin_balance leaves options_value out; available_funds = margin_balance - initial_margin.
struct PortfolioView {
    AccountId account{AccountId::none};
    Currency currency{Currency::btc};
    double balance{0.0};
    double equity{0.0};
    double margin_balance{0.0};
    double available_funds{0.0};
    double initial_margin{0.0};
    double maintenance_margin{0.0};
    double projected_initial_margin{0.0};
    double projected_maintenance_margin{0.0};
    double delta_total{0.0};  // coin: futures size plus net transaction deltas of options
    double projected_delta_total{0.0};
    double options_delta{0.0};
    double options_gamma{0.0};
    double options_vega{0.0};
    double options_theta{0.0};
    double options_value{0.0};
    double options_pl{0.0};
    double options_session_upl{0.0};
    double options_session_rpl{0.0};
    double futures_pl{0.0};
    double futures_session_upl{0.0};
    double futures_session_rpl{0.0};
    double session_upl{0.0};
    double session_rpl{0.0};
    double total_pl{0.0};
    double fees_paid{0.0};  // since the account was opened; ours, for the report
};

// private/get_margins: what a buy or a sell of that amount would add to the initial margin, and the band.
struct MarginPreview {
    double buy{0.0};
    double sell{0.0};
    double min_price{0.0};
    double max_price{0.0};
};

}  // namespace keel::simulator
