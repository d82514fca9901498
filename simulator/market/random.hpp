#pragma once

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <numbers>

namespace keel::simulator {

// xoshiro256++ (Blackman and Vigna, 2019), seeded through splitmix64. The standard library's
// distributions may differ between versions, so the few that are needed are here and give the same
// numbers wherever the C library's log and cos do.
// Thread: one. Allocates: never.
class Random {
public:
    // Streams of one seed are independent: give each consumer its own number.
    explicit Random(std::uint64_t seed, std::uint64_t stream = 0) {
        std::uint64_t x = seed ^ (stream * 0xd134'2543'de82'ef95ULL + 0x632b'e59b'd9b4'e019ULL);
        for (auto& word : state_) word = next_seed(x);
    }

    std::uint64_t bits() {
        const std::uint64_t result = std::rotl(state_[0] + state_[3], 23) + state_[0];
        const std::uint64_t shifted = state_[1] << 17;
        state_[2] ^= state_[0];
        state_[3] ^= state_[1];
        state_[1] ^= state_[2];
        state_[0] ^= state_[3];
        state_[2] ^= shifted;
        state_[3] = std::rotl(state_[3], 45);
        return result;
    }

    // [0, 1) with 53 bits.
    double uniform() { return static_cast<double>(bits() >> 11) * 0x1.0p-53; }
    bool chance(double probability) { return uniform() < probability; }
    // 0 .. bound-1; the bias of the multiplication is below 2^-32 for the small bounds used here.
    std::uint32_t below(std::uint32_t bound) {
        return static_cast<std::uint32_t>(((bits() >> 32) * std::uint64_t{bound}) >> 32);
    }

    // Standard normal by Box and Muller; the second value is thrown away to keep no state.
    double normal() {
        const double radius = std::sqrt(-2.0 * std::log(1.0 - uniform()));
        return radius * std::cos(2.0 * std::numbers::pi * uniform());
    }
    // exp(N(0, sigma)) with mean 1.
    double lognormal(double sigma) { return std::exp(sigma * normal() - 0.5 * sigma * sigma); }

private:
    static std::uint64_t next_seed(std::uint64_t& x) {
        x += 0x9e37'79b9'7f4a'7c15ULL;
        std::uint64_t z = x;
        z = (z ^ (z >> 30)) * 0xbf58'476d'1ce4'e5b9ULL;
        z = (z ^ (z >> 27)) * 0x94d0'49bb'1331'11ebULL;
        return z ^ (z >> 31);
    }

    std::array<std::uint64_t, 4> state_{};
};

}  // namespace keel::simulator
