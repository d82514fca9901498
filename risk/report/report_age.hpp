#pragma once

#include <span>
#include <string>
#include <vector>

#include "risk/report/report_inputs.hpp"

namespace keel::risk {

// How old the inputs of one part of the book are.
struct InputAge {
    double oldest_seconds{std::numeric_limits<double>::quiet_NaN()};  // NaN: no age is known
    bool stale{false};                                                // one of them is older than its kind may be
};

// Of what is held in one underlying or at one venue (none: all of them): its quotes, the curves and forwards of its
// expiries, the indices of its coins, the prices of the stablecoins that it settles in.
[[nodiscard]] InputAge input_age(const ReportInputs& inputs, UnderlyingSlot underlying, VenueSlot venue);

// The same of these contracts, held or not.
[[nodiscard]] InputAge input_age(const ReportInputs& inputs, std::span<const std::size_t> contracts);

// Of the curves of one underlying, held or not.
[[nodiscard]] InputAge curve_age(const ReportInputs& inputs, UnderlyingSlot underlying);

// Of the histories of everything held, from when their next day was due.
[[nodiscard]] InputAge history_age(const ReportInputs& inputs);
// Of one underlying's, held or not.
[[nodiscard]] InputAge history_age(const ReportInputs& inputs, UnderlyingSlot underlying);

// The older of both; stale where one is.
[[nodiscard]] InputAge older(InputAge a, InputAge b);

// A line for each input of something held that is older than its kind may be.
[[nodiscard]] std::vector<std::string> stale_notes(const ReportInputs& inputs,
                                                   const std::vector<std::string>& expiry_names);

}  // namespace keel::risk
