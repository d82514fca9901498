#pragma once

#include <functional>

#include "connectors/net/endpoint.hpp"
#include "connectors/net/tls_stream.hpp"
#include "engine/core/result.hpp"

namespace keel::connectors::net {

// Resolve, connect, shake hands, verify. `done` runs inside poll, once, with Errc::none or the reason.
// The caller keeps `stream` and `resolver` alive until then (its handlers share its ownership).
void open_tls(TlsStream& stream, TcpResolver& resolver, const Endpoint& endpoint, std::function<void(Error)> done);

// The reason of a failed read or write on an open stream.
Error cut_error(const boost::system::error_code& code);

}  // namespace keel::connectors::net
