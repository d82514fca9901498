#pragma once

#include <cstddef>
#include <memory>
#include <ostream>
#include <string_view>

namespace keel::connectors::net {

// Key material: cannot be copied or printed, is wiped when it goes, and is kept out of swap and core
// dumps as far as the host permits.
// Thread: one at a time. Allocates: at construction.
class Secret {
public:
    Secret() = default;
    explicit Secret(std::string_view text);
    ~Secret();
    Secret(Secret&& other) noexcept;
    Secret& operator=(Secret&& other) noexcept;
    Secret(const Secret&) = delete;
    Secret& operator=(const Secret&) = delete;

    // The only way to the bytes; callers are the signers.
    [[nodiscard]] std::string_view reveal() const { return {bytes_, size_}; }
    [[nodiscard]] bool empty() const { return size_ == 0; }
    friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

private:
    void wipe();
    char* bytes_{nullptr};
    std::size_t size_{0};
    std::size_t mapped_{0};
};

// Overwrites memory in a way that the compiler may not leave out.
void wipe_bytes(void* bytes, std::size_t size);

}  // namespace keel::connectors::net
