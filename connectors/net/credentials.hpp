#pragma once

#include <string>

#include "connectors/net/secret.hpp"
#include "engine/core/result.hpp"

namespace keel::connectors::net {

// An API key: its public id and its secret.
struct Credentials {
    std::string key_id;
    Secret secret;
};

// Reads lines `key_id = "…"` and `secret = "…"` (Deribit's names client_id and client_secret mean the
// same), each once, printable and without blanks. The file must be regular, owned by this user, not a link, and closed
// to group and others.
// Errors: file_unreadable, file_mode_unsafe, config_invalid (detail: the line; 0: one of the two is missing).
Result<Credentials> load_credentials(const std::string& path);

// From <PREFIX>_KEY_ID and <PREFIX>_SECRET; `allowed` is the command line's --allow-env-secrets.
// Errors: config_invalid.
Result<Credentials> credentials_from_environment(const std::string& prefix, bool allowed);

}  // namespace keel::connectors::net
