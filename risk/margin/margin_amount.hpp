#pragma once

#include <cmath>
#include <cstdint>

namespace keel::risk {

// Whether a margin could be computed. On bad_input the amounts are zero and mean nothing: the caller
// keeps its last good numbers and flags them.
enum class MarginStatus : std::uint8_t { ok, bad_input };

// What a venue asks for: `initial` to open, `maintenance` to keep. Unit: the settlement currency of the
// function that made it.
struct MarginAmount {
    double initial{0.0};
    double maintenance{0.0};
    MarginStatus status{MarginStatus::ok};
};

// What a function answers when its inputs cannot be used.
inline constexpr MarginAmount kMarginUnknown{.status = MarginStatus::bad_input};

// The amounts, or bad_input where one of them is not finite: a NaN goes no further.
[[nodiscard]] inline MarginAmount finite_margin(double initial, double maintenance) {
    if (!std::isfinite(initial) || !std::isfinite(maintenance)) return kMarginUnknown;
    return {.initial = initial, .maintenance = maintenance};
}

// Sum of two; bad_input is kept, with the sum of what is known.
[[nodiscard]] inline MarginAmount operator+(const MarginAmount& a, const MarginAmount& b) {
    MarginAmount sum = finite_margin(a.initial + b.initial, a.maintenance + b.maintenance);
    if (a.status == MarginStatus::bad_input || b.status == MarginStatus::bad_input)
        sum.status = MarginStatus::bad_input;
    return sum;
}

}  // namespace keel::risk
