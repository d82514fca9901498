#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstddef>

#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

// Everything of a book that adds up inside one underlying. Used three times over: as a contribution, as the
// bound of its error (every member then a magnitude), and as a sum.
struct RiskVector {
    Sensitivities greeks{};
    double coin{0.0};          // value in the coin ledger: cash, inverse futures and options
    double stable{0.0};        // value in the ledger of the stablecoin
    double margin_usd{0.0};    // sum of |notional| times margin rate that does not move with the index
    double margin_coins{0.0};  // that does
    std::array<double, 3> unused{};
};
inline constexpr std::size_t kRiskVectorCount = sizeof(RiskVector) / sizeof(double);
static_assert(kRiskVectorCount % 4 == 0, "four doubles to a register");

// The part of it that adds up over underlyings, in USD.
struct UsdVector {
    double equity{0.0};
    double gross{0.0};         // sum of |notional|
    double net{0.0};           // signed
    double dollar_delta{0.0};  // delta_usd times index: profit for a relative move of 1
    double gamma_1pct{0.0};    // USD of delta per 1 %
    double vega{0.0};          // per 1.00 of volatility
    double theta{0.0};         // per year
    double margin{0.0};        // linear margin
};

// A running sum of such vectors that keeps what rounding drops (Knuth's two-sum), beside the sum of their
// error bounds.
// Thread: core. Allocates: never.
template <class Vector>
class VectorSum {
public:
    // Takes one contribution out and puts its successor in.
    void replace(const Vector& before, const Vector& after) {
        const auto minus = std::bit_cast<Array>(before);
        const auto plus = std::bit_cast<Array>(after);
        for (std::size_t i = 0; i < kCount; ++i) {
            const double up = sum_[i] + plus[i];
            const double up_shift = up - sum_[i];
            const double up_lost = (sum_[i] - (up - up_shift)) + (plus[i] - up_shift);
            const double down = up - minus[i];
            const double down_shift = down - up;
            const double down_lost = (up - (down - down_shift)) + (-minus[i] - down_shift);
            carry_[i] += up_lost + down_lost;
            sum_[i] = down;
        }
    }
    [[nodiscard]] Vector value() const {
        Array out;
        for (std::size_t i = 0; i < kCount; ++i) out[i] = sum_[i] + carry_[i];
        return std::bit_cast<Vector>(out);
    }

private:
    static constexpr std::size_t kCount = sizeof(Vector) / sizeof(double);
    using Array = std::array<double, kCount>;
    alignas(32) Array sum_{};
    alignas(32) Array carry_{};
};

// A value and the most that it may be off by.
template <class Vector>
struct Bounded {
    Vector value{};
    Vector bound{};
};

template <class Vector>
struct BoundedSum {
    VectorSum<Vector> value{};
    VectorSum<Vector> bound{};

    void replace(const Bounded<Vector>& before, const Bounded<Vector>& after) {
        value.replace(before.value, after.value);
        bound.replace(before.bound, after.bound);
    }
    [[nodiscard]] Bounded<Vector> read() const { return {value.value(), bound.value()}; }
};

}  // namespace keel::risk
