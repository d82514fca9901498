#pragma once

#include <cstdint>
#include <expected>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/exchange/orders.hpp"

namespace keel::simulator::deribit {

// An error of the protocol or of the venue. `data` is JSON text, empty where there is none.
struct RpcError {
    int code{0};
    std::string message;
    std::string data;
};

// -32602 with the venue's {"reason","param"}.
[[nodiscard]] RpcError invalid_params(std::string_view reason, std::string_view param);
[[nodiscard]] RpcError unauthorized(std::string_view reason);  // 13009
[[nodiscard]] inline RpcError rpc_error(const VenueError& error) { return {error.code, error.message, {}}; }

// A result as JSON text, or an error.
using Reply = std::expected<std::string, RpcError>;

// Named parameters of a request, from a JSON object or from a query. A query knows only text, so every
// reader also takes the text of its type.
class Params {
public:
    // A scalar has one text; a list has one for each element.
    struct Entry {
        std::vector<std::string> texts;
        bool is_list{false};
    };

    void set(std::string name, Entry entry) { entries_[std::move(name)] = std::move(entry); }

    [[nodiscard]] bool has(std::string_view name) const { return entries_.contains(name); }
    [[nodiscard]] std::optional<std::string_view> text(std::string_view name) const;
    [[nodiscard]] std::optional<double> number(std::string_view name) const;
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
    [[nodiscard]] bool truth(std::string_view name, bool otherwise = false) const;
    [[nodiscard]] std::vector<std::string> texts(std::string_view name) const;

private:
    std::map<std::string, Entry, std::less<>> entries_;
};

struct Request {
    std::string id;  // JSON text, to be echoed; empty: none was sent
    std::string method;
    Params params;
    std::optional<RpcError> refused;  // -32600 without a method, -32602 for params that are no object
};

// One JSON-RPC object. Errors: 11050 for what is no JSON, -32600 for what is no object. Later faults
// come with the request, whose id the answer echoes.
[[nodiscard]] std::expected<Request, RpcError> parse_request(std::string_view json);

// "public/get_time" and its query, after "/api/v2/" has been cut off.
[[nodiscard]] Request parse_query(std::string_view method_and_query);

}  // namespace keel::simulator::deribit
