# Writes KEEL_OUTPUT: the example configurations as string constants, so that an installed `keel demo` needs no
# source tree. Touched only when an example changed.
file(READ ${KEEL_SOURCE}/examples/deribit-simulated.toml simulated)
file(READ ${KEEL_SOURCE}/examples/portfolio-short-gamma.toml portfolio)
file(CONFIGURE OUTPUT ${KEEL_OUTPUT} @ONLY CONTENT [[#pragma once

namespace keel::app {

inline constexpr char kExampleDeribitSimulated[] = R"keel(@simulated@)keel";
inline constexpr char kExamplePortfolio[] = R"keel(@portfolio@)keel";

}  // namespace keel::app
]])
