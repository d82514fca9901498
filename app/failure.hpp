#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

namespace keel::app {

// A configuration that is refused, with the place: "examples/x.toml:12: hedge.band: …"; line 0 is no line, as of what
// the command line gave ("--set: hedge.band: …"). Exit code 2.
class ConfigError : public std::runtime_error {
public:
    ConfigError(std::string file, std::uint32_t line, std::string key, const std::string& reason)
        : std::runtime_error{file + (line == 0 ? "" : ":" + std::to_string(line)) + ": " + key + ": " + reason},
          file_{std::move(file)},
          line_{line},
          key_{std::move(key)} {}
    [[nodiscard]] const std::string& file() const { return file_; }
    [[nodiscard]] std::uint32_t line() const { return line_; }
    [[nodiscard]] const std::string& key() const { return key_; }

private:
    std::string file_;
    std::uint32_t line_{0};
    std::string key_;
};

// Wrong usage that the command line's grammar cannot see. Exit code 2.
class UsageError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// Something outside could not be reached or used: a venue, a file, a port. Exit code 3.
class OutsideError : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

}  // namespace keel::app
