#include <fmt/format.h>

#include <cmath>
#include <cstdlib>
#include <utility>

#include "app/config/toml_document.hpp"
#include "app/failure.hpp"

namespace keel::app {

const TomlValue* TomlValue::find(std::string_view key) const {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i] == key) return &items[i];
    }
    return nullptr;
}

TomlValue* TomlValue::find(std::string_view key) { return const_cast<TomlValue*>(std::as_const(*this).find(key)); }

void TomlValue::set(std::string_view key, TomlValue value) {
    if (TomlValue* present = find(key)) {
        *present = std::move(value);
        return;
    }
    keys.emplace_back(key);
    items.push_back(std::move(value));
}

void TomlValue::erase(std::string_view key) {
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (keys[i] != key) continue;
        keys.erase(keys.begin() + static_cast<std::ptrdiff_t>(i));
        items.erase(items.begin() + static_cast<std::ptrdiff_t>(i));
        return;
    }
}

const char* toml_type_name(TomlValue::Type type) {
    switch (type) {
        case TomlValue::Type::boolean: return "a boolean";
        case TomlValue::Type::integer: return "a whole number";
        case TomlValue::Type::number: return "a number";
        case TomlValue::Type::text: return "text";
        case TomlValue::Type::array: return "a list";
        case TomlValue::Type::table: return "a table";
        case TomlValue::Type::other: break;
    }
    return "a date or time";
}

namespace {

const std::string kOverrideFile = "--set";

std::vector<std::string> split_path(const std::string& path) {
    std::vector<std::string> parts;
    std::size_t begin = 0;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
        parts.push_back(path.substr(begin, dot - begin));
        begin = dot + 1;
    }
    parts.push_back(path.substr(begin));
    return parts;
}

TomlValue* step(TomlValue& at, const std::string& part, const std::string& path) {
    if (at.type == TomlValue::Type::table) {
        if (at.find(part) == nullptr) {
            TomlValue made;
            made.file = kOverrideFile;
            at.set(part, std::move(made));
        }
        return at.find(part);
    }
    if (at.type == TomlValue::Type::array) {
        char* end = nullptr;
        const std::size_t slot = std::strtoul(part.c_str(), &end, 10);
        if (!part.empty() && *end == '\0' && slot < at.items.size()) return &at.items[slot];
        throw ConfigError{kOverrideFile, 0, path, fmt::format("no entry {} in a list of {}", part, at.items.size())};
    }
    throw ConfigError{kOverrideFile, 0, path, "leads through a plain value"};
}

// What the command line gave stands on no line of a file.
void forget_lines(TomlValue& value) {
    value.line = 0;
    for (TomlValue& item : value.items) forget_lines(item);
}

// An address, a path or a word that nobody wants to quote twice for the shell; anything that opens a list, a table
// or a string must be right as it is.
bool may_be_bare(const std::string& value) { return value.find_first_of("[]{}\"'") == std::string::npos; }

void append_text(std::string& out, const std::string& text) {
    out += '"';
    for (const char c : text) {
        if (c == '"' || c == '\\') {
            out += '\\';
            out += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) {
            out += fmt::format("\\u{:04x}", static_cast<unsigned>(static_cast<unsigned char>(c)));
        } else {
            out += c;
        }
    }
    out += '"';
}

void append_number(std::string& out, double value) {
    if (std::isnan(value)) {
        out += "nan";
    } else if (std::isinf(value)) {
        out += value > 0 ? "inf" : "-inf";
    } else {
        std::string text = fmt::format("{}", value);
        if (text.find_first_of(".e") == std::string::npos) text += ".0";
        out += text;
    }
}

void append_inline(std::string& out, const TomlValue& value) {
    switch (value.type) {
        case TomlValue::Type::boolean: out += value.boolean ? "true" : "false"; break;
        case TomlValue::Type::integer: out += std::to_string(value.integer); break;
        case TomlValue::Type::number: append_number(out, value.number); break;
        case TomlValue::Type::text:
        case TomlValue::Type::other: append_text(out, value.text); break;
        case TomlValue::Type::array:
            out += '[';
            for (std::size_t i = 0; i < value.items.size(); ++i) {
                if (i > 0) out += ", ";
                append_inline(out, value.items[i]);
            }
            out += ']';
            break;
        case TomlValue::Type::table:
            out += "{ ";
            for (std::size_t i = 0; i < value.items.size(); ++i) {
                if (i > 0) out += ", ";
                out += value.keys[i] + " = ";
                append_inline(out, value.items[i]);
            }
            out += " }";
            break;
    }
}

bool is_table_array(const TomlValue& value) {
    return value.type == TomlValue::Type::array && !value.items.empty() &&
           value.items[0].type == TomlValue::Type::table;
}

void append_table(std::string& out, const TomlValue& table, const std::string& path) {
    for (std::size_t i = 0; i < table.items.size(); ++i) {
        const TomlValue& value = table.items[i];
        if (value.type == TomlValue::Type::table || is_table_array(value)) continue;
        out += table.keys[i] + " = ";
        append_inline(out, value);
        out += '\n';
    }
    for (std::size_t i = 0; i < table.items.size(); ++i) {
        const TomlValue& value = table.items[i];
        const std::string inner = path.empty() ? table.keys[i] : path + "." + table.keys[i];
        if (value.type == TomlValue::Type::table) {
            out += "\n[" + inner + "]\n";
            append_table(out, value, inner);
        } else if (is_table_array(value)) {
            for (const TomlValue& item : value.items) {
                out += "\n[[" + inner + "]]\n";
                append_table(out, item, inner);
            }
        }
    }
}

}  // namespace

void apply_override(TomlValue& document, const std::string& assignment) {
    const std::size_t equals = assignment.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw ConfigError{kOverrideFile, 0, assignment, "must be KEY=VALUE"};
    }
    const std::string path = assignment.substr(0, equals);
    const std::string value = assignment.substr(equals + 1);
    TomlValue parsed;
    try {
        parsed = parse_toml("value = " + value + "\n", kOverrideFile);
    } catch (const ConfigError&) {
        if (!may_be_bare(value)) throw ConfigError{kOverrideFile, 0, path, "is given no TOML value"};
        std::string quoted;
        append_text(quoted, value);
        parsed = parse_toml("value = " + quoted + "\n", kOverrideFile);
    }
    if (parsed.keys.size() != 1) throw ConfigError{kOverrideFile, 0, path, "is given more than one value"};
    TomlValue* given = parsed.find("value");
    TomlValue* at = &document;
    for (const std::string& part : split_path(path)) at = step(*at, part, path);
    forget_lines(*given);
    *at = std::move(*given);
}

std::string toml_text(const TomlValue& document) {
    std::string out;
    append_table(out, document, "");
    return out;
}

}  // namespace keel::app
