#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <cstring>
#include <type_traits>

namespace keel {

// A value that one thread publishes and others copy out whole, without ever holding the writer up. The
// words are atomics, so a torn read is seen by the version, not undefined.
// Thread: store by one, load by any. Allocates: never.
template <class T>
class SeqLock {
    static_assert(std::is_trivially_copyable_v<T>);

public:
    void store(const T& value) noexcept {
        std::array<std::uint64_t, kWords> words{};
        std::memcpy(words.data(), static_cast<const void*>(&value), sizeof value);
        const std::uint64_t version = version_.load(std::memory_order_relaxed);
        version_.store(version + 1, std::memory_order_relaxed);
        // The release stores keep the odd version before any word: a reader that sees a new word also
        // sees that the version moved.
        for (std::size_t at = 0; at < kWords; ++at) words_[at].store(words[at], std::memory_order_release);
        version_.store(version + 2, std::memory_order_release);
    }

    // False when the writer was in the middle of it; the caller may try again.
    [[nodiscard]] bool try_load(T& out) const noexcept {
        const std::uint64_t before = version_.load(std::memory_order_acquire);
        if ((before & 1) != 0) return false;
        std::array<std::uint64_t, kWords> words;
        for (std::size_t at = 0; at < kWords; ++at) words[at] = words_[at].load(std::memory_order_acquire);
        if (version_.load(std::memory_order_relaxed) != before) return false;
        std::memcpy(static_cast<void*>(&out), words.data(), sizeof out);
        return true;
    }
    [[nodiscard]] T load() const noexcept {
        T out{};
        while (!try_load(out)) {
        }
        return out;
    }
    // Number of stores so far.
    [[nodiscard]] std::uint64_t stores() const noexcept { return version_.load(std::memory_order_acquire) / 2; }

private:
    static constexpr std::size_t kWords = (sizeof(T) + 7) / 8;
    alignas(64) std::atomic<std::uint64_t> version_{0};  // its own line: readers poll it
    std::array<std::atomic<std::uint64_t>, kWords> words_{};
};

}  // namespace keel
