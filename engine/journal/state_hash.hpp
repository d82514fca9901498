#pragma once

#define XXH_STATIC_LINKING_ONLY  // the state lives inside the object: no allocation
#include <xxhash.h>

#include <cstdint>
#include <type_traits>

#include "engine/events/event.hpp"

namespace keel {

// Folds the state of the core into 64 bits (XXH3), field by field in a fixed order, so that padding
// and addresses never count. Doubles are folded as their bits: replay must be bit for bit.
class StateHash {
public:
    StateHash() { XXH3_64bits_reset(&state_); }

    template <class T>
    void add(const T& value) {
        static_assert(std::has_unique_object_representations_v<T>, "fold a double with add_real");
        XXH3_64bits_update(&state_, &value, sizeof value);
    }
    void add_real(double value) { add(Real{value}); }
    [[nodiscard]] std::uint64_t digest() const { return XXH3_64bits_digest(&state_); }

private:
    alignas(64) XXH3_state_t state_{};  // XXH3 asks for cache-line alignment
};

}  // namespace keel
