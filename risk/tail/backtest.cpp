#include "risk/tail/backtest.hpp"

#include <algorithm>
#include <cmath>

#include "risk/tail/distributions.hpp"
#include "risk/tail/tail_measures.hpp"

namespace keel::risk {
namespace {

constexpr double kYellowFrom = 0.95;
constexpr double kRedFrom = 0.9999;

// count * ln(probability), with 0 ln 0 = 0.
double log_term(double count, double probability) { return count > 0.0 ? count * std::log(probability) : 0.0; }

double ratio_of(std::int64_t part, std::int64_t whole) {
    return whole > 0 ? static_cast<double>(part) / static_cast<double>(whole) : 0.0;
}

// Log likelihood of `hits` among hits + misses at one probability.
double log_likelihood(std::int64_t hits, std::int64_t misses, double probability) {
    return log_term(static_cast<double>(hits), probability) + log_term(static_cast<double>(misses), 1.0 - probability);
}

LikelihoodRatio one_degree(double log_likelihood_null, double log_likelihood_free) {
    const double statistic = std::max(0.0, -2.0 * (log_likelihood_null - log_likelihood_free));
    return {.statistic = statistic, .p_value = chi_squared_1_survival(statistic)};
}

}  // namespace

std::optional<LikelihoodRatio> kupiec(std::int64_t hits, std::int64_t days, double alpha) {
    if (days <= 0 || hits < 0 || hits > days || !is_confidence(alpha)) return std::nullopt;
    const std::int64_t misses = days - hits;
    return one_degree(log_likelihood(hits, misses, 1.0 - alpha), log_likelihood(hits, misses, ratio_of(hits, days)));
}

HitTransitions hit_transitions(std::span<const std::uint8_t> hits) {
    HitTransitions counts;
    for (std::size_t day = 1; day < hits.size(); ++day) {
        const bool before = hits[day - 1] != 0;
        const bool now = hits[day] != 0;
        ++(before ? (now ? counts.n11 : counts.n10) : (now ? counts.n01 : counts.n00));
    }
    return counts;
}

LikelihoodRatio christoffersen_independence(const HitTransitions& counts) {
    const std::int64_t after_quiet = counts.n00 + counts.n01;
    const std::int64_t after_hit = counts.n10 + counts.n11;
    if (after_quiet == 0 || after_hit == 0) return {};
    const double free = log_likelihood(counts.n01, counts.n00, ratio_of(counts.n01, after_quiet)) +
                        log_likelihood(counts.n11, counts.n10, ratio_of(counts.n11, after_hit));
    const std::int64_t hits = counts.n01 + counts.n11;
    return one_degree(log_likelihood(hits, counts.n00 + counts.n10, ratio_of(hits, after_quiet + after_hit)), free);
}

LikelihoodRatio christoffersen_coverage(const LikelihoodRatio& unconditional, const LikelihoodRatio& independence) {
    const double statistic = unconditional.statistic + independence.statistic;
    return {.statistic = statistic, .p_value = chi_squared_2_survival(statistic)};
}

std::optional<double> acerbi_szekely_z2(std::span<const double> pnl_usd, std::span<const double> var_usd,
                                        std::span<const double> es_usd, double alpha) {
    const std::size_t days = pnl_usd.size();
    if (days == 0 || var_usd.size() != days || es_usd.size() != days || !is_confidence(alpha)) return std::nullopt;
    double sum = 0.0;
    for (std::size_t day = 0; day < days; ++day) {
        if (!std::isfinite(pnl_usd[day]) || !std::isfinite(var_usd[day])) return std::nullopt;
        if (!(pnl_usd[day] < -var_usd[day])) continue;
        if (!(es_usd[day] > 0.0) || !std::isfinite(es_usd[day])) return std::nullopt;
        sum += pnl_usd[day] / es_usd[day];
    }
    return sum / (static_cast<double>(days) * (1.0 - alpha)) + 1.0;
}

std::optional<TrafficLight> traffic_light(std::int64_t hits, std::int64_t days, double alpha) {
    if (days <= 0 || hits < 0 || hits > days || !is_confidence(alpha)) return std::nullopt;
    const double cumulative = binomial_cdf(hits, days, 1.0 - alpha);
    if (cumulative >= kRedFrom) return TrafficLight::red;
    return cumulative >= kYellowFrom ? TrafficLight::yellow : TrafficLight::green;
}

}  // namespace keel::risk
