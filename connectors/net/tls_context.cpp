#include "connectors/net/tls_context.hpp"

#include "connectors/net/tls_stream.hpp"

namespace keel::connectors::net {

Result<TlsContext> TlsContext::create(const std::string& ca_file) {
    auto native = std::make_shared<Native>();
    boost::asio::ssl::context& context = native->context;
    boost::system::error_code error;
    if (ca_file.empty()) {
        context.set_default_verify_paths(error);
    } else {
        context.load_verify_file(ca_file, error);
    }
    if (error) return fail(Errc::file_unreadable, static_cast<std::uint64_t>(error.value()));
    context.set_verify_mode(boost::asio::ssl::verify_peer);
    SSL_CTX* handle = context.native_handle();
    SSL_CTX_set_min_proto_version(handle, TLS1_2_VERSION);
    // Session tickets would link accounts that share an address; full handshakes are rare enough.
    SSL_CTX_set_options(handle, SSL_OP_NO_TICKET | SSL_OP_NO_COMPRESSION);
    SSL_CTX_set_mode(handle, SSL_MODE_RELEASE_BUFFERS);
    // A chain must end in a root; an intermediate in the store is not an anchor.
    X509_VERIFY_PARAM_clear_flags(SSL_CTX_get0_param(handle), X509_V_FLAG_PARTIAL_CHAIN);
    return TlsContext{std::move(native)};
}

}  // namespace keel::connectors::net
