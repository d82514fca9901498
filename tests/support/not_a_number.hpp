#pragma once

#include <limits>

namespace keel::test {

// What a broken feed sends.
inline constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace keel::test
