#include "connectors/deribit/sign.hpp"

namespace keel::connectors::deribit {
namespace {

std::string stamped(std::int64_t timestamp_ms, std::string_view nonce) {
    std::string text = std::to_string(timestamp_ms);
    text.append("\n").append(nonce).append("\n");
    return text;
}

}  // namespace

net::HexDigest sign_login(net::HmacSha256& key, std::int64_t timestamp_ms, std::string_view nonce,
                          std::string_view data) {
    return key.hex(stamped(timestamp_ms, nonce).append(data));
}

net::HexDigest sign_request(net::HmacSha256& key, std::int64_t timestamp_ms, std::string_view nonce,
                            const SignedRequest& request) {
    std::string text = stamped(timestamp_ms, nonce);
    text.append(request.method).append("\n").append(request.uri).append("\n").append(request.body).append("\n");
    return key.hex(text);
}

void write_authorization(std::string& out, std::string_view key_id, net::HmacSha256& key, std::int64_t timestamp_ms,
                         std::string_view nonce, const SignedRequest& request) {
    const net::HexDigest signature = sign_request(key, timestamp_ms, nonce, request);
    out.assign("deri-hmac-sha256 id=").append(key_id).append(",ts=").append(std::to_string(timestamp_ms));
    out.append(",nonce=").append(nonce).append(",sig=").append(signature.data(), signature.size());
}

}  // namespace keel::connectors::deribit
