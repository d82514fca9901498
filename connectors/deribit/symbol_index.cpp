#include "connectors/deribit/symbol_index.hpp"

#include <bit>

#include "connectors/deribit/text_hash.hpp"

namespace keel::connectors::deribit {

void SymbolIndex::rebuild() {
    slots_.assign(std::bit_ceil(2 * table_.size() + 2), InstrumentId::none);
    const std::size_t mask = slots_.size() - 1;
    for (const Instrument& instrument : table_) {
        if (instrument.venue != VenueId::deribit) continue;
        std::size_t at = text_hash(instrument.name_view()) & mask;
        while (slots_[at] != InstrumentId::none) at = (at + 1) & mask;
        slots_[at] = instrument.id;
    }
}

InstrumentId SymbolIndex::find(std::string_view name) const {
    const std::size_t mask = slots_.size() - 1;
    for (std::size_t at = text_hash(name) & mask;; at = (at + 1) & mask) {
        const InstrumentId id = slots_[at];
        if (id == InstrumentId::none || table_[id].name_view() == name) return id;
    }
}

}  // namespace keel::connectors::deribit
