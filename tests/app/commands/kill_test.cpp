// keel kill against the simulated venue, with the engine stopped by SIGSTOP.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "connectors/deribit/config.hpp"
#include "connectors/deribit/sign.hpp"
#include "connectors/deribit/urls.hpp"
#include "connectors/net/credentials.hpp"
#include "connectors/net/rest_client.hpp"
#include "engine/core/clock.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::app {
namespace {

namespace deribit = connectors::deribit;
namespace net = connectors::net;
using nlohmann::json;
using test::Program;

std::uint16_t free_port() {
    const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    ::bind(socket, reinterpret_cast<sockaddr*>(&address), size);
    ::getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size);
    ::close(socket);
    return ntohs(address.sin_port);
}

// A simulated venue with the example's portfolio, an engine on it, and a third client of the same account.
class KillCommandTest : public testing::Test {
protected:
    void SetUp() override {
        port_ = free_port();
        write_configuration();
        venue_ = std::make_unique<Program>(
            KEEL_BINARY, std::vector<std::string>{"simulate", config(), "--seconds", "600"}, folder_.path(), "venue");
        ASSERT_TRUE(venue_->says("\"ready\": true", std::chrono::seconds{30})) << venue_->err();
    }

    void write_configuration() const {
        std::ifstream source{std::string{KEEL_SOURCE_DIR} + "/examples/deribit-simulated.toml"};
        std::string text{std::istreambuf_iterator<char>{source}, std::istreambuf_iterator<char>{}};
        const auto change = [&text](const std::string& from, const std::string& to) {
            for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
                text.replace(at, from.size(), to);
            }
        };
        change("port = 8443", "port = " + std::to_string(port_));
        change("../build/simulate/", (folder_.path() / "venue").string() + "/");
        change("file = \"portfolio-short-gamma.toml\"",
               "file = \"" + std::string{KEEL_SOURCE_DIR} + "/examples/portfolio-short-gamma.toml\"");
        std::ofstream{folder_.path() / "run.toml"} << text;
    }

    // One signed request of a client of the account that is neither engine nor `keel kill`.
    json call(const std::string& method, const std::string& params) const {
        net::RestOptions options;
        options.endpoint.host = "127.0.0.1";
        options.endpoint.port = port_;
        options.endpoint.server_name = "localhost";
        net::RestClient client{options, *net::TlsContext::create((folder_.path() / "venue" / "ca.pem").string())};
        const auto credentials = net::load_credentials(credentials_file());
        net::HmacSha256 key{credentials->secret};
        const std::string body = R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + params + "}}";
        std::string authorization;
        deribit::write_authorization(authorization, credentials->key_id, key, wall_now().ms(), net::random_hex(8),
                                     {"POST", deribit::kApiPath, body});
        const std::array<net::RestHeader, 2> headers{
            {{"Authorization", authorization}, {"Content-Type", "application/json"}}
        };
        const auto answer = client.call({"POST", deribit::kApiPath, body, headers});
        return answer ? json::parse(answer->body) : json{};
    }

    std::string credentials_file() const {
        const json ready = json::parse(venue_->out().substr(0, venue_->out().find('\n')));
        return ready["credentials_file"];
    }
    std::string config() const { return (folder_.path() / "run.toml").string(); }
    std::string state() const { return (folder_.path() / "state").string(); }

    void place_resting_orders() const {
        for (const char* price : {"50000", "51000", "52000"}) {
            const json placed =
                call("private/buy", R"("instrument_name":"BTC-PERPETUAL","amount":1000,"type":"limit","price":)" +
                                        std::string{price} + R"(,"time_in_force":"good_til_cancelled")");
            ASSERT_TRUE(placed.contains("result")) << placed;
        }
        ASSERT_EQ(call("private/get_open_orders", "")["result"].size(), 3U);
    }

    test::TemporaryDirectory folder_;
    std::uint16_t port_{0};
    std::unique_ptr<Program> venue_;
};

TEST_F(KillCommandTest, CancelsEverythingWhileTheEngineIsStopped) {
    Program engine{
        KEEL_BINARY, {"run", config(), "--headless", "--state", state()},
         folder_.path(), "engine"
    };
    ASSERT_TRUE(engine.says("journal", std::chrono::seconds{30})) << engine.err();
    place_resting_orders();
    engine.signal(SIGSTOP);

    Program kill{
        KEEL_BINARY, {"kill", "--config", config(), "--state", state(), "--json"},
         folder_.path(), "kill"
    };
    ASSERT_EQ(kill.wait(std::chrono::seconds{30}), 0) << kill.err();
    const json result = json::parse(kill.out());
    EXPECT_EQ(result["engine_told"], engine.pid());
    EXPECT_EQ(result["venues"][0]["verified"], true);
    EXPECT_GE(result["venues"][0]["cancelled"], 3);
    EXPECT_EQ(call("private/get_open_orders", "")["result"].size(), 0U);

    // Continued, the engine finds that it was told to end, and does so in order.
    engine.signal(SIGCONT);
    EXPECT_EQ(engine.wait(std::chrono::seconds{10}), 130) << engine.err();
}

TEST_F(KillCommandTest, FlattensPerpetualsReduceOnlyThroughTheGate) {
    place_resting_orders();
    Program kill{
        KEEL_BINARY,
        {"kill", "--flatten", "--config", config(), "--state", state(), "--json", "--deadline", "40"},
        folder_.path(),
        "kill"
    };
    ASSERT_EQ(kill.wait(std::chrono::seconds{90}), 0) << kill.err() << kill.out();
    const json result = json::parse(kill.out());
    EXPECT_EQ(result["flatten"]["flat"], true);
    EXPECT_GE(result["flatten"]["fills"], 2);
    EXPECT_GT(result["flatten"]["options_left"].size(), 0U);
    for (const json& position : call("private/get_positions", R"("currency":"any","kind":"future")")["result"]) {
        EXPECT_EQ(position["size"], 0.0) << position;
    }
}

TEST_F(KillCommandTest, SaysWhenTheKeyIsRefused) {
    const std::string wrong = (folder_.path() / "wrong.toml").string();
    std::ofstream{wrong} << "key_id = \"nobody\"\nsecret = \"nothing\"\n";
    std::filesystem::permissions(wrong, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
    std::ifstream source{config()};
    std::string text{std::istreambuf_iterator<char>{source}, std::istreambuf_iterator<char>{}};
    const std::string before = "credentials_file = \"" + (folder_.path() / "venue").string() + "/credentials.toml\"";
    ASSERT_NE(text.find(before), std::string::npos);
    text.replace(text.find(before), before.size(), "credentials_file = \"" + wrong + "\"");
    std::ofstream{folder_.path() / "other.toml"} << text;
    Program kill{
        KEEL_BINARY,
        {"kill", "--config", (folder_.path() / "other.toml").string(), "--state", state()},
        folder_.path(),
        "kill"
    };
    EXPECT_EQ(kill.wait(std::chrono::seconds{30}), 3) << kill.out();
    EXPECT_EQ(kill.err().find("nothing"), std::string::npos) << "a secret was printed";
}

}  // namespace
}  // namespace keel::app
