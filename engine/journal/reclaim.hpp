#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/core/result.hpp"

namespace keel {

// Gives the disk back what a killed writer had allocated ahead and never wrote. No byte of the file changes, nor its
// size: the zeros behind its records become a hole, so that whoever reads it meanwhile sees the same. Its time of
// change stays. Returns the bytes given back; 0 for a journal that was closed.
// Nobody may be writing it: the caller holds the lock of its directory.
// Errors: file_unreadable (detail: errno); also where the file system knows no holes.
Result<std::uint64_t> reclaim_unwritten(const std::filesystem::path& journal);

}  // namespace keel
