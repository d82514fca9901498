#pragma once

#include <random>

#include "risk/surface/svi_arbitrage.hpp"

namespace keel::test {

inline double uniform(std::mt19937_64& random, double low, double high) {
    return std::uniform_real_distribution<double>{low, high}(random);
}

// A slice as crypto options have them, free of butterflies: jump-wings with an at-the-money volatility of 25 % to
// 150 %, a vertex not far from the money, years from one day to one year.
inline risk::SviParameters random_free_svi(std::mt19937_64& random, double& years) {
    for (;;) {
        years = std::exp(uniform(random, std::log(1.0 / 365.0), 0.0));
        const double volatility = uniform(random, 0.25, 1.5);
        const double root = volatility * std::sqrt(years);
        risk::SviParameters svi{.a = 0.0,
                                .b = uniform(random, 0.1, 0.9) * root,
                                .rho = uniform(random, -0.7, 0.5),
                                .m = uniform(random, -0.8, 0.8) * root,
                                .sigma = uniform(random, 0.4, 2.5) * root};
        svi.a = root * root - risk::svi_total_variance(svi, 0.0);
        const risk::SviButterfly seen = risk::svi_butterfly(svi);
        if (seen.is_free() && seen.g_min > 0.02 && risk::svi_variance_min(svi) > 0.1 * root * root) return svi;
    }
}

}  // namespace keel::test
