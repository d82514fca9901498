#pragma once

#include "app/options.hpp"

namespace keel::app {

// The subcommands that need every room wired together. Each returns an exit code of app/exit_code.hpp
// and may throw at start-up: `main` turns an exception into a sentence and exit code 3, a ConfigError
// into exit code 2.
int run_demo(const DemoOptions& options);
int run_session(const RunOptions& options);
int run_simulate(const SimulateOptions& options);
int run_latency(const LatencyOptions& options);

}  // namespace keel::app
