#include "connectors/net/websocket_session.hpp"

#include <arpa/inet.h>
#include <sys/socket.h>

#include "tests/connectors/net/loopback.hpp"

namespace keel::connectors::net {
namespace {

using simulator::CertificateFlaw;
using simulator::ConnectionId;
using simulator::ServerHandler;

// Echoes texts; "cut", "close" and "large" do what they say.
struct EchoServer {
    LoopbackServer* loopback{nullptr};
    ServerHandler handler() {
        ServerHandler out;
        out.accepts = [](std::string_view target) { return target == "/ws"; };
        out.on_text = [this](ConnectionId id, std::string_view text) {
            simulator::TlsServer& server = loopback->server();
            if (text == "cut") return server.cut(id);
            if (text == "close") return server.close(id, 4000, "heartbeat close");
            if (text == "large") {
                server.send(id, std::string(300'000, 'x'));
                return;
            }
            server.send(id, std::string{text});
        };
        return out;
    }
};

class WebSocketSessionTest : public testing::Test {
protected:
    WebSocketSessionTest() { echo_.loopback = &loopback_; }

    WebSocketOptions options() {
        return {loopback_.endpoint("/ws"), std::chrono::seconds{5}, std::chrono::seconds{5}, kPrivateFrameBytesMax};
    }
    static bool connect(WebSocketSession& session) {
        session.connect();
        return until([&] { return session.state() != WebSocketState::connecting; }, [&] { session.poll(); }) &&
               session.is_open();
    }
    static std::string next_text(WebSocketSession& session) {
        std::string out;
        until(
            [&] {
                if (const auto frame = session.next_frame()) out = frame->text;
                return !out.empty() || !session.is_open();
            },
            [] {});
        return out;
    }

    EchoServer echo_;
    LoopbackServer loopback_{echo_.handler()};
};

TEST_F(WebSocketSessionTest, EchoesMessagesInOrderAndWithPadding) {
    WebSocketSession session{options(), loopback_.tls()};
    ASSERT_TRUE(connect(session));
    constexpr int kMessages = 200;
    for (int i = 0; i < kMessages; ++i) ASSERT_TRUE(session.send("message " + std::to_string(i)));
    for (int i = 0; i < kMessages; ++i) {
        std::string text;
        ASSERT_TRUE(until(
            [&] {
                const auto frame = session.next_frame();
                if (!frame) return false;
                text = frame->text;
                EXPECT_GT(frame->receive_cycles, 0U);
                // The padding may be read: a sanitizer build faults here where it may not.
                volatile char sum = 0;
                for (std::size_t at = 0; at < kFramePaddingBytes; ++at) {
                    sum = static_cast<char>(sum + frame->text.data()[frame->text.size() + at]);
                }
                return true;
            },
            [] {}));
        EXPECT_EQ(text, "message " + std::to_string(i));
    }
    EXPECT_EQ(session.sends_started(), static_cast<std::uint64_t>(kMessages));
}

TEST_F(WebSocketSessionTest, ShowsAFrameThatPollHadRead) {
    WebSocketSession session{options(), loopback_.tls()};
    ASSERT_TRUE(connect(session));
    ASSERT_TRUE(session.send("one"));
    for (int i = 0; i < 50; ++i) session.poll();
    EXPECT_EQ(next_text(session), "one");
}

TEST_F(WebSocketSessionTest, SaysHowThePeerClosed) {
    WebSocketSession session{options(), loopback_.tls()};
    ASSERT_TRUE(connect(session));
    ASSERT_TRUE(session.send("close"));
    EXPECT_EQ(next_text(session), "");
    EXPECT_EQ(session.close_reason().code, Errc::websocket_closed);
    EXPECT_EQ(session.close_reason().detail, 4000U);
}

TEST_F(WebSocketSessionTest, NoticesACutAndConnectsAgain) {
    WebSocketSession session{options(), loopback_.tls()};
    for (int round = 0; round < 5; ++round) {
        ASSERT_TRUE(connect(session));
        ASSERT_TRUE(session.send("cut"));
        EXPECT_EQ(session.sends_started(), 1U);
        EXPECT_EQ(next_text(session), "");
        EXPECT_EQ(session.close_reason().code, Errc::websocket_closed);
        const auto refused = session.send("late");
        ASSERT_FALSE(refused.has_value());
        EXPECT_EQ(refused.error().code, Errc::websocket_closed);
    }
}

TEST_F(WebSocketSessionTest, RefusesAFrameBeyondItsLimit) {
    WebSocketOptions small = options();
    small.frame_bytes_max = 100'000;
    WebSocketSession session{small, loopback_.tls()};
    ASSERT_TRUE(connect(session));
    ASSERT_TRUE(session.send("large"));
    EXPECT_EQ(next_text(session), "");
    EXPECT_EQ(session.close_reason().code, Errc::malformed_message) << session.close_reason().detail;
    WebSocketSession roomy{options(), loopback_.tls()};
    ASSERT_TRUE(connect(roomy));
    ASSERT_TRUE(roomy.send("large"));
    EXPECT_EQ(next_text(roomy).size(), 300'000U);
}

TEST_F(WebSocketSessionTest, DropsASilentPeer) {
    WebSocketOptions impatient = options();
    impatient.read_deadline = std::chrono::milliseconds{100};
    WebSocketSession session{impatient, loopback_.tls()};
    ASSERT_TRUE(connect(session));
    EXPECT_TRUE(until([&] { return !session.is_open(); }, [&] { session.poll(); }));
    EXPECT_EQ(session.close_reason().code, Errc::read_deadline);
}

TEST_F(WebSocketSessionTest, ReportsARefusedUpgrade) {
    WebSocketOptions elsewhere = options();
    elsewhere.endpoint.path = "/nothing";
    WebSocketSession session{elsewhere, loopback_.tls()};
    EXPECT_FALSE(connect(session));
    EXPECT_EQ(session.close_reason().code, Errc::http_status);
    EXPECT_EQ(session.close_reason().detail, 404U);
}

TEST_F(WebSocketSessionTest, ResolvesNames) {
    WebSocketOptions named = options();
    named.endpoint.host = "localhost";
    WebSocketSession session{named, loopback_.tls()};
    EXPECT_TRUE(connect(session)) << errc_name(session.close_reason().code);
}

TEST_F(WebSocketSessionTest, RefusesAnAuthorityThatItDoesNotTrust) {
    const auto system_only = TlsContext::create();
    ASSERT_TRUE(system_only.has_value());
    WebSocketSession session{options(), *system_only};
    EXPECT_FALSE(connect(session));
    EXPECT_EQ(session.close_reason().code, Errc::tls_refused);
}

TEST_F(WebSocketSessionTest, RefusesACertificateForAnotherName) {
    WebSocketOptions misnamed = options();
    misnamed.endpoint.server_name = "www.deribit.com";
    WebSocketSession session{misnamed, loopback_.tls()};
    EXPECT_FALSE(connect(session));
    EXPECT_EQ(session.close_reason().code, Errc::tls_refused);
}

class CertificateFlawTest : public testing::TestWithParam<CertificateFlaw> {};

TEST_P(CertificateFlawTest, IsRefused) {
    LoopbackServer loopback{ServerHandler{}, GetParam()};
    WebSocketSession session{
        {loopback.endpoint(), std::chrono::seconds{5}, std::chrono::seconds{5}},
        loopback.tls()
    };
    session.connect();
    EXPECT_TRUE(until([&] { return session.state() == WebSocketState::closed; }, [&] { session.poll(); }));
    EXPECT_EQ(session.close_reason().code, Errc::tls_refused);
    EXPECT_NE(session.close_reason().detail, 0U);
}
INSTANTIATE_TEST_SUITE_P(All, CertificateFlawTest,
                         testing::Values(CertificateFlaw::wrong_host, CertificateFlaw::expired,
                                         CertificateFlaw::other_authority));

// A TCP port whose owner accepts and then says nothing.
class MutePort {
public:
    MutePort() : socket_{::socket(AF_INET, SOCK_STREAM, 0)} {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof address;
        auto* generic = reinterpret_cast<sockaddr*>(&address);
        EXPECT_EQ(::bind(socket_, generic, size), 0);
        EXPECT_EQ(::listen(socket_, 4), 0);
        EXPECT_EQ(::getsockname(socket_, generic, &size), 0);
        port_ = ntohs(address.sin_port);
    }
    ~MutePort() { ::close(socket_); }
    MutePort(const MutePort&) = delete;
    MutePort& operator=(const MutePort&) = delete;
    [[nodiscard]] std::uint16_t port() const { return port_; }

private:
    int socket_;
    std::uint16_t port_{0};
};

TEST(ConnectDeadlineTest, EndsAHandshakeThatNeverComes) {
    const MutePort mute;
    const auto tls = TlsContext::create();
    ASSERT_TRUE(tls.has_value());
    WebSocketSession session{
        {{"127.0.0.1", mute.port(), "/", ""}, std::chrono::milliseconds{100}},
        *tls
    };
    const auto begin = std::chrono::steady_clock::now();
    session.connect();
    EXPECT_TRUE(until([&] { return session.state() == WebSocketState::closed; }, [&] { session.poll(); }));
    EXPECT_EQ(session.close_reason().code, Errc::connect_failed);
    EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds{100});
}

TEST(ConnectDeadlineTest, ReportsAClosedPort) {
    std::uint16_t port = 0;
    {
        const MutePort gone;
        port = gone.port();
    }
    const auto tls = TlsContext::create();
    ASSERT_TRUE(tls.has_value());
    WebSocketSession session{{{"127.0.0.1", port, "/", ""}}, *tls};
    session.connect();
    EXPECT_TRUE(until([&] { return session.state() == WebSocketState::closed; }, [&] { session.poll(); }));
    EXPECT_EQ(session.close_reason().code, Errc::connect_failed);
}

}  // namespace
}  // namespace keel::connectors::net
