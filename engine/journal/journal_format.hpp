#pragma once

#include <nmmintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "engine/events/command.hpp"
#include "engine/events/decision.hpp"
#include "engine/events/event.hpp"

namespace keel {

// A journal is one append-only file per run: a header, then records.
//
//   len u32 | crc32c u32 | number u64 | type u16 | version u16 | flags u32 | payload | zeros to 8 bytes
//
// `len` counts the record without its padding. The CRC covers everything but itself, padding included,
// and starts from the previous record's CRC (the header's for the first), so that a record cannot be
// changed, dropped or moved unseen. Bytes after the last record are zeros: space allocated ahead.
enum class RecordType : std::uint16_t {
    none = 0,
    config_text,  // the configuration, in pieces of at most kPayloadMax
    name,         // NameRecord: an interned underlying or currency
    instrument,   // Instrument
    event,        // Event, before the core sees it
    command,      // OrderCommand, before its bytes leave
    decision,     // DecisionRecord
    refusal,      // Refusal
    checkpoint,   // CheckpointRecord
    end,          // EndRecord: the journal was closed in order
    count,
};
[[nodiscard]] const char* record_type_name(RecordType type);

inline constexpr std::uint64_t kJournalMagic = 0x314e'524a'4c45'454bULL;  // "KEELJRN1"
inline constexpr std::uint32_t kJournalFormat = 1;
inline constexpr std::size_t kPayloadMax = 16'384;         // bytes; four times the largest struct recorded
inline constexpr std::uint64_t kCheckpointEvents = 4'096;  // a state hash every so many events

struct JournalHeader {
    std::uint64_t magic{kJournalMagic};
    std::uint32_t format{kJournalFormat};
    std::uint32_t header_bytes{sizeof(JournalHeader)};
    std::uint32_t event_bytes{sizeof(Event)};
    std::uint32_t command_bytes{sizeof(OrderCommand)};
    std::uint32_t decision_bytes{sizeof(DecisionRecord)};
    std::uint32_t refusal_bytes{sizeof(Refusal)};
    std::uint32_t instrument_bytes{sizeof(Instrument)};
    std::uint32_t boot_epoch{0};
    std::int64_t created_ns{0};              // UTC, this host
    std::array<char, 460> build_identity{};  // what `keel --version` says, zero-padded
    std::uint32_t crc{0};                    // of all bytes before it

    [[nodiscard]] std::uint32_t computed_crc() const;
};
static_assert(sizeof(JournalHeader) == 512 && std::has_unique_object_representations_v<JournalHeader>);

struct RecordHeader {
    std::uint32_t len{0};  // header and payload, without padding; 0: nothing was written here
    std::uint32_t crc{0};
    std::uint64_t number{0};  // of the record, from 1
    RecordType type{RecordType::none};
    std::uint16_t version{0};
    std::uint32_t flags{0};
};
static_assert(sizeof(RecordHeader) == 24 && std::has_unique_object_representations_v<RecordHeader>);

enum class NameKind : std::uint8_t { underlying, currency };

struct NameRecord {
    NameKind kind{NameKind::underlying};
    std::uint8_t slot{0};
    std::array<std::uint8_t, 6> unused8{};
    Name text{};
};
static_assert(sizeof(NameRecord) == 48 && std::has_unique_object_representations_v<NameRecord>);

struct CheckpointRecord {
    std::uint64_t event_sequence{0};  // the last event that the hash contains
    std::uint64_t state_hash{0};
};
static_assert(std::has_unique_object_representations_v<CheckpointRecord>);

// What the journal holds, counted by its writer.
struct JournalTotals {
    std::uint64_t records{0};  // the end record excluded
    std::uint64_t events{0};
    std::uint64_t commands{0};
    std::uint64_t decisions{0};
    std::uint64_t refusals{0};
    std::uint64_t checkpoints{0};
    friend bool operator==(const JournalTotals&, const JournalTotals&) = default;
};

struct EndRecord {
    JournalTotals totals{};
    std::uint64_t event_sequence{0};  // of the last event
    std::uint64_t state_hash{0};      // after it
};
static_assert(std::has_unique_object_representations_v<EndRecord>);

constexpr std::size_t padded_to_8(std::size_t bytes) { return (bytes + 7) & ~std::size_t{7}; }

// CRC32C (Castagnoli) by the processor's own instruction; `bytes` is a multiple of 8.
inline std::uint32_t crc32c_words(std::uint32_t crc, const std::byte* data, std::size_t bytes) {
    std::uint64_t sum = crc;
    for (std::size_t at = 0; at < bytes; at += 8) {
        std::uint64_t word = 0;
        std::memcpy(&word, data + at, sizeof word);
        sum = _mm_crc32_u64(sum, word);
    }
    return static_cast<std::uint32_t>(sum);
}

// CRC of one record that lies at `record` with its padding: its length, then all after the CRC.
inline std::uint32_t record_crc(std::uint32_t previous_crc, std::uint32_t len, const std::byte* record) {
    const std::uint32_t seeded = _mm_crc32_u32(previous_crc, len);
    return crc32c_words(seeded, record + 8, padded_to_8(len) - 8);
}

// Which record type holds a struct, and under which version.
template <class T>
struct RecordOf;
template <>
struct RecordOf<Event> {
    static constexpr RecordType kType = RecordType::event;
    static constexpr std::uint16_t kVersion = kEventVersion;
};
template <>
struct RecordOf<OrderCommand> {
    static constexpr RecordType kType = RecordType::command;
    static constexpr std::uint16_t kVersion = kCommandVersion;
};
template <>
struct RecordOf<DecisionRecord> {
    static constexpr RecordType kType = RecordType::decision;
    static constexpr std::uint16_t kVersion = kDecisionVersion;
};
template <>
struct RecordOf<Refusal> {
    static constexpr RecordType kType = RecordType::refusal;
    static constexpr std::uint16_t kVersion = 1;
};
template <>
struct RecordOf<Instrument> {
    static constexpr RecordType kType = RecordType::instrument;
    static constexpr std::uint16_t kVersion = 1;
};
template <>
struct RecordOf<NameRecord> {
    static constexpr RecordType kType = RecordType::name;
    static constexpr std::uint16_t kVersion = 1;
};
template <>
struct RecordOf<CheckpointRecord> {
    static constexpr RecordType kType = RecordType::checkpoint;
    static constexpr std::uint16_t kVersion = 1;
};
template <>
struct RecordOf<EndRecord> {
    static constexpr RecordType kType = RecordType::end;
    static constexpr std::uint16_t kVersion = 1;
};

}  // namespace keel
