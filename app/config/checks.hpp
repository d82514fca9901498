#pragma once

#include <string>

#include "app/config/configuration.hpp"
#include "app/config/toml_document.hpp"

namespace keel::app {

// What no single key can tell: keys against each other, the mode against the venues, the secret file's mode.
// Throws ConfigError at the place in `document` that has to change.
void check_configuration(const TomlValue& document, const Configuration& configuration,
                         const ConfigurationOptions& options);

// Empty when a secret file is safe to use: regular, ours, not a link, mode 0600 or 0400. A file that does not
// exist yet is safe.
std::string secret_file_problem(const std::string& path);

}  // namespace keel::app
