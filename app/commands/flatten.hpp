#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include "app/config/configuration.hpp"

namespace keel::app {

// What closing the positions achieved.
struct FlattenResult {
    std::uint64_t orders_sent{0};
    std::uint64_t fills{0};
    std::uint64_t refused_by_gate{0};
    std::vector<std::string> left;     // perpetuals and futures still held
    std::vector<std::string> options;  // options still held: never touched here
    [[nodiscard]] bool flat() const { return left.empty(); }
};

// Closes every perpetual and future of the account with reduce-only immediate-or-cancel orders inside the
// hedge's collar, each past the pre-trade gate, over sessions of its own. Options are left alone: closing
// those in a thin book costs more than it saves, and is a human's decision. Blocks up to `deadline`. Throws
// OutsideError.
FlattenResult flatten(const Configuration& configuration, bool allow_env_secrets, std::chrono::milliseconds deadline);

}  // namespace keel::app
