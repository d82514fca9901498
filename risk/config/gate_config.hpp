#pragma once

#include <chrono>
#include <string>
#include <vector>

#include "risk/config/config_problem.hpp"

namespace keel::risk {

// How old the inputs of an order may be, by kind of instrument.
struct InputAgeMax {
    std::chrono::nanoseconds book{};
    std::chrono::nanoseconds mark{};   // the instrument's own ticker
    std::chrono::nanoseconds index{};  // the underlying's index price
};

// The limits of the pre-trade gate. The unit is in each name. A limit of zero allows nothing: there is
// no value that means "unlimited".
struct GateConfig {
    std::vector<std::string> instruments_allowed{};  // venue names, or "BTC-*"; empty allows nothing, "*" all
    InputAgeMax perpetual_age_max{std::chrono::seconds{5}, std::chrono::seconds{5}, std::chrono::seconds{5}};
    InputAgeMax future_age_max{std::chrono::seconds{30}, std::chrono::seconds{10}, std::chrono::seconds{5}};
    InputAgeMax option_age_max{std::chrono::seconds{60}, std::chrono::seconds{10}, std::chrono::seconds{5}};

    double price_collar_bps{100.0};        // perpetual, future, spot: adverse distance to the reference
    double option_collar_vol_points{5.0};  // options: adverse distance to the reference, in volatility
    double option_collar_ticks{10.0};      // ... or this many ticks, whichever is wider

    double order_coins_max{10.0};
    double order_notional_usd_max{1'000'000.0};
    double position_long_usd_max{5'000'000.0};    // per instrument, with every buy that may still fill
    double position_short_usd_max{5'000'000.0};   // per instrument, with every sell that may still fill
    double portfolio_delta_usd_max{2'000'000.0};  // per underlying, worst case of the side
    double leverage_gross_max{5.0};               // account
    std::uint32_t orders_open_max{32};            // per account, unknown orders included

    double messages_per_second_max{10.0};  // per venue
    double messages_burst_max{20.0};
    double cancel_reserve_ratio{0.3};  // of the burst, kept for cancels
    std::chrono::nanoseconds duplicate_window{std::chrono::milliseconds{250}};
    std::chrono::nanoseconds expiry_guard{std::chrono::minutes{5}};  // no orders this close to expiry

    // Every key that is wrong: negative, not finite, or a ratio outside [0, 1).
    [[nodiscard]] ConfigProblems validate() const;
};

}  // namespace keel::risk
