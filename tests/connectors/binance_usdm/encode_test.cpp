#include "connectors/binance_usdm/encode.hpp"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "connectors/binance_usdm/sign.hpp"
#include "connectors/binance_usdm/urls.hpp"
#include "tests/support/test_data.hpp"

namespace keel::connectors::binance {
namespace {

TEST(EncodeTest, SubscriptionsAreValidJson) {
    const std::vector<std::string> streams{"btcusdt@depth@100ms", "a\"b\\c@trade"};
    const auto message = nlohmann::json::parse(encode_subscribe(streams, 7));
    EXPECT_EQ(message.at("method"), "SUBSCRIBE");
    EXPECT_EQ(message.at("params"), streams);
    EXPECT_EQ(message.at("id"), 7);
    EXPECT_EQ(nlohmann::json::parse(encode_unsubscribe(streams, 8)).at("method"), "UNSUBSCRIBE");
}

TEST(UrlsTest, PathsFollowFamilyAndRoute) {
    EXPECT_EQ(depth_target(ContractFamily::usdm, "BTCUSDT", 1000), "/fapi/v1/depth?symbol=BTCUSDT&limit=1000");
    EXPECT_EQ(depth_target(ContractFamily::coinm, "BTCUSD_PERP", 50), "/dapi/v1/depth?symbol=BTCUSD_PERP&limit=50");
    EXPECT_EQ(exchange_info_target(ContractFamily::coinm), "/dapi/v1/exchangeInfo");
    EXPECT_EQ(stream_path(Route::order_flow), "/public/stream");
    EXPECT_EQ(stream_path(Route::market), "/market/stream");
    EXPECT_EQ(stream_path(Route::all), "/stream");
    EXPECT_EQ(route_of("depth@100ms"), Route::order_flow);
    EXPECT_EQ(route_of("bookTicker"), Route::order_flow);
    EXPECT_EQ(route_of("aggTrade"), Route::market);
    EXPECT_EQ(stream_name("BTCUSD_PERP", "trade"), "btcusd_perp@trade");
    EXPECT_EQ(percent_encoded("a b/\xe5"), "a%20b%2F%E5");
    EXPECT_EQ(depth_weight(1000), 20.0);
    EXPECT_EQ(depth_weight(50), 2.0);
}

TEST(SignTest, MatchesEveryPublishedVector) {
    const auto file = test::data_path("signing/signing_vectors.json");
    KEEL_SKIP_WITHOUT(file);
    std::size_t checked = 0;
    for (const auto& row : nlohmann::json::parse(test::read_file(*file))) {
        if (row.at("venue") != "binance") continue;
        RequestSigner signer{net::Secret{row.at("secret").get<std::string>()}};
        const net::HexDigest digest = signer.signature(row.at("message").get<std::string>());
        EXPECT_EQ(std::string(digest.data(), digest.size()), row.at("expected")) << row.at("source");
        ++checked;
    }
    EXPECT_GE(checked, 4U);
}

TEST(SignTest, QueryAndBodyAreJoinedWithoutASeparator) {
    RequestSigner signer{net::Secret{"NhqPtmdSJYdKjVHjA7PZj4Mge3R5YNiP1e3UZjInClVN65XAbvqqM6A7H5fATj0j"}};
    std::string query = "symbol=LTCBTC&side=BUY&type=LIMIT&timeInForce=GTC";
    signer.append_signature(query, "quantity=1&price=0.1&recvWindow=5000&timestamp=1499827319559");
    EXPECT_TRUE(query.ends_with("&signature=0fd168b8ddb4876a0358a8d14d0c9f3da0e9b20c5d52b2a00fcf7d1c602f9a77"));
}

}  // namespace
}  // namespace keel::connectors::binance
