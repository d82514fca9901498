#include "simulator/deribit/json_writer.hpp"

#include <fmt/format.h>

#include <cmath>

namespace keel::simulator::deribit {

void JsonWriter::separate() {
    if (text_.empty()) return;
    const char last = text_.back();
    if (last != '{' && last != '[' && last != ':') text_ += ',';
}

JsonWriter& JsonWriter::open(char bracket) {
    separate();
    text_ += bracket;
    return *this;
}

JsonWriter& JsonWriter::close(char bracket) {
    text_ += bracket;
    return *this;
}

JsonWriter& JsonWriter::name(std::string_view key) {
    value(key);
    text_ += ':';
    return *this;
}

JsonWriter& JsonWriter::value(std::string_view text) {
    separate();
    text_ += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            text_ += '\\';
            text_ += c;
        } else if (static_cast<unsigned char>(c) < 0x20) {
            text_ += fmt::format("\\u{:04x}", static_cast<unsigned>(c));
        } else {
            text_ += c;
        }
    }
    text_ += '"';
    return *this;
}

JsonWriter& JsonWriter::value(double number) {
    if (!std::isfinite(number)) return null();
    separate();
    text_ += fmt::format("{}", number == 0.0 ? 0.0 : number);
    return *this;
}

JsonWriter& JsonWriter::amount(double number) {
    const std::size_t before = text_.size();
    value(number);
    if (text_.find_first_of(".en", before) == std::string::npos) text_ += ".0";
    return *this;
}

JsonWriter& JsonWriter::value(std::int64_t number) {
    separate();
    text_ += fmt::format("{}", number);
    return *this;
}

JsonWriter& JsonWriter::value(std::uint64_t number) {
    separate();
    text_ += fmt::format("{}", number);
    return *this;
}

JsonWriter& JsonWriter::value(bool truth) { return raw(truth ? "true" : "false"); }

JsonWriter& JsonWriter::null() { return raw("null"); }

JsonWriter& JsonWriter::raw(std::string_view json) {
    separate();
    text_ += json;
    return *this;
}

double rounded(double value, int decimals) {
    const double scale = std::pow(10.0, decimals);
    return std::isfinite(value) ? std::round(value * scale) / scale : value;
}

}  // namespace keel::simulator::deribit
