#include "connectors/binance_usdm/sign.hpp"

namespace keel::connectors::binance {

net::HexDigest RequestSigner::signature(std::string_view query, std::string_view body) {
    joined_.assign(query).append(body);
    return hmac_.hex(joined_);
}

void RequestSigner::append_signature(std::string& query, std::string_view body) {
    const net::HexDigest digest = signature(query, body);
    query.append(query.empty() ? "signature=" : "&signature=").append(digest.data(), digest.size());
}

}  // namespace keel::connectors::binance
