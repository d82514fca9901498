#include "connectors/binance_usdm/urls.hpp"

namespace keel::connectors::binance {
namespace {

std::string_view rest_prefix(ContractFamily family) {
    return family == ContractFamily::usdm ? "/fapi/v1/" : "/dapi/v1/";
}

// Only ASCII letters change: the venue folds nothing else.
char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_unreserved(char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

}  // namespace

Config production_config(ContractFamily family) {
    Config config;
    config.family = family;
    const bool linear = family == ContractFamily::usdm;
    config.stream.host = linear ? "fstream.binance.com" : "dstream.binance.com";
    config.rest.host = linear ? "fapi.binance.com" : "dapi.binance.com";
    config.routed = linear;
    return config;
}

std::string stream_path(Route route) {
    switch (route) {
        case Route::order_flow: return "/public/stream";
        case Route::market: return "/market/stream";
        case Route::all: break;
    }
    return "/stream";
}

Route route_of(std::string_view stream) {
    const bool order_flow =
        stream.starts_with("depth") || stream.starts_with("bookTicker") || stream.starts_with("rpiDepth");
    return order_flow ? Route::order_flow : Route::market;
}

std::string stream_name(std::string_view symbol, std::string_view stream) {
    std::string name;
    name.reserve(symbol.size() + 1 + stream.size());
    for (const char c : symbol) name.push_back(lower(c));
    name.push_back('@');
    name.append(stream);
    return name;
}

std::string exchange_info_target(ContractFamily family) {
    std::string target{rest_prefix(family)};
    return target.append("exchangeInfo");
}

std::string depth_target(ContractFamily family, std::string_view symbol, std::uint32_t levels) {
    std::string target{rest_prefix(family)};
    target.append("depth?symbol=").append(percent_encoded(symbol));
    target.append("&limit=").append(std::to_string(levels));
    return target;
}

double depth_weight(std::uint32_t levels) {
    if (levels <= 50) return 2.0;
    if (levels <= 100) return 5.0;
    return levels <= 500 ? 10.0 : 20.0;
}

std::string percent_encoded(std::string_view text) {
    constexpr std::string_view kHex = "0123456789ABCDEF";
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        if (is_unreserved(c)) {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        out.push_back('%');
        out.push_back(kHex[byte >> 4U]);
        out.push_back(kHex[byte & 0x0fU]);
    }
    return out;
}

}  // namespace keel::connectors::binance
