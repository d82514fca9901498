#include "connectors/binance_usdm/reference.hpp"
#include "connectors/binance_usdm/urls.hpp"
#include "connectors/net/rest_client.hpp"

namespace keel::connectors::binance {

Result<std::size_t> load_instruments(const Config& config, net::TlsContext context, InstrumentTable& table) {
    if (!config.instruments.empty()) return define_instruments(config, table);
    net::RestClient rest{{.endpoint = config.rest}, std::move(context)};
    const std::string target = exchange_info_target(config.family);
    net::RestRequest request;
    request.target = target;
    const Result<net::RestResponse> answer = rest.call(request);
    if (!answer) return fail(answer.error());
    constexpr unsigned kHttpOk = 200;
    if (answer->status != kHttpOk) return fail(Errc::http_status, answer->status);
    return read_exchange_info(answer->body, config, table);
}

}  // namespace keel::connectors::binance
