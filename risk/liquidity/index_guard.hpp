#pragma once

#include <cstdint>
#include <span>

#include "engine/core/time.hpp"

namespace keel::risk {

// One venue's mid price and when it was received.
struct IndexSource {
    double price{0.0};
    UnixNanos time{};
};

// Our own index: sources not older than `age_max_ns`, each clipped to `clip` around their median, averaged.
struct OwnIndex {
    double price{0.0};  // NaN with fewer live sources than asked for: fall back on the venue's
    double median{0.0};
    std::uint32_t live{0};
};
inline constexpr std::size_t kIndexSourcesMax = 16;
// At most kIndexSourcesMax sources. Not finite or not positive: not live.
[[nodiscard]] OwnIndex own_index(std::span<const IndexSource> sources, UnixNanos now, double clip = 0.005,
                                 std::int64_t age_max_ns = 2'000'000'000, std::uint32_t live_min = 2);

enum class Verdict : std::uint8_t { good, soft, hard, unknown };

// |price / reference - 1| against a soft and a hard bound; unknown where either is not finite and positive.
[[nodiscard]] Verdict deviation_verdict(double price, double reference, double soft, double hard);

inline constexpr double kIndexDeviationSoft = 0.005, kIndexDeviationHard = 0.02;  // venue's index against ours
inline constexpr double kMarkDeviationSoft = 0.01, kMarkDeviationHard = 0.03;     // mark against our fair value
inline constexpr double kPegDeviationSoft = 0.003, kPegDeviationHard = 0.01;      // stablecoin's average against 1

// Guards one price: a jump beyond 8 standard deviations of a second's return is held back until a second
// source agrees, three updates in a row confirm it, or a second has passed; a price that stands still for
// `frozen_ns` while it is updated is called frozen. Until then the last good price stands.
// Thread: core. Allocates: never.
class JumpGuard {
public:
    struct Settings {
        double sigmas{8.0};
        std::int64_t quarantine_ns{1'000'000'000};
        std::uint32_t confirmations{3};
        std::int64_t frozen_ns{60'000'000'000};
    };
    enum class State : std::uint8_t { empty, good, quarantined, frozen };

    explicit JumpGuard(const Settings& settings) : settings_{settings} {}

    // `sigma_1s`: standard deviation of one second's log return (0 or not finite: nothing is a jump).
    // `second_source`: another price of the same thing, or NaN. Not finite or not positive: refused and counted.
    State on_price(UnixNanos time, double price, double sigma_1s, double second_source);
    [[nodiscard]] double price() const { return good_; }  // 0 before the first
    [[nodiscard]] State state() const { return state_; }
    [[nodiscard]] std::uint64_t refused() const { return refused_; }
    [[nodiscard]] std::uint64_t jumps() const { return jumps_; }

private:
    void accept(UnixNanos time, double price);

    Settings settings_;
    double good_{0.0};
    double held_{0.0};
    UnixNanos held_since_{};
    UnixNanos changed_{};
    UnixNanos last_{};
    std::uint32_t confirmed_{0};
    State state_{State::empty};
    std::uint64_t refused_{0};
    std::uint64_t jumps_{0};
};

// Average of a stablecoin's price over time, exponential with 60 s: what the peg is judged on.
// Thread: core. Allocates: never.
class PegAverage {
public:
    void on_price(UnixNanos time, double price);
    [[nodiscard]] double average() const { return average_; }  // 0 before the first price: the verdict is unknown
    [[nodiscard]] Verdict verdict() const {
        return deviation_verdict(average_, 1.0, kPegDeviationSoft, kPegDeviationHard);
    }

private:
    double average_{0.0};
    double last_price_{0.0};
    UnixNanos last_{};
    bool has_price_{false};
};

}  // namespace keel::risk
