#pragma once

#include <cstdint>
#include <string>

namespace keel::connectors::net {

// Where a connection goes. Always TLS.
struct Endpoint {
    std::string host;  // name or address literal to connect to
    std::uint16_t port{443};
    std::string path{"/"};    // target of the WebSocket upgrade
    std::string server_name;  // name in SNI and in the certificate; empty: `host`

    [[nodiscard]] const std::string& verified_name() const { return server_name.empty() ? host : server_name; }
};

}  // namespace keel::connectors::net
