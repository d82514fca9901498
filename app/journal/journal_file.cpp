#include "app/journal/journal_file.hpp"

#include <fmt/format.h>

#include <cstring>

#include "app/failure.hpp"

namespace keel::app {

JournalDamaged::JournalDamaged(const std::string& path, std::uint64_t record, std::uint64_t offset)
    : std::runtime_error{fmt::format("{}: damaged at {} (offset {})", path,
                                     record == 0 ? "the header" : fmt::format("record {}", record), offset)},
      record_{record},
      offset_{offset} {}

namespace {

std::filesystem::path newest_in(const std::filesystem::path& directory) {
    std::filesystem::path newest;
    std::filesystem::file_time_type time{};
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{directory, error}) {
        if (!entry.is_regular_file() || entry.path().extension() != ".journal") continue;
        if (!newest.empty() && entry.last_write_time() <= time) continue;
        newest = entry.path();
        time = entry.last_write_time();
    }
    return newest;
}

}  // namespace

std::filesystem::path find_journal(const std::string& path) {
    if (!std::filesystem::is_directory(path)) return path;
    for (const std::filesystem::path& directory :
         {std::filesystem::path{path}, std::filesystem::path{path} / "journals"}) {
        const std::filesystem::path found = newest_in(directory);
        if (!found.empty()) return found;
    }
    throw OutsideError{path + ": no journal in this directory"};
}

JournalReader open_journal(const std::filesystem::path& path) {
    Result<JournalReader> reader = JournalReader::open(path);
    if (reader) return std::move(*reader);
    switch (reader.error().code) {
        case Errc::journal_corrupt: throw JournalDamaged{path.string(), 0, 0};
        case Errc::journal_version:
            throw OutsideError{path.string() + ": written by a build whose records this one cannot read"};
        default:
            throw OutsideError{path.string() +
                               ": cannot be read: " + std::strerror(static_cast<int>(reader.error().detail))};
    }
}

std::optional<JournalRecord> next_record(JournalReader& reader, const std::filesystem::path& path) {
    Result<std::optional<JournalRecord>> record = reader.next();
    if (record) return *record;
    throw JournalDamaged{path.string(), record.error().detail, reader.offset()};
}

JournalPreamble preamble_of(JournalReader& reader, const std::filesystem::path& path) {
    Result<JournalPreamble> preamble = read_preamble(reader);
    if (preamble) return std::move(*preamble);
    throw JournalDamaged{path.string(), preamble.error().detail, reader.offset()};
}

}  // namespace keel::app
