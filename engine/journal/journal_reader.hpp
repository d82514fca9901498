#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "engine/core/result.hpp"
#include "engine/journal/journal_format.hpp"

namespace keel {

// One record, seen in place: valid while its reader lives.
struct JournalRecord {
    RecordType type{RecordType::none};
    std::uint16_t version{0};
    std::uint32_t flags{0};
    std::uint64_t number{0};
    std::uint64_t offset{0};  // of its header in the file
    std::span<const std::byte> payload;

    // The struct it holds. Errors: journal_version where version or size differ from this build's.
    template <class T>
    [[nodiscard]] Result<T> as() const {
        if (version != RecordOf<T>::kVersion || payload.size() != sizeof(T)) return fail(Errc::journal_version, number);
        T out;
        std::memcpy(static_cast<void*>(&out), payload.data(), sizeof out);
        return out;
    }
};

// How a journal ends. `unclosed`: valid records, then at most one half-written record, then zeros: what
// a killed process leaves.
enum class JournalTail : std::uint8_t { unread, closed, unclosed };

// Reads a journal from its start and believes nothing that its CRC chain does not prove.
// Thread: one. Allocates: in open() (the file is mapped, records are seen in place).
class JournalReader {
public:
    // Errors: file_unreadable (detail: errno), journal_corrupt (the header), journal_version.
    static Result<JournalReader> open(const std::filesystem::path& path);
    JournalReader(JournalReader&&) noexcept;
    JournalReader& operator=(JournalReader&&) noexcept;
    ~JournalReader();

    [[nodiscard]] const JournalHeader& header() const;
    [[nodiscard]] std::string build_identity() const;

    // The next record, or nothing at the end. Errors: journal_corrupt (detail: number of the record);
    // offset() then says where it starts.
    Result<std::optional<JournalRecord>> next();

    // Start of the record that next() looks at, and its number (0: the header).
    [[nodiscard]] std::uint64_t offset() const;
    [[nodiscard]] std::uint64_t number() const;
    [[nodiscard]] JournalTail tail() const;
    // Counted while reading; equal to the end record's where the journal was closed.
    [[nodiscard]] const JournalTotals& totals() const;
    // The end record, once it was read.
    [[nodiscard]] const std::optional<EndRecord>& end() const;
    void rewind();

private:
    struct File;
    explicit JournalReader(std::unique_ptr<File> file);
    std::unique_ptr<File> file_;
};

}  // namespace keel
