#include "connectors/net/rest_client.hpp"

#include "tests/connectors/net/loopback.hpp"

namespace keel::connectors::net {
namespace {

using simulator::RequestId;
using simulator::ServerHandler;

class RestClientTest : public testing::Test {
protected:
    static ServerHandler handler(RestClientTest* self) {
        ServerHandler out;
        out.on_http = [self](RequestId id, const simulator::HttpRequest& request) {
            ++self->requests_;
            simulator::TlsServer& server = self->loopback_.server();
            if (request.target == "/cut") return server.cut(id);
            if (request.target == "/mute") return;
            if (request.target == "/busy") {
                server.respond(id, {503, "busy", "text/plain"});
                return;
            }
            std::string answer{request.method};
            answer.append(" ").append(request.target).append(" ").append(request.authorization);
            answer.append(" ").append(request.body);
            server.respond(id, {200, answer, "text/plain"});
        };
        return out;
    }
    RestOptions options() { return {loopback_.endpoint(), std::chrono::seconds{5}, std::chrono::seconds{5}}; }

    std::atomic<int> requests_{0};
    LoopbackServer loopback_{handler(this)};
};

std::optional<RestOutcome> outcome_of(RestClient& client) {
    std::optional<RestOutcome> out;
    until([&] { return (out = client.poll()).has_value(); }, [] {});
    return out;
}

TEST_F(RestClientTest, SendsMethodTargetHeadersAndBody) {
    RestClient client{options(), loopback_.tls()};
    const std::array<RestHeader, 1> headers{{{"Authorization", "deri-hmac-sha256 id=x"}}};
    const auto first = client.call({"POST", "/api/v2", R"({"a":1})", headers});
    ASSERT_TRUE(first.has_value()) << errc_name(first.error().code);
    EXPECT_EQ(first->status, 200U);
    EXPECT_EQ(first->body, R"(POST /api/v2 deri-hmac-sha256 id=x {"a":1})");
    EXPECT_GT(first->receive_cycles, 0U);
    const auto second = client.call({"GET", "/api/v2/public/test?a=b", {}, {}});
    ASSERT_TRUE(second.has_value());
    EXPECT_EQ(second->body, "GET /api/v2/public/test?a=b  ");
}

TEST_F(RestClientTest, AnAnswerOfAnyStatusIsAValue) {
    RestClient client{options(), loopback_.tls()};
    const auto answer = client.call({"GET", "/busy", {}, {}});
    ASSERT_TRUE(answer.has_value());
    EXPECT_EQ(answer->status, 503U);
    EXPECT_EQ(answer->body, "busy");
}

TEST_F(RestClientTest, ReportsACutAfterItsBytesLeftAndNeverSendsTwice) {
    RestClient client{options(), loopback_.tls()};
    ASSERT_TRUE(client.start({"POST", "/cut", "order", {}}).has_value());
    const auto outcome = outcome_of(client);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_TRUE(outcome->bytes_left);
    EXPECT_EQ(outcome->error, Errc::websocket_closed);
    EXPECT_EQ(requests_.load(), 1);
    EXPECT_TRUE(client.call({"GET", "/again", {}, {}}).has_value());
    EXPECT_EQ(requests_.load(), 2);
}

TEST_F(RestClientTest, ReportsThatNothingLeftWhenItCannotConnect) {
    RestOptions nowhere = options();
    nowhere.endpoint.server_name = "www.deribit.com";
    RestClient client{nowhere, loopback_.tls()};
    ASSERT_TRUE(client.start({"POST", "/api/v2", "order", {}}).has_value());
    const auto outcome = outcome_of(client);
    ASSERT_TRUE(outcome.has_value());
    EXPECT_FALSE(outcome->bytes_left);
    EXPECT_EQ(outcome->error, Errc::tls_refused);
    EXPECT_EQ(requests_.load(), 0);
}

TEST_F(RestClientTest, GivesUpOnASilentServer) {
    RestOptions impatient = options();
    impatient.answer_deadline = std::chrono::milliseconds{100};
    RestClient client{impatient, loopback_.tls()};
    client.warm();
    ASSERT_TRUE(until([&] { return client.is_connected(); }, [&] { client.warm(); }));
    const auto answer = client.call({"GET", "/mute", {}, {}});
    ASSERT_FALSE(answer.has_value());
    EXPECT_EQ(answer.error().code, Errc::read_deadline);
}

TEST_F(RestClientTest, TakesOneRequestAtATime) {
    RestClient client{options(), loopback_.tls()};
    ASSERT_TRUE(client.start({"GET", "/one", {}, {}}).has_value());
    const auto refused = client.start({"GET", "/two", {}, {}});
    ASSERT_FALSE(refused.has_value());
    EXPECT_EQ(refused.error().code, Errc::queue_full);
    EXPECT_TRUE(outcome_of(client).has_value());
    EXPECT_TRUE(client.start({"GET", "/two", {}, {}}).has_value());
}

}  // namespace
}  // namespace keel::connectors::net
