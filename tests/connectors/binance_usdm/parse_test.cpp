#include "connectors/binance_usdm/parse.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "connectors/binance_usdm/reference.hpp"
#include "tests/connectors/binance_usdm/captures.hpp"

namespace keel::connectors::binance {
namespace {

using test::PaddedText;

class ParseTest : public testing::Test {
protected:
    ParseTest() {
        Config config;
        InstrumentDefinition definition;
        definition.symbol = "BTCUSDT";
        definition.base = "BTC";
        definition.quote = "USDT";
        definition.settlement = "USDT";
        definition.tick = Decimal{1, -1};
        definition.lot = Decimal{1, -3};
        config.instruments.push_back(definition);
        definition.symbol = "ETHUSDT";
        definition.base = "ETH";
        definition.tick = Decimal{1, -2};
        config.instruments.push_back(definition);
        EXPECT_TRUE(define_instruments(config, table_).has_value());
        decoder_ = std::make_unique<Decoder>(table_, VenueId::binance_usdm);
    }
    Result<Message> read(std::string_view text) {
        batch_.clear();
        const PaddedText padded{text};
        return decoder_->frame(padded.view(), batch_);
    }
    Errc refusal(std::string_view text) {
        const auto message = read(text);
        EXPECT_TRUE(batch_.empty()) << text;
        return message ? Errc::none : message.error().code;
    }
    [[nodiscard]] InstrumentId id(std::string_view symbol) const { return table_.find(VenueId::binance_usdm, symbol); }

    InstrumentTable table_;
    std::unique_ptr<Decoder> decoder_;
    EventBatch batch_;
};

TEST_F(ParseTest, DepthUpdateBecomesBracketedLevels) {
    const auto message = read(
        R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1700000000001,"T":1700000000000,)"
        R"("s":"BTCUSDT","U":10,"u":12,"pu":9,"b":[["61659.70","1.486"],["100.0","0"]],"a":[["61659.80","0.981"]]}})");
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->kind, MessageKind::depth_update);
    EXPECT_EQ(message->first_id, 10U);
    EXPECT_EQ(message->last_id, 12U);
    EXPECT_EQ(message->previous_id, 9U);
    ASSERT_EQ(batch_.size(), 3U);
    const Event& bid = batch_.events()[0];
    EXPECT_EQ(bid.kind, EventKind::level_update);
    EXPECT_EQ(bid.instrument, id("BTCUSDT"));
    EXPECT_EQ(bid.venue, VenueId::binance_usdm);
    EXPECT_EQ(bid.side(), Side::bid);
    EXPECT_TRUE(bid.has(kFirst) && !bid.has(kLast));
    EXPECT_EQ(bid.exchange_time, unix_nanos_from_ms(1700000000001));
    const auto level = bid.as<Level>();
    EXPECT_EQ(level.price, Price{616'597});
    EXPECT_EQ(level.quantity, Quantity{1'486});
    EXPECT_EQ(level.sequence, 12U);
    EXPECT_EQ(level.sequence_previous, 9U);
    EXPECT_EQ(batch_.events()[1].as<Level>().quantity, Quantity{0});
    const Event& ask = batch_.events()[2];
    EXPECT_EQ(ask.side(), Side::ask);
    EXPECT_TRUE(ask.has(kLast) && !ask.has(kFirst));
}

TEST_F(ParseTest, SpotDepthFollowsTheIdBeforeItsFirst) {
    const auto message = read(R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":10,"u":12,"b":[["1.0","1"]],"a":[]})");
    ASSERT_TRUE(message.has_value());
    EXPECT_FALSE(message->has_previous_id);
    EXPECT_EQ(message->previous_id, 9U);
}

TEST_F(ParseTest, LevelsMayStandBeforeTheirSymbol) {
    const auto message =
        read(R"({"a":[["2.0","1"]],"e":"depthUpdate","U":1,"u":2,"s":"BTCUSDT","b":[["1.0","1"],["0.9","2"]],"E":1})");
    ASSERT_TRUE(message.has_value());
    ASSERT_EQ(batch_.size(), 3U);
    EXPECT_EQ(batch_.events()[0].side(), Side::ask);
    EXPECT_EQ(batch_.events()[2].as<Level>().price, Price{9});
    EXPECT_TRUE(batch_.events()[0].has(kFirst) && batch_.events()[2].has(kLast));
}

TEST_F(ParseTest, DepthWithoutLevelsStillMovesTheSequence) {
    const auto message = read(R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"pu":-1,"b":[],"a":[]})");
    ASSERT_TRUE(message.has_value());
    ASSERT_EQ(batch_.size(), 1U);
    EXPECT_TRUE(batch_.events()[0].has(kFirst) && batch_.events()[0].has(kLast));
    EXPECT_EQ(batch_.events()[0].as<Level>().sequence, 2U);
    EXPECT_EQ(message->previous_id, 0U);
}

TEST_F(ParseTest, PartialDepthReplacesTheTop) {
    const auto message =
        read(R"({"stream":"btcusdt@depth5","data":{"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,)"
             R"("b":[["1.0","1"]],"a":[]}})");
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->kind, MessageKind::depth_snapshot);
    EXPECT_EQ(batch_.events()[0].kind, EventKind::book_snapshot);
    ASSERT_TRUE(
        read(R"({"stream":"ethusdt@depth20","data":{"lastUpdateId":7,"bids":[["10.00","1"]],"asks":[]}})").has_value());
    EXPECT_EQ(batch_.events()[0].instrument, id("ETHUSDT"));
}

TEST_F(ParseTest, SnapshotBelongsToTheInstrumentThatWasAskedFor) {
    const PaddedText body{R"({"lastUpdateId":11,"E":5,"T":4,"bids":[["100.0","1"]],"asks":[["101.0","3"]]})"};
    const auto message = decoder_->snapshot(body.view(), id("ETHUSDT"), batch_);
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->last_id, 11U);
    ASSERT_EQ(batch_.size(), 2U);
    EXPECT_EQ(batch_.events()[0].kind, EventKind::book_snapshot);
    EXPECT_EQ(batch_.events()[0].instrument, id("ETHUSDT"));
    EXPECT_EQ(batch_.events()[0].as<Level>().sequence_previous, 0U);
    const PaddedText other{R"({"lastUpdateId":11,"symbol":"BTCUSDT","bids":[["100.0","1"]],"asks":[]})"};
    EXPECT_EQ(decoder_->snapshot(other.view(), id("ETHUSDT"), batch_).error().code, Errc::malformed_message);
    EXPECT_EQ(batch_.size(), 2U);
    const PaddedText trade{R"({"e":"trade","E":1,"s":"BTCUSDT","t":1,"p":"1.0","q":"1","m":true})"};
    EXPECT_EQ(decoder_->snapshot(trade.view(), id("BTCUSDT"), batch_).error().code, Errc::malformed_message);
    EXPECT_EQ(decoder_->snapshot(body.view(), InstrumentId{77}, batch_).error().code, Errc::unknown_instrument);
}

TEST_F(ParseTest, QuotesComeWithAndWithoutTheirKind) {
    for (
        const char* text : {
            R"({"e":"bookTicker","u":5,"E":9,"T":8,"s":"BTCUSDT","b":"100.1","B":"1.2","a":"100.2","A":"3","st":1})",
            R"({"stream":"btcusdt@bookTicker","data":{"u":5,"s":"BTCUSDT","b":"100.1","B":"1.2","a":"100.2","A":"3"}})",
        }) {
        ASSERT_TRUE(read(text).has_value()) << text;
        const auto quote = batch_.events()[0].as<Quote>();
        EXPECT_EQ(quote.bid, Price{1'001});
        EXPECT_EQ(quote.bid_quantity, Quantity{1'200});
        EXPECT_EQ(quote.ask, Price{1'002});
        EXPECT_EQ(quote.ask_quantity, Quantity{3'000});
        EXPECT_EQ(quote.sequence, 5U);
    }
}

TEST_F(ParseTest, TakerSideIsTheOppositeOfTheMaker) {
    ASSERT_TRUE(read(R"({"e":"trade","E":1,"s":"BTCUSDT","t":7,"p":"5.5","q":"0.010","X":"MARKET","m":true})"));
    EXPECT_EQ(batch_.events()[0].side(), Side::ask);
    EXPECT_EQ(batch_.events()[0].as<Trade>().trade_id, 7U);
    EXPECT_TRUE(std::isnan(batch_.events()[0].as<Trade>().mark_price.value()));
    ASSERT_TRUE(read(R"({"e":"aggTrade","E":1,"a":3,"s":"BTCUSDT","p":"5.5","q":"4","f":1,"l":2,"T":1,"m":false})"));
    EXPECT_EQ(batch_.events()[0].side(), Side::bid);
    EXPECT_EQ(batch_.events()[0].as<Trade>().trade_sequence, 3U);
    EXPECT_FALSE(batch_.events()[0].has(kLiquidation));
    ASSERT_TRUE(read(R"({"e":"trade","E":1,"s":"BTCUSDT","t":8,"p":"5.5","q":"1","X":"ADL","m":true})"));
    EXPECT_TRUE(batch_.events()[0].has(kLiquidation));
}

TEST_F(ParseTest, MarkPricesKeepOnlyKnownSymbolsOfAnArray) {
    const auto message = read(
        R"({"stream":"!markPrice@arr","data":[{"e":"markPriceUpdate","E":1,"s":"XYZUSDT","p":"1","r":"0","T":0},)"
        R"({"e":"markPriceUpdate","E":2,"s":"BTCUSDT","p":"11794.15","i":"11784.62659091","r":"0.00038167","T":3}]})");
    ASSERT_TRUE(message.has_value());
    EXPECT_EQ(message->exchange_time, unix_nanos_from_ms(2));
    ASSERT_EQ(batch_.size(), 1U);
    const auto ticker = batch_.events()[0].as<Ticker>();
    EXPECT_EQ(ticker.mark_price.value(), 11794.15);
    EXPECT_EQ(ticker.index_price.value(), 11784.62659091);
    EXPECT_EQ(ticker.funding_8h.value(), 0.00038167);
    EXPECT_TRUE(std::isnan(ticker.mark_iv.value()));
    ASSERT_TRUE(read(R"({"e":"markPriceUpdate","E":2,"s":"BTCUSDT","p":"1","r":"","T":3})"));
    EXPECT_TRUE(std::isnan(batch_.events()[0].as<Ticker>().funding_8h.value()));
    EXPECT_TRUE(std::isnan(batch_.events()[0].as<Ticker>().index_price.value()));
}

TEST_F(ParseTest, AnswersAndRefusalsAreToldApart) {
    const auto answer = read(R"({"result":null,"id":312})");
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->kind, MessageKind::answer);
    EXPECT_EQ(answer->request_id, 312);
    const auto refused = read(R"({"code":2,"msg":"Invalid request"})");
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::venue_error);
    EXPECT_EQ(refused.error().detail, 2U);
}

TEST_F(ParseTest, AFaultAnywhereDropsTheWholeMessage) {
    const std::string start = R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[["1.0","1"],)";
    EXPECT_EQ(refusal(start + R"(["1.05","1"]],"a":[]})"), Errc::price_off_tick);
    EXPECT_EQ(refusal(start + R"(["1.1","0.0001"]],"a":[]})"), Errc::quantity_off_lot);
    EXPECT_EQ(refusal(start + R"(["1.1","-1"]],"a":[]})"), Errc::number_out_of_range);
    EXPECT_EQ(refusal(start + R"(["1.1"]],"a":[]})"), Errc::malformed_message);
    EXPECT_EQ(refusal(start + R"([1.1,1]],"a":[]})"), Errc::malformed_message);
    EXPECT_EQ(refusal(start + R"(7],"a":[]})"), Errc::malformed_message);
    EXPECT_EQ(refusal(start + R"(["1.1","1")"), Errc::malformed_message);
    EXPECT_EQ(refusal(start + R"(["9e400","1"]],"a":[]})"), Errc::number_out_of_range);
}

TEST_F(ParseTest, RefusesWhatIsNotWhatItSays) {
    EXPECT_EQ(refusal(R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":3,"u":2,"b":[],"a":[]})"), Errc::malformed_message);
    EXPECT_EQ(refusal(R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","u":2,"b":[],"a":[]})"), Errc::malformed_message);
    EXPECT_EQ(refusal(R"({"e":"depthUpdate","E":99999999999999,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]})"),
              Errc::number_out_of_range);
    EXPECT_EQ(refusal(R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":99999999999999999999,"b":[],"a":[]})"),
              Errc::number_out_of_range);
    EXPECT_EQ(refusal(R"({"e":"depthUpdate","s":"BTCUSDT","U":1,"u":2,"b":[["1","1"]],"s":"ETHUSDT","a":[]})"),
              Errc::malformed_message);
    EXPECT_EQ(refusal(R"({"e":"trade","E":1,"s":"BTCUSDT","t":7,"p":"5.5","q":"1","m":"yes"})"),
              Errc::malformed_message);
    EXPECT_EQ(refusal(R"({"stream":"a","data":{"data":{"e":"trade"}}})"), Errc::malformed_message);
    EXPECT_EQ(refusal(R"({"e":"depthUpdate","E":1,"U":1,"u":2,"s":"XYZ","b":[["1","1"]],"s":"BTCUSDT","a":[]})"),
              Errc::malformed_message);
    EXPECT_EQ(refusal(R"({"e":"trade","E":1,"s":"XYZ","t":7,"p":"5.5","q":"1","m":true})"), Errc::unknown_instrument);
    EXPECT_EQ(refusal(R"({"e":"kline","E":1,"s":"BTCUSDT","k":{"t":1}})"), Errc::unsupported_channel);
    EXPECT_EQ(refusal("-18446744073709551615"), Errc::unsupported_channel);
    EXPECT_EQ(refusal(""), Errc::malformed_message);
    EXPECT_EQ(refusal("{"), Errc::malformed_message);
}

TEST_F(ParseTest, AMessageThatDoesNotFitTheBatchLeavesItAsItWas) {
    batch_.clear();
    while (batch_.size() + 1 < EventBatch::kEventsMax) ASSERT_TRUE(batch_.push(Event{}));
    const PaddedText text{
        R"({"e":"depthUpdate","E":1,"s":"BTCUSDT","U":1,"u":2,"pu":0,"b":[["1.0","1"],["0.9","1"]],"a":[]})"};
    const auto message = decoder_->frame(text.view(), batch_);
    ASSERT_FALSE(message.has_value());
    EXPECT_EQ(message.error().code, Errc::table_full);
    EXPECT_EQ(batch_.size() + 1, EventBatch::kEventsMax);
}

}  // namespace
}  // namespace keel::connectors::binance
