#include "engine/journal/directory_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string>
#include <utility>

#include "engine/core/clock.hpp"

namespace keel {
namespace {

std::uint64_t errno_detail() { return static_cast<std::uint64_t>(errno); }

std::uint64_t number_in(int file) {
    char text[32]{};
    const ssize_t got = ::pread(file, text, sizeof text - 1, 0);
    std::uint64_t value = 0;
    if (got > 0) std::from_chars(text, text + got, value);
    return value;
}

bool write_all(int file, std::string_view text) {
    return ::write(file, text.data(), text.size()) == static_cast<ssize_t>(text.size());
}

// Writes beside, syncs, renames over, syncs the directory: the old number or the new one, never half.
bool replace_file(const std::filesystem::path& path, std::string_view text) {
    const std::filesystem::path beside = path.string() + ".new";
    const int file = ::open(beside.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return false;
    const bool written = write_all(file, text) && ::fsync(file) == 0;
    ::close(file);
    if (!written || ::rename(beside.c_str(), path.c_str()) != 0) return false;
    const int directory = ::open(path.parent_path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0) return false;
    const bool synced = ::fsync(directory) == 0;
    ::close(directory);
    return synced;
}

}  // namespace

Result<DirectoryLock> DirectoryLock::take(const std::filesystem::path& directory, std::string_view name) {
    std::error_code error;
    if (std::filesystem::create_directories(directory, error); error)
        return fail(Errc::file_unreadable, static_cast<std::uint64_t>(error.value()));
    const std::filesystem::path path = directory / (std::string{name} + ".lock");
    const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (file < 0) return fail(Errc::file_unreadable, errno_detail());
    DirectoryLock lock{file};
    if (::flock(file, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EWOULDBLOCK) return fail(Errc::already_running, number_in(file));
        return fail(Errc::file_unreadable, errno_detail());
    }
    const std::string pid = std::to_string(::getpid()) + "\n";
    if (::ftruncate(file, 0) != 0 || !write_all(file, pid)) return fail(Errc::file_unreadable, errno_detail());
    return lock;
}

DirectoryLock::DirectoryLock(DirectoryLock&& other) noexcept : file_{std::exchange(other.file_, -1)} {}

DirectoryLock& DirectoryLock::operator=(DirectoryLock&& other) noexcept {
    std::swap(file_, other.file_);
    return *this;
}

DirectoryLock::~DirectoryLock() {
    if (file_ >= 0) ::close(file_);
}

Result<std::uint32_t> next_boot_epoch(const std::filesystem::path& directory) {
    const std::filesystem::path path = directory / "boot_epoch";
    std::uint64_t last = 0;
    if (const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC); file >= 0) {
        last = number_in(file);
        ::close(file);
    } else if (errno != ENOENT) {
        return fail(Errc::file_unreadable, errno_detail());
    }
    // The clock alone would do but for two starts in one second; the file alone, but for a lost file.
    const auto seconds = static_cast<std::uint64_t>(wall_now().ns() / 1'000'000'000);
    const auto epoch = static_cast<std::uint32_t>(std::max(last + 1, seconds));
    if (!replace_file(path, std::to_string(epoch) + "\n")) return fail(Errc::journal_unwritable, errno_detail());
    return epoch;
}

}  // namespace keel
