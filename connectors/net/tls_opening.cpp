#include "connectors/net/tls_opening.hpp"

#include <openssl/x509v3.h>

#include <boost/asio/ssl/error.hpp>

#include <boost/asio/connect.hpp>
#include <boost/asio/ip/address.hpp>
#include <memory>
#include <string>

namespace keel::connectors::net {
namespace {

namespace asio = boost::asio;
using ErrorCode = boost::system::error_code;

Error connect_error(const ErrorCode& code) {
    return Error{Errc::connect_failed, static_cast<std::uint64_t>(code.value())};
}

bool set_server_name(SSL* handle, const std::string& name) {
    // What SSL_set_tlsext_host_name() does; the macro's cast does not pass our warnings.
    return SSL_ctrl(handle, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(name.c_str())) ==
           1;
}

// SNI carries names only (RFC 6066 §3); the certificate's check covers names and addresses.
bool expect_peer(TlsStream& stream, const std::string& name) {
    SSL* handle = stream.native_handle();
    ErrorCode not_an_address;
    asio::ip::make_address(name, not_an_address);
    if (!not_an_address) return X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(handle), name.c_str()) == 1;
    SSL_set_hostflags(handle, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    return SSL_set1_host(handle, name.c_str()) == 1 && set_server_name(handle, name);
}

class Opening : public std::enable_shared_from_this<Opening> {
public:
    Opening(TlsStream& stream, const Endpoint& endpoint, std::function<void(Error)> done)
        : stream_{stream}, endpoint_{endpoint}, done_{std::move(done)} {}

    void start(TcpResolver& resolver) {
        ErrorCode not_an_address;
        const auto address = asio::ip::make_address(endpoint_.host, not_an_address);
        if (!not_an_address) {
            stream_.socket().async_connect({address, endpoint_.port},
                                           [self = shared_from_this()](ErrorCode code) { self->connected(code); });
            return;
        }
        resolver.async_resolve(endpoint_.host, std::to_string(endpoint_.port),
                               [self = shared_from_this()](ErrorCode code, const Tcp::resolver::results_type& found) {
                                   self->resolved(code, found);
                               });
    }

private:
    void resolved(ErrorCode code, const Tcp::resolver::results_type& found) {
        if (code) return done_(connect_error(code));
        asio::async_connect(
            stream_.socket(), found,
            [self = shared_from_this()](ErrorCode result, const Tcp::endpoint&) { self->connected(result); });
    }

    void connected(ErrorCode code) {
        if (code) return done_(connect_error(code));
        stream_.socket().set_option(Tcp::no_delay{true}, code);
        if (code) return done_(connect_error(code));
        if (!expect_peer(stream_, endpoint_.verified_name())) return done_(Error{Errc::tls_refused});
        stream_.async_handshake(asio::ssl::stream_base::client,
                                [self = shared_from_this()](ErrorCode result) { self->shaken(result); });
    }

    void shaken(ErrorCode code) {
        const long verdict = SSL_get_verify_result(stream_.native_handle());
        if (code) {
            // Cut before the handshake said anything: the peer went away; else the handshake refused.
            const bool cut = code.category() != asio::error::get_ssl_category() && verdict == X509_V_OK;
            return done_(cut ? connect_error(code) : Error{Errc::tls_refused, static_cast<std::uint64_t>(verdict)});
        }
        if (verdict != X509_V_OK) return done_(Error{Errc::tls_refused, static_cast<std::uint64_t>(verdict)});
        done_(Error{});
    }

    TlsStream& stream_;
    Endpoint endpoint_;
    std::function<void(Error)> done_;
};

}  // namespace

void open_tls(TlsStream& stream, TcpResolver& resolver, const Endpoint& endpoint, std::function<void(Error)> done) {
    std::make_shared<Opening>(stream, endpoint, std::move(done))->start(resolver);
}

Error cut_error(const ErrorCode& code) {
    return Error{Errc::websocket_closed, static_cast<std::uint64_t>(code.value())};
}

}  // namespace keel::connectors::net
