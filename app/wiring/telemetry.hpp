#pragma once

#include <array>
#include <cstdint>

#include "app/wiring/core.hpp"
#include "engine/telemetry/seq_lock.hpp"

namespace keel::app {

inline constexpr std::size_t kShownDecisionsMax = 8;   // what a screen has room for
inline constexpr std::size_t kShownOrdersMax = 16;
inline constexpr std::size_t kShownPositionsMax = 48;
inline constexpr std::size_t kShownSessionsMax = 8;

struct SessionShown {
    VenueId venue{VenueId::none};
    SessionReport report{};
};

struct PositionShown {
    InstrumentId instrument{InstrumentId::none};
    Quantity quantity{};
    double mark{0.0};
    double delta_coin{0.0};
    double pnl_usd{0.0};
};

// A whole look at a running core, copied out by the core's thread for the screen, the page and alarms.
// Thread: a value.
struct Telemetry {
    std::uint64_t sequence{0};
    UnixNanos now{};
    LoopCounts counts{};
    OrderTable::Counts orders{};
    std::uint64_t orders_unknown_now{0};
    std::uint8_t kill_level{0};
    risk::RiskSnapshot risk{};
    FixedVector<DecisionRecord, kShownDecisionsMax> decisions{};  // newest last
    FixedVector<Order, kShownOrdersMax> live_orders{};
    FixedVector<PositionShown, kShownPositionsMax> positions{};
    FixedVector<SessionShown, kShownSessionsMax> sessions{};
};

// Looks on from the core's thread (CoreHost's observer) and publishes ten times a second of core time or
// when asked, after the commands of an event have left.
// Thread: core writes; latest() by any. Allocates: never.
class TelemetryPublisher {
public:
    explicit TelemetryPublisher(const LiveCore& core, const InstrumentTable& instruments)
        : core_{core}, instruments_{instruments} {}

    void seen(const Event& event, const Outbox& outbox) noexcept;
    void publish() noexcept;
    // Cycles of events that made a command: frame received to event decoded, and from there to the core.
    [[nodiscard]] const LatencyHistogram& decode() const { return decode_; }
    [[nodiscard]] const LatencyHistogram& queue() const { return queue_; }
    [[nodiscard]] Telemetry latest() const { return published_.load(); }

private:
    static constexpr std::chrono::milliseconds kEvery{100};  // the screen redraws no faster

    void note_session(const Event& event) noexcept;
    void note_decision(const DecisionRecord& decision) noexcept;
    void collect_positions() noexcept;

    const LiveCore& core_;
    const InstrumentTable& instruments_;
    Telemetry building_{};
    UnixNanos published_at_{};
    LatencyHistogram decode_;
    LatencyHistogram queue_;
    SeqLock<Telemetry> published_;
};

}  // namespace keel::app
