#pragma once

#include <string>

namespace keel::app {

// Version and source, e.g. "0.1.0 (3f2a9c1d0b7e+dirty)": heads every journal, log and report.
std::string version_short();

// What `keel --version` prints: version, source, compiler, instruction set, and the simdjson kernel that runs.
std::string version_text();

// The On-Demand kernel that this build compiled in ("haswell"). It is chosen at compile time, unlike what
// simdjson reports of itself at run time.
std::string simd_kernel();

}  // namespace keel::app
