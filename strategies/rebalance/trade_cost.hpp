#pragma once

#include <cstddef>
#include <cstdint>

#include "engine/core/fixed_vector.hpp"

namespace keel::strategies {

inline constexpr std::size_t kCostStepsMax = 8;  // visible book levels worth pricing one by one

// Up to `lots_until` lots in all, each lot costs `usd_per_lot`. Steps rise in both.
struct CostStep {
    std::int64_t lots_until{0};
    double usd_per_lot{0.0};
};

// Cost in USD of trading n >= 0 lots in one direction: the steps (half spread + fee + walking the book),
// plus `quadratic_usd` n^2/2, plus `power_usd` n^1.5 (square-root impact). All parts are
// convex and none is negative, which the solver relies on. Past the last step its price goes on.
// Thread: core. Allocates: never.
class TradeCost {
public:
    // A step that is not dearer than the last is raised to it: costs must stay convex. False when full.
    bool push(CostStep step);
    void set_impact(double quadratic_usd, double power_usd);
    [[nodiscard]] double cost_usd(std::int64_t lots) const;
    // The n in [0, lots_max] for which cost(n) - gain_usd_per_lot * n is least; the smallest of equals.
    [[nodiscard]] std::int64_t best_lots(double gain_usd_per_lot, std::int64_t lots_max) const;
    [[nodiscard]] bool empty() const { return steps_.empty(); }

private:
    [[nodiscard]] double stationary_lots(double surplus_usd) const;

    FixedVector<CostStep, kCostStepsMax> steps_;
    double quadratic_usd_{0.0};
    double power_usd_{0.0};
};

}  // namespace keel::strategies
