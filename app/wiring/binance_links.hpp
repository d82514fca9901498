#pragma once

#include <memory>
#include <vector>

#include "app/wiring/venue_links.hpp"

namespace keel::app {

// Binance's half of venue_links.hpp: public market data of one contract family.
void load_binance_instruments(const Configuration& configuration, const VenueSettings& venue,
                              InstrumentTable& instruments);
void add_binance_links(const Configuration& configuration, const VenueSettings& venue,
                       const InstrumentTable& instruments, std::vector<std::unique_ptr<SessionLink>>& links);

}  // namespace keel::app
