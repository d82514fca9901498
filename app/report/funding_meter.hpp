#pragma once

#include <limits>

#include "engine/core/instrument_table.hpp"
#include "engine/core/time.hpp"
#include "risk/portfolio/risk_engine.hpp"

namespace keel::app {

// Funding of held perpetuals as Deribit accrues it: continuously, -rate_8h x notional x time / 8 h, longs paying a
// positive rate. Rate and holding are what the core knew at the start of each stretch. Where a venue pays at fixed
// hours instead, this is the part earned so far. Thread: one. Allocates: never.
class FundingMeter {
public:
    explicit FundingMeter(const InstrumentTable& instruments) : instruments_{instruments} {}

    // Adds the stretch from the last call up to `now`. Call before the event that arrives at `now` is applied.
    void accrue(const risk::RiskEngine& risk, UnixNanos now);
    // Since the start, in USD; negative = paid. NaN until a held perpetual has told its rate.
    [[nodiscard]] double received_usd() const { return received_usd_; }

private:
    const InstrumentTable& instruments_;
    UnixNanos last_{};
    double received_usd_{std::numeric_limits<double>::quiet_NaN()};
};

}  // namespace keel::app
