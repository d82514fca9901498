#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
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

namespace keel::test {

inline std::uint16_t free_port() {
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

// `keel simulate` with the example's portfolio, the configuration of an engine for it, and a client of the same
// account that is neither engine nor `keel kill`.
class VenueProgram {
public:
    // Writes FOLDER/run.toml and starts the venue; `arguments` go to `keel simulate`.
    VenueProgram(std::filesystem::path folder, std::vector<std::string> arguments)
        : folder_{std::move(folder)}, port_{free_port()} {
        write_configuration();
        std::vector<std::string> words{"simulate", config()};
        words.insert(words.end(), arguments.begin(), arguments.end());
        program_ = std::make_unique<Program>(KEEL_BINARY, words, folder_, "venue");
    }

    [[nodiscard]] bool is_ready() { return program_->says("\"ready\": true", std::chrono::seconds{30}); }
    [[nodiscard]] std::string config() const { return (folder_ / "run.toml").string(); }
    [[nodiscard]] std::filesystem::path certificates() const { return folder_ / "venue"; }
    [[nodiscard]] std::string err() const { return program_->err(); }

    // One signed request. Null where the venue cannot be reached.
    [[nodiscard]] nlohmann::json call(const std::string& method, const std::string& params) const {
        namespace deribit = connectors::deribit;
        namespace net = connectors::net;
        net::RestOptions options;
        options.endpoint.host = "127.0.0.1";
        options.endpoint.port = port_;
        options.endpoint.server_name = "localhost";
        net::RestClient client{options, *net::TlsContext::create((certificates() / "ca.pem").string())};
        const auto credentials = net::load_credentials((certificates() / "credentials.toml").string());
        net::HmacSha256 key{credentials->secret};
        const std::string body = R"({"jsonrpc":"2.0","id":1,"method":")" + method + R"(","params":{)" + params + "}}";
        std::string authorization;
        deribit::write_authorization(authorization, credentials->key_id, key, wall_now().ms(), net::random_hex(8),
                                     {"POST", deribit::kApiPath, body});
        const std::array<net::RestHeader, 2> headers{
            {{"Authorization", authorization}, {"Content-Type", "application/json"}}};
        const auto answer = client.call({"POST", deribit::kApiPath, body, headers});
        return answer ? nlohmann::json::parse(answer->body) : nlohmann::json{};
    }

private:
    void write_configuration() const {
        std::ifstream source{std::string{KEEL_SOURCE_DIR} + "/examples/deribit-simulated.toml"};
        std::string text{std::istreambuf_iterator<char>{source}, std::istreambuf_iterator<char>{}};
        const auto change = [&text](const std::string& from, const std::string& to) {
            ASSERT_NE(text.find(from), std::string::npos) << from;
            for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) {
                text.replace(at, from.size(), to);
            }
        };
        change("port = 8443", "port = " + std::to_string(port_));
        change("../build/simulate/", certificates().string() + "/");
        change("file = \"portfolio-short-gamma.toml\"",
               "file = \"" + std::string{KEEL_SOURCE_DIR} + "/examples/portfolio-short-gamma.toml\"");
        std::ofstream{config()} << text;
    }

    std::filesystem::path folder_;
    std::uint16_t port_;
    std::unique_ptr<Program> program_;
};

}  // namespace keel::test
