#include "connectors/deribit/encode.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

#include "connectors/deribit/order_labels.hpp"
#include "connectors/deribit/urls.hpp"
#include "tests/connectors/deribit/instruments.hpp"

namespace keel::connectors::deribit {
namespace {

using Json = nlohmann::json;

class EncodeTest : public testing::Test {
protected:
    OrderCommand command(InstrumentId instrument) {
        OrderCommand out;
        out.kind = CommandKind::submit;
        out.instrument = instrument;
        out.client_order_id = ClientOrderId{(std::uint64_t{3} << 32) | 17};
        return out;
    }
    InstrumentTable table_;
    InstrumentId perpetual_{add_row(table_, "BTC-PERPETUAL", {5, -1}, {10, 0})};
    InstrumentId put_{add_row(table_, "BTC-27DEC24-100000-P", {1, -4}, {1, -1})};
    std::string out_{"rubbish of the last message"};
};

TEST_F(EncodeTest, WritesALimitOrderWithEveryFlagExplicit) {
    OrderCommand order = command(perpetual_);
    order.side = Side::ask;
    order.price = Price{120'001};
    order.quantity = Quantity{5};
    order.time_in_force = TimeInForce::immediate_or_cancel;
    order.reduce_only = 1;
    order.valid_until = unix_nanos_from_ms(1'768'435'200'123);
    encode_submit(out_, 42, order, table_[perpetual_]);
    const Json expected = {{"jsonrpc", "2.0"},
                           {"id", 42},
                           {"method", "private/sell"},
                           {"params",
                            {{"instrument_name", "BTC-PERPETUAL"},
                             {"amount", 50},
                             {"price", 60'000.5},
                             {"type", "limit"},
                             {"label", "k00001zik0zk1t"},
                             {"time_in_force", "immediate_or_cancel"},
                             {"post_only", false},
                             {"reduce_only", true},
                             {"valid_until", 1'768'435'200'123}}}};
    Json written = Json::parse(out_);
    EXPECT_EQ(id_of_label(written["params"]["label"].get<std::string>()), order.client_order_id);
    written["params"]["label"] = expected["params"]["label"];
    EXPECT_EQ(written, expected);
}

TEST_F(EncodeTest, RefusesToBeRepricedWhenPostOnly) {
    OrderCommand order = command(put_);
    order.price = Price{123};
    order.quantity = Quantity{3};
    order.post_only = 1;
    encode_submit(out_, 1, order, table_[put_]);
    const Json params = Json::parse(out_)["params"];
    EXPECT_EQ(params["post_only"], true);
    EXPECT_EQ(params["reject_post_only"], true);
    EXPECT_EQ(params["price"], 0.0123);
    EXPECT_EQ(params["amount"], 0.3);
    EXPECT_EQ(params["time_in_force"], "good_til_cancelled");
    EXPECT_FALSE(params.contains("valid_until"));
    EXPECT_EQ(Json::parse(out_)["method"], "private/buy");
}

TEST_F(EncodeTest, SendsFlagsAgainWithAnEdit) {
    OrderCommand order = command(perpetual_);
    order.kind = CommandKind::replace;
    order.price = Price{120'000};
    order.quantity = Quantity{7};
    encode_replace(out_, 2, order, table_[perpetual_], "USDC-104819327443");
    const Json written = Json::parse(out_);
    EXPECT_EQ(written["method"], "private/edit");
    EXPECT_EQ(written["params"], (Json{{"order_id", "USDC-104819327443"},
                                       {"amount", 70},
                                       {"price", 60'000},
                                       {"post_only", false},
                                       {"reduce_only", false}}));
}

TEST_F(EncodeTest, WritesCancels) {
    encode_cancel(out_, 3, "ETH-584864807");
    EXPECT_EQ(Json::parse(out_)["params"], (Json{{"order_id", "ETH-584864807"}}));
    encode_cancel_by_label(out_, 4, ClientOrderId{35}, "BTC");
    EXPECT_EQ(Json::parse(out_)["params"], (Json{{"label", "k000000000000z"}, {"currency", "BTC"}}));
    encode_cancel_all(out_, 5);
    EXPECT_EQ(Json::parse(out_)["method"], "private/cancel_all");
    encode_cancel_all(out_, 6, "BTC-PERPETUAL");
    EXPECT_EQ(Json::parse(out_)["method"], "private/cancel_all_by_instrument");
}

TEST_F(EncodeTest, WritesALogin) {
    encode_login(out_, 9929, {"AMANDA", 1'576'074'319'000, "1iqt2wls", "5659"});
    const Json params = Json::parse(out_)["params"];
    EXPECT_EQ(params["grant_type"], "client_signature");
    EXPECT_EQ(params["timestamp"], 1'576'074'319'000);
    EXPECT_EQ(params["data"], "");
    EXPECT_EQ(params["signature"], "5659");
}

TEST(AppendDecimalTest, WritesExactPlainNumbers) {
    const auto text = [](std::int64_t mantissa, std::int32_t exponent) {
        std::string out;
        append_decimal(out, {mantissa, exponent});
        return out;
    };
    EXPECT_EQ(text(0, 0), "0");
    EXPECT_EQ(text(0, -4), "0");
    EXPECT_EQ(text(0, 3), "0");
    EXPECT_EQ(text(5, -1), "0.5");
    EXPECT_EQ(text(120'001, -1), "12000.1");
    EXPECT_EQ(text(120'000, -1), "12000");
    EXPECT_EQ(text(5, -4), "0.0005");
    EXPECT_EQ(text(-25, -1), "-2.5");
    EXPECT_EQ(text(3, 2), "300");
    EXPECT_EQ(text(std::numeric_limits<std::int64_t>::min(), 0), "-9223372036854775808");
}

TEST(OrderLabelTest, RoundTripsEveryId) {
    for (const std::uint64_t id : {1ULL, 35ULL, 36ULL, 0xffff'ffffULL, 0x1234'5678'9abc'def0ULL, ~0ULL}) {
        const auto label = label_of(ClientOrderId{id});
        EXPECT_EQ(label.size(), kLabelSize);
        EXPECT_EQ(id_of_label({label.data(), label.size()}), ClientOrderId{id});
    }
}

TEST(OrderLabelTest, KnowsLabelsOfOthers) {
    for (const std::string_view label :
         {"", "by hand", "k0000000000000", "k00000000000Z1", "x0000000000001", "k000000000000z1", "kzzzzzzzzzzzzz"}) {
        EXPECT_EQ(id_of_label(label), ClientOrderId::none) << label;
    }
}

TEST(VenueOrderIdsTest, ForgetsOnlyWhatIsFarBehind) {
    VenueOrderIds ids;
    ids.remember(ClientOrderId{1}, "ETH-1");
    ids.remember(ClientOrderId{2}, "ETH-2");
    EXPECT_EQ(ids.find(ClientOrderId{1}), "ETH-1");
    EXPECT_EQ(ids.find(ClientOrderId{3}), "");
    ids.remember(ClientOrderId{1 + VenueOrderIds::kEntriesMax}, "ETH-9");
    EXPECT_EQ(ids.find(ClientOrderId{1}), "");
    EXPECT_EQ(ids.find(ClientOrderId{2}), "ETH-2");
    ids.remember(ClientOrderId{5}, std::string(40, 'x'));
    EXPECT_EQ(ids.find(ClientOrderId{5}), "") << "longer than any id of the venue";
}

TEST_F(EncodeTest, ChannelsExpandPatternsOnce) {
    Config config;
    config.price_indices = {"btc_usd"};
    config.books = {"BTC-PERPETUAL", "BTC-P*"};
    config.tickers = {"BTC-*"};
    EXPECT_EQ(public_channels(config, table_),
              (std::vector<std::string>{"deribit_price_index.btc_usd", "book.BTC-PERPETUAL.100ms",
                                        "ticker.BTC-PERPETUAL.100ms", "ticker.BTC-27DEC24-100000-P.100ms"}));
    EXPECT_EQ(instruments_target("BTC"), "/api/v2/public/get_instruments?currency=BTC&expired=false");
}

}  // namespace
}  // namespace keel::connectors::deribit
