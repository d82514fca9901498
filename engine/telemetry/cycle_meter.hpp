#pragma once

#include <array>
#include <cstdint>

#include "engine/core/clock.hpp"
#include "engine/telemetry/latency_histogram.hpp"

namespace keel {

// Stages of the core, in the order they run.
enum class Stage : std::uint8_t { book, risk, trigger, solve, gate, count };
[[nodiscard]] const char* stage_name(Stage stage);
inline constexpr std::size_t kStages = static_cast<std::size_t>(Stage::count);

// A meter that measures nothing: what replay and tests use. The loop's meter is a policy, so that the
// core itself reads no clock.
struct NoMeter {
    static void start() noexcept {}
    static void mark(Stage) noexcept {}
    static void finish(bool) noexcept {}
    [[nodiscard]] static std::uint64_t now() noexcept { return 0; }
};

// Cycles per stage, kept apart for all events and for those that made a command: the latter add up to
// the latency of a decision.
// Thread: core; histograms may be read by any. Allocates: never.
class CycleMeter {
public:
    void start() noexcept { started_ = last_ = cycles_now(); }
    void mark(Stage stage) noexcept {
        const std::uint64_t now = cycles_now();
        spent_[static_cast<std::size_t>(stage)] = now - last_;
        last_ = now;
    }
    void finish(bool commanded) noexcept {
        for (std::size_t at = 0; at < kStages; ++at) {
            events_[at].record(spent_[at]);
            if (commanded) commands_[at].record(spent_[at]);
        }
    }
    [[nodiscard]] static std::uint64_t now() noexcept { return cycles_now(); }

    // When the event in hand, or the last one, was begun.
    [[nodiscard]] std::uint64_t started() const noexcept { return started_; }
    [[nodiscard]] const LatencyHistogram& events(Stage stage) const { return events_[static_cast<std::size_t>(stage)]; }
    [[nodiscard]] const LatencyHistogram& commands(Stage stage) const {
        return commands_[static_cast<std::size_t>(stage)];
    }

private:
    std::uint64_t started_{0};
    std::uint64_t last_{0};
    std::array<std::uint64_t, kStages> spent_{};
    std::array<LatencyHistogram, kStages> events_{};
    std::array<LatencyHistogram, kStages> commands_{};
};

}  // namespace keel
