#include "engine/pipeline/agent_thread.hpp"

#include <pthread.h>
#include <sched.h>

namespace keel {

Result<void> prepare_thread(const AgentOptions& options) {
    constexpr std::size_t kNameMax = 15;  // the kernel's bound
    ::pthread_setname_np(::pthread_self(), options.name.substr(0, kNameMax).c_str());
    if (!options.core.has_value()) return {};
    cpu_set_t cores;
    CPU_ZERO(&cores);
    if (*options.core >= CPU_SETSIZE) return fail(Errc::config_invalid, *options.core);
    CPU_SET(*options.core, &cores);
    if (::pthread_setaffinity_np(::pthread_self(), sizeof cores, &cores) != 0)
        return fail(Errc::config_invalid, *options.core);
    return {};
}

}  // namespace keel
