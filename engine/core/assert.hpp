#pragma once

namespace keel {

// Prints the expression and its place on stderr and aborts.
[[noreturn]] void assertion_failed(const char* expression, const char* file, int line) noexcept;

}  // namespace keel

// For our own mistakes, never for what comes from outside. Stays on in release: a wrong position
// costs more than a restart.
#define KEEL_ASSERT(expression) \
    (static_cast<bool>(expression) ? static_cast<void>(0) : ::keel::assertion_failed(#expression, __FILE__, __LINE__))
