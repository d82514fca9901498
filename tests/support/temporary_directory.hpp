#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>

namespace keel::test {

// A directory of its own for one test, gone with it.
class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string text = (std::filesystem::temp_directory_path() / "keel-test-XXXXXX").string();
        if (::mkdtemp(text.data()) != nullptr) path_ = text;
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const { return path_; }

private:
    std::filesystem::path path_;
};

}  // namespace keel::test
