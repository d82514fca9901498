#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keel::app {

// Writes one JSON document on one line, in order. Numbers that are not finite become null, as JSON has no
// word for them. Thread: any. Allocates: yes. Nesting is the caller's duty.
class JsonText {
public:
    void open_object();
    void open_object(std::string_view key);
    void close_object();
    void open_array(std::string_view key);
    void open_array();
    void close_array();

    void field(std::string_view key, std::string_view value);
    void field(std::string_view key, const char* value) { field(key, std::string_view{value}); }
    void field(std::string_view key, const std::string& value) { field(key, std::string_view{value}); }
    void field(std::string_view key, bool value);
    void field(std::string_view key, double value);
    void field(std::string_view key, std::uint64_t value);
    void field(std::string_view key, std::int64_t value);
    void field(std::string_view key, int value) { field(key, static_cast<std::int64_t>(value)); }
    void field(std::string_view key, unsigned value) { field(key, static_cast<std::uint64_t>(value)); }
    void field(std::string_view key, const std::optional<double>& value);
    void null_field(std::string_view key);

    void item(std::string_view value);
    void item(double value);

    [[nodiscard]] const std::string& text() const { return out_; }

private:
    void separate();
    void name(std::string_view key);
    void quote(std::string_view value);

    std::string out_;
    bool first_{true};
};

}  // namespace keel::app
