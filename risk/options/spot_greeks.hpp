#pragma once

#include "risk/options/black76.hpp"

namespace keel::risk {

// Greeks of the same option with respect to its spot price S, where the forward is carried at a constant rate b:
// F = S exp(bT). From the greeks at F: each derivative in S gains a factor exp(bT), and as time passes the forward
// slides along its curve (theta gains -b F delta, charm and color likewise). `rho` is with S and the yield r - b fixed,
// so that the forward moves with the rate. Haug, The Complete Guide to Option Pricing Formulas, ch. 2.
// Thread: any. Allocates: never.
[[nodiscard]] OptionGreeks spot_greeks(const OptionInputs& inputs, const OptionGreeks& forward_greeks, double carry);

}  // namespace keel::risk
