#pragma once

#include <string>
#include <vector>

namespace keel::risk {

// One thing wrong with a configuration: the key as the file spells it below the section, and a
// sentence for the operator.
struct ConfigProblem {
    std::string key;
    std::string message;
};

using ConfigProblems = std::vector<ConfigProblem>;  // empty: the configuration is usable

}  // namespace keel::risk
