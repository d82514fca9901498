#pragma once

#include "app/options.hpp"

namespace keel::app {

// The subcommands that are whole in themselves: one file each in this folder, named after the subcommand.
// Each returns an exit code of app/exit_code.hpp; exceptions of app/failure.hpp are turned into a sentence and
// their exit code by `main`.
int run_check(const CheckOptions& options);
int run_doctor(const DoctorOptions& options);
int run_explain(const ExplainOptions& options);
int run_journal(const JournalOptions& options);
int run_kill(const KillOptions& options);
int run_replay(const ReplayOptions& options);
int run_risk(const RiskOptions& options);
int run_whatif(const WhatIfOptions& options);

}  // namespace keel::app
