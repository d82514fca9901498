#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace keel::risk {

// What venues publish and change at will. Nothing here has a default that could be mistaken for a
// venue's number: tables are filled from a file (examples/margin/*.toml) or the venue's own answer.
// Every `*_rate` and `*_ratio` is a fraction (1.0 = 100 %).

// Deribit, standard margin of one future or perpetual: rate + rate_per_coin * |position in coin|.
struct DeribitFutureMargin {
    double initial_rate{0.0};
    double maintenance_rate{0.0};
    double rate_per_coin{0.0};
};

// Deribit, standard margin of one short option, fractions of one coin of underlying.
struct DeribitOptionMargin {
    double initial_rate{0.0};        // before the out-of-the-money amount is taken off
    double initial_rate_floor{0.0};  // what stays however far out of the money
    double maintenance_rate{0.0};
};

inline constexpr std::uint32_t kMatrixBucketsMax = 4;    // price steps per side; the venue's buckets_count
inline constexpr std::size_t kMatrixExtendedMax = 8;     // moves of the extended table
inline constexpr std::uint32_t kMatrixDecimalsMax = 12;  // digits that a worst case may be rounded to

// How an expiry's distance enters the roll shock. The venue has not said which; only the floor was seen.
enum class RollLaw : std::uint8_t { linear, exponential };  // risk * T, or exp(risk * T) - 1

// Deribit, risk matrix of one currency pair (`model_params.currency_pair` and `.currency` of
// private/pme/simulate).
struct DeribitMatrixParameters {
    double price_range{0.0};  // R, in (0, 1)
    std::uint32_t buckets{0};
    double volatility_range_up{0.0};
    double volatility_range_down{0.0};
    double short_term_vega_power{0.0};
    double long_term_vega_power{0.0};
    double short_term_days{0.0};            // the tenor that scales, and where the powers meet
    double tenor_days_min{0.0};             // shorter ones count as this
    double volatility_shocked_up_min{0.0};  // floor of the raised volatility
    std::array<double, kMatrixExtendedMax> extended_moves{};
    std::uint32_t extended_count{0};
    double extended_factor{0.0};
    double extended_dampener_usd{0.0};
    double annualised_move_risk{0.0};
    double annualised_move_min{0.0};
    RollLaw roll_law{RollLaw::linear};
    double pnl_offset_ratio{0.0};        // share of a profit that may offset
    double offsetable_pnl_usd_max{0.0};  // and its cap
    double delta_shock_threshold_usd{0.0};
    double delta_shock_ratio_max{0.0};
    double delta_shock_per_coin{0.0};
};

// Deribit, `model_params.general`.
struct DeribitPortfolioParameters {
    double maintenance_ratio{0.0};         // mm_factor
    std::uint32_t worst_case_decimals{0};  // the worst case is rounded half up to these; 0: not at all
    double delivery_window_years{0.0};     // over which delivery prices are averaged; 0: none
};

// Bybit, margin of one short USDC option, fractions of the index or the mark.
struct BybitOptionMargin {
    double initial_rate{0.0};
    double initial_rate_floor{0.0};
    double maintenance_rate{0.0};
    double liquidation_fee_rate{0.0};
};

inline constexpr std::size_t kChargeStepsMax = 12;  // OKX has seven

// From the last step's `amount_usd_max` up to this one's, a charge counts `factor` times.
struct ChargeStep {
    double amount_usd_max{0.0};
    double factor{0.0};
};

// OKX, portfolio margin of one risk unit.
struct OkxPortfolioParameters {
    double initial_factor{0.0};                              // IMR = factor * MMR
    double extreme_loss_ratio{0.0};                          // share of the loss at the doubled shock that MR6 counts
    std::array<ChargeStep, kChargeStepsMax> charge_steps{};  // scaling of MR7
    std::uint32_t charge_steps_count{0};
};

}  // namespace keel::risk
