#pragma once

// For the sources of this folder only: heavy headers of the transport libraries.

#include <openssl/x509v3.h>

#include <boost/asio/connect.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl.hpp>
#include <functional>
#include <string>
#include <utility>

#include "connectors/net/endpoint.hpp"
#include "connectors/net/tls_context.hpp"
#include "engine/core/result.hpp"

namespace keel::connectors::net {

using Tcp = boost::asio::ip::tcp;
using TlsStream = boost::asio::ssl::stream<Tcp::socket>;

struct TlsContext::Native {
    boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
};

// Resolve, connect, shake hands, verify. `done` runs inside poll, once, with Errc::none or the reason.
// The caller keeps `stream` and `resolver` alive until then (its handlers share its ownership).
void open_tls(TlsStream& stream, Tcp::resolver& resolver, const Endpoint& endpoint, std::function<void(Error)> done);

// The reason of a failed read or write on an open stream.
Error cut_error(const boost::system::error_code& code);

}  // namespace keel::connectors::net
