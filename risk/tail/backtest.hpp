#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace keel::risk {

// Tests of daily VaR forecasts against what happened. A hit is a day whose loss exceeded the VaR:
// pnl < -var. Thread: any. Allocates: never.

// A likelihood ratio and the probability of one at least as great, were the forecasts right.
struct LikelihoodRatio {
    double statistic{0.0};
    double p_value{1.0};
};

// Unconditional coverage (Kupiec 1995): `hits` in `days` when each has probability 1 - alpha;
// chi-squared with one degree of freedom. nullopt: no day, more hits than days, alpha out of range.
[[nodiscard]] std::optional<LikelihoodRatio> kupiec(std::int64_t hits, std::int64_t days, double alpha);

// Days by what happened and what had happened the day before: n01 is a hit after none.
struct HitTransitions {
    std::int64_t n00{0}, n01{0}, n10{0}, n11{0};
};
// `hits` holds 0 or 1 for each day in order; there is one transition fewer than days.
[[nodiscard]] HitTransitions hit_transitions(std::span<const std::uint8_t> hits);

// Independence of hits from the day before (Christoffersen 1998), chi-squared with one degree of freedom;
// where no day followed a hit, or none followed a quiet day, there is nothing to tell and the ratio is 0.
[[nodiscard]] LikelihoodRatio christoffersen_independence(const HitTransitions& transitions);
// Conditional coverage: the sum of the two ratios above, two degrees of freedom.
[[nodiscard]] LikelihoodRatio christoffersen_coverage(const LikelihoodRatio& unconditional,
                                                      const LikelihoodRatio& independence);

// Z2 of Acerbi and Szekely (2014): sum over hits of pnl/ES, over days times (1 - alpha), plus 1. Expected 0;
// negative where losses were more frequent or deeper than the ES said. Their 5 % point at 97.5 % over 250 days
// is near -0.7 whatever the tail. nullopt: sizes differ, no day, an ES not positive on a hit, or not finite.
[[nodiscard]] std::optional<double> acerbi_szekely_z2(std::span<const double> pnl_usd, std::span<const double> var_usd,
                                                      std::span<const double> es_usd, double alpha);

// Basel's zones: yellow from the count of hits that right forecasts stay at or below with probability 95 %, red from
// 99.99 % (Basel Committee 1996; 0-4, 5-9, 10 and more in 250 days at 99 %).
enum class TrafficLight : std::uint8_t { green, yellow, red };
[[nodiscard]] std::optional<TrafficLight> traffic_light(std::int64_t hits, std::int64_t days, double alpha);

}  // namespace keel::risk
