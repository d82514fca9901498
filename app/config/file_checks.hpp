#pragma once

#include <string>

namespace keel::app {

// Each answers what is wrong with a path that a configuration names, or nothing. Where nothing exists yet, nothing is
// wrong: a simulated venue writes its certificates and credentials when it starts.

// A secret file: regular, ours, not a link, mode 0600 or 0400, with a key id and a secret. Never says what it holds.
std::string secret_file_problem(const std::string& path);

// Trusted roots: a file with at least one certificate in PEM.
std::string ca_file_problem(const std::string& path);

// A directory that may have to be made: no file stands in its way.
std::string directory_problem(const std::string& path);

}  // namespace keel::app
