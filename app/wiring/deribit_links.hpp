#pragma once

#include <memory>
#include <vector>

#include "app/wiring/venue_links.hpp"

namespace keel::app {

// Options whose tickers one feed subscribes at most, nearest expiries first: what Deribit lists in two
// currencies, with room.
inline constexpr std::size_t kOptionTickersMax = 4'096;

// Deribit's half of venue_links.hpp: a market-data session, and an order session where the venue has
// credentials.
void load_deribit_instruments(const Configuration& configuration, const VenueSettings& venue,
                              InstrumentTable& instruments);
void add_deribit_links(const Configuration& configuration, const VenueSettings& venue,
                       const InstrumentTable& instruments, bool allow_env_secrets,
                       std::vector<std::unique_ptr<SessionLink>>& links);

}  // namespace keel::app
