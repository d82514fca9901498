#pragma once

#include <functional>
#include <span>
#include <string_view>
#include <vector>

#include "app/config/configuration.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/core/result.hpp"
#include "engine/core/time.hpp"

namespace keel::app {

// "BTC-*" matches "BTC-PERPETUAL"; several stars may stand anywhere; no star means the very name.
bool matches_pattern(std::string_view pattern, std::string_view name);

// The hedge configuration with names turned into ids. Orders are sent in paper and live mode only. Throws
// ConfigError where a target's underlying or an instrument pattern matches nothing in the table.
strategies::HedgeConfig hedge_config(const Configuration& configuration, const InstrumentTable& instruments);

// The risk configuration, ready for RiskEngine.
risk::RiskConfig risk_config(const Configuration& configuration);

// Refuses boundaries that become more than the core holds, each without an underlying being one for every coin that is
// traded. Throws ConfigError.
void check_boundary_count(const Configuration& configuration, const InstrumentTable& instruments);

// Instruments that [[venue.instrument]] defines, interned into the table. Throws ConfigError.
void add_defined_instruments(const VenueSettings& venue, InstrumentTable& instruments);

// One holding of the portfolio in a market that is known.
struct ResolvedPosition {
    InstrumentId instrument{InstrumentId::none};
    Quantity quantity{};  // signed lots
};

// Finds the listed instruments that the portfolio's rules mean: the expiry nearest to the wanted one, then
// the strike nearest to moneyness x the underlying's price. `price_usd` answers an underlying's price (NaN:
// unknown). Throws ConfigError for a rule that nothing listed satisfies.
std::vector<ResolvedPosition> resolve_portfolio(const PortfolioSettings& portfolio, const InstrumentTable& instruments,
                                                UnixNanos now, const std::function<double(UnderlyingId)>& price_usd);

}  // namespace keel::app
