#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace keel::app {

// One value of a TOML document with the place it stands at; a table keeps its keys beside its items. The
// rest of the configuration code reads this tree, so that the parser's headers stay in one file.
struct TomlValue {
    enum class Type : std::uint8_t { boolean, integer, number, text, array, table, other };

    Type type{Type::table};
    bool boolean{false};
    std::int64_t integer{0};
    double number{0.0};
    std::string text;
    std::vector<std::string> keys;  // tables only; same size as items
    std::vector<TomlValue> items;   // arrays and tables
    std::string file;               // where it stands; "--set" for an override
    std::uint32_t line{0};

    [[nodiscard]] const TomlValue* find(std::string_view key) const;
    [[nodiscard]] TomlValue* find(std::string_view key);
    void set(std::string_view key, TomlValue value);  // tables only; replaces
    void erase(std::string_view key);
};
[[nodiscard]] const char* toml_type_name(TomlValue::Type type);

// Parses a document. Throws ConfigError with the line of the syntax error.
TomlValue parse_toml(std::string_view text, const std::string& file);

// Applies "key.path=value" on top: the value is TOML (a bare word counts as text), a number in the path is
// the slot of an array of tables. Throws ConfigError where the path leads nowhere.
void apply_override(TomlValue& document, const std::string& assignment);

// Text that parses to the same tree; comments and order are lost.
std::string toml_text(const TomlValue& document);

}  // namespace keel::app
