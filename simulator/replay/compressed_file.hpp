#pragma once

#include <filesystem>
#include <string>

#include "engine/core/result.hpp"

namespace keel::simulator {

// Whole file, decompressed by its ending (.gz, .zst). Errors: file_unreadable (also: damaged, cut short,
// or larger than this reader holds in memory).
Result<std::string> read_compressed(const std::filesystem::path& file);

}  // namespace keel::simulator
