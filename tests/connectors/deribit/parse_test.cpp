#include "connectors/deribit/parse.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "connectors/deribit/text_hash.hpp"
#include "tests/connectors/deribit/instruments.hpp"
#include "tests/connectors/deribit/padded.hpp"

namespace keel::connectors::deribit {
namespace {

class ParseTest : public testing::Test {
protected:
    Result<Message> decode(const std::string& text) {
        const Padded frame{text};
        batch_.clear();
        return decoder_.decode(frame.view(), batch_);
    }
    // A notification with this channel and data.
    Result<Message> notify(const std::string& channel, const std::string& data) {
        return decode(R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":")" + channel + R"(","data":)" +
                      data + "}}");
    }
    Result<Message> answer(RequestKind kind, const std::string& result) {
        return decode(R"({"jsonrpc":"2.0","id":)" + std::to_string(request_id(kind, 5)) + R"(,"result":)" + result +
                      R"(,"usIn":1,"usOut":2,"usDiff":1,"testnet":true})");
    }
    void expect_refused(const std::string& text, Errc code = Errc::malformed_message) {
        const auto message = decode(text);
        ASSERT_FALSE(message.has_value()) << text;
        EXPECT_EQ(message.error().code, code) << text;
        EXPECT_TRUE(batch_.empty()) << text;
    }
    const Event& event(std::size_t at) {
        EXPECT_LT(at, batch_.size());
        return batch_.events()[at];
    }

    InstrumentTable table_;
    InstrumentId perpetual_{add_row(table_, "BTC-PERPETUAL", {5, -1}, {10, 0})};
    InstrumentId call_{add_row(table_, "BTC-5JUN20-9250-C", {1, -4}, {1, -1})};
    VenueOrderIds order_ids_;
    Decoder decoder_{table_, &order_ids_};
    EventBatch batch_;
};

TEST_F(ParseTest, ReadsABookSnapshotWithItsIdsAfterTheLevels) {
    const auto message =
        notify("book.BTC-PERPETUAL.raw", R"({"bids":[["new",5042.5,30],["new",5041.0,20.0]],"asks":[["new",5043,4e1]],)"
                                         R"("change_id":297217,"type":"snapshot","timestamp":1554373962454})");
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->kind, MessageKind::book);
    EXPECT_TRUE(message->snapshot);
    EXPECT_EQ(message->instrument, perpetual_);
    EXPECT_EQ(message->change_id, 297'217U);
    ASSERT_EQ(batch_.size(), 3U);
    EXPECT_EQ(event(0).kind, EventKind::book_snapshot);
    EXPECT_TRUE(event(0).has(kFirst));
    EXPECT_FALSE(event(0).has(kLast));
    EXPECT_EQ(event(0).as<Level>().price, Price{10'085});
    EXPECT_EQ(event(0).as<Level>().quantity, Quantity{3});
    EXPECT_EQ(event(0).side(), Side::bid);
    EXPECT_EQ(event(2).side(), Side::ask);
    EXPECT_EQ(event(2).as<Level>().quantity, Quantity{4});
    EXPECT_TRUE(event(2).has(kLast));
    EXPECT_EQ(event(2).exchange_time.ms(), 1'554'373'962'454);
}

TEST_F(ParseTest, ReadsABookChangeAndItsChain) {
    const auto message =
        notify("book.BTC-PERPETUAL.100ms", R"({"type":"change","timestamp":1,"prev_change_id":7,"change_id":9,)"
                                           R"("bids":[["delete",5041.5,0.0]],"asks":[]})");
    ASSERT_TRUE(message.has_value());
    EXPECT_FALSE(message->snapshot);
    EXPECT_EQ(message->change_id_previous, 7U);
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_EQ(event(0).kind, EventKind::level_update);
    EXPECT_EQ(event(0).as<Level>().sequence, 9U);
    EXPECT_EQ(event(0).as<Level>().sequence_previous, 7U);
    EXPECT_EQ(event(0).as<Level>().quantity, Quantity{});
}

TEST_F(ParseTest, AnEmptyBookIsStillOneMessage) {
    ASSERT_TRUE(
        notify("book.BTC-PERPETUAL.raw", R"({"type":"snapshot","timestamp":1,"change_id":9,"bids":[],"asks":[]})"));
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_TRUE(event(0).has(kFirst) && event(0).has(kLast));
    EXPECT_EQ(event(0).as<Level>().price, Price{});
}

TEST_F(ParseTest, AGroupedWindowReplacesTheBook) {
    const auto message =
        notify("book.BTC-PERPETUAL.none.10.100ms",
               R"({"timestamp":1,"change_id":5,"bids":[[89532.5,254900.0]],"asks":[[89533.0,91570.0]]})");
    ASSERT_TRUE(message.has_value());
    EXPECT_TRUE(message->snapshot);
    EXPECT_EQ(batch_.size(), 2U);
    EXPECT_EQ(event(0).kind, EventKind::book_snapshot);
}

TEST_F(ParseTest, ReadsDataThatComesBeforeItsChannel) {
    const auto message = decode(
        R"({"params":{"data":{"timestamp":3,"best_ask_price":92288.5,"best_bid_price":92288.0,"best_ask_amount":99470.0,)"
        R"("best_bid_amount":133440.0},"channel":"quote.BTC-PERPETUAL"},"method":"subscription","jsonrpc":"2.0"})");
    ASSERT_TRUE(message.has_value());
    ASSERT_EQ(batch_.size(), 1U);
    const auto quote = event(0).as<Quote>();
    EXPECT_EQ(quote.bid, Price{184'576});
    EXPECT_EQ(quote.ask_quantity, Quantity{9'947});
}

TEST_F(ParseTest, ReadsAnOptionTickerInFractions) {
    ASSERT_TRUE(
        notify("ticker.BTC-5JUN20-9250-C.raw",
               R"({"underlying_price":9440.73,"timestamp":1590969652595,"stats":{"volume":13.4,"low":null},)"
               R"("min_price":0.0115,"max_price":0.069,"mark_price":0.03847784,"mark_iv":63.21,"last_price":null,)"
               R"("instrument_name":"BTC-5JUN20-9250-C","index_price":9434.36,"estimated_delivery_price":"expired",)"
               R"("greeks":{"vega":3.88497,"delta":0.62959},"bid_iv":0.0,"ask_iv":66.9})"));
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_EQ(event(0).instrument, call_);
    const auto ticker = event(0).as<Ticker>();
    EXPECT_EQ(ticker.mark_price.value(), 0.03847784);
    EXPECT_DOUBLE_EQ(ticker.mark_iv.value(), 0.6321);
    EXPECT_TRUE(std::isnan(ticker.bid_iv.value())) << "zero means none";
    EXPECT_EQ(ticker.delta.value(), 0.62959);
    EXPECT_EQ(ticker.price_max.value(), 0.069);
    EXPECT_TRUE(std::isnan(ticker.funding_8h.value()));
}

TEST_F(ParseTest, MergesIncrementalTickers) {
    ASSERT_TRUE(
        notify("incremental_ticker.BTC-PERPETUAL",
               R"({"type":"snapshot","timestamp":1,"mark_price":100.5,"index_price":100.0,"current_funding":1e-4})"));
    ASSERT_TRUE(notify("incremental_ticker.BTC-PERPETUAL", R"({"type":"change","timestamp":2,"mark_price":101.5})"));
    const auto ticker = event(0).as<Ticker>();
    EXPECT_EQ(ticker.mark_price.value(), 101.5);
    EXPECT_EQ(ticker.index_price.value(), 100.0);
    EXPECT_EQ(ticker.funding_8h.value(), 1e-4);
}

TEST_F(ParseTest, ReadsTradesAndPassesOverUnknownInstruments) {
    ASSERT_TRUE(
        notify("trades.future.BTC.100ms",
               R"([{"trade_seq":7,"trade_id":"403","timestamp":5,"price":92294.5,"amount":10.0,"direction":"sell",)"
               R"("index_price":92276.75,"mark_price":92287.11,"instrument_name":"BTC-PERPETUAL","liquidation":"T"},)"
               R"({"trade_seq":1,"trade_id":"404","timestamp":5,"price":1.5,"amount":1,"direction":"buy",)"
               R"("instrument_name":"BTC-26MAR27"}])"));
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_EQ(decoder_.counts().unknown_instruments, 1U);
    EXPECT_EQ(event(0).side(), Side::ask);
    EXPECT_TRUE(event(0).has(kLiquidation));
    EXPECT_EQ(event(0).as<Trade>().trade_sequence, 7U);
    EXPECT_EQ(event(0).as<Trade>().trade_id, text_hash("403"));
}

TEST_F(ParseTest, ReadsIndices) {
    ASSERT_TRUE(notify("deribit_price_index.btc_usd", R"({"index_name":"btc_usd","price":3937.89,"timestamp":9})"));
    EXPECT_EQ(event(0).as<IndexPrice>().price.value(), 3937.89);
    EXPECT_EQ(event(0).as<IndexPrice>().underlying, table_.find_underlying("BTC"));
    ASSERT_TRUE(
        notify("deribit_volatility_index.btc_usd", R"({"volatility":129.36,"timestamp":9,"index_name":"btc_usd"})"));
    EXPECT_DOUBLE_EQ(event(0).as<VolatilityIndex>().volatility.value(), 1.2936);
}

TEST_F(ParseTest, ReadsOptionMarksWhoseVolatilityIsAFraction) {
    ASSERT_TRUE(notify("markprice.options.btc_usd",
                       R"([{"timestamp":1,"mark_price":0.0333,"iv":0.9,"instrument_name":"BTC-5JUN20-9250-C"}])"));
    EXPECT_EQ(event(0).as<Ticker>().mark_iv.value(), 0.9);
}

TEST_F(ParseTest, ReadsTheFundingRate) {
    ASSERT_TRUE(notify("perpetual.BTC-PERPETUAL.100ms",
                       R"({"interest":1.423032929843748e-4,"timestamp":1,"index_price":86744.11})"));
    EXPECT_EQ(event(0).as<Ticker>().funding_8h.value(), 1.423032929843748e-4);
}

TEST_F(ParseTest, KnowsHeartbeats) {
    const auto beat = decode(R"({"jsonrpc":"2.0","method":"heartbeat","params":{"type":"heartbeat"}})");
    ASSERT_TRUE(beat.has_value());
    EXPECT_EQ(beat->kind, MessageKind::heartbeat);
    const auto test = decode(R"({"jsonrpc":"2.0","method":"heartbeat","params":{"type":"test_request"}})");
    ASSERT_TRUE(test.has_value());
    EXPECT_EQ(test->kind, MessageKind::test_request);
}

TEST_F(ParseTest, ReadsErrorsWithAndWithoutId) {
    const auto refused = decode(R"({"jsonrpc":"2.0","id":)" + std::to_string(request_id(RequestKind::submit, 3)) +
                                R"(,"error":{"message":"price_too_high 43666.4288","code":10007,"data":null}})");
    ASSERT_TRUE(refused.has_value());
    EXPECT_EQ(refused->kind, MessageKind::error);
    EXPECT_EQ(refused->request, RequestKind::submit);
    EXPECT_EQ(refused->error_code, 10'007);
    EXPECT_EQ(refused->error_text, "price_too_high 43666.4288");
    const auto bare = decode(
        R"({"jsonrpc":"2.0","error":{"code":11050,"data":"invalid json","message":"bad_request"},"usIn":5,"testnet":false})");
    ASSERT_TRUE(bare.has_value());
    EXPECT_EQ(bare->error_code, 11'050);
    EXPECT_EQ(bare->request, RequestKind::none);
}

constexpr std::string_view kOrder =
    R"({"label":"LABEL","price":9000.5,"amount":100.0,"direction":"buy","time_in_force":"TIF","instrument_name":)"
    R"("BTC-PERPETUAL","order_id":"USDC-104819327443","filled_amount":40.0,"last_update_timestamp":1767978363493,)"
    R"("order_state":"STATE","reduce_only":"false","is_liquidation":false REASON})";

std::string order_text(ClientOrderId id, std::string_view state, std::string_view time_in_force = "good_til_cancelled",
                       std::string_view reason = "") {
    const auto label = label_of(id);
    std::string text{kOrder};
    const auto put = [&](std::string_view word, std::string_view value) {
        text.replace(text.find(word), word.size(), value);
    };
    put("LABEL",
        id == ClientOrderId::none ? std::string_view{"by hand"} : std::string_view{label.data(), label.size()});
    put("TIF", time_in_force);
    put("STATE", state);
    put(" REASON", reason.empty() ? "" : R"(,"cancel_reason":")" + std::string{reason} + "\"");
    return text;
}

TEST_F(ParseTest, ReadsAnAcknowledgementAndItsFillsFillsFirst) {
    const ClientOrderId id{0x0000000500000007};
    const auto label = label_of(id);
    const std::string trade =
        R"({"trade_seq":1966068,"trade_id":"ETH-2696097","timestamp":1590486335742,"price":9000.5,"order_type":"limit",)"
        R"("order_id":"USDC-104819327443","matching_id":null,"mark_price":9001.25,"liquidity":"M","instrument_name":)"
        R"("BTC-PERPETUAL","fee_currency":"BTC","fee":-7.766e-05,"direction":"buy","amount":40,"label":")" +
        std::string{label.data(), label.size()} + "\"}";
    const auto message =
        answer(RequestKind::submit, R"({"order":)" + order_text(id, "open") + R"(,"trades":[)" + trade + "]}");
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->kind, MessageKind::answer);
    ASSERT_EQ(batch_.size(), 2U);
    EXPECT_EQ(event(0).kind, EventKind::fill);
    const auto fill = event(0).as<FillReport>();
    EXPECT_EQ(fill.client_order_id, id);
    EXPECT_EQ(fill.fee, Money{-77'660});
    EXPECT_EQ(fill.fee_currency, table_.find_currency("BTC"));
    EXPECT_TRUE(event(0).has(kMaker));
    EXPECT_EQ(event(1).kind, EventKind::order_acked);
    const auto order = event(1).as<OrderReport>();
    EXPECT_EQ(order.client_order_id, id);
    EXPECT_EQ(order.price, Price{18'001});
    EXPECT_EQ(order.quantity, Quantity{10});
    EXPECT_EQ(order.filled, Quantity{4});
    EXPECT_EQ(order.venue_version, 1'767'978'363'493U);
    EXPECT_EQ(order_ids_.find(id), "USDC-104819327443");
}

TEST_F(ParseTest, TellsHowAnOrderEnded) {
    const ClientOrderId id{9};
    const auto kind_of = [&](const std::string& order) {
        EXPECT_TRUE(notify("user.orders.BTC-PERPETUAL.raw", order).has_value()) << order;
        return event(0).kind;
    };
    EXPECT_EQ(kind_of(order_text(id, "open")), EventKind::order_acked);
    EXPECT_EQ(kind_of(order_text(id, "filled")), EventKind::order_acked);
    EXPECT_EQ(kind_of(order_text(id, "rejected")), EventKind::order_rejected);
    EXPECT_EQ(kind_of(order_text(id, "cancelled", "good_til_cancelled", "user_request")), EventKind::order_canceled);
    EXPECT_EQ(kind_of(order_text(id, "cancelled", "immediate_or_cancel")), EventKind::order_expired);
    EXPECT_EQ(kind_of(order_text(id, "cancelled", "good_til_cancelled", "settlement")), EventKind::order_expired);
    EXPECT_EQ(kind_of(order_text(id, "something new")), EventKind::order_acked);
    EXPECT_EQ(kind_of(order_text(ClientOrderId::none, "open")), EventKind::external_order);
}

TEST_F(ParseTest, AnOrderOfOthersThatIsOverHasNothingLeft) {
    ASSERT_TRUE(notify("user.orders.any.any.100ms", "[" + order_text(ClientOrderId::none, "cancelled") + "]"));
    const auto order = event(0).as<OrderReport>();
    EXPECT_EQ(order.quantity, order.filled);
}

TEST_F(ParseTest, ReadsStopOrdersWithoutAPrice) {
    std::string text = order_text(ClientOrderId::none, "untriggered");
    text.replace(text.find("9000.5"), 6, R"("market_price")");
    ASSERT_TRUE(notify("user.orders.BTC-PERPETUAL.raw", text));
    EXPECT_EQ(event(0).as<OrderReport>().price, Price{});
}

TEST_F(ParseTest, ReadsPositionsWithTheSignOfTheirDirection) {
    ASSERT_TRUE(
        answer(RequestKind::positions,
               R"([{"instrument_name":"BTC-PERPETUAL","size":50,"direction":"sell","average_price":7440.18},)"
               R"({"instrument_name":"BTC-5JUN20-9250-C","size":-1.5,"direction":"sell","average_price":0.03}])"));
    ASSERT_EQ(batch_.size(), 2U);
    EXPECT_EQ(event(0).as<PositionReport>().quantity, Quantity{-5});
    EXPECT_EQ(event(1).as<PositionReport>().quantity, Quantity{-15});
    EXPECT_TRUE(event(0).has(kFirst) && event(1).has(kLast));
    EXPECT_FALSE(event(0).has(kLast) || event(1).has(kFirst));
}

TEST_F(ParseTest, ReadsAPortfolioToTheBillionth) {
    ASSERT_TRUE(
        notify("user.portfolio.any",
               R"({"balance":302.60065765,"equity":302.61869214,"margin_balance":302.62729214,"initial_margin":1.2,)"
               R"("maintenance_margin":0.9,"delta_total":31.602958,"currency":"BTC"})"));
    const auto balance = event(0).as<BalanceReport>();
    EXPECT_EQ(balance.cash, Money{302'600'657'650});
    EXPECT_EQ(balance.equity.value(), 302.61869214);
    EXPECT_EQ(balance.currency, table_.find_currency("BTC"));
}

TEST_F(ParseTest, RefusesEveryMalformedMessageWhole) {
    expect_refused("");
    expect_refused("[]");
    expect_refused("-18446744073709551615");
    expect_refused(R"({"a":1,"d":[1,2)");
    expect_refused(R"({"jsonrpc":"2.0"} trailing)");
    const std::string head = R"({"params":{"channel":"book.BTC-PERPETUAL.raw","data":{"type":"change","change_id":9,)"
                             R"("prev_change_id":7,"timestamp":1,"bids":[["new",5041.5,30]],"asks":)";
    expect_refused(head + R"([["new",5043.0]]}}})");
    expect_refused(head + R"([["new","x",10]]}}})");
    expect_refused(head + R"([[1,5043.0,10]]}}})");
    expect_refused(head + R"({}}}})");
    expect_refused(head + R"([["new",5043.0,10]])");
    expect_refused(head + R"([["new",5043.3,10]]}}})", Errc::price_off_tick);
    expect_refused(head + R"([["new",5043.0,15]]}}})", Errc::quantity_off_lot);
    expect_refused(head + R"([["new",1e300,10]]}}})", Errc::number_out_of_range);
    EXPECT_TRUE(decode(head + R"([["new",5043.0,10]]}}})").has_value());
}

TEST_F(ParseTest, RefusesWhatItDoesNotKnowByName) {
    expect_refused(R"({"params":{"channel":"chart.trades.BTC-PERPETUAL.1","data":{"volume":1}}})",
                   Errc::unsupported_channel);
    expect_refused(R"({"params":{"channel":"user.lock","data":{"locked":true}}})", Errc::unsupported_channel);
    expect_refused(R"({"params":{"channel":"quote.BTC-1JAN30","data":{}}})", Errc::unknown_instrument);
    EXPECT_EQ(decoder_.counts().unsupported, 2U);
}

TEST_F(ParseTest, ReadsAnswersThatAreNotFacts) {
    const auto auth = parse_auth(
        R"({"access_token":"a.b","expires_in":900,"refresh_token":"r","scope":"connection","enabled_features":[]})");
    ASSERT_TRUE(auth.has_value());
    EXPECT_EQ(auth->access_token, "a.b");
    EXPECT_EQ(auth->expires_in_s, 900);
    EXPECT_FALSE(parse_auth(R"({"expires_in":900})").has_value());
    EXPECT_EQ(*parse_integer("1550147385946"), 1'550'147'385'946);
    EXPECT_EQ(*parse_texts(R"(["a","b"])"), (std::vector<std::string>{"a", "b"}));
    EXPECT_FALSE(parse_texts(R"({"a":1})").has_value());
    const auto limits = parse_rate_limits(
        R"({"summaries":[{"currency":"BTC","limits":{"matching_engine":{"trading":{"total":{"burst":250,"rate":200}}}}}]})");
    ASSERT_TRUE(limits.has_value());
    EXPECT_EQ(limits->matching_burst, 250.0);
    EXPECT_EQ(limits->matching_per_s, 200.0);
}

TEST_F(ParseTest, ReadsAnInstrumentWithTickSteps) {
    const auto added = parse_instruments(
        R"([{"kind":"option","instrument_name":"BTC-27DEC24-100000-C","option_type":"call","strike":100000.0,)"
        R"("maker_commission":0.0003,"taker_commission":0.0003,"instrument_type":"reversed","expiration_timestamp":)"
        R"(1735300800000,"tick_size":0.0001,"tick_size_steps":[{"above_price":0.005,"tick_size":0.0005}],)"
        R"("contract_size":1.0,"min_trade_amount":0.1,"settlement_currency":"BTC","settlement_period":"month",)"
        R"("base_currency":"BTC","counter_currency":"USD","quote_currency":"BTC","max_leverage":1},)"
        R"({"kind":"option_combo","instrument_name":"BTC-CS-1","tick_size":0.0001}])",
        table_);
    ASSERT_TRUE(added.has_value());
    EXPECT_EQ(*added, 1U);
    const Instrument& row = table_[table_.find(VenueId::deribit, "BTC-27DEC24-100000-C")];
    EXPECT_EQ(row.kind, InstrumentKind::option);
    EXPECT_EQ(row.payoff, Payoff::inverse);
    EXPECT_EQ(row.lot, (Decimal{1, -1}));
    EXPECT_EQ(row.tick_at(*row.price_from_text("0.0049")), 1);
    EXPECT_EQ(row.tick_at(*row.price_from_text("0.005")), 5);
    EXPECT_EQ(row.expiry.ms(), 1'735'300'800'000);
    EXPECT_EQ(row.strike, 100'000.0);
}

TEST_F(ParseTest, PerpetualsNeverExpire) {
    ASSERT_TRUE(parse_instruments(
        R"({"tick_size":0.5,"tick_size_steps":[],"taker_commission":0.0005,"settlement_period":"perpetual",)"
        R"("settlement_currency":"BTC","quote_currency":"USD","min_trade_amount":10,"max_leverage":50,"kind":"future",)"
        R"("instrument_name":"BTC-PERPETUAL","instrument_type":"reversed","expiration_timestamp":32503708800000,)"
        R"("contract_size":10,"base_currency":"BTC"})",
        table_));
    const Instrument& row = table_[perpetual_];
    EXPECT_EQ(row.kind, InstrumentKind::perpetual);
    EXPECT_EQ(row.expiry, UnixNanos{});
    EXPECT_EQ(row.lot, (Decimal{1, 1}));
    EXPECT_EQ(row.leverage_max, 50.0);
}

}  // namespace
}  // namespace keel::connectors::deribit
