#pragma once

#include <string>

#include "app/config/configuration.hpp"
#include "app/config/toml_document.hpp"

namespace keel::app {

// What no single key can tell: keys against each other, the mode against the venues, the files that are named.
// Throws ConfigError at the place in `document` that has to change.
void check_configuration(const TomlValue& document, const Configuration& configuration,
                         const ConfigurationOptions& options);

// Whether a venue of this configuration may trade the coin, as far as that can be told without asking it.
bool may_trade(const Configuration& configuration, const std::string& coin);

}  // namespace keel::app
