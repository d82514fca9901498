#include "app/risk_files/json_tree.hpp"

#include <fmt/format.h>
#include <simdjson.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <set>

#include "app/failure.hpp"
#include "engine/core/edit_distance.hpp"

namespace keel::app {
namespace {

const char* type_name(JsonTree::Type type) {
    switch (type) {
        case JsonTree::Type::null: return "null";
        case JsonTree::Type::boolean: return "true or false";
        case JsonTree::Type::number: return "a number";
        case JsonTree::Type::text: return "a text";
        case JsonTree::Type::array: return "an array";
        case JsonTree::Type::object: return "an object";
    }
    return "";
}

// Reads all of a value; the first error ends it where the document breaks.
simdjson::error_code walk(simdjson::ondemand::value value, std::size_t depth) {
    if (depth > simdjson::DEFAULT_MAX_DEPTH) return simdjson::DEPTH_ERROR;
    simdjson::ondemand::json_type type{};
    if (const auto error = value.type().get(type)) return error;
    if (type == simdjson::ondemand::json_type::array) {
        for (auto item : value.get_array()) {
            simdjson::ondemand::value member;
            if (const auto error = item.get(member)) return error;
            if (const auto error = walk(member, depth + 1)) return error;
        }
    } else if (type == simdjson::ondemand::json_type::object) {
        for (auto field : value.get_object()) {
            simdjson::ondemand::value member;
            if (const auto error = field.value().get(member)) return error;
            if (const auto error = walk(member, depth + 1)) return error;
        }
    } else if (type == simdjson::ondemand::json_type::string) {
        return value.get_string().error();
    } else if (type == simdjson::ondemand::json_type::number) {
        return value.get_double().error();
    } else if (type == simdjson::ondemand::json_type::boolean) {
        return value.get_bool().error();
    } else {
        return value.is_null() ? simdjson::SUCCESS : simdjson::INCORRECT_TYPE;
    }
    return simdjson::SUCCESS;
}

// Whether it would write to a terminal what is no letter: C0, DEL and, as UTF-8, C1.
bool has_control(std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte < 0x20 || byte == 0x7f) return true;
        if (byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0) return true;
    }
    return false;
}

// The line, from 1, at which a document stops being JSON; none where it does so as a whole.
std::optional<std::size_t> broken_line(const simdjson::padded_string& text) {
    simdjson::ondemand::parser parser;
    simdjson::ondemand::document document;
    simdjson::ondemand::value root;
    if (parser.iterate(text).get(document) || document.get_value().get(root)) return std::nullopt;
    const char* place = nullptr;
    if (walk(root, 1) == simdjson::SUCCESS || document.current_location().get(place)) return std::nullopt;
    return 1 + static_cast<std::size_t>(std::count(text.data(), place, '\n'));
}

}  // namespace

// Copies simdjson's document into a tree of ours.
class JsonTreeBuilder {
public:
    explicit JsonTreeBuilder(std::string file) : file_{std::move(file)} {}

    JsonTree build(const simdjson::dom::element& element, const std::string& place) const {
        using simdjson::dom::element_type;
        JsonTree out;
        out.place_ = place;
        out.file_ = file_;
        switch (element.type()) {
            case element_type::NULL_VALUE: break;
            case element_type::BOOL:
                out.type_ = JsonTree::Type::boolean;
                out.boolean_ = element.get_bool().value_unsafe();
                break;
            case element_type::INT64:
            case element_type::UINT64:
            case element_type::DOUBLE:
                out.type_ = JsonTree::Type::number;
                out.number_ = element.get_double().value_unsafe();
                break;
            case element_type::STRING:
                out.type_ = JsonTree::Type::text;
                out.text_ = std::string{element.get_string().value_unsafe()};
                break;
            case element_type::ARRAY: {
                out.type_ = JsonTree::Type::array;
                const simdjson::dom::array array = element.get_array().value_unsafe();
                std::size_t index = 0;
                for (const simdjson::dom::element item : array) {
                    out.items_.push_back(build(item, place + "[" + std::to_string(index++) + "]"));
                }
                break;
            }
            case element_type::OBJECT: {
                const simdjson::dom::object object = element.get_object().value_unsafe();
                out.type_ = JsonTree::Type::object;
                std::set<std::string_view> keys;
                for (const auto& [key, value] : object) {
                    if (has_control(key)) throw InputError{file_, place, "a key has a control character"};
                    const std::string member = place.empty() ? std::string{key} : place + "." + std::string{key};
                    if (!keys.insert(key).second) throw InputError{file_, member, "is given twice in one object"};
                    out.keys_.emplace_back(key);
                    out.items_.push_back(build(value, member));
                }
                break;
            }
        }
        return out;
    }

private:
    std::string file_;
};

JsonTree JsonTree::parse(const std::string& text, const std::string& file) {
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";  // some editors begin a file with it
    const std::size_t start = text.starts_with(kByteOrderMark) ? kByteOrderMark.size() : 0;
    simdjson::padded_string padded{std::string_view{text}.substr(start)};
    simdjson::dom::parser parser;
    simdjson::dom::element root;
    const simdjson::error_code error = parser.parse(padded).get(root);
    if (error != simdjson::SUCCESS) {
        const std::optional<std::size_t> line = broken_line(padded);
        throw InputError{file, line ? fmt::format("line {}", *line) : "",
                         std::string{"not a JSON document: "} + simdjson::error_message(error)};
    }
    return JsonTreeBuilder{file}.build(root, "");
}

JsonTree JsonTree::read(const std::string& path) {
    std::error_code ignored;
    if (std::filesystem::is_directory(path, ignored)) throw OutsideError{path + ": is a directory, not a file"};
    std::ifstream file{path, std::ios::binary};
    if (!file) throw OutsideError{path + ": cannot be read"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return parse(text, path);
}

const JsonTree* JsonTree::find(std::string_view key) const {
    const auto found = std::ranges::find(keys_, key);
    if (found == keys_.end()) return nullptr;
    const JsonTree& member = items_[static_cast<std::size_t>(found - keys_.begin())];
    return member.is(Type::null) ? nullptr : &member;
}

const JsonTree& JsonTree::at(std::string_view key) const {
    if (!is(Type::object)) refuse(std::string{"must be an object, is "} + type_name(type_));
    const JsonTree* member = find(key);
    if (member == nullptr) refuse(fmt::format("\"{}\" is missing", key));
    return *member;
}

double JsonTree::number() const {
    if (!is(Type::number)) refuse(std::string{"must be a number, is "} + type_name(type_));
    if (!std::isfinite(number_)) refuse("is not a finite number");
    return number_;
}

const std::string& JsonTree::text() const {
    if (!is(Type::text)) refuse(std::string{"must be a text, is "} + type_name(type_));
    if (has_control(text_)) refuse("has a control character");
    return text_;
}

bool JsonTree::boolean() const {
    if (!is(Type::boolean)) refuse(std::string{"must be true or false, is "} + type_name(type_));
    return boolean_;
}

const std::vector<JsonTree>& JsonTree::array() const {
    if (!is(Type::array)) refuse(std::string{"must be an array, is "} + type_name(type_));
    return items_;
}

double JsonTree::number_or(std::string_view key, double otherwise) const {
    const JsonTree* member = find(key);
    return member == nullptr ? otherwise : member->number();
}

std::string JsonTree::text_or(std::string_view key, std::string_view otherwise) const {
    const JsonTree* member = find(key);
    return member == nullptr ? std::string{otherwise} : member->text();
}

void JsonTree::refuse_unknown(std::initializer_list<std::string_view> known) const {
    if (!is(Type::object)) refuse(std::string{"must be an object, is "} + type_name(type_));
    for (const std::string& key : keys_) {
        if (std::ranges::find(known, key) != known.end()) continue;
        const auto nearest =
            std::ranges::min(known, {}, [&](std::string_view name) { return edit_distance(key, name); });
        refuse(fmt::format("unknown key \"{}\"; did you mean \"{}\"?", key, nearest));
    }
}

void JsonTree::refuse(const std::string& reason) const { throw InputError{file_, place_, reason}; }

}  // namespace keel::app
