#pragma once

namespace keel::app {

// Exit codes of every subcommand (docs/interface: a contract for scripts).
inline constexpr int kExitDone = 0;
inline constexpr int kExitCheckFailed = 1;    // a check failed, or a boundary was breached where that is the purpose
inline constexpr int kExitUsage = 2;          // wrong usage or configuration: file, line and key are named
inline constexpr int kExitOutside = 3;        // a venue, file or port could not be reached or used
inline constexpr int kExitInterrupted = 130;  // SIGINT or SIGTERM, after an orderly stop

}  // namespace keel::app
