#include "risk/limits/kill_switch.hpp"

namespace keel::risk {

const char* kill_level_name(KillLevel level) {
    switch (level) {
        case KillLevel::active: return "active";
        case KillLevel::strategy_paused: return "strategy_paused";
        case KillLevel::reduce_only: return "reduce_only";
        case KillLevel::halt_new: return "halt_new";
        case KillLevel::cancel_all: return "cancel_all";
        case KillLevel::flatten: return "flatten";
        case KillLevel::dead: return "dead";
    }
    return "unknown";
}

bool KillSwitch::raise(KillLevel level) {
    if (level <= level_) return false;
    level_ = level;
    ++changes_;
    return true;
}

void KillSwitch::set(std::uint8_t level) {
    const KillLevel wanted = level > kKillLevelMax ? KillLevel::dead : static_cast<KillLevel>(level);
    if (wanted != level_) ++changes_;
    level_ = wanted;
}

}  // namespace keel::risk
