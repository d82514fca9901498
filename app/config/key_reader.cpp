#include "app/config/key_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "app/failure.hpp"

namespace keel::app {

namespace {

constexpr const char* kBlank = " \t\r\n\v\f";

std::string range_text(const KeyRule& rule) {
    const bool has_low = std::isfinite(rule.low);
    const bool has_high = std::isfinite(rule.high);
    if (has_low && has_high) return fmt::format("{} to {}", rule.low, rule.high);
    if (has_low) return fmt::format("at least {}", rule.low);
    if (has_high) return fmt::format("at most {}", rule.high);
    return "";
}

std::string joined(std::span<const char* const> words) {
    std::string out;
    for (const char* word : words) {
        if (!out.empty()) out += ", ";
        out += word;
    }
    return out;
}

bool names_a_secret(const std::string& key) {
    constexpr std::array<std::string_view, 5> kWords{"secret", "password", "api_key", "token", "private_key"};
    return std::any_of(kWords.begin(), kWords.end(),
                       [&key](std::string_view word) { return key.find(word) != std::string::npos; });
}

// Keys that differ only in their unit's ending are the likely slip: say which unit this key has.
std::string without_unit(const std::string& key) {
    const std::size_t last = key.rfind('_');
    return last == std::string::npos ? key : key.substr(0, last);
}

}  // namespace

KeyReader::KeyReader(const TomlValue& table, std::string path) : table_{table}, path_{std::move(path)} {}

std::string KeyReader::path_of(const std::string& name) const { return path_.empty() ? name : path_ + "." + name; }

void KeyReader::refuse_at(const TomlValue& value, const std::string& name, const std::string& reason) const {
    throw ConfigError{value.file, value.line, path_of(name), reason};
}

void KeyReader::refuse(const char* name, const std::string& reason) {
    const TomlValue* value = table_.find(name);
    refuse_at(value != nullptr ? *value : table_, name, reason);
}

bool KeyReader::given(const char* name) const { return table_.find(name) != nullptr; }

const TomlValue* KeyReader::take(const char* name, const KeyRule& rule) {
    asked_.emplace_back(name);
    const TomlValue* value = table_.find(name);
    if (value == nullptr && rule.required) refuse_at(table_, name, "is required");
    return value;
}

const TomlValue* KeyReader::take(const char* name, TomlValue::Type type, const KeyRule& rule) {
    const TomlValue* value = take(name, rule);
    if (value == nullptr || value->type == type) return value;
    if (type == TomlValue::Type::number && value->type == TomlValue::Type::integer) return value;
    refuse_at(*value, name, fmt::format("must be {}, not {}", toml_type_name(type), toml_type_name(value->type)));
}

void KeyReader::check_range(const TomlValue& value, const char* name, double number, const KeyRule& rule) const {
    if (!std::isfinite(number)) refuse_at(value, name, "must be a finite number");
    if (number >= rule.low && number <= rule.high) return;
    refuse_at(value, name, fmt::format("{} is out of range: {}", number, range_text(rule)));
}

void KeyReader::boolean(const char* name, bool& field, const KeyRule& rule) {
    if (const TomlValue* value = take(name, TomlValue::Type::boolean, rule)) field = value->boolean;
}

void KeyReader::integer(const char* name, std::int64_t& field, const KeyRule& rule) {
    const TomlValue* value = take(name, TomlValue::Type::integer, rule);
    if (value == nullptr) return;
    check_range(*value, name, static_cast<double>(value->integer), rule);
    field = value->integer;
}

void KeyReader::number(const char* name, double& field, const KeyRule& rule) {
    const TomlValue* value = take(name, TomlValue::Type::number, rule);
    if (value == nullptr) return;
    check_range(*value, name, value->number, rule);
    field = value->number;
}

void KeyReader::text(const char* name, std::string& field, const KeyRule& rule) {
    const TomlValue* value = take(name, TomlValue::Type::text, rule);
    if (value == nullptr) return;
    if (rule.required && value->text.empty()) refuse_at(*value, name, "must not be empty");
    if (!value->text.empty() && value->text.find_first_not_of(kBlank) == std::string::npos) {
        refuse_at(*value, name, "must not be blank");
    }
    if (value->text.find('\0') != std::string::npos) refuse_at(*value, name, "holds a character of value 0");
    field = value->text;
}

void KeyReader::texts(const char* name, std::vector<std::string>& field, const KeyRule& rule) {
    const TomlValue* value = take(name, TomlValue::Type::array, rule);
    if (value == nullptr) return;
    field.clear();
    for (const TomlValue& item : value->items) {
        if (item.type != TomlValue::Type::text) refuse_at(item, name, "must be a list of texts");
        // Every list here is one of names or patterns.
        if (item.text.empty()) refuse_at(item, name, "holds an empty entry");
        if (item.text.find_first_of(kBlank) != std::string::npos) {
            refuse_at(item, name, fmt::format("\"{}\" holds a blank", item.text));
        }
        if (std::find(field.begin(), field.end(), item.text) != field.end()) {
            refuse_at(item, name, fmt::format("\"{}\" stands there twice", item.text));
        }
        field.push_back(item.text);
    }
}

void KeyReader::integers(const char* name, std::vector<std::int64_t>& field, const KeyRule& rule) {
    const TomlValue* value = take(name, TomlValue::Type::array, rule);
    if (value == nullptr) return;
    field.clear();
    for (const TomlValue& item : value->items) {
        if (item.type != TomlValue::Type::integer) refuse_at(item, name, "must be a list of whole numbers");
        check_range(item, name, static_cast<double>(item.integer), rule);
        field.push_back(item.integer);
    }
}

void KeyReader::choice(const char* name, std::size_t& field, std::span<const char* const> words, const KeyRule& rule) {
    const TomlValue* value = take(name, TomlValue::Type::text, rule);
    if (value == nullptr) return;
    const auto found = std::find(words.begin(), words.end(), value->text);
    if (found == words.end()) {
        refuse_at(*value, name, fmt::format("\"{}\" is none of: {}", value->text, joined(words)));
    }
    field = static_cast<std::size_t>(found - words.begin());
}

void KeyReader::section(const char* name, const std::function<void(KeyVisitor&)>& keys) {
    const TomlValue* value = take(name, TomlValue::Type::table, KeyRule{});
    TomlValue absent;
    absent.file = table_.file;
    absent.line = table_.line;
    KeyReader inner{value != nullptr ? *value : absent, path_of(name)};
    keys(inner);
    inner.finish();
}

void KeyReader::sections(const char* name, const std::function<void(std::size_t)>& resize,
                         const std::function<void(KeyVisitor&, std::size_t)>& keys, const KeyRule& rule) {
    const TomlValue* value = take(name, TomlValue::Type::array, rule);
    if (value == nullptr) return;
    if (static_cast<double>(value->items.size()) > rule.high) {
        refuse_at(*value, name, fmt::format("{} entries are more than {}", value->items.size(), rule.high));
    }
    resize(value->items.size());
    for (std::size_t i = 0; i < value->items.size(); ++i) {
        if (value->items[i].type != TomlValue::Type::table)
            refuse_at(value->items[i], name, "must be a list of tables");
        KeyReader inner{value->items[i], fmt::format("{}[{}]", path_of(name), i)};
        keys(inner, i);
        inner.finish();
    }
}

void KeyReader::finish() const {
    const TomlValue* first = nullptr;
    std::string name;
    for (std::size_t i = 0; i < table_.keys.size(); ++i) {
        if (std::find(asked_.begin(), asked_.end(), table_.keys[i]) != asked_.end()) continue;
        if (first != nullptr && first->line <= table_.items[i].line) continue;
        first = &table_.items[i];
        name = table_.keys[i];
    }
    if (first == nullptr) return;
    std::string reason = "unknown key";
    if (names_a_secret(name)) reason = "secrets never stand in the configuration: name a credentials_file of mode 0600";
    for (const std::string& known : asked_) {
        if (without_unit(known) == without_unit(name)) reason = "unknown key; the key with its unit is " + known;
    }
    refuse_at(*first, name, reason);
}

KeyDescriber::KeyDescriber(std::vector<KeyDescription>& out, std::string path) : out_{out}, path_{std::move(path)} {}

void KeyDescriber::add(const char* name, const char* type, std::string fallback, std::string bound,
                       const KeyRule& rule) {
    out_.push_back({path_.empty() ? name : path_ + "." + name, type, rule.required ? "required" : std::move(fallback),
                    std::move(bound), rule.meaning});
}

void KeyDescriber::boolean(const char* name, bool& field, const KeyRule& rule) {
    add(name, "boolean", field ? "true" : "false", "", rule);
}
void KeyDescriber::integer(const char* name, std::int64_t& field, const KeyRule& rule) {
    add(name, "whole number", std::to_string(field), range_text(rule), rule);
}
void KeyDescriber::number(const char* name, double& field, const KeyRule& rule) {
    add(name, "number", fmt::format("{}", field), range_text(rule), rule);
}
void KeyDescriber::text(const char* name, std::string& field, const KeyRule& rule) {
    add(name, "text", "\"" + field + "\"", "", rule);
}
void KeyDescriber::texts(const char* name, std::vector<std::string>& field, const KeyRule& rule) {
    add(name, "list of texts", fmt::format("[{}]", fmt::join(field, ", ")), "", rule);
}
void KeyDescriber::integers(const char* name, std::vector<std::int64_t>& field, const KeyRule& rule) {
    add(name, "list of whole numbers", fmt::format("[{}]", fmt::join(field, ", ")), range_text(rule), rule);
}
void KeyDescriber::choice(const char* name, std::size_t& field, std::span<const char* const> words,
                          const KeyRule& rule) {
    add(name, "word", field < words.size() ? std::string{"\""} + words[field] + "\"" : "", joined(words), rule);
}
void KeyDescriber::section(const char* name, const std::function<void(KeyVisitor&)>& keys) {
    KeyDescriber inner{out_, path_.empty() ? name : path_ + "." + name};
    keys(inner);
}
void KeyDescriber::sections(const char* name, const std::function<void(std::size_t)>& resize,
                            const std::function<void(KeyVisitor&, std::size_t)>& keys, const KeyRule&) {
    resize(1);
    KeyDescriber inner{out_, (path_.empty() ? name : path_ + "." + name) + "[]"};
    keys(inner, 0);
}
void KeyDescriber::refuse(const char*, const std::string&) {}
bool KeyDescriber::given(const char*) const { return false; }

}  // namespace keel::app
