#include "connectors/deribit/order_labels.hpp"

#include <algorithm>

namespace keel::connectors::deribit {
namespace {

constexpr std::string_view kDigits = "0123456789abcdefghijklmnopqrstuvwxyz";
constexpr char kPrefix = 'k';

// Consecutive ids differ in their counter, so that the last kEntriesMax of them never collide.
std::size_t entry_of(ClientOrderId id) { return static_cast<std::size_t>(id) % VenueOrderIds::kEntriesMax; }

}  // namespace

std::array<char, kLabelSize> label_of(ClientOrderId id) {
    std::array<char, kLabelSize> label{};
    label[0] = kPrefix;
    auto rest = static_cast<std::uint64_t>(id);
    for (std::size_t at = kLabelSize - 1; at > 0; --at) {
        label[at] = kDigits[rest % kDigits.size()];
        rest /= kDigits.size();
    }
    return label;
}

ClientOrderId id_of_label(std::string_view label) {
    if (label.size() != kLabelSize || label[0] != kPrefix) return ClientOrderId::none;
    std::uint64_t value = 0;
    for (const char c : label.substr(1)) {
        const std::size_t digit = kDigits.find(c);
        if (digit == std::string_view::npos) return ClientOrderId::none;
        if (__builtin_mul_overflow(value, kDigits.size(), &value) || __builtin_add_overflow(value, digit, &value)) {
            return ClientOrderId::none;
        }
    }
    return ClientOrderId{value};
}

VenueOrderIds::VenueOrderIds() : entries_{std::make_unique<Entry[]>(kEntriesMax)} {}

void VenueOrderIds::remember(ClientOrderId id, std::string_view text) {
    if (id == ClientOrderId::none || text.size() > kTextMax) return;
    Entry& entry = entries_[entry_of(id)];
    entry.id = id;
    entry.size = static_cast<std::uint8_t>(text.size());
    std::ranges::copy(text, entry.text.begin());
}

std::string_view VenueOrderIds::find(ClientOrderId id) const {
    const Entry& entry = entries_[entry_of(id)];
    return entry.id == id && id != ClientOrderId::none ? std::string_view{entry.text.data(), entry.size}
                                                       : std::string_view{};
}

}  // namespace keel::connectors::deribit
