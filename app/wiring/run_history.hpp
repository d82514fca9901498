#pragma once

#include <filesystem>

#include "app/report/run_report.hpp"

namespace keel::app {

// Fills a report from a journal alone: replays its events through two cores, the one that ran and an
// unhedged twin that sees the same market and the same opening positions but none of our fills, and
// samples both. Nothing on the live path has to keep series. Leaves alone what a journal does not know:
// scenario, the simulator's own counts, latency. Throws OutsideError for a journal that cannot be read.
void add_run_history(RunReport& report, const std::filesystem::path& journal);

}  // namespace keel::app
