#include "connectors/net/tls_stream.hpp"

#include <boost/asio/ssl.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/beast/websocket/teardown.hpp>
#include <cstring>

namespace keel::connectors::net {

namespace asio = boost::asio;

TlsStream::TlsStream(asio::io_context& io, asio::ssl::context& tls) : stream_{io, tls}, record_(kRecordBytes) {}
TlsStream::TlsStream(TcpSocket socket, asio::ssl::context& tls)
    : stream_{std::move(socket), tls}, record_(kRecordBytes) {}
TlsStream::TlsStream(TlsStream&&) noexcept = default;
TlsStream::~TlsStream() = default;

void TlsStream::read_some(asio::mutable_buffer buffer, Transferred done) {
    stream_.async_read_some(buffer, std::move(done));
}

void TlsStream::write_some(std::span<const asio::const_buffer> pieces, Transferred done) {
    if (pieces.size() == 1) return stream_.async_write_some(pieces.front(), std::move(done));
    const std::size_t bytes = asio::buffer_copy(asio::buffer(record_), pieces);
    stream_.async_write_some(asio::const_buffer{record_.data(), bytes}, std::move(done));
}

void TlsStream::async_handshake(asio::ssl::stream_base::handshake_type side, Finished done) {
    stream_.async_handshake(side, std::move(done));
}

void TlsStream::async_shutdown(Finished done) { stream_.async_shutdown(std::move(done)); }

void TlsStream::async_end(boost::beast::role_type role, Finished done) {
    using boost::beast::websocket::async_teardown;
    async_teardown(role, stream_, std::move(done));
}

}  // namespace keel::connectors::net
