#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "engine/core/time.hpp"
#include "risk/surface/surface_config.hpp"
#include "risk/surface/surface_quote.hpp"
#include "risk/surface/svi_fit.hpp"

namespace keel::risk {

// What to think of a number from the surface; bits.
enum class SurfaceQuality : std::uint8_t {
    good = 0,
    stale = 1,          // the last good slice stands in: quotes went away, or the last fit failed
    thin = 2,           // fewer than five usable quotes now
    prior = 4,          // never fitted: the prior's shape at the level of the quotes or of the neighbours
    constrained = 8,    // not the least error: arbitrage in the quotes was fitted away
    crossed = 16,       // a later expiry could not be brought above a nearer one: calendar arbitrage remains
    extrapolated = 32,  // outside the expiries
    missing = 64,       // no surface; the value is 0 and means nothing
};
constexpr SurfaceQuality operator|(SurfaceQuality a, SurfaceQuality b) {
    return static_cast<SurfaceQuality>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(SurfaceQuality set, SurfaceQuality bit) {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(bit)) != 0U;
}

// A slice times a factor: what is left of its total variance as time passes at constant volatility.
[[nodiscard]] constexpr SviParameters scaled(const SviParameters& svi, double factor) {
    return {.a = svi.a * factor, .b = svi.b * factor, .rho = svi.rho, .m = svi.m, .sigma = svi.sigma};
}

// Why an expiry wants a full fit; the first that holds.
enum class RefitReason : std::uint8_t { none, first, arbitrage, forward, residual, changed, period };

// The quotes of one expiry, their sums, and the slice they make. Between fits (m, sigma) stand still and a quote moves
// the slice by O(9) arithmetic; what is published has passed the arbitrage checks.
// Thread: core. Allocates: never.
class SurfaceExpiry {
public:
    static constexpr std::size_t kOptionsMax = 2 * kSviPointsMax;  // calls and puts

    SurfaceExpiry() = default;
    SurfaceExpiry(UnixNanos expiry, const SurfaceConfig& config) : expiry_{expiry}, config_{config} {}

    // One option's market. Anything may be in it: what cannot be used weighs nothing and is named in the answer.
    QuoteFlaw on_quote(const SurfaceQuote& quote, UnixNanos now);
    // Takes away the weight of quotes older than allowed.
    void drop_stale_quotes(UnixNanos now);
    // A new forward; ignored where is_surface_price() is false.
    void on_forward(double forward);

    [[nodiscard]] RefitReason refit_reason(UnixNanos now) const;
    // Full fit between the expiries around it, as they are now in total variance. False: the last slice stands, stale.
    bool refit(UnixNanos now, const SviParameters* near, std::span<const SviParameters> far);
    // The prior's shape at a level: what the quotes there are say, else `theta` of total variance at the money. Only
    // while never fitted, and only where it crosses neither neighbour.
    bool take_prior(UnixNanos now, double theta, const SviParameters* near, const SviParameters* far);
    [[nodiscard]] bool wants_prior(UnixNanos now) const;
    [[nodiscard]] bool can_fit(UnixNanos now) const {
        return usable_ >= kSviQuotesMin && expiry_ - now >= config_.life_min;
    }
    [[nodiscard]] bool wants_increment() const {
        return has_sums_ && changed_ > 0 && !is_offending_ && usable_ >= kSviQuotesMin;
    }
    // Weighted mean of the usable quotes' total variance; 0 without any.
    [[nodiscard]] double quoted_variance(UnixNanos now) const;
    // Publishes what quotes have moved since, if it moved enough and is free of butterflies and, against `near` and
    // `far`, of calendar arbitrage. True: published. An offence asks for a full fit instead.
    bool publish_increment(UnixNanos now, const SviParameters* near, const SviParameters* far);

    [[nodiscard]] UnixNanos expiry() const { return expiry_; }
    [[nodiscard]] double years(UnixNanos now) const { return years_between(now, expiry_); }
    [[nodiscard]] double forward() const { return forward_; }
    [[nodiscard]] bool has_slice() const { return years_fitted_ > 0.0; }
    [[nodiscard]] bool is_alive(UnixNanos now) const { return now < expiry_; }
    // What is published, in total variance at the time of its fit; total variance now is this times years/years_fitted.
    [[nodiscard]] const SviParameters& slice() const { return published_; }
    [[nodiscard]] double years_fitted() const { return years_fitted_; }
    [[nodiscard]] SviParameters slice_now(UnixNanos now) const {
        return scaled(published_, years(now) / years_fitted_);
    }
    [[nodiscard]] SurfaceQuality quality(UnixNanos now) const;
    [[nodiscard]] const SviFit& last_fit() const { return fit_; }
    [[nodiscard]] std::uint64_t version() const { return version_; }  // of what is published
    [[nodiscard]] std::size_t usable_quotes() const { return usable_; }
    [[nodiscard]] std::size_t options() const { return option_count_; }
    void set_crossed() { is_crossed_ = true; }

    // The least squares that the sums hold, for the vertex of the last fit; false where they determine nothing.
    [[nodiscard]] bool least_squares(Vector3& coefficients) const;
    [[nodiscard]] SviVertex vertex() const { return {.m = fitted_.m, .sigma = fitted_.sigma}; }
    // Copies the points that count, with the weights they have in the sums; answers how many.
    std::size_t points(std::span<SviPoint> out) const;

private:
    struct Option {
        double strike{0.0};
        OptionType type{OptionType::call};
        SviPoint point;    // as judged
        SviPoint counted;  // as it stands in the sums; weight 0: not in them
        UnixNanos time{};
        bool is_changed{false};  // since the last fit
    };

    Option* find_or_add(double strike, OptionType type);
    void count(Option& option);
    void uncount(Option& option);
    void mark_changed(Option& option);
    void start_sums(UnixNanos now);
    void publish(const SviParameters& svi, UnixNanos now);
    [[nodiscard]] double moved_most(const SviParameters& a, const SviParameters& b) const;

    UnixNanos expiry_{};
    SurfaceConfig config_;
    double forward_{0.0};
    std::array<Option, kOptionsMax> options_{};
    std::array<std::uint16_t, kOptionsMax> order_{};  // by strike, then type
    std::size_t option_count_{0};
    std::size_t usable_{0};
    std::size_t changed_{0};

    SviNormalEquations sums_;
    double weight_sum_{0.0};  // of what is in the sums
    Vector3 at_fit_{};        // least squares of the sums when the last fit ended
    SviParameters fitted_;    // what the last fit published: increments start from here
    SviFit fit_;
    SviFitStatus fit_status_{SviFitStatus::too_few_quotes};
    double forward_fitted_{0.0};
    double error_fitted_{0.0};  // weighted rms of the sums when the last fit ended
    UnixNanos fit_time_{};
    UnixNanos try_time_{};
    bool has_sums_{false};
    bool is_offending_{false};
    bool is_prior_{false};
    bool has_failed_{false};
    bool is_crossed_{false};

    SviParameters published_;
    double years_fitted_{0.0};
    std::uint64_t version_{0};
};

}  // namespace keel::risk
