#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "simulator/exchange/listing.hpp"

namespace keel::simulator {

// Makes listings with the venue's names, ticks, lots and fees (protocol text, section 5) and appends them
// with the next slot. `created` is when the listing opened.
// Thread: one. Allocates: yes, at start and where recorded days bring new expiries.
class Catalogue {
public:
    Catalogue();

    InstrumentId add_perpetual(Currency base, UnixNanos created);
    // USDC-settled perpetual, e.g. BTC_USDC-PERPETUAL.
    InstrumentId add_linear_perpetual(Currency base, UnixNanos created);
    InstrumentId add_future(Currency base, std::chrono::sys_days expiry_day, UnixNanos created);
    InstrumentId add_option(Currency base, std::chrono::sys_days expiry_day, double strike, OptionType type,
                            UnixNanos created);

    [[nodiscard]] const std::vector<Listing>& listings() const { return listings_; }

private:
    InstrumentId append(Listing listing, std::string_view name);

    std::vector<Listing> listings_;
};

// "16JAN26": no leading zero, English month.
[[nodiscard]] std::string venue_date(std::chrono::sys_days day);
// All dated contracts expire at 08:00 UTC.
[[nodiscard]] UnixNanos expiry_time(std::chrono::sys_days day);

}  // namespace keel::simulator
