#include "app/log.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <mutex>

namespace keel::app {

namespace {

constexpr std::array<std::string_view, 6> kLevelNames{"trace", "debug", "info", "warn", "error", "off"};

// The open log. One per process, because file descriptor 2 is one per process.
// Thread: any; `mutex` guards the rest. Allocates: yes, at the edge.
struct Log {
    std::mutex mutex;
    LogOptions options;
    int file{-1};
    std::uint64_t file_bytes{0};
};

Log& the_log() {
    static Log log;
    return log;
}

void write_whole(int file, std::string_view text) {
    while (!text.empty()) {
        const ssize_t written = ::write(file, text.data(), text.size());
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) return;  // a full disk must not stop the engine: the journal is what counts
        text.remove_prefix(static_cast<std::size_t>(written));
    }
}

std::string path_of(const Log& log, int age) {
    return log.options.directory + (age == 0 ? "/keel.log" : fmt::format("/keel.{}.log", age));
}

bool open_file(Log& log) {
    std::error_code ignored;
    std::filesystem::create_directories(log.options.directory, ignored);
    log.file = ::open(path_of(log, 0).c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (log.file < 0) return false;
    const off_t size = ::lseek(log.file, 0, SEEK_END);
    log.file_bytes = size > 0 ? static_cast<std::uint64_t>(size) : 0;
    return true;
}

void rotate(Log& log) {
    ::close(log.file);
    log.file = -1;
    for (int age = kLogFilesMax - 1; age > 0; --age) {
        ::rename(path_of(log, age - 1).c_str(), path_of(log, age).c_str());
    }
    open_file(log);
}

std::string clean(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f) {
            out += fmt::format("\\x{:02x}", byte);
        } else {
            out += c;
        }
    }
    return out;
}

}  // namespace

LogLevel log_level_from(std::string_view name) {
    for (std::size_t i = 0; i < kLevelNames.size(); ++i) {
        if (kLevelNames[i] == name) return static_cast<LogLevel>(i);
    }
    return LogLevel::info;
}

void log_open(const LogOptions& options) {
    Log& log = the_log();
    const std::lock_guard lock{log.mutex};
    if (log.file >= 0) ::close(log.file);
    log.file = -1;
    log.options = options;
    if (options.directory.empty() || open_file(log)) return;
    write_whole(STDERR_FILENO, fmt::format("log: {} cannot be written: {}\n", path_of(log, 0), std::strerror(errno)));
}

void log_line(LogLevel level, std::string_view text) {
    Log& log = the_log();
    const std::lock_guard lock{log.mutex};
    if (level < log.options.level || level == LogLevel::off) return;
    const auto now = std::chrono::system_clock::now();
    const auto ms = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count() % 1000;
    const std::string line =
        fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:03}Z {:<5} {}\n", fmt::gmtime(std::chrono::system_clock::to_time_t(now)),
                    ms, kLevelNames[static_cast<std::size_t>(level)], clean(text));
    if (log.options.to_stderr) write_whole(STDERR_FILENO, line);
    if (log.file < 0) return;
    if (log.file_bytes + line.size() > kLogFileBytesMax) rotate(log);
    if (log.file < 0) return;
    write_whole(log.file, line);
    log.file_bytes += line.size();
}

void log_to_stderr(bool wanted) {
    Log& log = the_log();
    const std::lock_guard lock{log.mutex};
    log.options.to_stderr = wanted;
}

}  // namespace keel::app
