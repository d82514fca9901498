#pragma once

#include <cstddef>
#include <string_view>

namespace keel {

// How many letters must change, come or go to make one name of the other: enough to guess what was meant.
// Allocates: one row of `b`.
[[nodiscard]] std::size_t edit_distance(std::string_view a, std::string_view b);

}  // namespace keel
