#pragma once

#include <cstdint>
#include <string_view>

namespace keel::connectors::deribit {

// FNV-1a, 64 bits: names and venue ids are at most 40 characters. Stable across runs, since hashes of
// venue ids are journalled.
constexpr std::uint64_t text_hash(std::string_view text) {
    std::uint64_t hash = 0xcbf29ce484222325ULL;
    for (const char c : text) {
        hash ^= static_cast<unsigned char>(c);
        hash *= 0x100000001b3ULL;
    }
    return hash;
}

}  // namespace keel::connectors::deribit
