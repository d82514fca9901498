#pragma once

#include <array>
#include <bit>
#include <cstddef>

namespace keel::risk {

// What one lot, one expiry or one underlying contributes to risk. All members add. USD ledger unless
// the name says coin or stable; the three are never mixed. A member that says stable is in units of the stablecoin that
// the contracts settle in, and adds over contracts of one stablecoin only: whoever reads it multiplies by its price.
struct Sensitivities {
    double delta_bs{0.0};             // coin: dV_usd/dF summed
    double delta_net{0.0};            // coin: F dv/dF of inverse contracts, dV/dF of linear ones
    double delta_inverse{0.0};        // coin: the part of delta_net that comes from inverse contracts
    double delta_linear_stable{0.0};  // stablecoin: delta times forward of linear contracts; in USD, /S gives coin
    double gamma{0.0};                // coin per USD
    double vega{0.0};                 // USD per 1.00 of volatility
    double theta{0.0};                // USD per year
    double vanna{0.0};
    double volga{0.0};
    double charm{0.0};         // coin per year
    double gamma_coin{0.0};    // coin per USD squared, of the coin value
    double vega_coin{0.0};     // coin per 1.00
    double theta_coin{0.0};    // coin per year
    double gross_usd{0.0};     // USD: |notional| of inverse contracts, which no price moves
    double gross_stable{0.0};  // stablecoin: |notional| of linear contracts, which moves with its price
    double gross_coins{0.0};   // coin: |notional| of options, which moves with the index
    double net_usd{0.0};       // signed, as gross_usd
    double net_stable{0.0};
    double net_coins{0.0};
};

inline constexpr std::size_t kSensitivitiesCount = sizeof(Sensitivities) / sizeof(double);
using SensitivityArray = std::array<double, kSensitivitiesCount>;

// `factor` times each member; the gross members take its magnitude.
[[nodiscard]] inline Sensitivities scaled(const Sensitivities& unit, double factor) {
    auto out = std::bit_cast<SensitivityArray>(unit);
    for (double& value : out) value *= factor;
    auto scaled_unit = std::bit_cast<Sensitivities>(out);
    if (factor < 0.0) {
        scaled_unit.gross_usd = -scaled_unit.gross_usd;
        scaled_unit.gross_stable = -scaled_unit.gross_stable;
        scaled_unit.gross_coins = -scaled_unit.gross_coins;
    }
    return scaled_unit;
}

// A running sum that keeps what rounding drops (Knuth's two-sum, second word added at read), so that
// replacing one contribution a million times leaves the others exact. A NaN never enters: `replace`
// takes finite values only.
// Thread: core. Allocates: never.
class SensitivitySum {
public:
    // Takes the old contribution out and puts the new one in.
    void replace(const Sensitivities& before, const Sensitivities& after) {
        const auto minus = std::bit_cast<SensitivityArray>(before);
        const auto plus = std::bit_cast<SensitivityArray>(after);
        for (std::size_t i = 0; i < kSensitivitiesCount; ++i) {
            add(i, plus[i]);
            add(i, -minus[i]);
        }
    }
    [[nodiscard]] Sensitivities value() const {
        SensitivityArray out;
        for (std::size_t i = 0; i < kSensitivitiesCount; ++i) out[i] = sum_[i] + carry_[i];
        return std::bit_cast<Sensitivities>(out);
    }

private:
    void add(std::size_t i, double term) {
        const double total = sum_[i] + term;
        const double shift = total - sum_[i];
        carry_[i] += (sum_[i] - (total - shift)) + (term - shift);
        sum_[i] = total;
    }

    SensitivityArray sum_{};
    SensitivityArray carry_{};
};

// The same for one number.
class CompensatedSum {
public:
    void add(double term) {
        const double total = sum_ + term;
        const double shift = total - sum_;
        carry_ += (sum_ - (total - shift)) + (term - shift);
        sum_ = total;
    }
    [[nodiscard]] double value() const { return sum_ + carry_; }

private:
    double sum_{0.0};
    double carry_{0.0};
};

}  // namespace keel::risk
