#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "simulator/deribit/methods/methods.hpp"
#include "simulator/net/tls_server.hpp"

namespace keel::simulator::deribit {

// What to do with one request's connection.
struct Outcome {
    std::string answer;  // empty: none
    unsigned http_status{200};
    bool cut{false};           // end the connection now, without an answer
    bool ends_session{false};  // close after the answer
    bool notify_first{false};  // notifications leave before the answer
};

// From the bytes of a request to the bytes of its answer: envelope, method, rights, rate limits, faults.
// Thread: the server's. Allocates: yes.
class Dispatcher {
public:
    explicit Dispatcher(Venue& venue);

    [[nodiscard]] Outcome on_message(std::string_view text, Session& session);
    [[nodiscard]] Outcome on_http(const HttpRequest& request);

private:
    [[nodiscard]] Outcome answer(const Request& request, Session* session, const HttpRequest* http);
    [[nodiscard]] std::expected<AccountId, RpcError> authorize(const Request& request, const Session* session,
                                                               const HttpRequest* http) const;
    [[nodiscard]] Reply run(const Method& method, const Request& request, Session* session, const HttpRequest* http,
                            Outcome& outcome);

    Venue& venue_;
    RateLimiter limiter_;
    std::unordered_map<std::string_view, Method> methods_;
};

}  // namespace keel::simulator::deribit
