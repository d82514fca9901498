#include "app/version.hpp"

#include "build_identity.hpp"

namespace keel::app {

std::string version_short() { return KEEL_BUILD_VERSION " (" KEEL_BUILD_GIT ")"; }

std::string version_text() {
    return "keel " KEEL_BUILD_VERSION
           "\n"
           "source    " KEEL_BUILD_GIT
           "\n"
           "compiler  " KEEL_BUILD_COMPILER ", " KEEL_BUILD_TYPE
           "\n"
           "march     " KEEL_BUILD_MARCH
           "\n"
           "simdjson  " +
           simd_kernel() + " (On-Demand kernel)\n";
}

}  // namespace keel::app
