#pragma once

#include <string_view>

#include "risk/book/market_state.hpp"

namespace keel::risk {

// The venue that an account is at, by its name: "deribit/hedge" is an account at deribit, "deribit" one, too.
[[nodiscard]] inline std::string_view venue_of_account(std::string_view account) {
    return account.substr(0, account.find('/'));
}

// The first account in the book at the same venue as `account`: what befalls a venue befalls all that have the same.
[[nodiscard]] inline VenueSlot first_account(const Book& book, VenueSlot account) {
    if (account == VenueSlot::none) return account;
    const std::string_view venue = venue_of_account(book.venue_names[static_cast<std::size_t>(account)]);
    std::size_t first = 0;
    while (venue_of_account(book.venue_names[first]) != venue) ++first;
    return VenueSlot(static_cast<std::uint16_t>(first));
}

}  // namespace keel::risk
