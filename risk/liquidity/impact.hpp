#pragma once

#include <cstddef>
#include <span>

namespace keel::risk {

inline constexpr double kImpactFactor = 0.9;  // Y of the square-root law, between 0.5 and 1.5 in the literature

// Square-root impact relative to price: Y sigma_day sqrt(quantity / daily_volume). NaN on an input that is
// not finite or a volume that is not positive.
[[nodiscard]] double impact_relative(double quantity, double sigma_day, double daily_volume,
                                     double factor = kImpactFactor);

// Days to leave `quantity` when taking at most `participation` of the average daily volume (same unit). NaN on a
// quantity that is not finite, a volume or a participation that is not positive.
[[nodiscard]] double days_to_exit(double quantity, double daily_volume, double participation = 0.1);

// Amihud (2002): mean of |return| / dollar volume. Rows without volume are left out; NaN where none is left.
[[nodiscard]] double amihud_illiquidity(std::span<const double> returns, std::span<const double> dollar_volumes);

// Kyle's lambda: price change per unit of signed volume, S_xy / S_xx kept by exponential weights (lambda per
// observation). O(1) per observation; what is not finite is dropped and counted.
// Thread: core. Allocates: never.
class KyleLambda {
public:
    explicit KyleLambda(double decay) : decay_{decay} {}
    void add(double signed_volume, double price_change);
    [[nodiscard]] double value() const;  // NaN before the first trade
    [[nodiscard]] std::size_t refused() const { return refused_; }

private:
    double decay_;
    double sxy_{0.0};
    double sxx_{0.0};
    std::size_t refused_{0};
};

// The same by ordinary least squares over a sample, without and with an intercept.
struct KyleRegression {
    double through_origin{0.0};
    double with_intercept{0.0};
};
[[nodiscard]] KyleRegression kyle_regression(std::span<const double> signed_volumes,
                                             std::span<const double> price_changes);

}  // namespace keel::risk
