#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/core/result.hpp"

namespace keel {

// An exact decimal number, mantissa * 10^exponent. What the venue writes as text, before it becomes
// ticks or lots; never a double on the way.
struct Decimal {
    std::int64_t mantissa{0};
    std::int32_t exponent{0};

    [[nodiscard]] double to_double() const;
    // Shortest plain text without an exponent, e.g. "0.0005", "61659.7", "10".
    [[nodiscard]] std::string to_text() const;
    // Same value with no trailing zeros in the mantissa; zero has exponent 0.
    [[nodiscard]] Decimal normalised() const;
    friend bool operator==(const Decimal&, const Decimal&) = default;
};

// Reads a JSON number ("61659.70", "2.2e3", "-1.0e-8"); surrounding blanks are ignored. Digits beyond
// the 18th are rounded away: they are the binary noise that JSON writers leave. Errors:
// malformed_message, number_out_of_range.
Result<Decimal> parse_decimal(std::string_view text);

// value / unit as a whole number. A remainder below 1e-6 of the unit is noise and rounds away; any
// other fails with `off_grid`. Overflow fails with number_out_of_range. `unit` must be positive.
Result<std::int64_t> count_units(const Decimal& value, const Decimal& unit, Errc off_grid);

// Nearest decimal with at most `decimals` places; for configuration values that came as doubles.
Decimal decimal_from_double(double value, int decimals);

}  // namespace keel
