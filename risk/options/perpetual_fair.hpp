#pragma once

#include <cstdint>
#include <optional>

namespace keel::risk {

// Which spot price the funding of a period is paid on.
enum class FundingConvention : std::uint8_t {
    previous_spot,  // kappa (f_t - x_t) + iota x_t, fixed at the period's start
    current_spot,   // the same rate times the spot at the period's end
    continuous,     // paid all the time; kappa and iota are then per year and `period_years` is not used
};

// Constant parameters of a perpetual future. kappa pulls the price to the spot, iota is the interest factor of the
// funding formula; both per period, as fractions.
struct PerpetualTerms {
    double spot{0.0};         // > 0
    double rate{0.0};         // of the quote currency, continuously compounded
    double asset_yield{0.0};  // of the coin, continuously compounded
    double kappa{0.0};
    double iota{0.0};
    double period_years{0.0};  // between two fundings, > 0
    FundingConvention convention{FundingConvention::previous_spot};
};

// Price at which a perpetual future is worth nothing to either side (Ackerer, Hugonnier and Jermann, "Perpetual
// Futures Pricing", 2024, eq. 12 and propositions 2-4): with g the expected growth of the spot over a period,
// f = x (kappa-iota)/(1+kappa-g), and for an inverse contract 1/f likewise in 1/x under the coin's measure. A sanity
// check of the basis, no trading signal. nullopt where inputs are not finite or positive as stated, or the funding is
// too weak for a finite price.
// Thread: any. Allocates: never.
[[nodiscard]] std::optional<double> linear_perpetual_fair(const PerpetualTerms& terms);
[[nodiscard]] std::optional<double> inverse_perpetual_fair(const PerpetualTerms& terms);

}  // namespace keel::risk
