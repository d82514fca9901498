#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "engine/core/instrument_table.hpp"
#include "engine/core/result.hpp"
#include "engine/journal/journal_reader.hpp"
#include "engine/journal/journal_writer.hpp"

namespace keel {

// What the records before the first event say: enough to build the core again.
struct JournalPreamble {
    std::string config_text;
    InstrumentTable instruments;
    std::uint32_t boot_epoch{0};
    std::string build_identity;
};

// Writes configuration, names and instruments. False: see JournalWriter::append.
[[nodiscard]] bool write_preamble(JournalWriter& writer, std::string_view config_text,
                                  const InstrumentTable& instruments);

// Reads up to the first event, then rewinds the reader. Errors: those of JournalReader::next;
// journal_corrupt where ids do not come back as they were.
Result<JournalPreamble> read_preamble(JournalReader& reader);

}  // namespace keel
