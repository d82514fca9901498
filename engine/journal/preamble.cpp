#include "engine/journal/preamble.hpp"

#include <algorithm>

namespace keel {
namespace {

template <class Id>
bool append_names(JournalWriter& writer, NameKind kind, const InstrumentTable& instruments, std::size_t count) {
    for (std::size_t at = 0; at < count; ++at) {
        NameRecord record;
        record.kind = kind;
        record.slot = static_cast<std::uint8_t>(at);
        const std::string_view text = instruments.name_of(static_cast<Id>(at));
        std::copy_n(text.begin(), std::min(text.size(), record.text.size() - 1), record.text.begin());
        if (!writer.append(record)) return false;
    }
    return true;
}

Result<void> take_name(InstrumentTable& table, const JournalRecord& record) {
    const Result<NameRecord> name = record.as<NameRecord>();
    if (!name) return fail(name.error());
    const std::string text{name->text.begin(), std::ranges::find(name->text, '\0')};
    std::size_t given = 0;
    if (name->kind == NameKind::underlying) {
        const Result<UnderlyingId> id = table.underlying(text);
        if (!id) return fail(id.error());
        given = slot(*id);
    } else {
        const Result<CurrencyId> id = table.currency(text);
        if (!id) return fail(id.error());
        given = slot(*id);
    }
    if (given != name->slot) return fail(Errc::journal_corrupt, record.number);
    return {};
}

Result<void> take_instrument(InstrumentTable& table, const JournalRecord& record) {
    const Result<Instrument> instrument = record.as<Instrument>();
    if (!instrument) return fail(instrument.error());
    const Result<InstrumentId> id = table.add(*instrument);
    if (!id) return fail(id.error());
    if (*id != instrument->id) return fail(Errc::journal_corrupt, record.number);
    return {};
}

}  // namespace

bool write_preamble(JournalWriter& writer, std::string_view config_text, const InstrumentTable& instruments) {
    if (!writer.append_config(config_text)) return false;
    if (!append_names<UnderlyingId>(writer, NameKind::underlying, instruments, instruments.underlyings_count()))
        return false;
    if (!append_names<CurrencyId>(writer, NameKind::currency, instruments, instruments.currencies_count()))
        return false;
    return std::ranges::all_of(instruments, [&writer](const Instrument& row) { return writer.append(row); });
}

Result<JournalPreamble> read_preamble(JournalReader& reader) {
    JournalPreamble preamble;
    preamble.boot_epoch = reader.header().boot_epoch;
    preamble.build_identity = reader.build_identity();
    reader.rewind();
    for (;;) {
        const auto next = reader.next();
        if (!next) return fail(next.error());
        if (!next->has_value()) break;
        const JournalRecord& record = **next;
        Result<void> taken{};
        if (record.type == RecordType::config_text) {
            preamble.config_text.append(reinterpret_cast<const char*>(record.payload.data()), record.payload.size());
        } else if (record.type == RecordType::name) {
            taken = take_name(preamble.instruments, record);
        } else if (record.type == RecordType::instrument) {
            taken = take_instrument(preamble.instruments, record);
        } else {
            break;
        }
        if (!taken) return fail(taken.error());
    }
    reader.rewind();
    return preamble;
}

}  // namespace keel
