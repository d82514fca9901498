#pragma once

#include <cstdint>

#include "engine/core/time.hpp"

namespace keel::risk::test {

// Milliseconds after an arbitrary start.
inline UnixNanos at_ms(std::int64_t ms) { return unix_nanos_from_ms(1'700'000'000'000 + ms); }

}  // namespace keel::risk::test
