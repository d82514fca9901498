#pragma once

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "connectors/net/endpoint.hpp"
#include "connectors/net/tls_context.hpp"
#include "simulator/net/certificates.hpp"
#include "simulator/net/tls_server.hpp"

namespace keel::connectors::net {

// Waits for a condition, turning `step` meanwhile; false after the deadline.
template <class Condition, class Step>
bool until(Condition&& condition, Step&& step, std::chrono::milliseconds limit = std::chrono::seconds{5}) {
    const auto deadline = std::chrono::steady_clock::now() + limit;
    while (!condition()) {
        if (std::chrono::steady_clock::now() > deadline) return false;
        step();
    }
    return true;
}

// A folder that goes with the test.
class Scratch {
public:
    Scratch() {
        std::string name = (std::filesystem::temp_directory_path() / "keel-net-XXXXXX").string();
        EXPECT_NE(::mkdtemp(name.data()), nullptr);
        path_ = name;
    }
    ~Scratch() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    Scratch(const Scratch&) = delete;
    Scratch& operator=(const Scratch&) = delete;
    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

// A scripted server on a thread of its own; its handlers run there.
class LoopbackServer {
public:
    explicit LoopbackServer(simulator::ServerHandler handler,
                            simulator::CertificateFlaw flaw = simulator::CertificateFlaw::none) {
        const auto files = simulator::write_certificates(scratch_.path(), flaw);
        EXPECT_TRUE(files.has_value());
        authority_ = files->authority.string();
        auto server = simulator::TlsServer::open({.certificate = files->certificate, .key = files->key}, handler);
        EXPECT_TRUE(server.has_value());
        server_ = std::move(*server);
        thread_ = std::thread{[this] {
            while (!stop_.load()) server_->poll_for(std::chrono::milliseconds{2});
        }};
    }
    ~LoopbackServer() {
        stop_.store(true);
        server_->wake();
        thread_.join();
    }
    LoopbackServer(const LoopbackServer&) = delete;
    LoopbackServer& operator=(const LoopbackServer&) = delete;

    [[nodiscard]] simulator::TlsServer& server() { return *server_; }
    [[nodiscard]] Endpoint endpoint(std::string path = "/") const {
        return {"127.0.0.1", server_->port(), std::move(path), ""};
    }
    [[nodiscard]] TlsContext tls() const {
        auto context = TlsContext::create(authority_);
        EXPECT_TRUE(context.has_value());
        return *context;
    }

private:
    Scratch scratch_;
    std::string authority_;
    std::unique_ptr<simulator::TlsServer> server_;
    std::atomic<bool> stop_{false};
    std::thread thread_;
};

}  // namespace keel::connectors::net
