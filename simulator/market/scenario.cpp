#include "simulator/market/scenario.hpp"

#include <array>
#include <cmath>

namespace keel::simulator {

namespace {

constexpr double kShockStart = 0.25;
constexpr double kShockRamp = 0.02;  // of the span
constexpr double kCrashStart = 0.55;
constexpr double kCrashLength = 0.03;
constexpr double kReboundLength = 0.08;

constexpr std::array kShocks{
    ScriptedShock{kShockStart, "volatility shock"},
    ScriptedShock{kCrashStart, "crash"},
};

constexpr std::array kScenarios{
    Scenario{
        "calm",
        "Seeded generator: correlated BTC and ETH with stochastic volatility, six times as volatile as its options "
        "imply so that a minute shows movement; no script.",
        6.0,
        {}},
    Scenario{
        "shock",
        "Seeded generator: correlated BTC and ETH with stochastic volatility, ten times as volatile as its options "
        "imply so that a minute shows movement; scripted volatility shock at 25 % and crash at 55 % of the span.",
        10.0, kShocks},
};

// 0 before `start`, rises linearly to 1 within `ramp`, then decays with `decay`.
double pulse(double fraction, double start, double ramp, double decay) {
    if (fraction < start) return 0.0;
    if (fraction < start + ramp) return (fraction - start) / ramp;
    return std::exp(-(fraction - start - ramp) / decay);
}

bool within(double fraction, double start, double length) { return fraction >= start && fraction < start + length; }

}  // namespace

ScriptMoment Scenario::at(double fraction, double span_seconds) const {
    ScriptMoment moment;
    if (shocks.empty() || fraction > 1.0) return moment;
    const double shock = pulse(fraction, kShockStart, kShockRamp, 0.12);
    const double crash = pulse(fraction, kCrashStart, kCrashLength, 0.10);
    moment.volatility_factor = 1.0 + 2.0 * shock + 2.5 * crash;
    moment.iv_shift_ratio =
        0.25 * pulse(fraction, kShockStart, kShockRamp, 0.15) + 0.35 * pulse(fraction, kCrashStart, kCrashLength, 0.15);
    moment.basis_shift_ratio = -0.0003 * shock - 0.0012 * crash;
    if (within(fraction, kShockStart, kShockRamp)) {
        moment.btc_drift_per_second = -0.012 / (kShockRamp * span_seconds);
        moment.eth_drift_per_second = -0.016 / (kShockRamp * span_seconds);
    } else if (within(fraction, kCrashStart, kCrashLength)) {
        moment.btc_drift_per_second = -0.0725 / (kCrashLength * span_seconds);  // log of -7 %
        moment.eth_drift_per_second = -0.0943 / (kCrashLength * span_seconds);  // log of -9 %
    } else if (within(fraction, kCrashStart + kCrashLength, kReboundLength)) {
        moment.btc_drift_per_second = 0.036 / (kReboundLength * span_seconds);
        moment.eth_drift_per_second = 0.047 / (kReboundLength * span_seconds);
    }
    return moment;
}

std::optional<Scenario> find_scenario(std::string_view name) {
    for (const Scenario& scenario : kScenarios) {
        if (scenario.name == name) return scenario;
    }
    return std::nullopt;
}

std::vector<std::string_view> scenario_names() {
    std::vector<std::string_view> names;
    for (const Scenario& scenario : kScenarios) names.push_back(scenario.name);
    return names;
}

}  // namespace keel::simulator
