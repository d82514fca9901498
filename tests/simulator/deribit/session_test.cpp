#include <fmt/format.h>

#include "engine/core/clock.hpp"
#include "simulator/deribit/authentication.hpp"
#include "tests/simulator/deribit/venue_fixture.hpp"

namespace keel::simulator {
namespace {

using test::Json;
using test::RunningVenue;
using test::VenueClient;

TEST(DeribitSessionTest, EnvelopeEchoesIdsWithTheirType) {
    RunningVenue venue;
    VenueClient client{venue};
    client.wire().send(R"({"jsonrpc":"2.0","id":"text","method":"public/test","params":{}})");
    const auto answer = client.next_message();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->string("/id"), "text");
    EXPECT_EQ(answer->string("/result/version"), "1.2.26");
    EXPECT_TRUE(answer->truth("/testnet"));
    EXPECT_GE(answer->number("/usOut"), answer->number("/usIn"));
    EXPECT_EQ(answer->number("/usDiff"), answer->number("/usOut") - answer->number("/usIn"));
}

TEST(DeribitSessionTest, RefusesWhatIsNoRequestAndStaysOpen) {
    RunningVenue venue;
    VenueClient client{venue};
    client.wire().send("{not json");
    const auto broken = client.next_message();
    ASSERT_TRUE(broken);
    EXPECT_EQ(broken->error(), 11050);
    EXPECT_EQ(broken->string("/error/data"), "invalid json");
    EXPECT_FALSE(broken->has("/id"));
    EXPECT_EQ(client.ask("public/no_such_method").error(), -32601);
    EXPECT_EQ(client.ask("public/get_instrument", "[1]").error(), -32602);
    EXPECT_EQ(client.ask("public/set_heartbeat", R"({"interval":9})").error(), -32602);
    EXPECT_TRUE(client.ask("public/hello", R"({"client_name":"x","client_version":"1"})").has("/result/version"));
}

TEST(DeribitSessionTest, SignaturesMatchTheVenuesVectors) {
    const std::string secret = "AMANDASECRECT";
    const auto ws = [&](std::string_view nonce) {
        return deribit::hmac_sha256_hex(secret, deribit::websocket_string_to_sign("1576074319000", nonce, ""));
    };
    const auto http = [&](std::string_view nonce) {
        return deribit::hmac_sha256_hex(
            secret, deribit::http_string_to_sign("1576074319000", nonce, "GET",
                                                 "/api/v2/private/get_account_summary?currency=BTC", ""));
    };
    EXPECT_EQ(ws("1iqt2wls"), "56590594f97921b09b18f166befe0d1319b198bbcdad7ca73382de2f88fe9aa1");
    EXPECT_EQ(ws("fdbmmz79"), "bbcc5022dd967a8eea6071d20cf20cb2478631e5643181dfe251aed416142dd2");
    EXPECT_EQ(http("1iqt2wls"), "9bfbc51a2bc372d72cc396cf1a213dc78d42eb74cb7dc272351833ad0de276ab");
    EXPECT_EQ(http("fdbmmz79"), "460e463195680993ce4dfa1324305329be43b159f80bd19a196d9a0e9a9bcb8a");
}

std::string signed_login(std::int64_t ms, std::string_view secret) {
    const std::string timestamp = std::to_string(ms);
    const auto text = deribit::websocket_string_to_sign(timestamp, "nonce123", "");
    return fmt::format(
        R"({{"grant_type":"client_signature","client_id":"{}","timestamp":{},"nonce":"nonce123","data":"",)"
        R"("signature":"{}","scope":"session:keel"}})",
        test::kClientId, timestamp, deribit::hmac_sha256_hex(secret, text));
}

TEST(DeribitSessionTest, LogsInBySignatureInsideSixtySeconds) {
    RunningVenue venue;
    VenueClient client{venue};
    const std::int64_t now_ms = wall_now().ms();
    EXPECT_EQ(client.ask("public/auth", signed_login(now_ms, "WRONG")).error(), 13004);
    EXPECT_EQ(client.ask("public/auth", signed_login(now_ms - 120'000, test::kClientSecret)).error(), 13004);
    EXPECT_EQ(client.ask("private/get_positions", R"({"currency":"BTC"})").error(), 13009);
    const Json granted = client.ask("public/auth", signed_login(now_ms, test::kClientSecret));
    EXPECT_EQ(granted.string("/result/token_type"), "bearer");
    EXPECT_NE(granted.string("/result/scope").find("session:keel"), std::string::npos);
    EXPECT_EQ(client.ask("private/get_positions", R"({"currency":"BTC"})").size("/result"), 1U);
    // Simulated time is as good as the wall's: an accelerated day is not ours.
    const auto simulated_ms = static_cast<std::int64_t>(client.ask("public/get_time").number("/result"));
    EXPECT_TRUE(client.ask("public/auth", signed_login(simulated_ms, test::kClientSecret)).has("/result"));
}

TEST(DeribitSessionTest, RefreshTokenWorksOnceAndRevivesAStaleSession) {
    RunningVenue venue;
    VenueClient client{venue};
    EXPECT_EQ(
        client.ask("public/auth", R"({"grant_type":"client_credentials","client_id":"keel_test","client_secret":"no"})")
            .error(),
        13004);
    const Json granted =
        client.ask("public/auth",
                   R"({"grant_type":"client_credentials","client_id":"keel_test","client_secret":"KEELTESTSECRET"})");
    venue.server().inject(Fault::stale_token);
    const Json stale = client.ask("private/get_open_orders");
    EXPECT_EQ(stale.error(), 13009);
    EXPECT_EQ(stale.string("/error/data/reason"), "invalid_token");
    const std::string refresh = fmt::format(R"({{"grant_type":"refresh_token","refresh_token":"{}"}})",
                                            granted.string("/result/refresh_token"));
    EXPECT_TRUE(client.ask("public/auth", refresh).has("/result/refresh_token"));
    EXPECT_EQ(client.ask("private/get_open_orders").error(), 0);
    EXPECT_EQ(client.ask("public/auth", refresh).error(), 13009);
}

TEST(DeribitSessionTest, RestTakesAllThreeAuthorizations) {
    RunningVenue venue;
    test::WireClient http{venue.port(), venue.authority()};
    const std::string target = "/api/v2/private/get_account_summary?currency=BTC&extended=true";
    EXPECT_EQ(http.request("GET", target).status, 401U);
    const Json login{http.request("GET",
                                  "/api/v2/public/auth?grant_type=client_credentials&client_id=keel_test&client_secret="
                                  "KEELTESTSECRET")
                         .body};
    const Json bearer{http.request("GET", target, "", "Bearer " + login.string("/result/access_token")).body};
    EXPECT_DOUBLE_EQ(bearer.number("/result/balance"), 10.0);
    EXPECT_EQ(bearer.number("/result/limits/matching_engine/trading/total/burst"), 20.0);
    const Json basic{http.request("GET", target, "", "Basic a2VlbF90ZXN0OktFRUxURVNUU0VDUkVU").body};
    EXPECT_EQ(basic.string("/result/currency"), "BTC");
    const std::string body =
        R"({"jsonrpc":"2.0","id":1,"method":"private/get_account_summary","params":{"currency":"ETH"}})";
    const std::string timestamp = std::to_string(wall_now().ms());
    const auto sign = [&](std::string_view text) {
        return fmt::format("deri-hmac-sha256 id={},ts={},nonce=n,sig={}", test::kClientId, timestamp,
                           deribit::hmac_sha256_hex(test::kClientSecret, deribit::http_string_to_sign(
                                                                             timestamp, "n", "POST", "/api/v2", text)));
    };
    EXPECT_EQ(Json{http.request("POST", "/api/v2", body, sign(body)).body}.number("/result/balance"), 100.0);
    const auto tampered = http.request("POST", "/api/v2", body, sign("other"));
    EXPECT_EQ(tampered.status, 401U);
    EXPECT_EQ(Json{tampered.body}.error(), 13004);
}

TEST(DeribitSessionTest, RestAnswersErrorsWithTheirStatus) {
    RunningVenue venue;
    test::WireClient http{venue.port(), venue.authority()};
    const auto unknown = http.request("GET", "/api/v2/public/ticker?instrument_name=NOPE");
    EXPECT_EQ(unknown.status, 400U);
    EXPECT_EQ(Json{unknown.body}.error(), 13020);
    EXPECT_EQ(Json{http.request("GET", "/api/v2/public/subscribe?channels=x").body}.error(), 10030);
    venue.server().inject(Fault::http_server_error);
    EXPECT_EQ(http.request("GET", "/api/v2/public/get_time").status, 503U);
    EXPECT_EQ(http.request("GET", "/api/v2/public/get_time").status, 200U);
    EXPECT_EQ(http.request("GET", "/elsewhere").status, 404U);
}

TEST(DeribitSessionTest, HeartbeatIsAnsweredOrTheSocketIsClosedWith4000) {
    auto config = test::venue_config();
    config.heartbeat_second_s = 0.01;
    RunningVenue venue{config};
    VenueClient client{venue};
    EXPECT_EQ(client.ask("public/set_heartbeat", R"({"interval":10})").string("/result"), "ok");
    int test_requests = 0;
    while (test_requests < 3) {
        const auto message = client.next_message();
        ASSERT_TRUE(message);
        if (!message->has("/params/type") || message->string("/params/type") != "test_request") continue;
        ++test_requests;
        client.ask("public/test");
    }
    venue.server().inject(Fault::ignore_test, 1'000);
    while (const auto message = client.next_message()) {
        if (message->has("/params/type") && message->string("/params/type") == "test_request")
            client.send("public/test");
    }
    EXPECT_TRUE(client.wire().closed());
    EXPECT_EQ(client.wire().close_code(), 4000);
}

TEST(DeribitSessionTest, SilentSocketIsCutWhenIdle) {
    auto config = test::venue_config();
    config.idle_close_wall_s = 0.1;
    RunningVenue venue{config};
    VenueClient client{venue};
    EXPECT_FALSE(client.next_message());
    EXPECT_EQ(client.wire().close_code(), 1006);
}

TEST(DeribitSessionTest, EmptyPoolGives10028AndEndsTheSession) {
    auto config = test::venue_config();
    config.limits.enforced = true;
    config.limits.subscribe = {0.001, 2.0};
    RunningVenue venue{config};
    VenueClient client{venue};
    const std::string params = R"({"channels":["deribit_price_index.btc_usd"]})";
    EXPECT_EQ(client.ask("public/subscribe", params).error(), 0);
    EXPECT_EQ(client.ask("public/subscribe", params).error(), 0);
    EXPECT_EQ(client.ask("public/subscribe", params).error(), 10028);
    while (client.next_message()) {
    }
    EXPECT_TRUE(client.wire().closed());
    VenueClient other{venue};  // a pool of its own
    EXPECT_EQ(other.ask("public/subscribe", params).error(), 0);
}

TEST(DeribitSessionTest, LimitsFollowTheAccountOverReconnects) {
    auto config = test::venue_config();
    config.limits.enforced = true;
    config.limits.matching = {0.001, 1.0};
    RunningVenue venue{config};
    VenueClient first{venue};
    first.login();
    EXPECT_EQ(first.ask("private/cancel", R"({"order_id":"1"})").error(), 10004);
    EXPECT_EQ(first.ask("private/cancel", R"({"order_id":"1"})").error(), 10028);
    VenueClient second{venue};
    second.login();
    EXPECT_EQ(second.ask("private/cancel", R"({"order_id":"1"})").error(), 10028);
}

}  // namespace
}  // namespace keel::simulator
