#pragma once

#include <algorithm>
#include <array>
#include <cstddef>

#include "engine/core/assert.hpp"

namespace keel {

// An array with a size: the bounded list of the hot path. Meeting `kMax` is the caller's business:
// push says false.
template <class T, std::size_t kMax>
class FixedVector {
public:
    [[nodiscard]] bool push(const T& value) {
        if (size_ == kMax) return false;
        items_[size_++] = value;
        return true;
    }
    void clear() { size_ = 0; }
    // Removes by moving the last item into the gap; order is not kept.
    void erase_unordered(std::size_t at) {
        KEEL_ASSERT(at < size_);
        items_[at] = items_[--size_];
    }
    // Removes the oldest `count` items; order is kept.
    void erase_front(std::size_t count) {
        KEEL_ASSERT(count <= size_);
        std::copy(begin() + count, end(), begin());
        size_ -= count;
    }
    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    [[nodiscard]] bool full() const { return size_ == kMax; }
    [[nodiscard]] static constexpr std::size_t capacity() { return kMax; }
    T& operator[](std::size_t at) {
        KEEL_ASSERT(at < size_);
        return items_[at];
    }
    const T& operator[](std::size_t at) const {
        KEEL_ASSERT(at < size_);
        return items_[at];
    }
    T* begin() { return items_.data(); }
    T* end() { return items_.data() + size_; }
    const T* begin() const { return items_.data(); }
    const T* end() const { return items_.data() + size_; }
    T& back() { return (*this)[size_ - 1]; }

private:
    std::array<T, kMax> items_{};
    std::size_t size_{0};
};

}  // namespace keel
