#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "engine/core/ids.hpp"

namespace keel::connectors::deribit {

inline constexpr std::size_t kLabelSize = 14;  // 'k' and 13 base-36 digits hold every 64-bit id

// Our order id as the venue's `label`, e.g. "k00000000004xz"; fixed width, so that it sorts and no
// other program's label looks like it by accident.
[[nodiscard]] std::array<char, kLabelSize> label_of(ClientOrderId id);
// ClientOrderId::none where the label is not of our form.
[[nodiscard]] ClientOrderId id_of_label(std::string_view label);

// The venue's text id of each of our orders, which edits and cancels must name. Bounded: when full, the
// oldest entries give way, and their orders are cancelled by label instead.
// Thread: one. Allocates: at construction only.
class VenueOrderIds {
public:
    static constexpr std::size_t kEntriesMax = 16'384;  // as many as the order table keeps
    static constexpr std::size_t kTextMax = 31;         // "USDC-104819327443" is 17

    VenueOrderIds();
    void remember(ClientOrderId id, std::string_view text);
    // Empty where the id is unknown.
    [[nodiscard]] std::string_view find(ClientOrderId id) const;

private:
    struct Entry {
        ClientOrderId id{ClientOrderId::none};
        std::array<char, kTextMax> text{};
        std::uint8_t size{0};
    };
    std::unique_ptr<Entry[]> entries_;  // by the low bits of the id, which count up
};

}  // namespace keel::connectors::deribit
