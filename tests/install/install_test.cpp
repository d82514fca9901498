#include <sys/wait.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "tests/support/test_data.hpp"

namespace keel {
namespace {

namespace fs = std::filesystem;

struct Ran {
    int exit_code{-1};
    std::string out;
};

using Words = std::vector<std::string>;

// Runs the words as one shell command; stdout and stderr come back together.
Ran run(const Words& words) {
    std::string command;
    for (const std::string& word : words) command.append(word).append(" ");
    command.append("2>&1");
    Ran ran;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return ran;
    char buffer[4096];
    for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;) ran.out.append(buffer, got);
    const int status = ::pclose(pipe);
    ran.exit_code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ran;
}

// A folder of its own per case, outside of the source tree, gone at the end.
class InstallTest : public ::testing::Test {
protected:
    InstallTest() {
        std::string name = fs::temp_directory_path() / "keel-install-XXXXXX";
        if (::mkdtemp(name.data()) != nullptr) folder_ = name;
    }
    ~InstallTest() override {
        if (!folder_.empty()) fs::remove_all(folder_);
    }
    void SetUp() override { ASSERT_FALSE(folder_.empty()); }

    void stage(const std::string& component) {
        const Ran ran = run({KEEL_CMAKE, "--install", KEEL_BUILD_DIR, "--component", component, "--prefix", prefix()});
        ASSERT_EQ(ran.exit_code, 0) << ran.out;
    }
    [[nodiscard]] fs::path prefix() const { return folder_ / "stage"; }

    // Runs the installed program with the source tree out of sight where the kernel lets us hide it.
    [[nodiscard]] Ran run_hidden(const Words& words) const {
        const bool may_hide = run({"unshare --mount true"}).exit_code == 0;
        Words all{may_hide ? "unshare --mount sh -c 'mount -t tmpfs none " KEEL_SOURCE_DIR " &&" : "sh -c '"};
        const std::string home = folder_;
        for (const char* word : {"cd", home.c_str(), "&& env -i PATH=/usr/bin:/bin"}) all.emplace_back(word);
        all.emplace_back("HOME=").append(home);
        all.emplace_back("XDG_STATE_HOME=").append(home);
        all.insert(all.end(), words.begin(), words.end());
        all.emplace_back("'");
        return run(all);
    }

    void expect_demo(const fs::path& program) const {
        const Ran version = run_hidden({program, "--version"});
        EXPECT_EQ(version.exit_code, 0) << version.out;
        EXPECT_NE(version.out.find("keel " KEEL_VERSION), std::string::npos) << version.out;
        const Ran demo = run_hidden({program, "demo --seconds 5 --headless --json"});
        EXPECT_EQ(demo.exit_code, 0) << demo.out;
        EXPECT_NE(demo.out.find("\"events_received\""), std::string::npos) << demo.out;
    }

    fs::path folder_;
};

TEST_F(InstallTest, StagedProgramRunsItsDemoWithoutTheSourceTree) {
    stage("runtime");
    ASSERT_TRUE(fs::exists(prefix() / "share/keel/examples"));
    EXPECT_TRUE(fs::exists(prefix() / "lib/systemd/system/keel.service"));
    expect_demo(prefix() / "bin/keel");
}

TEST_F(InstallTest, DebianPackageHoldsAProgramThatRuns) {
    const fs::path packages = folder_ / "packages";
    const Ran packed = run({KEEL_CPACK, "--config", KEEL_BUILD_DIR "/CPackConfig.cmake", "-G DEB -B", packages});
    ASSERT_EQ(packed.exit_code, 0) << packed.out;
    std::size_t programs = 0;
    std::size_t libraries = 0;
    for (const fs::directory_entry& entry : fs::directory_iterator{packages}) {
        const std::string name = entry.path().filename().string();
        if (entry.path().extension() != ".deb") continue;
        if (name.starts_with("libkeel-dev_")) ++libraries;
        if (!name.starts_with("keel_")) continue;
        ++programs;
        const fs::path unpacked = folder_ / "unpacked";
        ASSERT_EQ(run({"dpkg-deb -x", entry.path(), unpacked}).exit_code, 0);
        const Ran depends = run({"dpkg-deb -f", entry.path(), "Depends"});
        EXPECT_NE(depends.out.find("libssl3"), std::string::npos) << depends.out;
        expect_demo(unpacked / "usr/bin/keel");
    }
    EXPECT_EQ(programs, 1U);
    EXPECT_EQ(libraries, 1U);
}

TEST_F(InstallTest, ConsumerBuildsAgainstTheStagedTreeAlone) {
    stage("dev");
    const fs::path source = folder_ / "consumer";
    fs::copy(fs::path{KEEL_SOURCE_DIR} / "tests/install/consumer", source);
    const fs::path build = folder_ / "consumer-build";
    const std::string prefix_option = std::string{"-DCMAKE_PREFIX_PATH="}.append(prefix());
    const Ran configured =
        run({KEEL_CMAKE, "-S", source, "-B", build, "-G Ninja", "-DCMAKE_CXX_COMPILER=" KEEL_CXX, prefix_option});
    ASSERT_EQ(configured.exit_code, 0) << configured.out;
    const Ran built = run({KEEL_CMAKE, "--build", build});
    ASSERT_EQ(built.exit_code, 0) << built.out;
    const Ran ran = run({build / "consumer"});
    EXPECT_EQ(ran.exit_code, 0) << ran.out;
    EXPECT_EQ(ran.out, "price_ticks 128001 lots -4\n");
}

TEST_F(InstallTest, InstalledProgramNamesNoFileOfTheSourceTree) {
    stage("runtime");
    const std::string bytes = test::read_file(prefix() / "bin/keel");
    ASSERT_GT(bytes.size(), 100'000U);
    EXPECT_EQ(bytes.find(KEEL_SOURCE_DIR "/"), std::string::npos);
}

}  // namespace
}  // namespace keel
