#include "app/commands/commands.hpp"
#include "app/failure.hpp"

namespace keel::app {

int run_explain(const ExplainOptions&) { throw OutsideError{"this build cannot read journals"}; }
int run_journal(const JournalOptions&) { throw OutsideError{"this build cannot read journals"}; }
int run_kill(const KillOptions&) { throw OutsideError{"this build has no venue connectors"}; }
int run_replay(const ReplayOptions&) { throw OutsideError{"this build cannot read journals"}; }

}  // namespace keel::app
