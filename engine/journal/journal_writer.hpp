#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "engine/core/result.hpp"
#include "engine/journal/journal_format.hpp"

namespace keel {

struct JournalOptions {
    std::filesystem::path path;  // must not exist yet
    std::string build_identity;  // what `keel --version` says
    std::uint32_t boot_epoch{0};
    std::size_t chunk_bytes{16u << 20};        // the file grows by this much; a multiple of 4096
    std::size_t chunks_ahead{2};               // mapped beyond the one being written
    std::size_t bytes_max{64ull << 30};        // address space reserved once, so that appends stay contiguous
    std::chrono::milliseconds sync_every{10};  // the window that a power loss may take
};

// Appends records to a memory-mapped file. An append is a copy and a CRC into pages that are already
// there: it survives `kill -9` the moment it returns. A thread of the journal's own extends the file
// ahead (so a full disk is met there, before space runs out), touches the new pages, and syncs what was
// appended. A failed sync is final: the kernel forgets it after telling once.
// Thread: append and close by one; the rest by any. Allocates: in create() only; append makes no system
// call and takes no lock.
class JournalWriter {
public:
    // Errors: journal_unwritable (detail: errno).
    static Result<std::unique_ptr<JournalWriter>> create(const JournalOptions& options);
    // Without close() the file stays as a crash would leave it.
    ~JournalWriter();
    JournalWriter(const JournalWriter&) = delete;
    JournalWriter& operator=(const JournalWriter&) = delete;

    // False when there is no room or a sync failed: nothing was written.
    [[nodiscard]] bool append(RecordType type, std::uint16_t version, std::span<const std::byte> payload) noexcept;
    template <class T>
    [[nodiscard]] bool append(const T& record) noexcept {
        static_assert(std::is_trivially_copyable_v<T>);
        return append(RecordOf<T>::kType, RecordOf<T>::kVersion, std::as_bytes(std::span{&record, 1}));
    }
    // Text in as many records as it needs.
    [[nodiscard]] bool append_config(std::string_view text) noexcept;

    // False from the moment that the file could not be extended or synced. New orders must stop then.
    [[nodiscard]] bool writable() const noexcept;
    // True after a failed sync, or when the reserved address space is used up: it will not recover.
    [[nodiscard]] bool failed() const noexcept;
    // errno of the last failure to extend or sync, or 0.
    [[nodiscard]] int last_errno() const noexcept;

    // How much a power loss at this moment would take.
    [[nodiscard]] std::uint64_t unsynced_bytes() const noexcept;
    [[nodiscard]] std::chrono::nanoseconds unsynced_age() const noexcept;
    // The longest window seen so far.
    [[nodiscard]] std::chrono::nanoseconds unsynced_age_max() const noexcept;

    [[nodiscard]] const JournalTotals& totals() const noexcept;  // of the appending thread
    [[nodiscard]] std::uint64_t bytes() const noexcept;          // header and records
    [[nodiscard]] const std::filesystem::path& path() const noexcept;

    // Ends the journal: end record, truncation to what was written, sync. Nothing may be appended
    // afterwards. Errors: journal_unwritable.
    Result<void> close(std::uint64_t event_sequence, std::uint64_t state_hash);
    // The same without an end record, for a journal whose last event could not be recorded whole: readers take it
    // as a crash left it, and no state is claimed that it does not lead to.
    Result<void> abandon();

private:
    struct Mapping;
    Result<void> finish(bool ended);
    explicit JournalWriter(std::unique_ptr<Mapping> mapping);
    std::unique_ptr<Mapping> mapping_;
};

}  // namespace keel
