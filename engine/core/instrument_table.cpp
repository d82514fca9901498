#include "engine/core/instrument_table.hpp"

#include <algorithm>

namespace keel {
namespace {

std::string key_of(VenueId venue, std::string_view name) {
    return std::to_string(slot(venue)) + "/" + std::string{name};
}

template <class Id>
Result<Id> intern(std::vector<std::string>& names, std::string_view name, std::size_t names_max) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<Id>(found - names.begin());
    if (names.size() == names_max) return fail(Errc::table_full, names_max);
    names.emplace_back(name);
    return static_cast<Id>(names.size() - 1);
}

template <class Id>
Id find_in(const std::vector<std::string>& names, std::string_view name) {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? Id::none : static_cast<Id>(found - names.begin());
}

}  // namespace

InstrumentTable::InstrumentTable() { rows_.reserve(kInstrumentsMax); }

Result<InstrumentId> InstrumentTable::add(Instrument instrument) {
    const std::string key = key_of(instrument.venue, instrument.name_view());
    if (const auto found = by_name_.find(key); found != by_name_.end()) {
        instrument.id = found->second;
        rows_[slot(found->second)] = instrument;
        return found->second;
    }
    if (rows_.size() == kInstrumentsMax) return fail(Errc::table_full, kInstrumentsMax);
    instrument.id = static_cast<InstrumentId>(rows_.size());
    rows_.push_back(instrument);
    by_name_.emplace(key, instrument.id);
    return instrument.id;
}

InstrumentId InstrumentTable::find(VenueId venue, std::string_view name) const {
    const auto found = by_name_.find(key_of(venue, name));
    return found == by_name_.end() ? InstrumentId::none : found->second;
}

Result<UnderlyingId> InstrumentTable::underlying(std::string_view name) {
    return intern<UnderlyingId>(underlyings_, name, kUnderlyingsMax);
}

Result<CurrencyId> InstrumentTable::currency(std::string_view name) {
    return intern<CurrencyId>(currencies_, name, kCurrenciesMax);
}

UnderlyingId InstrumentTable::find_underlying(std::string_view name) const {
    return find_in<UnderlyingId>(underlyings_, name);
}

CurrencyId InstrumentTable::find_currency(std::string_view name) const {
    return find_in<CurrencyId>(currencies_, name);
}

std::string_view InstrumentTable::name_of(UnderlyingId id) const {
    return slot(id) < underlyings_.size() ? underlyings_[slot(id)] : std::string_view{"?"};
}

std::string_view InstrumentTable::name_of(CurrencyId id) const {
    return slot(id) < currencies_.size() ? currencies_[slot(id)] : std::string_view{"?"};
}

}  // namespace keel
