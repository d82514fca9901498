#pragma once

#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "engine/core/instrument.hpp"

namespace keel {

// Interns instruments, underlyings and currencies at start; read-only while the engine runs, so it is
// shared between threads without a lock. Lookups by name happen at the edges only.
// Thread: written by one before the others start. Allocates: while it is filled.
class InstrumentTable {
public:
    InstrumentTable();

    // Adds one instrument and returns its id; the same (venue, name) again replaces the row.
    // Errors: table_full.
    Result<InstrumentId> add(Instrument instrument);

    [[nodiscard]] const Instrument& operator[](InstrumentId id) const { return rows_[slot(id)]; }
    [[nodiscard]] std::size_t size() const { return rows_.size(); }
    [[nodiscard]] auto begin() const { return rows_.begin(); }
    [[nodiscard]] auto end() const { return rows_.end(); }

    // InstrumentId::none where the name is unknown.
    [[nodiscard]] InstrumentId find(VenueId venue, std::string_view name) const;

    // Interns "BTC". Ids are given in order of first sight. Errors: table_full.
    Result<UnderlyingId> underlying(std::string_view name);
    Result<CurrencyId> currency(std::string_view name);
    [[nodiscard]] UnderlyingId find_underlying(std::string_view name) const;
    [[nodiscard]] CurrencyId find_currency(std::string_view name) const;
    [[nodiscard]] std::string_view name_of(UnderlyingId id) const;
    [[nodiscard]] std::string_view name_of(CurrencyId id) const;
    [[nodiscard]] std::size_t underlyings_count() const { return underlyings_.size(); }
    [[nodiscard]] std::size_t currencies_count() const { return currencies_.size(); }

private:
    std::vector<Instrument> rows_;
    std::unordered_map<std::string, InstrumentId> by_name_;  // "<venue>/<name>"
    std::vector<std::string> underlyings_;
    std::vector<std::string> currencies_;
};

}  // namespace keel
