#pragma once

#include <array>
#include <cstddef>
#include <type_traits>

#include "risk/matrix/four_doubles.hpp"
#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

// Everything of a book that adds up inside one underlying. Used three times over: as a contribution, as the
// bound of its error (every member then a magnitude), and as a sum.
struct RiskVector {
    Sensitivities greeks{};
    double coin{0.0};        // value in the coin ledger: cash, inverse futures and options
    double stable{0.0};      // value in the ledger of the stablecoin
    double margin_usd{0.0};  // sum of |notional| times margin rate: as gross_usd, gross_stable and gross_coins
    double margin_stable{0.0};
    double margin_coins{0.0};
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

// Members as an array: both vectors are doubles and nothing else.
template <class Vector>
const double* doubles(const Vector& vector) {
    static_assert(std::is_standard_layout_v<Vector> && sizeof(Vector) % sizeof(double) == 0);
    return reinterpret_cast<const double*>(&vector);
}
template <class Vector>
double* doubles(Vector& vector) {
    static_assert(std::is_standard_layout_v<Vector> && sizeof(Vector) % sizeof(double) == 0);
    return reinterpret_cast<double*>(&vector);
}
// sum += term
template <class Vector>
void add_to(Vector& sum, const Vector& term) {
    static_assert(sizeof(Vector) % sizeof(FourDoubles) == 0);
    double* const to = doubles(sum);
    const double* const from = doubles(term);
    for (std::size_t i = 0; i < sizeof(Vector) / sizeof(double); i += 4) {
        store_four(to + i, load_four(to + i) + load_four(from + i));
    }
}

// A value and the most that it may be off by.
template <class Vector>
struct Bounded {
    Vector value{};
    Vector bound{};
};

// A running sum of contributions with their bounds, which keeps what rounding drops (Knuth's two-sum), so that
// replacing one contribution a million times leaves the others exact.
// Thread: core. Allocates: never.
template <class Vector>
class VectorSum {
public:
    // Takes one contribution out and puts its successor in.
    void replace(const Bounded<Vector>& before, const Bounded<Vector>& after) {
        const double* const plus = doubles(after.value);
        const double* const minus = doubles(before.value);
        double* const sum = doubles(sum_.value);
        double* const carry = doubles(carry_.value);
        for (std::size_t i = 0; i < kCount; i += 4) {
            const FourDoubles old = load_four(sum + i);
            const FourDoubles in = load_four(plus + i);
            const FourDoubles out = load_four(minus + i);
            const FourDoubles up = old + in;
            const FourDoubles up_shift = up - old;
            const FourDoubles up_lost = (old - (up - up_shift)) + (in - up_shift);
            const FourDoubles down = up - out;
            const FourDoubles down_shift = up - down;
            const FourDoubles down_lost = (up - (down + down_shift)) + (down_shift - out);
            store_four(carry + i, load_four(carry + i) + (up_lost + down_lost));
            store_four(sum + i, down);
        }
    }
    // value and bound
    [[nodiscard]] Bounded<Vector> read() const {
        Bounded<Vector> out = sum_;
        add_to(out, carry_);
        return out;
    }
    // The two words of that, for linear maps: map(read()) = map(sum()) + map(carry()).
    [[nodiscard]] const Bounded<Vector>& sum() const { return sum_; }
    [[nodiscard]] const Bounded<Vector>& carry() const { return carry_; }
    // out += value and bound
    void add_into(Bounded<Vector>& out) const {
        double* const to = doubles(out.value);
        const double* const sum = doubles(sum_.value);
        const double* const carry = doubles(carry_.value);
        for (std::size_t i = 0; i < kCount; i += 4) {
            store_four(to + i, load_four(to + i) + (load_four(sum + i) + load_four(carry + i)));
        }
    }
    // One member.
    [[nodiscard]] double read(double Vector::*member) const { return sum_.value.*member + carry_.value.*member; }
    [[nodiscard]] double read_bound(double Vector::*member) const { return sum_.bound.*member + carry_.bound.*member; }

private:
    static constexpr std::size_t kCount = sizeof(Bounded<Vector>) / sizeof(double);
    alignas(32) Bounded<Vector> sum_{};
    alignas(32) Bounded<Vector> carry_{};
};

}  // namespace keel::risk
