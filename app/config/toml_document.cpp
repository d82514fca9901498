#include "app/config/toml_document.hpp"

#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <utility>

#include "app/failure.hpp"

namespace keel::app {

namespace {

TomlValue converted(const toml::node& node, const std::string& file);

TomlValue converted_table(const toml::table& table, const std::string& file) {
    TomlValue out;
    for (const auto& [key, value] : table) {
        out.keys.emplace_back(key.str());
        out.items.push_back(converted(value, file));
        if (out.items.back().line == 0) out.items.back().line = key.source().begin.line;
    }
    return out;
}

TomlValue converted(const toml::node& node, const std::string& file) {
    TomlValue out;
    if (const auto* table = node.as_table()) {
        out = converted_table(*table, file);
    } else if (const auto* array = node.as_array()) {
        out.type = TomlValue::Type::array;
        for (const toml::node& item : *array) out.items.push_back(converted(item, file));
    } else if (const auto* text = node.as_string()) {
        out.type = TomlValue::Type::text;
        out.text = text->get();
    } else if (const auto* integer = node.as_integer()) {
        out.type = TomlValue::Type::integer;
        out.integer = integer->get();
        out.number = static_cast<double>(out.integer);
    } else if (const auto* number = node.as_floating_point()) {
        out.type = TomlValue::Type::number;
        out.number = number->get();
    } else if (const auto* boolean = node.as_boolean()) {
        out.type = TomlValue::Type::boolean;
        out.boolean = boolean->get();
    } else {
        out.type = TomlValue::Type::other;
    }
    out.file = file;
    out.line = node.source().begin.line;
    return out;
}

}  // namespace

TomlValue parse_toml(std::string_view text, const std::string& file) {
    try {
        TomlValue document = converted_table(toml::parse(text, file), file);
        document.file = file;
        return document;
    } catch (const toml::parse_error& error) {
        throw ConfigError{file, error.source().begin.line, "syntax", std::string{error.description()}};
    }
}

}  // namespace keel::app
