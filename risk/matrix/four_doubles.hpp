#pragma once

#include <cstddef>
#include <cstring>

// Element-wise work on four numbers at a time. Each element sees the same operations in the same order as in a
// plain loop, so the bits do not depend on place, length or optimisation.
namespace keel::risk {

using FourDoubles = double __attribute__((vector_size(32)));
inline constexpr std::size_t kFour = sizeof(FourDoubles) / sizeof(double);

[[nodiscard]] inline FourDoubles load_four(const double* from) {
    FourDoubles out;
    std::memcpy(&out, from, sizeof out);
    return out;
}
inline void store_four(double* to, const FourDoubles& four) { std::memcpy(to, &four, sizeof four); }

}  // namespace keel::risk
