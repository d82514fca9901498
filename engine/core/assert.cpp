#include "engine/core/assert.hpp"

#include <cstdio>
#include <cstdlib>

namespace keel {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "keel: assertion failed: %s (%s:%d)\n", expression, file, line);
    std::abort();
}

}  // namespace keel
