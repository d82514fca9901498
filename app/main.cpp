#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>
#include <iostream>
#include <string>
#include <type_traits>
#include <variant>
#include <vector>

#include "app/cli.hpp"
#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/failure.hpp"
#include "app/journal/journal_file.hpp"
#include "app/log.hpp"
#include "app/wiring/sessions.hpp"

namespace keel::app {
namespace {

int run(const DemoOptions& options) { return run_demo(options); }
int run(const RunOptions& options) { return run_session(options); }
int run(const SimulateOptions& options) { return run_simulate(options); }
int run(const LatencyOptions& options) { return run_latency(options); }
int run(const CheckOptions& options) { return run_check(options); }
int run(const ReplayOptions& options) { return run_replay(options); }
int run(const JournalOptions& options) { return run_journal(options); }
int run(const ExplainOptions& options) { return run_explain(options); }
int run(const KillOptions& options) { return run_kill(options); }
int run(const RiskOptions& options) { return run_risk(options); }
int run(const WhatIfOptions& options) { return run_whatif(options); }
int run(const DoctorOptions& options) { return run_doctor(options); }

int dispatch(const Command& command) {
    return std::visit(
        [](const auto& options) {
            if constexpr (std::is_same_v<std::decay_t<decltype(options)>, int>) {
                return options;
            } else {
                using Options = std::decay_t<decltype(options)>;
                constexpr bool kLongRunning = std::is_same_v<Options, DemoOptions> ||
                                              std::is_same_v<Options, RunOptions> ||
                                              std::is_same_v<Options, SimulateOptions>;
                LogOptions log;
                if (kLongRunning) log.directory = options.common.state_dir + "/logs";
                log.level = log_level_from(options.common.log_level);
                log_open(log);
                return run(options);
            }
        },
        command);
}

// What was printed has arrived, or the command has not done its work: a full disk shows only when the rest is written.
int after_printing(int code) {
    const bool written = std::fflush(stdout) == 0 && std::ferror(stdout) == 0;
    if (written) return code;
    std::cerr << "keel: standard output cannot be written: " << std::strerror(errno) << '\n';
    return code == kExitDone ? kExitOutside : code;
}

// The one place where an exception becomes a sentence and an exit code.
int guarded_main(const std::vector<std::string>& arguments) {
    try {
        return after_printing(dispatch(parse_command_line(arguments, std::cout, std::cerr)));
    } catch (const ConfigError& error) {
        std::cerr << "keel: " << error.what() << '\n';
        return kExitUsage;
    } catch (const UsageError& error) {
        std::cerr << "keel: " << error.what() << '\n';
        return kExitUsage;
    } catch (const JournalDamaged& error) {
        std::cerr << "keel: " << error.what() << '\n';
        return kExitCheckFailed;
    } catch (const std::exception& error) {
        std::cerr << "keel: " << error.what() << '\n';
        return kExitOutside;
    }
}

}  // namespace
}  // namespace keel::app

int main(int argc, char** argv) {
    return keel::app::guarded_main(std::vector<std::string>(argv + (argc > 0 ? 1 : 0), argv + argc));
}
