#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>

namespace keel::test {

// A file or folder below KEEL_DATA (default ../shared/data) or KEEL_VECTORS (default ../shared/vectors);
// both defaults are relative to the repository's root. nullopt where it is absent.
std::optional<std::filesystem::path> data_path(std::string_view relative);
std::optional<std::filesystem::path> vectors_path(std::string_view relative);

// True where KEEL_REQUIRE_DATA=1 turns missing data into a failure.
bool data_required();

// Whole file, decompressed where it ends in .gz or .zst (by the host's gzip and zstd programs).
std::string read_file(const std::filesystem::path& path);

}  // namespace keel::test

// Ends the case: skipped with a message, or failed where KEEL_REQUIRE_DATA=1.
#define KEEL_SKIP_WITHOUT(path)                                                     \
    do {                                                                            \
        if (!(path).has_value()) {                                                  \
            if (::keel::test::data_required()) FAIL() << #path << " is missing";    \
            GTEST_SKIP() << #path << " is missing; set KEEL_DATA and KEEL_VECTORS"; \
        }                                                                           \
    } while (false)
