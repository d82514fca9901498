#pragma once

#include <memory>
#include <span>
#include <vector>

#include "engine/book/order_book.hpp"
#include "engine/core/ids.hpp"

namespace keel {

// The order books that were subscribed, by instrument. Opened at start; an instrument without a book
// answers nullptr.
// Thread: core. Allocates: in open() only.
class BookSet {
public:
    BookSet();
    void open(InstrumentId instrument, std::size_t levels_max);
    [[nodiscard]] OrderBook* find(InstrumentId instrument);
    [[nodiscard]] const OrderBook* find(InstrumentId instrument) const;
    // Every book goes stale: nothing is connected.
    void mark_all_stale();
    [[nodiscard]] std::span<const InstrumentId> opened() const { return opened_; }

private:
    std::vector<std::unique_ptr<OrderBook>> books_;  // by InstrumentId slot
    std::vector<InstrumentId> opened_;
};

}  // namespace keel
