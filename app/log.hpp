#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keel::app {

enum class LogLevel : std::uint8_t { trace, debug, info, warn, error, off };

struct LogOptions {
    LogLevel level{LogLevel::info};
    bool to_stderr{true};   // off while the terminal view owns the screen
    std::string directory;  // empty: no file
};

inline constexpr std::uint64_t kLogFileBytesMax = 8U << 20U;  // one file; a busy day writes a few MB
inline constexpr int kLogFilesMax = 5;                        // keel.log and four older ones

// Opens the log: lines on stderr and, with a directory, in DIR/keel.log (mode 0600) with rotation. May be
// called again to change where lines go. A directory that cannot be written leaves stderr alone and says so.
// Thread: any; lines are written whole. Never called on the core's thread.
void log_open(const LogOptions& options);
LogLevel log_level_from(std::string_view name);  // unknown names mean info

// Lines on stderr from now on, or in the file alone: while the terminal view owns the screen.
void log_to_stderr(bool wanted);

// One line. Control characters are written as \xNN, so that a venue's text cannot forge lines or steer a
// terminal. Secrets have a type of their own that no text is made from (connectors/net/secret.hpp).
void log_line(LogLevel level, std::string_view text);
inline void log_info(std::string_view text) { log_line(LogLevel::info, text); }
inline void log_warn(std::string_view text) { log_line(LogLevel::warn, text); }
inline void log_error(std::string_view text) { log_line(LogLevel::error, text); }
inline void log_debug(std::string_view text) { log_line(LogLevel::debug, text); }

}  // namespace keel::app
