#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "risk/options/lanes.hpp"
#include "risk/tail/value_ladder.hpp"

namespace keel::risk {

// What options are worth in each of many worlds while the forwards of the worlds move: where so little deviation is
// left that a value bends in less than the nodes of a ladder are apart. In each world value, first and second
// derivative by the forward F and first by ln deviation are kept at an anchor of its own, and expanded from there.
//
// Four worlds are priced anew where F has left the reach of one of them. Within it dF is at most s F, s being the least
// deviation of an option there, and the third order about kError of F for each coin held (s to 0.1): a sixth of
// dF^3 / (s F)^2 times the greatest slope of the normal density. A profit, between two worlds, has it twice. What is
// left of a move of ln deviation up to kLogDeviationMax, alone and with F, is below 5e-3 of s F with each option's own
// s. Options with less than 1e-12 of deviation have no reach, nor has anything where a price or a deviation is beyond
// what price_lanes() takes.
//
// Thread: core. Allocates: at construction only.
class WorldExpansion {
public:
    static constexpr double kError = 3e-6;
    static constexpr double kLogDeviationMax = 0.02;

    explicit WorldExpansion(std::size_t worlds);

    // Everything anew: `deviation` of each world, per unit of an option's volatility. No value is known yet.
    void build(std::span<const double> deviation);
    // So much more of some options (a fill), in each world at its anchor. Rounds each value once per option.
    void add(const OptionColumns& options);
    // The same where what is added already only moves in ln volatility, |by| <= kShiftMax of price_lanes.hpp: for a
    // third of the work. False, and nothing is done, where an option is beyond what price_lanes() takes.
    bool shift(const OptionColumns& options, double by);
    // Sum of quantity times Black-76 value, USD, at the forwards and with the deviations of all worlds times
    // exp(log_deviation), |log_deviation| <= kLogDeviationMax. `options` are those of all that was added since build(),
    // or, right after it, what to begin with; their years do not count. NaN where a forward is not finite.
    void values(const OptionColumns& options, std::span<const double> forwards, double log_deviation,
                std::span<double> out);

private:
    // At four forwards; derivatives of quantity times value summed over options.
    struct Terms {
        Lanes value, slope, half_curvature, by_deviation;
    };
    [[nodiscard]] static Terms terms_at(const OptionColumns& options, Lanes forward, Lanes deviation);
    void expand(const OptionColumns& options, std::size_t first, Lanes forward);
    void add_terms(std::size_t first, const Terms& terms);
    // Takes the volatilities of some more options; whether any is beyond those of before.
    bool widen(const OptionColumns& options);
    [[nodiscard]] Lanes reach_at(std::size_t first) const;

    std::size_t worlds_;
    double least_{0.0}, most_{0.0};  // volatility of an option since build(); none: least_ is infinite
    // A column each, padded to whole vectors.
    std::vector<double> deviation_, anchor_, reach_, value_, slope_, half_curvature_, by_deviation_;
};

}  // namespace keel::risk
