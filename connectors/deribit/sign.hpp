#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "connectors/net/hmac.hpp"

namespace keel::connectors::deribit {

// Hex HMAC-SHA256 over "<timestamp>\n<nonce>\n<data>": public/auth with grant_type client_signature.
// The second newline stays when `data` is empty.
[[nodiscard]] net::HexDigest sign_login(net::HmacSha256& key, std::int64_t timestamp_ms, std::string_view nonce,
                                        std::string_view data = {});

// One HTTP request as it will be sent. `uri` is path and query.
struct SignedRequest {
    std::string_view method;
    std::string_view uri;
    std::string_view body;
};
[[nodiscard]] net::HexDigest sign_request(net::HmacSha256& key, std::int64_t timestamp_ms, std::string_view nonce,
                                          const SignedRequest& request);

// Value of the Authorization header ("deri-hmac-sha256 id=…,ts=…,nonce=…,sig=…"), into a reused string.
void write_authorization(std::string& out, std::string_view key_id, net::HmacSha256& key, std::int64_t timestamp_ms,
                         std::string_view nonce, const SignedRequest& request);

}  // namespace keel::connectors::deribit
