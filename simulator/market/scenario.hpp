#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace keel::simulator {

// What the script does at one moment. Everything is on top of the random paths.
struct ScriptMoment {
    double volatility_factor{1.0};     // multiplies the spot's volatility
    double iv_shift_ratio{0.0};        // added to at-the-money volatility, 1.0 = 100 points
    double btc_drift_per_second{0.0};  // log return per second
    double eth_drift_per_second{0.0};
    double basis_shift_ratio{0.0};  // added to the perpetuals' basis
};

// When a scripted shock begins, as a fraction of the span, and what people call it.
struct ScriptedShock {
    double fraction{0.0};
    std::string_view label;
};

// A named script over a span. Both scenarios exaggerate the spot's volatility against the implied one by
// `exaggeration`, so that a minute shows what takes hours on a real market; nothing is hidden behind it:
// realised volatility, computed from the simulated prices, is that much higher.
//   calm   no script; factor 6.
//   shock  factor 10; at 25 % of the span volatility triples within a second and implied volatility
//          rises by 25 points, both decaying; at 55 % BTC falls 7 % and ETH 9 % within 3 % of the span
//          (2 s of 60), half of it comes back, implied volatility rises by 35 points, the perpetuals
//          trade below the index.
struct Scenario {
    std::string_view name;
    std::string_view description;
    double exaggeration{1.0};
    std::span<const ScriptedShock> shocks{};  // over a whole span, in order

    // `fraction` of the span, 0 .. 1; beyond 1 the script is over.
    [[nodiscard]] ScriptMoment at(double fraction, double span_seconds) const;
};

[[nodiscard]] std::optional<Scenario> find_scenario(std::string_view name);

// Of every scenario, for messages.
[[nodiscard]] std::vector<std::string_view> scenario_names();

}  // namespace keel::simulator
