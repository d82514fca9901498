#include <fmt/format.h>

#include <cstdlib>

#include "tests/simulator/deribit/venue_fixture.hpp"
#include "tests/support/test_data.hpp"

namespace keel::simulator {
namespace {

int run(const std::string& command) {
    const int status = std::system(command.c_str());
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

// ccxt below the build folder; installed once, kept between runs.
bool installed(const std::filesystem::path& folder) {
    if (std::filesystem::exists(folder / "node_modules" / "ccxt" / "package.json")) return true;
    if (run("npm --version > /dev/null 2>&1") != 0) return false;
    std::filesystem::create_directories(folder);
    return run(fmt::format("timeout 240 npm install --no-audit --no-fund --loglevel=error --prefix '{}' "
                           "'ccxt@^4.5' > '{}' 2>&1",
                           folder.string(), (folder / "install.log").string())) == 0;
}

TEST(CcxtTest, ThirdPartyClientTradesOverRestAndWebSocket) {
    const std::filesystem::path folder{KEEL_CCXT_FOLDER};
    if (!installed(folder)) GTEST_SKIP() << "npm or its registry is out of reach";
    test::RunningVenue venue;
    const auto output = folder / "client.log";
    const std::string command = fmt::format(
        "NODE_EXTRA_CA_CERTS='{}' timeout 120 node '{}/tests/simulator/ccxt/client.mjs' {} '{}' {} {} > '{}' 2>&1",
        venue.authority().string(), KEEL_SOURCE_DIR, venue.port(), folder.string(), test::kClientId,
        test::kClientSecret, output.string());
    ASSERT_EQ(run(command), 0) << test::read_file(output);

    const auto state = venue.server().state();
    const auto seen = [&](std::string_view label) {
        return std::ranges::count(state.orders_seen, label, &OrderSeen::label);
    };
    EXPECT_EQ(seen("ccxt-limit"), 1);
    EXPECT_EQ(seen("ccxt-market"), 1);
}

}  // namespace
}  // namespace keel::simulator
