#include "connectors/binance_usdm/encode.hpp"

#include <string_view>

namespace keel::connectors::binance {
namespace {

void append_quoted(std::string& out, std::string_view text) {
    out.push_back('"');
    for (const char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    out.push_back('"');
}

std::string request(std::string_view method, std::span<const std::string> streams, std::uint64_t id) {
    std::string out{R"({"method":)"};
    append_quoted(out, method);
    out.append(R"(,"params":[)");
    for (std::size_t i = 0; i < streams.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_quoted(out, streams[i]);
    }
    out.append(R"(],"id":)").append(std::to_string(id)).push_back('}');
    return out;
}

}  // namespace

std::string encode_subscribe(std::span<const std::string> streams, std::uint64_t id) {
    return request("SUBSCRIBE", streams, id);
}

std::string encode_unsubscribe(std::span<const std::string> streams, std::uint64_t id) {
    return request("UNSUBSCRIBE", streams, id);
}

}  // namespace keel::connectors::binance
