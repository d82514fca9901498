#include "app/kill_latch.hpp"

#include <fcntl.h>
#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <ctime>

namespace keel::app {
namespace {

constexpr const char* kFileName = "kill_latch";
constexpr std::size_t kTextMax = 160;

std::string path_in(const std::filesystem::path& state_dir) { return (state_dir / kFileName).string(); }

bool sync_directory(const std::filesystem::path& directory) {
    const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return false;
    const bool synced = ::fsync(file) == 0;
    ::close(file);
    return synced;
}

}  // namespace

bool set_kill_latch(const std::filesystem::path& state_dir, std::string_view cause) {
    std::error_code ignored;  // what went wrong shows in open()
    std::filesystem::create_directories(state_dir, ignored);
    const int file = ::open(path_in(state_dir).c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return errno == EEXIST && sync_directory(state_dir);
    const std::string text = fmt::format("set {:%Y-%m-%dT%H:%M:%SZ} by {}\n", fmt::gmtime(std::time(nullptr)), cause);
    (void)!::write(file, text.data(), text.size());  // an empty file latches as well
    const bool synced = ::fsync(file) == 0;
    ::close(file);
    return sync_directory(state_dir) && synced;
}

std::optional<std::string> kill_latch(const std::filesystem::path& state_dir) {
    struct stat found {};
    if (::lstat(path_in(state_dir).c_str(), &found) != 0 && (errno == ENOENT || errno == ENOTDIR)) return {};
    std::array<char, kTextMax> text{};
    const int file = ::open(path_in(state_dir).c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    const ssize_t got = file < 0 ? 0 : ::read(file, text.data(), text.size());
    if (file >= 0) ::close(file);
    std::string line{text.data(), got > 0 ? static_cast<std::size_t>(got) : 0};
    line.resize(std::min(line.size(), line.find('\n')));
    std::erase_if(line, [](char c) { return c < ' ' || c > '~'; });
    return line.empty() ? "set by somebody" : line;
}

bool clear_kill_latch(const std::filesystem::path& state_dir) {
    if (::unlink(path_in(state_dir).c_str()) != 0) return errno == ENOENT || errno == ENOTDIR;
    return sync_directory(state_dir);
}

}  // namespace keel::app
