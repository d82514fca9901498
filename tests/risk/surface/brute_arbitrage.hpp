#pragma once

#include "risk/surface/svi_slice.hpp"

namespace keel::test {

// Arbitrage looked for by plain enumeration, apart from the checks under test: 16,001 even places in [-8, 8].
inline constexpr int kBrutePlaces = 16'001;
inline double brute_place(int i) {
    return -8.0 + 16.0 * static_cast<double>(i) / static_cast<double>(kBrutePlaces - 1);
}

// Least density sign over the places, from the definition of g with derivatives by the slice.
inline double brute_g_min(const risk::SviParameters& svi) {
    double least = 1e300;
    for (int i = 0; i < kBrutePlaces; ++i) {
        const double k = brute_place(i);
        const risk::SviValue at = risk::svi_value(svi, k);
        const double first = 1.0 - k * at.w1 / (2.0 * at.w);
        const double g = first * first - at.w1 * at.w1 / 4.0 * (1.0 / at.w + 0.25) + at.w2 / 2.0;
        least = std::min(least, at.w > 0.0 ? g : -1.0);
    }
    return least;
}

// Least gap of total variance over the places.
inline double brute_gap_min(const risk::SviParameters& near, const risk::SviParameters& far) {
    double least = 1e300;
    for (int i = 0; i < kBrutePlaces; ++i) {
        const double k = brute_place(i);
        least = std::min(least, risk::svi_total_variance(far, k) - risk::svi_total_variance(near, k));
    }
    return least;
}

}  // namespace keel::test
