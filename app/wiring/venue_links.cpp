#include "app/wiring/venue_links.hpp"

#include <fmt/format.h>

#include "app/failure.hpp"
#include "app/wiring/binance_links.hpp"
#include "app/wiring/deribit_links.hpp"

namespace keel::app {

void load_reference_data(const Configuration& configuration, InstrumentTable& instruments) {
    for (const VenueSettings& venue : configuration.venues) {
        if (venue.venue == VenueId::deribit) {
            load_deribit_instruments(configuration, venue, instruments);
        } else {
            load_binance_instruments(configuration, venue, instruments);
        }
    }
    if (instruments.size() == 0) throw OutsideError{"no venue lists any instrument that the configuration asks for"};
}

std::vector<std::unique_ptr<SessionLink>> make_links(const Configuration& configuration,
                                                     const InstrumentTable& instruments, bool allow_env_secrets) {
    std::vector<std::unique_ptr<SessionLink>> links;
    for (const VenueSettings& venue : configuration.venues) {
        if (venue.venue == VenueId::deribit) {
            add_deribit_links(configuration, venue, instruments, allow_env_secrets, links);
        } else {
            add_binance_links(configuration, venue, instruments, links);
        }
    }
    return links;
}

}  // namespace keel::app
