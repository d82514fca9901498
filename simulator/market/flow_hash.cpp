#include "simulator/market/flow_hash.hpp"

#include <xxhash.h>

#include <array>
#include <bit>

#include "engine/core/assert.hpp"

namespace keel::simulator {

FlowHash::FlowHash() : state_{XXH3_createState()} {
    KEEL_ASSERT(state_ != nullptr);
    XXH3_64bits_reset(state_);
}

FlowHash::~FlowHash() { XXH3_freeState(state_); }

void FlowHash::add(double value) { add(std::bit_cast<std::uint64_t>(value)); }

void FlowHash::add(std::uint64_t value) { XXH3_64bits_update(state_, &value, sizeof value); }

void FlowHash::add(std::span<const FlowAction> flow) {
    for (const FlowAction& action : flow) {
        const std::array<std::uint64_t, 4> fields{
            (static_cast<std::uint64_t>(slot(action.instrument)) << 32) | action.maker_order,
            (static_cast<std::uint64_t>(action.kind) << 8) | static_cast<std::uint64_t>(action.side),
            static_cast<std::uint64_t>(action.price.count()), static_cast<std::uint64_t>(action.quantity.count())};
        XXH3_64bits_update(state_, fields.data(), sizeof fields);
    }
}

std::uint64_t FlowHash::value() const { return XXH3_64bits_digest(state_); }

}  // namespace keel::simulator
