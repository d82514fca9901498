#include "connectors/deribit/urls.hpp"

#include <unordered_set>

namespace keel::connectors::deribit {
namespace {

net::Endpoint endpoint_of(const Config& config, std::string_view path) {
    return {config.host, config.port, std::string{path}, config.server_name};
}

// Names that a list of names and patterns means, in the table's order for patterns.
template <class Visit>
void each_name(const std::vector<std::string>& names, const InstrumentTable& table, Visit&& visit) {
    for (const std::string& name : names) {
        if (!name.ends_with('*')) {
            visit(std::string_view{name});
            continue;
        }
        const std::string_view stem = std::string_view{name}.substr(0, name.size() - 1);
        for (const Instrument& row : table) {
            if (row.venue == VenueId::deribit && row.name_view().starts_with(stem)) visit(row.name_view());
        }
    }
}

std::string joined(std::string_view family, std::string_view subject, std::string_view interval = {}) {
    std::string out{family};
    out.append(".").append(subject);
    if (!interval.empty()) out.append(".").append(interval);
    return out;
}

}  // namespace

net::Endpoint websocket_endpoint(const Config& config) { return endpoint_of(config, kWebSocketPath); }
net::Endpoint rest_endpoint(const Config& config) { return endpoint_of(config, kApiPath); }

std::string instruments_target(std::string_view currency) {
    std::string out{kApiPath};
    return out.append("/public/get_instruments?currency=").append(currency).append("&expired=false");
}

std::vector<std::string> public_channels(const Config& config, const InstrumentTable& table) {
    std::vector<std::string> out;
    std::unordered_set<std::string> seen;
    const auto add = [&](std::string channel) {
        if (seen.insert(channel).second) out.push_back(std::move(channel));
    };
    // Indices first: prices of options mean little without them.
    for (const std::string& index : config.price_indices) add(joined("deribit_price_index", index));
    for (const std::string& index : config.volatility_indices) add(joined("deribit_volatility_index", index));
    for (const std::string& index : config.mark_indices) add(joined("markprice.options", index));
    each_name(config.books, table, [&](std::string_view name) { add(book_channel(config, name)); });
    each_name(config.tickers, table, [&](std::string_view name) { add(joined("ticker", name, config.interval)); });
    each_name(config.trades, table, [&](std::string_view name) { add(joined("trades", name, config.interval)); });
    each_name(config.quotes, table, [&](std::string_view name) { add(joined("quote", name)); });
    return out;
}

std::string book_channel(const Config& config, std::string_view instrument) {
    return joined("book", instrument, config.interval);
}

std::vector<std::string> private_channels() { return {"user.changes.any.any.raw", "user.portfolio.any"}; }

}  // namespace keel::connectors::deribit
