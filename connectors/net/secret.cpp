#include "connectors/net/secret.hpp"

#include <openssl/crypto.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "engine/core/assert.hpp"

namespace keel::connectors::net {

void wipe_bytes(void* bytes, std::size_t size) { OPENSSL_cleanse(bytes, size); }

Secret::Secret(std::string_view text) : size_{text.size()} {
    if (text.empty()) return;
    const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    mapped_ = (size_ + page - 1) / page * page;
    void* memory = ::mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    KEEL_ASSERT(memory != MAP_FAILED);
    // Best effort: an unprivileged limit on locked memory must not stop the engine.
    static_cast<void>(::mlock(memory, mapped_));
    static_cast<void>(::madvise(memory, mapped_, MADV_DONTDUMP));
    bytes_ = static_cast<char*>(memory);
    std::copy(text.begin(), text.end(), bytes_);
}

Secret::~Secret() { wipe(); }

Secret::Secret(Secret&& other) noexcept
    : bytes_{std::exchange(other.bytes_, nullptr)},
      size_{std::exchange(other.size_, 0)},
      mapped_{std::exchange(other.mapped_, 0)} {}

Secret& Secret::operator=(Secret&& other) noexcept {
    if (this != &other) {
        wipe();
        bytes_ = std::exchange(other.bytes_, nullptr);
        size_ = std::exchange(other.size_, 0);
        mapped_ = std::exchange(other.mapped_, 0);
    }
    return *this;
}

void Secret::wipe() {
    if (bytes_ == nullptr) return;
    wipe_bytes(bytes_, mapped_);
    ::munmap(bytes_, mapped_);
    bytes_ = nullptr;
    size_ = 0;
    mapped_ = 0;
}

}  // namespace keel::connectors::net
