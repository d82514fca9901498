#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "connectors/net/secret.hpp"

namespace keel::connectors::net {

using Digest = std::array<std::uint8_t, 32>;
using HexDigest = std::array<char, 64>;

// HMAC-SHA256 (RFC 2104, FIPS 180-4) under one key, keyed once and reused for every message.
// Thread: one. Allocates: at construction only.
class HmacSha256 {
public:
    explicit HmacSha256(const Secret& key);
    ~HmacSha256();
    HmacSha256(HmacSha256&&) noexcept;
    HmacSha256& operator=(HmacSha256&&) noexcept;

    [[nodiscard]] Digest digest(std::string_view message);
    [[nodiscard]] HexDigest hex(std::string_view message);  // lower case

private:
    struct Context;
    std::unique_ptr<Context> context_;
};

[[nodiscard]] HexDigest hex_of(const Digest& digest);
// RFC 4648 §4 with padding.
[[nodiscard]] std::string base64_of(std::string_view bytes);

// Bytes from the system's cryptographic generator, as lower-case hex; for nonces.
[[nodiscard]] std::string random_hex(std::size_t bytes);
[[nodiscard]] std::uint64_t random_number();

}  // namespace keel::connectors::net
