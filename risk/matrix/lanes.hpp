#pragma once

#include <cstddef>
#include <cstring>

// Element-wise loops four numbers at a time. Each element sees the same multiplications and additions in the same
// order as in the plain loop that ends them, so the bits do not depend on place, length or optimisation.
namespace keel::risk {

using Lanes = double __attribute__((vector_size(32)));
inline constexpr std::size_t kLanes = sizeof(Lanes) / sizeof(double);

[[nodiscard]] inline Lanes load_lanes(const double* from) {
    Lanes out;
    std::memcpy(&out, from, sizeof out);
    return out;
}
inline void store_lanes(double* to, const Lanes& value) { std::memcpy(to, &value, sizeof value); }

}  // namespace keel::risk
