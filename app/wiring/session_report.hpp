#pragma once

#include <filesystem>
#include <string>

#include "app/config/configuration.hpp"
#include "app/report/run_report.hpp"
#include "app/wiring/live_session.hpp"

namespace keel::app {

// What a report says of a session that has ended: identity of the build, configuration, journal history
// and the latency that was measured on the way.
RunReport session_report(const Configuration& configuration, const SessionEnd& end, std::string title);

// Runs `keel replay --verify` on the journal in a process of its own and says whether it agreed. The
// recorded commands are hidden from that process's core.
bool replay_verifies(const std::filesystem::path& journal);

}  // namespace keel::app
