#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <thread>

namespace keel {

enum class IdleKind : std::uint8_t { spin, yield, park };

// What a polling thread does after a turn without work. `spin` keeps the core and wakes fastest;
// `yield` gives it to whoever wants it; `park` spins, then yields, then sleeps, for machines with more
// to do than cores.
// Thread: its agent's. Allocates: never.
class IdleStrategy {
public:
    explicit IdleStrategy(IdleKind kind = IdleKind::yield) : kind_{kind} {}

    void idle(std::size_t work_done) noexcept {
        if (work_done > 0) {
            empty_turns_ = 0;
            return;
        }
        ++empty_turns_;
        switch (kind_) {
            case IdleKind::spin: __builtin_ia32_pause(); return;
            case IdleKind::yield: std::this_thread::yield(); return;
            case IdleKind::park: park(); return;
        }
    }
    [[nodiscard]] IdleKind kind() const noexcept { return kind_; }

private:
    static constexpr std::uint64_t kSpinTurns = 64;    // a few microseconds: the next frame of a burst
    static constexpr std::uint64_t kYieldTurns = 256;  // then about as long as a timer tick allows
    static constexpr std::chrono::microseconds kSleep{100};

    void park() noexcept {
        if (empty_turns_ < kSpinTurns) {
            __builtin_ia32_pause();
        } else if (empty_turns_ < kYieldTurns) {
            std::this_thread::yield();
        } else {
            std::this_thread::sleep_for(kSleep);
        }
    }

    IdleKind kind_;
    std::uint64_t empty_turns_{0};
};

}  // namespace keel
