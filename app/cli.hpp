#pragma once

#include <iosfwd>
#include <string>
#include <variant>
#include <vector>

#include "app/options.hpp"

namespace keel::app {

// What the command line asks for: one subcommand's options, or an exit code when all is said already (help,
// version, a usage error).
using Command = std::variant<int, DemoOptions, RunOptions, SimulateOptions, LatencyOptions, CheckOptions, ReplayOptions,
                             JournalOptions, ExplainOptions, KillOptions, RiskOptions, WhatIfOptions, DoctorOptions>;

// Reads the arguments after the program's name. Help goes to `out`, complaints to `err`.
Command parse_command_line(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err);

// Where state lives when --state is not given: $XDG_STATE_HOME/keel, else ~/.local/state/keel.
std::string default_state_dir();

}  // namespace keel::app
