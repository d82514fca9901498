#include "app/log.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "tests/support/temporary_directory.hpp"

namespace keel::app {
namespace {

class LogTest : public testing::Test {
protected:
    void open(LogLevel level) const {
        LogOptions options;
        options.level = level;
        options.to_stderr = false;
        options.directory = folder_.path().string();
        log_open(options);
    }
    void TearDown() override { log_open({}); }
    std::string text(const char* name) const {
        std::ifstream file{folder_.path() / name};
        return {std::istreambuf_iterator<char>{file}, std::istreambuf_iterator<char>{}};
    }
    test::TemporaryDirectory folder_;
};

TEST_F(LogTest, KeepsWhatItsLevelAsksForInAFileOfItsOwner) {
    open(LogLevel::warn);
    log_info("a detail");
    log_warn("a warning");
    EXPECT_EQ(text("keel.log").find("a detail"), std::string::npos);
    EXPECT_NE(text("keel.log").find("a warning"), std::string::npos);
    struct stat status {};
    ASSERT_EQ(::stat((folder_.path() / "keel.log").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

// A venue's text must neither forge a second line nor steer a terminal.
TEST_F(LogTest, WritesControlCharactersAsText) {
    open(LogLevel::info);
    log_info("label\n2026-01-01 error forged \x1b[2J");
    const std::string written = text("keel.log");
    EXPECT_EQ(std::count(written.begin(), written.end(), '\n'), 1);
    EXPECT_NE(written.find("label\\x0a2026"), std::string::npos);
    EXPECT_EQ(written.find('\x1b'), std::string::npos);
}

TEST_F(LogTest, RotatesAtItsSizeAndKeepsOlderFiles) {
    open(LogLevel::info);
    const std::string line(1'000, 'x');
    for (std::uint64_t written = 0; written < kLogFileBytesMax + 100'000; written += line.size()) log_info(line);
    EXPECT_TRUE(std::filesystem::exists(folder_.path() / "keel.1.log"));
    EXPECT_LE(std::filesystem::file_size(folder_.path() / "keel.1.log"), kLogFileBytesMax);
    EXPECT_LT(std::filesystem::file_size(folder_.path() / "keel.log"), kLogFileBytesMax / 2);
}

}  // namespace
}  // namespace keel::app
