#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "simulator/deribit/json_writer.hpp"
#include "simulator/exchange/exchange.hpp"

// The venue's objects as JSON. Functions named *_members write into an object that is already open.
namespace keel::simulator::deribit {

void write_instrument(JsonWriter& out, const Listing& listing);
void write_ticker_members(JsonWriter& out, const Listing& listing, const TickerView& ticker);
void write_book_summary(JsonWriter& out, const Listing& listing, const TickerView& ticker);
// `"bids":[[price,amount],...],"asks":[...]`.
void write_book_sides(JsonWriter& out, const BookView& book);
// Data of the first message of `book.{instrument}.{interval}`.
void write_book_snapshot(JsonWriter& out, const Listing& listing, const BookView& book);
// Data of the following ones. `levels` in any order.
void write_book_change(JsonWriter& out, const Listing& listing, const BookChange& change,
                       std::span<const LevelChange> levels);
void write_public_trade(JsonWriter& out, const Listing& listing, const PublicTrade& trade);
void write_order(JsonWriter& out, const Listing& listing, const OrderView& order);
void write_user_trade(JsonWriter& out, const Listing& listing, const UserTrade& trade);
void write_position(JsonWriter& out, const Listing& listing, const PositionView& position);
void write_portfolio_members(JsonWriter& out, const PortfolioView& portfolio);
// `{"order":...,"trades":[...]}`.
void write_order_answer(JsonWriter& out, const Exchange& exchange, const OrderAnswer& answer);

}  // namespace keel::simulator::deribit
