#pragma once

#include <map>
#include <string>

#include "app/risk_files/json_tree.hpp"

namespace keel::app {

// What files may say once: where each was said first.
class OnlyOnce {
public:
    // Notes that `row` says `what`. Errors: InputError naming both places where another row did before.
    void note(const std::string& what, const JsonTree& row) {
        const auto [place, first] = places_.try_emplace(what, row.where());
        if (!first) row.refuse(what + " is given twice, first at " + place->second);
    }

private:
    std::map<std::string, std::string> places_;
};

}  // namespace keel::app
