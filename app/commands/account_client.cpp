#include "app/commands/account_client.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <array>

#include "app/failure.hpp"
#include "connectors/deribit/encode.hpp"
#include "connectors/deribit/sign.hpp"
#include "connectors/deribit/urls.hpp"
#include "connectors/net/credentials.hpp"
#include "connectors/net/rest_client.hpp"
#include "engine/core/clock.hpp"

namespace keel::app {

namespace deribit = connectors::deribit;
namespace net = connectors::net;

namespace {

constexpr std::size_t kNonceBytes = 8;
constexpr unsigned kAttemptsMax = 3;  // a read or a cancel may be repeated; an idle connection may have been closed

net::Credentials credentials_of(const Configuration& configuration, const VenueSettings& venue, bool allow_env) {
    const std::string path = resolved_path(configuration, venue.credentials_file);
    Result<net::Credentials> read =
        path.empty() ? net::credentials_from_environment("KEEL_DERIBIT", allow_env) : net::load_credentials(path);
    if (read) return std::move(*read);
    throw OutsideError{
        fmt::format("{}: {}", path.empty() ? "KEEL_DERIBIT_KEY_ID" : path, errc_name(read.error().code))};
}

net::TlsContext tls_of(const Configuration& configuration, const VenueSettings& venue) {
    Result<net::TlsContext> tls = net::TlsContext::create(resolved_path(configuration, venue.ca_file));
    if (tls) return std::move(*tls);
    throw OutsideError{fmt::format("{}: cannot be read", venue.ca_file)};
}

net::RestOptions options_of(const VenueSettings& venue) {
    net::RestOptions options;
    options.endpoint.host = venue.rest_host.empty() ? venue.host : venue.rest_host;
    options.endpoint.port = venue.rest_port == 0 ? venue.port : venue.rest_port;
    options.endpoint.server_name = venue.server_name;
    options.connect_deadline = std::chrono::seconds{3};  // a kill has seconds, not minutes
    options.answer_deadline = std::chrono::seconds{3};
    return options;
}

}  // namespace

struct AccountClient::Connection {
    Connection(const Configuration& configuration, const VenueSettings& venue, bool allow_env)
        : credentials{credentials_of(configuration, venue, allow_env)},
          key{credentials.secret},
          name{fmt::format("{}:{}", venue.host, venue.port)},
          client{options_of(venue), tls_of(configuration, venue)} {}

    // Sends one request and parses the answer. The request is a read or a cancel, so it may be sent again.
    simdjson::dom::element call(deribit::RequestKind kind, std::string_view method) {
        deribit::encode_request(body, deribit::request_id(kind, ++number), method);
        Errc reason = Errc::none;
        for (unsigned attempt = 0; attempt < kAttemptsMax; ++attempt) {
            std::string authorization;
            deribit::write_authorization(authorization, credentials.key_id, key, wall_now().ms() + skew_ms,
                                         net::random_hex(kNonceBytes), {"POST", deribit::kApiPath, body});
            const std::array<net::RestHeader, 2> headers{
                {{"Authorization", authorization}, {"Content-Type", "application/json"}}
            };
            const Result<net::RestResponse> answer = client.call({"POST", deribit::kApiPath, body, headers});
            if (answer) return parsed(answer->body);
            reason = answer.error().code;
        }
        throw OutsideError{fmt::format("{}: {}", name, errc_name(reason))};
    }

    simdjson::dom::element parsed(std::string_view text) {
        simdjson::dom::element document;
        if (parser.parse(text.data(), text.size(), true).get(document) != simdjson::SUCCESS) {
            throw OutsideError{name + ": answered with something that is not JSON"};
        }
        return document;
    }

    // The venue's error, in words; empty where there is none.
    static std::string error_of(simdjson::dom::element document) {
        simdjson::dom::element error;
        if (document["error"].get(error) != simdjson::SUCCESS) return "";
        std::int64_t code = 0;
        std::string_view text;
        if (error["code"].get(code) != simdjson::SUCCESS) code = 0;
        if (error["message"].get(text) != simdjson::SUCCESS) return fmt::format("{}", code);
        return fmt::format("{} {}", code, text);
    }

    // Signatures carry the venue's time; a simulated or skewed one is not ours.
    void learn_time() {
        std::string request;
        deribit::encode_request(request, deribit::request_id(deribit::RequestKind::get_time, ++number),
                                "public/get_time");
        const std::array<net::RestHeader, 1> headers{{{"Content-Type", "application/json"}}};
        const Result<net::RestResponse> answer = client.call({"POST", deribit::kApiPath, request, headers});
        if (!answer) throw OutsideError{fmt::format("{}: {}", name, errc_name(answer.error().code))};
        std::int64_t venue_ms = 0;
        if (parsed(answer->body)["result"].get(venue_ms) == simdjson::SUCCESS) skew_ms = venue_ms - wall_now().ms();
    }

    net::Credentials credentials;
    net::HmacSha256 key;
    std::string name;
    net::RestClient client;
    simdjson::dom::parser parser;
    std::string body;
    std::string problem;
    std::uint64_t number{0};
    std::int64_t skew_ms{0};
};

AccountClient::AccountClient(const Configuration& configuration, const VenueSettings& venue, bool allow_env_secrets)
    : connection_{std::make_unique<Connection>(configuration, venue, allow_env_secrets)} {
    connection_->learn_time();
}

AccountClient::~AccountClient() = default;

std::uint64_t AccountClient::cancel_all() {
    const simdjson::dom::element document = connection_->call(deribit::RequestKind::cancel_all, "private/cancel_all");
    connection_->problem = Connection::error_of(document);
    std::uint64_t cancelled = 0;
    return document["result"].get(cancelled) == simdjson::SUCCESS ? cancelled : 0;
}

std::uint64_t AccountClient::open_orders() {
    const simdjson::dom::element document =
        connection_->call(deribit::RequestKind::open_orders, "private/get_open_orders");
    connection_->problem = Connection::error_of(document);
    if (!connection_->problem.empty()) throw OutsideError{connection_->name + ": " + connection_->problem};
    simdjson::dom::array orders;
    if (document["result"].get(orders) != simdjson::SUCCESS)
        throw OutsideError{connection_->name + ": no list of orders"};
    return orders.size();
}

const std::string& AccountClient::problem() const { return connection_->problem; }

}  // namespace keel::app
