#pragma once

#include <cstdint>

#include "engine/core/instrument.hpp"

namespace keel::risk {

// Whether inputs could be priced: bad_input where they are no option's, or where a result nears the end of the
// finite numbers.
// Nothing is written to the output on bad_input: the caller keeps its last good numbers and flags them stale.
enum class PricingStatus : std::uint8_t { ok, bad_input };

// What Black's 1976 formula needs of a European option on a forward.
struct OptionInputs {
    double forward{0.0};     // price units of the forward, > 0
    double strike{0.0};      // price units, > 0
    double years{0.0};       // time to expiry, ACT/365, >= 0
    double volatility{0.0};  // fraction per sqrt(year), >= 0
    double rate{0.0};        // continuously compounded; venues quote undiscounted, hence 0
    OptionType type{OptionType::call};
};

// Value and raw sensitivities for one coin of underlying: vega and rho per 1.00, theta per year.
struct OptionGreeks {
    double price{0.0};  // USD
    double delta{0.0};  // dV/dF, coin
    double gamma{0.0};  // d2V/dF2, coin per USD
    double vega{0.0};   // dV/dsigma, USD per 1.00 of volatility
    double theta{0.0};  // dV/dt, USD per year
    double rho{0.0};    // dV/dr with F fixed, USD per 1.00
    double vanna{0.0};  // d2V/dFdsigma
    double volga{0.0};  // d2V/dsigma2
    double charm{0.0};  // d2V/dFdt, coin per year
    double speed{0.0};  // d3V/dF3
    double zomma{0.0};  // d3V/dF2dsigma
    double color{0.0};  // d3V/dF2dt
};

// d1, d2 and the pieces that the price and the coin-settled forms share.
struct BlackTerms {
    double deviation{0.0};  // sigma sqrt(T)
    double d1{0.0};
    double d2{0.0};
};

// Standard normal distribution and density. The distribution goes through erfc, so that neither tail
// loses its digits.
[[nodiscard]] double normal_cdf(double x);
[[nodiscard]] double normal_pdf(double x);

// True where forward and strike are positive, time and volatility are not negative, and all are finite.
[[nodiscard]] bool is_priceable(const OptionInputs& inputs);

// ln(a/b) of positive numbers: by log1p where they are near each other, where log loses about four digits for options
// of one second, and as a difference of logarithms where the quotient leaves the normal numbers.
[[nodiscard]] double log_of_ratio(double a, double b);

// Needs is_priceable and a positive deviation.
[[nodiscard]] BlackTerms black_terms(const OptionInputs& inputs);

// Price and eleven greeks (Black 1976; docs/risk-model.md). With sigma*sqrt(T) == 0 the value is the
// discounted intrinsic one, delta is one half exactly at the money, and curvature is zero.
// Thread: any. Allocates: never.
[[nodiscard]] PricingStatus black76(const OptionInputs& inputs, OptionGreeks& out);

// Price alone; NaN on bad input.
[[nodiscard]] double black76_price(const OptionInputs& inputs);

}  // namespace keel::risk
