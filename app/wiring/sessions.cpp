#include "app/wiring/sessions.hpp"

#include "app/failure.hpp"

namespace keel::app {

int run_latency(const LatencyOptions&) { throw OutsideError{"this build has no latency venue"}; }

}  // namespace keel::app
