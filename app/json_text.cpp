#include "app/json_text.hpp"

#include <fmt/format.h>

#include <cmath>

namespace keel::app {

void JsonText::separate() {
    if (!first_) out_ += ", ";
    first_ = false;
}

void JsonText::quote(std::string_view value) {
    out_ += '"';
    for (const char c : value) {
        const auto byte = static_cast<unsigned char>(c);
        if (c == '"' || c == '\\') {
            out_ += '\\';
            out_ += c;
        } else if (c == '\n') {
            out_ += "\\n";
        } else if (byte < 0x20 || byte == 0x7f) {
            out_ += fmt::format("\\u{:04x}", static_cast<unsigned>(byte));
        } else {
            out_ += c;
        }
    }
    out_ += '"';
}

void JsonText::name(std::string_view key) {
    separate();
    quote(key);
    out_ += ": ";
}

void JsonText::open_object() {
    separate();
    out_ += '{';
    first_ = true;
}
void JsonText::open_object(std::string_view key) {
    name(key);
    out_ += '{';
    first_ = true;
}
void JsonText::close_object() {
    out_ += '}';
    first_ = false;
}
void JsonText::open_array(std::string_view key) {
    name(key);
    out_ += '[';
    first_ = true;
}
void JsonText::open_array() {
    separate();
    out_ += '[';
    first_ = true;
}
void JsonText::close_array() {
    out_ += ']';
    first_ = false;
}

void JsonText::field(std::string_view key, std::string_view value) {
    name(key);
    quote(value);
}
void JsonText::field(std::string_view key, bool value) {
    name(key);
    out_ += value ? "true" : "false";
}
void JsonText::field(std::string_view key, double value) {
    name(key);
    out_ += std::isfinite(value) ? fmt::format("{}", value) : "null";
}
void JsonText::field(std::string_view key, std::uint64_t value) {
    name(key);
    out_ += std::to_string(value);
}
void JsonText::field(std::string_view key, std::int64_t value) {
    name(key);
    out_ += std::to_string(value);
}
void JsonText::field(std::string_view key, const std::optional<double>& value) {
    if (value) {
        field(key, *value);
    } else {
        null_field(key);
    }
}
void JsonText::null_field(std::string_view key) {
    name(key);
    out_ += "null";
}

void JsonText::item(std::string_view value) {
    separate();
    quote(value);
}
void JsonText::item(double value) {
    separate();
    out_ += std::isfinite(value) ? fmt::format("{}", value) : "null";
}

}  // namespace keel::app
