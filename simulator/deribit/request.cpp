#include "simulator/deribit/request.hpp"

#include <simdjson.h>

#include <charconv>
#include <cmath>
#include <utility>

#include "simulator/deribit/json_writer.hpp"

namespace keel::simulator::deribit {
namespace {

std::string scalar_text(const simdjson::dom::element& element) {
    std::string_view text;
    if (element.get_string().get(text) == simdjson::SUCCESS) return std::string{text};
    return simdjson::minify(element);
}

Params::Entry read_entry(const simdjson::dom::element& element) {
    Params::Entry entry;
    simdjson::dom::array list;
    if (element.get_array().get(list) == simdjson::SUCCESS) {
        entry.is_list = true;
        for (const simdjson::dom::element item : list) entry.texts.push_back(scalar_text(item));
    } else if (!element.is_null()) {
        entry.texts.push_back(scalar_text(element));
    }
    return entry;
}

int hex_digit(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

std::string percent_decoded(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool escaped = text[i] == '%' && i + 2 < text.size();
        const int high = escaped ? hex_digit(text[i + 1]) : -1;
        const int low = escaped ? hex_digit(text[i + 2]) : -1;
        if (high >= 0 && low >= 0) {
            out += static_cast<char>(high * 16 + low);
            i += 2;
        } else {
            out += text[i] == '+' ? ' ' : text[i];
        }
    }
    return out;
}

}  // namespace

RpcError invalid_params(std::string_view reason, std::string_view param) {
    JsonWriter data;
    data.begin_object().member("reason", reason).member("param", param).end_object();
    return {-32602, "Invalid params", data.take()};
}

RpcError unauthorized(std::string_view reason) {
    JsonWriter data;
    data.begin_object().member("reason", reason).end_object();
    return {13009, "unauthorized", data.take()};
}

std::optional<std::string_view> Params::text(std::string_view name) const {
    const auto found = entries_.find(name);
    if (found == entries_.end() || found->second.texts.empty()) return std::nullopt;
    return found->second.texts.front();
}

std::optional<double> Params::number(std::string_view name) const {
    const auto written = text(name);
    if (!written) return std::nullopt;
    double value = 0.0;
    const auto [end, error] = std::from_chars(written->data(), written->data() + written->size(), value);
    const bool whole = error == std::errc{} && end == written->data() + written->size();
    return whole && std::isfinite(value) ? std::optional{value} : std::nullopt;
}

std::optional<std::int64_t> Params::integer(std::string_view name) const {
    constexpr double kExactMax = 9.0e15;  // whole doubles beyond 2^53 are not exact
    const auto value = number(name);
    if (!value || *value > kExactMax || *value < -kExactMax) return std::nullopt;
    return static_cast<std::int64_t>(*value);
}

bool Params::truth(std::string_view name, bool otherwise) const {
    const auto written = text(name);
    return written ? *written == "true" : otherwise;
}

std::vector<std::string> Params::texts(std::string_view name) const {
    const auto found = entries_.find(name);
    return found == entries_.end() ? std::vector<std::string>{} : found->second.texts;
}

std::expected<Request, RpcError> parse_request(std::string_view json) {
    thread_local simdjson::dom::parser parser;
    simdjson::dom::element document;
    if (parser.parse(json.data(), json.size()).get(document) != simdjson::SUCCESS) {
        return std::unexpected{RpcError{11050, "bad_request", "\"invalid json\""}};
    }
    simdjson::dom::object object;
    std::string_view method;
    const RpcError no_request{-32600, "Invalid Request", {}};
    if (document.get_object().get(object) != simdjson::SUCCESS) return std::unexpected{no_request};
    Request request;
    simdjson::dom::element id;
    if (object["id"].get(id) == simdjson::SUCCESS && !id.is_null()) request.id = simdjson::minify(id);
    if (object["method"].get_string().get(method) != simdjson::SUCCESS) {
        request.refused = no_request;
        return request;
    }
    request.method = method;
    simdjson::dom::element params;
    if (object["params"].get(params) != simdjson::SUCCESS || params.is_null()) return request;
    simdjson::dom::object named;
    if (params.get_object().get(named) != simdjson::SUCCESS) {
        request.refused = invalid_params("must be an object", "params");
        return request;
    }
    for (const auto field : named) request.params.set(std::string{field.key}, read_entry(field.value));
    return request;
}

Request parse_query(std::string_view method_and_query) {
    Request request;
    const std::size_t question = method_and_query.find('?');
    request.method = method_and_query.substr(0, question);
    std::string_view rest = question == std::string_view::npos ? "" : method_and_query.substr(question + 1);
    while (!rest.empty()) {
        const std::size_t end = rest.find('&');
        const std::string_view pair = rest.substr(0, end);
        rest = end == std::string_view::npos ? "" : rest.substr(end + 1);
        const std::size_t equals = pair.find('=');
        if (equals == std::string_view::npos) continue;
        Params::Entry entry;
        entry.texts.push_back(percent_decoded(pair.substr(equals + 1)));
        request.params.set(percent_decoded(pair.substr(0, equals)), std::move(entry));
    }
    return request;
}

}  // namespace keel::simulator::deribit
