#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>

#include "engine/journal/journal_reader.hpp"
#include "engine/journal/preamble.hpp"

namespace keel::app {

// A journal that its own checksums refute, with the place of the damage. Exit code 1: for a journal, being
// checked is part of every use.
class JournalDamaged : public std::runtime_error {
public:
    JournalDamaged(const std::string& path, std::uint64_t record, std::uint64_t offset);
    [[nodiscard]] std::uint64_t record() const { return record_; }  // 0: the header
    [[nodiscard]] std::uint64_t offset() const { return offset_; }  // of the record in the file

private:
    std::uint64_t record_;
    std::uint64_t offset_;
};

// The journal that a path means: itself, or the newest one in a directory or in its `journals` folder. Throws
// OutsideError.
std::filesystem::path find_journal(const std::string& path);

// Throws OutsideError (unreadable, or of another version) or JournalDamaged (header).
JournalReader open_journal(const std::filesystem::path& path);

// The next record or nothing. Throws JournalDamaged.
std::optional<JournalRecord> next_record(JournalReader& reader, const std::filesystem::path& path);

// Configuration and instruments; rewinds. Throws JournalDamaged.
JournalPreamble preamble_of(JournalReader& reader, const std::filesystem::path& path);

}  // namespace keel::app
