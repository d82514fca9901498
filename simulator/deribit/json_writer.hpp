#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace keel::simulator::deribit {

// Appends JSON to one string; commas place themselves. Doubles are written as the shortest text that
// reads back equal, not-a-number as null.
// Thread: one. Allocates: its buffer.
class JsonWriter {
public:
    JsonWriter& begin_object() { return open('{'); }
    JsonWriter& end_object() { return close('}'); }
    JsonWriter& begin_array() { return open('['); }
    JsonWriter& end_array() { return close(']'); }
    JsonWriter& begin_object(std::string_view key) { return name(key).open('{'); }
    JsonWriter& begin_array(std::string_view key) { return name(key).open('['); }

    JsonWriter& value(std::string_view text);
    JsonWriter& value(double number);
    JsonWriter& value(std::int64_t number);
    JsonWriter& value(std::uint64_t number);
    JsonWriter& value(bool truth);
    JsonWriter& null();
    // A number that keeps a decimal point, as the venue writes amounts: 10.0.
    JsonWriter& amount(double number);
    // JSON made elsewhere.
    JsonWriter& raw(std::string_view json);

    JsonWriter& name(std::string_view key);

    template <class T>
    JsonWriter& member(std::string_view key, const T& member_value) {
        name(key);
        if constexpr (std::same_as<T, bool>) {
            return value(member_value);
        } else if constexpr (std::convertible_to<T, std::string_view>) {
            return value(std::string_view{member_value});
        } else if constexpr (std::floating_point<T>) {
            return value(static_cast<double>(member_value));
        } else if constexpr (std::unsigned_integral<T>) {
            return value(static_cast<std::uint64_t>(member_value));
        } else {
            return value(static_cast<std::int64_t>(member_value));
        }
    }
    JsonWriter& amount(std::string_view key, double number) { return name(key).amount(number); }
    JsonWriter& null(std::string_view key) { return name(key).null(); }
    JsonWriter& raw(std::string_view key, std::string_view json) { return name(key).raw(json); }

    [[nodiscard]] const std::string& text() const { return text_; }
    [[nodiscard]] std::string take() { return std::exchange(text_, {}); }

private:
    JsonWriter& open(char bracket);
    JsonWriter& close(char bracket);
    void separate();
    std::string text_;
};

// `value` rounded half away from zero to `decimals` places.
[[nodiscard]] double rounded(double value, int decimals);

}  // namespace keel::simulator::deribit
