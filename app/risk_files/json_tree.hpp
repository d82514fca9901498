#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "app/failure.hpp"

namespace keel::app {

// A file of input that is refused, with the place: "portfolio.json: positions[3].quantity: …". Exit code 2.
class InputError : public UsageError {
public:
    InputError(const std::string& file, const std::string& place, const std::string& reason)
        : UsageError{file + ": " + (place.empty() ? "" : place + ": ") + reason} {}
};

// A JSON document as a tree that knows its places, for files that people write.
class JsonTree {
public:
    enum class Type : std::uint8_t { null, boolean, number, text, array, object };

    // Reads and parses `path`. Errors: OutsideError (cannot be read), InputError (not JSON, an object with a key
    // twice or with a control character in one).
    static JsonTree read(const std::string& path);
    static JsonTree parse(const std::string& text, const std::string& file);

    [[nodiscard]] Type type() const { return type_; }
    [[nodiscard]] bool is(Type type) const { return type_ == type; }
    [[nodiscard]] const std::vector<JsonTree>& items() const { return items_; }
    [[nodiscard]] const std::vector<std::string>& keys() const { return keys_; }
    [[nodiscard]] const std::string& place() const { return place_; }
    // File and place: "portfolio.json: positions[3]".
    [[nodiscard]] std::string where() const { return place_.empty() ? file_ : file_ + ": " + place_; }

    // The member of an object, or nullptr: absent, null, or not an object.
    [[nodiscard]] const JsonTree* find(std::string_view key) const;
    // The member, or InputError naming what is missing.
    [[nodiscard]] const JsonTree& at(std::string_view key) const;

    // The value as what it must be, or InputError. Numbers are finite, texts have no control characters.
    [[nodiscard]] double number() const;
    [[nodiscard]] const std::string& text() const;
    [[nodiscard]] bool boolean() const;
    [[nodiscard]] const std::vector<JsonTree>& array() const;

    // A member's value, or `otherwise` where it is absent or null.
    [[nodiscard]] double number_or(std::string_view key, double otherwise) const;
    [[nodiscard]] std::string text_or(std::string_view key, std::string_view otherwise) const;

    // Refuses members that are not among `known`, naming the nearest.
    void refuse_unknown(std::initializer_list<std::string_view> known) const;
    [[noreturn]] void refuse(const std::string& reason) const;

private:
    friend class JsonTreeBuilder;

    Type type_{Type::null};
    bool boolean_{false};
    double number_{0.0};
    std::string text_;
    std::vector<std::string> keys_;
    std::vector<JsonTree> items_;
    std::string place_;
    std::string file_;
};

}  // namespace keel::app
