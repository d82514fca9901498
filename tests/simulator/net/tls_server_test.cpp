#include "simulator/net/tls_server.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "simulator/net/certificates.hpp"
#include "tests/simulator/support/wire_client.hpp"

namespace keel::simulator {
namespace {

using test::WireClient;

std::filesystem::path folder(std::string_view name) {
    return std::filesystem::path{testing::TempDir()} / "keel_tls_server_test" / name;
}

// A server that echoes, on a thread of its own.
class EchoServer {
public:
    explicit EchoServer(CertificateFlaw flaw = CertificateFlaw::none, std::size_t queue_bytes_max = 1 << 20,
                        std::size_t sessions_max = 8) {
        const auto* test = testing::UnitTest::GetInstance()->current_test_info();
        files = write_certificates(folder(test->name()), flaw).value();
        ServerHandler handler;
        handler.accepts = [](std::string_view target) { return target == "/ws"; };
        handler.on_text = [this](ConnectionId id, std::string_view text) { answer(id, text); };
        handler.on_close = [this](ConnectionId) { ++closed; };
        handler.on_http = [this](RequestId id, const HttpRequest& request) {
            if (request.target == "/cut") return server->cut(id);
            server->respond(id, {200, std::string{request.method} + "|" + std::string{request.target} + "|" +
                                          std::string{request.authorization} + "|" + std::string{request.body}});
        };
        TlsServer::Config config{};
        config.certificate = files.certificate;
        config.key = files.key;
        config.queue_bytes_max = queue_bytes_max;
        config.sessions_max = sessions_max;
        server = TlsServer::open(config, std::move(handler)).value();
        thread = std::jthread{[this](const std::stop_token& stop) {
            while (!stop.stop_requested()) server->poll_for(std::chrono::milliseconds{5});
        }};
    }

    void answer(ConnectionId id, std::string_view text) {
        if (text == "close") return server->close(id, 4000, "enough");
        if (text == "cut") return server->cut(id);
        if (text == "flood") {
            while (server->send(id, std::string(64 * 1024, 'x'))) {
            }
            return;
        }
        server->send(id, std::string{text});
    }

    CertificateFiles files;
    std::unique_ptr<TlsServer> server;
    std::atomic<int> closed{0};
    std::jthread thread;
};

TEST(TlsServerTest, EchoesMessagesInOrder) {
    EchoServer echo;
    WireClient client{echo.server->port(), echo.files.authority};
    ASSERT_EQ(client.error(), "");
    ASSERT_EQ(client.upgrade("/ws"), 101U);
    for (int i = 0; i < 50; ++i) client.send(std::to_string(i));
    for (int i = 0; i < 50; ++i) EXPECT_EQ(client.receive().value_or("nothing"), std::to_string(i));
}

TEST(TlsServerTest, AnswersHttpOnTheSamePortAndKeepsTheConnection) {
    EchoServer echo;
    WireClient client{echo.server->port(), echo.files.authority, "127.0.0.1"};
    ASSERT_EQ(client.error(), "");
    const auto first = client.request("GET", "/api?x=%20", "", "Bearer t");
    EXPECT_EQ(first.status, 200U);
    EXPECT_EQ(first.body, "GET|/api?x=%20|Bearer t|");
    EXPECT_EQ(client.request("POST", "/api", "body").body, "POST|/api||body");
}

TEST(TlsServerTest, RefusesUpgradeAtUnknownTarget) {
    EchoServer echo;
    WireClient client{echo.server->port(), echo.files.authority};
    EXPECT_EQ(client.upgrade("/elsewhere"), 404U);
}

TEST(TlsServerTest, AnswersTooManySessionsWith429) {
    EchoServer echo{CertificateFlaw::none, 1 << 20, 1};
    WireClient first{echo.server->port(), echo.files.authority};
    ASSERT_EQ(first.upgrade("/ws"), 101U);
    WireClient second{echo.server->port(), echo.files.authority};
    EXPECT_EQ(second.upgrade("/ws"), 429U);
}

TEST(TlsServerTest, ClosesWithTheGivenCode) {
    EchoServer echo;
    WireClient client{echo.server->port(), echo.files.authority};
    ASSERT_EQ(client.upgrade("/ws"), 101U);
    client.send("close");
    EXPECT_FALSE(client.receive().has_value());
    EXPECT_TRUE(client.closed());
    EXPECT_EQ(client.close_code(), 4000);
}

TEST(TlsServerTest, CutGivesNoCloseFrame) {
    EchoServer echo;
    WireClient client{echo.server->port(), echo.files.authority};
    ASSERT_EQ(client.upgrade("/ws"), 101U);
    client.send("cut");
    EXPECT_FALSE(client.receive().has_value());
    EXPECT_EQ(client.close_code(), 1006);
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{5};
    while (echo.closed == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_EQ(echo.closed, 1);
}

TEST(TlsServerTest, CutsHttpRequestWithoutAnswer) {
    EchoServer echo;
    WireClient client{echo.server->port(), echo.files.authority};
    EXPECT_EQ(client.request("GET", "/cut").status, 0U);
}

TEST(TlsServerTest, CutsReaderThatDoesNotDrain) {
    EchoServer echo{CertificateFlaw::none, 4 << 20};
    WireClient client{echo.server->port(), echo.files.authority};
    ASSERT_EQ(client.upgrade("/ws"), 101U);
    client.send("flood");
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (echo.closed == 0 && std::chrono::steady_clock::now() < end) std::this_thread::yield();
    EXPECT_EQ(echo.closed, 1);
}

TEST(TlsServerTest, CertificateFlawsAreRefusedByAVerifyingClient) {
    for (const auto flaw : {CertificateFlaw::wrong_host, CertificateFlaw::expired, CertificateFlaw::other_authority}) {
        EchoServer echo{flaw};
        WireClient client{echo.server->port(), echo.files.authority};
        EXPECT_NE(client.error(), "") << static_cast<int>(flaw);
    }
}

TEST(TlsServerTest, ReportsMissingCertificate) {
    TlsServer::Config config{};
    config.certificate = folder("nowhere") / "server.pem";
    config.key = folder("nowhere") / "server.key";
    const auto server = TlsServer::open(config, {});
    ASSERT_FALSE(server.has_value());
    EXPECT_EQ(server.error().code, Errc::file_unreadable);
}

TEST(TlsServerTest, ReportsPortInUse) {
    EchoServer echo;
    TlsServer::Config config{};
    config.port = echo.server->port();
    config.certificate = echo.files.certificate;
    config.key = echo.files.key;
    const auto second = TlsServer::open(config, {});
    ASSERT_FALSE(second.has_value());
    EXPECT_EQ(second.error().code, Errc::connect_failed);
}

TEST(CertificatesTest, KeyIsReadableByItsOwnerOnly) {
    const auto files = write_certificates(folder("key_mode")).value();
    EXPECT_EQ(std::filesystem::status(files.key).permissions(),
              std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
}

}  // namespace
}  // namespace keel::simulator
