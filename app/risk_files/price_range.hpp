#pragma once

#include <string_view>

#include "app/risk_files/json_tree.hpp"

namespace keel::app {

// A price, in whatever it is quoted: what live prices and strikes may be, 1e-9 to 1e9. Errors: InputError.
[[nodiscard]] double price_from(const JsonTree& value);
// That of a member; NaN where it is absent or null.
[[nodiscard]] double price_or_nan(const JsonTree& row, std::string_view key);
// Of a venue's own row, in which zero or less says that there is none: NaN.
[[nodiscard]] double quoted_price(const JsonTree& row, std::string_view key);

}  // namespace keel::app
