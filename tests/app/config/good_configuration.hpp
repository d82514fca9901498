#pragma once

#include <gtest/gtest.h>

#include <string>

namespace keel::app {

// A small configuration that is right; each bad case changes one thing in it.
inline const std::string kGood = R"([engine]
mode = "observe"
layout = "inline"
clock = "host"

[[venue]]
name = "deribit"
host = "127.0.0.1"
port = 8443
currencies = ["BTC"]
book_interval = "100ms"

[[boundary]]
metric = "net_delta"
underlying = "BTC"
soft_coin = 1.0
hard_coin = 2.0

[gate]
instruments_allowed = ["BTC-*"]

[hedge]
collar_bps = 50.0
)";

inline std::string replaced(std::string text, const std::string& from, const std::string& to) {
    const std::size_t at = text.find(from);
    EXPECT_NE(at, std::string::npos) << from;
    return text.replace(at, from.size(), to);
}

}  // namespace keel::app
