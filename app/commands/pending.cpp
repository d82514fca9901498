#include "app/commands/commands.hpp"
#include "app/failure.hpp"

namespace keel::app {

int run_kill(const KillOptions&) { throw OutsideError{"this build has no venue connectors"}; }
int run_replay(const ReplayOptions&) { throw OutsideError{"this build cannot read journals"}; }

}  // namespace keel::app
