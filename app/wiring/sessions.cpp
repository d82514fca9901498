#include "app/wiring/sessions.hpp"

#include "app/failure.hpp"

namespace keel::app {

int run_demo(const DemoOptions&) { throw OutsideError{"this build has no venue connectors"}; }
int run_session(const RunOptions&) { throw OutsideError{"this build has no venue connectors"}; }
int run_simulate(const SimulateOptions&) { throw OutsideError{"this build has no simulator"}; }
int run_latency(const LatencyOptions&) { throw OutsideError{"this build has no simulator"}; }

}  // namespace keel::app
