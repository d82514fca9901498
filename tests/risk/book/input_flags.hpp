#pragma once

#include <cstdint>
#include <vector>

#include "risk/book/incremental_book.hpp"

namespace keel::risk::test {

// What a book should say of its inputs: a flag of each, set by a refused value or by a gap of its stream and cleared
// by its next good value.
class InputFlags {
public:
    struct Input {
        bool refused{false};
        bool stale{false};
    };
    InputFlags(const Book& book, const MarketState& market)
        : contracts_(book.contracts.size()),
          expiries_(market.expiries.size()),
          underlyings_(market.underlyings.size()),
          stables_(market.stables.size()),
          book_{&book},
          market_{&market} {}

    Input& of(ContractSlot slot) { return contracts_[static_cast<std::size_t>(slot)]; }
    Input& of(ExpirySlot slot) { return expiries_[static_cast<std::size_t>(slot)]; }
    Input& of(UnderlyingSlot slot) { return underlyings_[static_cast<std::size_t>(slot)]; }
    Input& of(StableSlot slot) { return stables_[static_cast<std::size_t>(slot)]; }
    // Delivery ends what was doubtful about an expiry and its contracts.
    void settle(ExpirySlot slot) {
        of(slot) = {};
        for (std::size_t i = 0; i < contracts_.size(); ++i) {
            if (book_->contracts[i].expiry == slot) contracts_[i] = {};
        }
    }

    // kBookRefused and kBookStale of an underlying.
    [[nodiscard]] unsigned quality(UnderlyingSlot slot) const {
        unsigned out = bits(underlyings_[static_cast<std::size_t>(slot)]);
        for (std::size_t i = 0; i < contracts_.size(); ++i) {
            if (book_->contracts[i].underlying == slot) out |= bits(contracts_[i]);
        }
        for (std::size_t i = 0; i < expiries_.size(); ++i) {
            if (market_->expiries[i].underlying == slot) out |= bits(expiries_[i]);
        }
        return out;
    }
    // Of the account: what belongs to no underlying is in it too.
    [[nodiscard]] unsigned quality() const {
        unsigned out = 0;
        for (const auto* inputs : {&contracts_, &expiries_, &underlyings_, &stables_}) {
            for (const Input& input : *inputs) out |= bits(input);
        }
        return out;
    }

private:
    static unsigned bits(const Input& input) {
        return (input.refused ? unsigned{kBookRefused} : 0U) | (input.stale ? unsigned{kBookStale} : 0U);
    }

    std::vector<Input> contracts_, expiries_, underlyings_, stables_;
    const Book* book_;
    const MarketState* market_;
};

}  // namespace keel::risk::test
