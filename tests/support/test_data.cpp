#include "tests/support/test_data.hpp"

#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace keel::test {
namespace {

std::optional<std::filesystem::path> below(const char* variable, const char* fallback, std::string_view relative) {
    const char* set = std::getenv(variable);
    const std::filesystem::path root = set != nullptr && *set != '\0'
                                           ? std::filesystem::path{set}
                                           : std::filesystem::path{KEEL_SOURCE_DIR} / fallback;
    const std::filesystem::path path = root / relative;
    if (!std::filesystem::exists(path)) return std::nullopt;
    return path;
}

std::string output_of(const std::string& command) {
    std::string out;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return out;
    char buffer[65536];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) out.append(buffer, got);
    ::pclose(pipe);
    return out;
}

}  // namespace

std::optional<std::filesystem::path> data_path(std::string_view relative) {
    return below("KEEL_DATA", "../shared/data", relative);
}

std::optional<std::filesystem::path> vectors_path(std::string_view relative) {
    return below("KEEL_VECTORS", "../shared/vectors", relative);
}

bool data_required() {
    const char* set = std::getenv("KEEL_REQUIRE_DATA");
    return set != nullptr && std::string_view{set} == "1";
}

std::string read_file(const std::filesystem::path& path) {
    if (path.extension() == ".gz") return output_of("gzip -dc '" + path.string() + "'");
    if (path.extension() == ".zst") return output_of("zstd -dcq '" + path.string() + "'");
    std::ifstream file{path, std::ios::binary};
    std::ostringstream text;
    text << file.rdbuf();
    return std::move(text).str();
}

}  // namespace keel::test
