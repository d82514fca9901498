#pragma once

#include <string_view>
#include <vector>

#include "engine/core/instrument_table.hpp"

namespace keel::connectors::deribit {

// Instrument names of this venue to ids, for the decoder: open addressing over the table's own names,
// one probe in the usual case.
// Thread: one. Allocates: in rebuild() only.
class SymbolIndex {
public:
    explicit SymbolIndex(const InstrumentTable& table) : table_{table} { rebuild(); }

    // Takes in instruments that were added to the table since.
    void rebuild();
    // InstrumentId::none where the name is unknown.
    [[nodiscard]] InstrumentId find(std::string_view name) const;
    [[nodiscard]] const InstrumentTable& table() const { return table_; }

private:
    const InstrumentTable& table_;
    std::vector<InstrumentId> slots_;  // a power of two, at most half full
};

}  // namespace keel::connectors::deribit
