#pragma once

#include <string>
#include <string_view>

#include "connectors/net/hmac.hpp"

namespace keel::connectors::binance {

// Signs REST requests of an account. The venue hashes the query and the body as they are sent, joined
// without a separator, and wants the lower-case hex digest as the last query parameter.
// Thread: one. Allocates: append_signature may grow its text.
class RequestSigner {
public:
    explicit RequestSigner(const net::Secret& secret) : hmac_{secret} {}

    // Digest of bytes that are already percent-encoded.
    [[nodiscard]] net::HexDigest signature(std::string_view query, std::string_view body = {});
    // Adds "&signature=…" to the query that will be sent.
    void append_signature(std::string& query, std::string_view body = {});

private:
    net::HmacSha256 hmac_;
    std::string joined_;  // reused between requests
};

}  // namespace keel::connectors::binance
