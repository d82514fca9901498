#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "simulator/market/market_source.hpp"

struct XXH3_state_s;

namespace keel::simulator {

// Running XXH3-64 over factors and flow, field by field, so that padding never enters.
// Thread: one. Allocates: once.
class FlowHash {
public:
    FlowHash();
    ~FlowHash();
    FlowHash(const FlowHash&) = delete;
    FlowHash& operator=(const FlowHash&) = delete;

    void add(double value);
    void add(std::uint64_t value);
    void add(std::span<const FlowAction> flow);
    [[nodiscard]] std::uint64_t value() const;

private:
    XXH3_state_s* state_;
};

}  // namespace keel::simulator
