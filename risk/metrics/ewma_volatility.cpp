#include "risk/metrics/ewma_volatility.hpp"

#include <cmath>
#include <limits>
#include <numbers>

#include "engine/core/assert.hpp"

namespace keel::risk {

EwmaVolatility::EwmaVolatility(const VolatilityConfig& config)
    : sample_every_{config.sample_every}, price_age_max_{config.price_age_max}, seed_samples_{config.seed_samples} {
    KEEL_ASSERT(sample_every_.count() > 0 && seed_samples_ > 0);
    const std::array half_lives{config.half_life_fast, config.half_life_medium, config.half_life_slow};
    for (std::size_t i = 0; i < kVolatilityHorizons; ++i) {
        tau_years_[i] = static_cast<double>(half_lives[i].count()) / kYearNs / std::numbers::ln2;
    }
}

Observation EwmaVolatility::on_price(double price, UnixNanos now) {
    Observation judged = judge_price(price);
    const bool first = sampled_price_ == 0.0;
    const bool clock_set = !first && price_time_ - now > price_age_max_;
    if (judged == Observation::taken && !first && !clock_set && now < price_time_) judged = Observation::out_of_order;
    if (judged != Observation::taken) {
        ++refused_;
        return judged;
    }
    if (first || clock_set) {
        restart(price, now);
        judged = Observation::restarted;
    } else {
        // A price at the very time of a grid point still belongs to it: only older points close here.
        on_time(now + std::chrono::nanoseconds{-1});
    }
    price_ = price;
    price_time_ = now;
    return judged;
}

void EwmaVolatility::restart(double price, UnixNanos now) {
    sampled_price_ = price;
    sampled_time_ = now;
    grid_next_ = now + sample_every_;
}

// Takes at most price_age_max / sample_every samples a call: older grid points are skipped at once.
bool EwmaVolatility::on_time(UnixNanos now) {
    if (sampled_price_ == 0.0) return false;
    bool sampled = false;
    while (grid_next_ <= now) {
        if (grid_next_ - price_time_ > price_age_max_) {
            const std::int64_t missed = (now - grid_next_).count() / sample_every_.count() + 1;
            grid_next_ = grid_next_ + missed * sample_every_;
            break;
        }
        take_sample(grid_next_);
        grid_next_ = grid_next_ + sample_every_;
        sampled = true;
    }
    return sampled;
}

void EwmaVolatility::take_sample(UnixNanos at) {
    const double dt = years_between(sampled_time_, at);
    const double log_return = std::log(price_ / sampled_price_);
    sampled_price_ = price_;
    sampled_time_ = at;
    if (judge_return(log_return) != Observation::taken) {
        ++refused_;
        return;
    }
    const double observed = log_return * log_return / dt;
    ++samples_;
    if (samples_ <= seed_samples_) {
        seed_sum_ += observed;
        if (samples_ == seed_samples_) variance_.fill(seed_sum_ / static_cast<double>(seed_samples_));
        return;
    }
    for (std::size_t i = 0; i < kVolatilityHorizons; ++i) {
        const double decay = std::exp(-dt / tau_years_[i]);
        variance_[i] = decay * variance_[i] + (1.0 - decay) * observed;
    }
}

double EwmaVolatility::volatility(VolatilityHorizon horizon) const {
    if (!seeded()) return std::numeric_limits<double>::quiet_NaN();
    return std::sqrt(variance_[static_cast<std::size_t>(horizon)]);
}

bool EwmaVolatility::warm(VolatilityHorizon horizon) const {
    const double step_years = static_cast<double>(sample_every_.count()) / kYearNs;
    const double decay = std::exp(-step_years / tau_years_[static_cast<std::size_t>(horizon)]);
    const double effective = (1.0 + decay) / (1.0 - decay);
    return seeded() && static_cast<double>(samples_) >= kWarmFactor * effective;
}

void EwmaVolatility::hash_into(StateHash& hash) const {
    for (const double variance : variance_) hash.add_real(variance);
    hash.add_real(seed_sum_);
    hash.add_real(price_);
    hash.add_real(sampled_price_);
    hash.add(sampled_time_);
    hash.add(grid_next_);
    hash.add(samples_);
}

}  // namespace keel::risk
