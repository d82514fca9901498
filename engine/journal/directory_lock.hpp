#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "engine/core/result.hpp"

namespace keel {

// Holds a directory (of journals, of an account) for one engine: an flock on a file in it, which the
// kernel releases with the process however it ends.
// Thread: any. Allocates: in take().
class DirectoryLock {
public:
    // Creates `directory` (0700) and `<directory>/<name>.lock` (0600) where missing. Errors:
    // already_running (detail: the holder's process id), file_unreadable (detail: errno).
    static Result<DirectoryLock> take(const std::filesystem::path& directory, std::string_view name = "keel");
    DirectoryLock(DirectoryLock&& other) noexcept;
    DirectoryLock& operator=(DirectoryLock&& other) noexcept;
    ~DirectoryLock();

private:
    explicit DirectoryLock(int file) : file_{file} {}
    int file_{-1};
};

// A number that no earlier run used: at least the current time in seconds and one more than the number
// kept in `<directory>/boot_epoch`, which is on disk before this returns. High half of every client
// order id. The caller holds the directory's lock. Errors: file_unreadable, journal_unwritable
// (detail: errno).
Result<std::uint32_t> next_boot_epoch(const std::filesystem::path& directory);

}  // namespace keel
