#pragma once

#include <string>

#include "app/config/configuration.hpp"
#include "app/config/place.hpp"

namespace keel::app {

// The [[venue]] tables: each for itself, and the files it names. `place` is theirs in the document. Throws ConfigError.
void check_venues(const Place& place, const Configuration& configuration, const ConfigurationOptions& options);

// Whether the venue may trade the coin, and whether a Deribit venue may list what the pattern means, as far as that can
// be told without asking it.
bool may_trade(const VenueSettings& venue, const std::string& coin);
bool may_list(const VenueSettings& venue, const std::string& pattern);

// A coin that is no slip of the keyboard, traded here or not.
bool is_known_coin(const std::string& coin);

}  // namespace keel::app
