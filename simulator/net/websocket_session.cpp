#include "simulator/net/websocket_session.hpp"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <utility>

namespace keel::simulator {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace websocket = beast::websocket;

}  // namespace

WebSocketSession::WebSocketSession(TlsServer::Core& core, TlsStream stream, ConnectionId id)
    : core_{core}, stream_{std::move(stream)}, id_{id} {}

void WebSocketSession::accept(const beast::http::request<beast::http::string_body>& request) {
    websocket::stream_base::timeout timeouts{};
    timeouts.handshake_timeout = kHandshakeTimeout;
    timeouts.idle_timeout = websocket::stream_base::none();
    timeouts.keep_alive_pings = false;
    stream_.set_option(timeouts);
    stream_.read_message_max(core_.config.message_bytes_max);
    stream_.auto_fragment(false);
    stream_.text(true);
    connectors::net::start_accept(stream_, request,
                                  [self = shared_from_this(), target = std::string{request.target()}](error_code code) {
                                      if (code) return self->finish();
                                      self->open_ = true;
                                      if (self->core_.handler.on_open) self->core_.handler.on_open(self->id_, target);
                                      self->read_next();
                                  });
}

bool WebSocketSession::send(std::shared_ptr<const std::string> message) {
    if (!open_ || closing_) return false;
    queued_bytes_ += message->size();
    core_.queued_bytes_peak = std::max(core_.queued_bytes_peak, queued_bytes_);
    queue_.push_back(std::move(message));
    if (queued_bytes_ > core_.config.queue_bytes_max) {
        cut();
        return false;
    }
    if (queue_.size() == 1) write_next();
    return true;
}

void WebSocketSession::close(std::uint16_t code, std::string_view reason) {
    if (!open_ || closing_) return;
    closing_ = websocket::close_reason{static_cast<websocket::close_code>(code),
                                       beast::string_view{reason.data(), reason.size()}};
    if (queue_.empty()) send_close();
}

void WebSocketSession::cut() {
    open_ = false;
    reset(stream_.next_layer());
    asio::post(core_.io, [self = shared_from_this()] { self->finish(); });
}

void WebSocketSession::read_next() {
    connectors::net::start_read(stream_, buffer_, [self = shared_from_this()](error_code code, std::size_t) {
        if (code) return self->finish();
        const auto bytes = self->buffer_.cdata();
        // While it closes, what still comes in is read only to find the peer's close frame.
        if (self->open_ && !self->closing_ && self->core_.handler.on_text) {
            self->core_.handler.on_text(self->id_, {static_cast<const char*>(bytes.data()), bytes.size()});
        }
        self->buffer_.consume(bytes.size());
        if (self->open_) self->read_next();
    });
}

void WebSocketSession::write_next() {
    connectors::net::start_write(stream_, asio::buffer(*queue_.front()),
                                 [self = shared_from_this()](error_code code, std::size_t) {
                                     if (code) return self->finish();
                                     self->queued_bytes_ -= self->queue_.front()->size();
                                     self->queue_.pop_front();
                                     if (!self->queue_.empty()) return self->write_next();
                                     if (self->closing_) self->send_close();
                                 });
}

void WebSocketSession::send_close() {
    connectors::net::start_close(stream_, *closing_, [self = shared_from_this()](error_code) { self->finish(); });
}

void WebSocketSession::finish() {
    const bool was_registered = core_.sessions.erase(static_cast<std::uint64_t>(id_)) > 0;
    open_ = false;
    error_code ignored;
    stream_.next_layer().socket().close(ignored);
    if (was_registered && core_.handler.on_close) core_.handler.on_close(id_);
}

}  // namespace keel::simulator
