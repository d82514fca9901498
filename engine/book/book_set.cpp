#include "engine/book/book_set.hpp"

#include "engine/core/assert.hpp"

namespace keel {

BookSet::BookSet() : books_(kInstrumentsMax) {}

void BookSet::open(InstrumentId instrument, std::size_t levels_max) {
    KEEL_ASSERT(slot(instrument) < kInstrumentsMax);
    KEEL_ASSERT(books_[slot(instrument)] == nullptr);
    books_[slot(instrument)] = std::make_unique<OrderBook>(levels_max);
    opened_.push_back(instrument);
}

OrderBook* BookSet::find(InstrumentId instrument) {
    return slot(instrument) < books_.size() ? books_[slot(instrument)].get() : nullptr;
}

const OrderBook* BookSet::find(InstrumentId instrument) const {
    return slot(instrument) < books_.size() ? books_[slot(instrument)].get() : nullptr;
}

void BookSet::mark_all_stale() {
    for (const InstrumentId instrument : opened_) find(instrument)->mark_stale();
}

}  // namespace keel
