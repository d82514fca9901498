#pragma once

#include <cstdint>

#include "engine/journal/state_hash.hpp"

namespace keel::risk {

// How much the engine may still do. Each level forbids what the one below it forbids, and more.
enum class KillLevel : std::uint8_t {
    active = 0,
    strategy_paused = 1,  // only proven reducing orders
    reduce_only = 2,      // only proven reducing orders
    halt_new = 3,         // cancels only
    cancel_all = 4,       // cancels only; every open order is cancelled and verified
    flatten = 5,          // reduce-only immediate-or-cancel slices, and cancels
    dead = 6,             // nothing; what cancels remain are the venue's
};
inline constexpr std::uint8_t kKillLevelMax = 6;
[[nodiscard]] const char* kill_level_name(KillLevel level);

// Latched: automatic causes only raise it, an operator may lower it.
// Thread: core. Allocates: never.
class KillSwitch {
public:
    [[nodiscard]] KillLevel level() const { return level_; }
    // Raises to at least `level`; returns true when that changed something.
    bool raise(KillLevel level);
    // The operator's word: any level. Values above kKillLevelMax mean dead.
    void set(std::uint8_t level);
    [[nodiscard]] std::uint64_t changes() const { return changes_; }
    void hash_into(StateHash& hash) const { hash.add(level_); }

private:
    KillLevel level_{KillLevel::active};
    std::uint64_t changes_{0};
};

}  // namespace keel::risk
