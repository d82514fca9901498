#pragma once

// For sources that speak TLS: heavy headers of the transport libraries.

#include <array>
#include <boost/asio/buffer.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/role.hpp>
#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <vector>

#include "connectors/net/completion.hpp"
#include "connectors/net/tls_context.hpp"

namespace keel::connectors::net {

using Tcp = boost::asio::ip::tcp;
using TcpSocket = boost::asio::basic_stream_socket<Tcp, boost::asio::io_context::executor_type>;
using TcpResolver = Tcp::resolver::rebind_executor<boost::asio::io_context::executor_type>::other;

struct TlsContext::Native {
    boost::asio::ssl::context context{boost::asio::ssl::context::tls_client};
};

// TLS over TCP, as the library's own stream, except that handlers are handed on in one type: everything below is
// compiled once, in tls_stream.cpp. One read and one write may be outstanding; a handler runs inside poll.
// Thread: the one that polls. Allocates: when it is made; per operation as Completion says.
class TlsStream {
public:
    using executor_type = TcpSocket::executor_type;
    using next_layer_type = boost::asio::ssl::stream<TcpSocket>;
    using Transferred = Completion<std::size_t>;
    using Finished = Completion<>;

    TlsStream(boost::asio::io_context& io, boost::asio::ssl::context& tls);
    TlsStream(TcpSocket socket, boost::asio::ssl::context& tls);
    TlsStream(TlsStream&&) noexcept;  // with nothing outstanding
    ~TlsStream();

    [[nodiscard]] executor_type get_executor() { return stream_.get_executor(); }
    [[nodiscard]] next_layer_type& next_layer() { return stream_; }
    [[nodiscard]] const next_layer_type& next_layer() const { return stream_; }
    [[nodiscard]] TcpSocket& socket() { return stream_.next_layer(); }
    [[nodiscard]] SSL* native_handle() { return stream_.native_handle(); }

    // Fills the first buffer that is not empty, at most.
    template <class Buffers, class Handler>
    void async_read_some(const Buffers& buffers, Handler&& handler) {
        read_some(first_of(buffers), Transferred{std::forward<Handler>(handler)});
    }

    // One buffer is written as it stands; several are joined first, as far as one TLS record takes them.
    template <class Buffers, class Handler>
    void async_write_some(const Buffers& buffers, Handler&& handler) {
        std::array<boost::asio::const_buffer, kPiecesMax> pieces;
        std::size_t count = 0;
        const auto end = boost::asio::buffer_sequence_end(buffers);
        for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end && count < kPiecesMax; ++at) {
            const boost::asio::const_buffer piece{*at};
            if (piece.size() > 0) pieces[count++] = piece;
        }
        write_some({pieces.data(), count}, Transferred{std::forward<Handler>(handler)});
    }

    void async_handshake(boost::asio::ssl::stream_base::handshake_type side, Finished done);
    void async_shutdown(Finished done);
    // After a WebSocket's close frames: close_notify, then the end of the TCP stream.
    void async_end(boost::beast::role_type role, Finished done);

private:
    static constexpr std::size_t kPiecesMax = 8;
    static constexpr std::size_t kRecordBytes = 16U << 10U;  // the most that one TLS record carries

    template <class Buffers>
    static boost::asio::mutable_buffer first_of(const Buffers& buffers) {
        const auto end = boost::asio::buffer_sequence_end(buffers);
        for (auto at = boost::asio::buffer_sequence_begin(buffers); at != end; ++at) {
            const boost::asio::mutable_buffer buffer{*at};
            if (buffer.size() > 0) return buffer;
        }
        return {};
    }

    void read_some(boost::asio::mutable_buffer buffer, Transferred done);
    void write_some(std::span<const boost::asio::const_buffer> pieces, Transferred done);

    next_layer_type stream_;
    std::vector<unsigned char> record_;  // pieces joined for one write
};

// What the WebSocket library calls at the end of a session.
template <class Handler>
void async_teardown(boost::beast::role_type role, TlsStream& stream, Handler&& handler) {
    stream.async_end(role, TlsStream::Finished{std::forward<Handler>(handler)});
}

}  // namespace keel::connectors::net
