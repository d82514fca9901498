#include "engine/journal/journal_writer.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "engine/core/assert.hpp"
#include "engine/core/clock.hpp"

namespace keel {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kPage = 4096;
constexpr std::size_t kEndReserve = 256;                // room that only the end record may take
constexpr std::uint64_t kSyncBytes = 4u << 20;          // sync earlier than the deadline from here on
constexpr std::chrono::milliseconds kTurn{1};           // how often the journal's thread looks
constexpr std::chrono::milliseconds kRetryExtend{250};  // a full disk is asked again so often
constexpr int kPopulateWrite = 23;                      // MADV_POPULATE_WRITE, Linux 5.14

std::uint64_t errno_detail() { return static_cast<std::uint64_t>(errno); }

// Touches every page for writing, so that no append meets a fault of a page that was never there.
void populate(std::byte* at, std::size_t bytes) {
    if (::madvise(at, bytes, kPopulateWrite) == 0) return;
    for (std::size_t page = 0; page < bytes; page += kPage) {
        std::atomic_ref<std::uint64_t> word{*reinterpret_cast<std::uint64_t*>(at + page)};
        word.fetch_or(0, std::memory_order_relaxed);
    }
}

void sync_directory_of(const std::filesystem::path& path) {
    const auto directory = path.parent_path().empty() ? std::filesystem::path{"."} : path.parent_path();
    const int file = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) return;
    ::fsync(file);
    ::close(file);
}

}  // namespace

// The file and its mapping. What the appender writes, what the journal's thread writes, and what both
// only read lie on lines of their own.
struct JournalWriter::Mapping {
    JournalOptions options;
    int file{-1};
    std::byte* base{nullptr};  // of the reserved address space; the file is mapped from here on

    alignas(64) std::size_t offset{0};  // the appender's: where the next record starts
    std::size_t mapped_seen{0};
    std::uint32_t crc{0};  // of the last record, or the header
    JournalTotals totals{};
    std::atomic<std::uint64_t> appended{0};  // = offset, for others

    alignas(64) std::atomic<std::uint64_t> mapped{0};  // the journal thread's: bytes that are there
    std::atomic<std::uint64_t> synced{0};
    std::atomic<std::int64_t> unsynced_since_ns{0};  // steady clock; 0: nothing waits
    std::atomic<std::int64_t> unsynced_max_ns{0};
    std::atomic<bool> extend_failed{false};
    std::atomic<bool> sync_failed{false};
    std::atomic<bool> space_used_up{false};  // the reserved addresses, not the disk
    std::atomic<int> last_errno{0};

    std::mutex mutex;  // for the wake-up at the end only
    std::condition_variable wake;
    bool stopping{false};
    Clock::time_point extend_again{};
    std::thread thread;

    ~Mapping() {
        stop();
        if (base != nullptr) ::munmap(base, options.bytes_max);
        if (file >= 0) ::close(file);
    }

    bool extend();
    bool sync(std::uint64_t upto);
    void turn();
    void run();
    void stop() {
        if (!thread.joinable()) return;
        {
            const std::lock_guard lock{mutex};
            stopping = true;
        }
        wake.notify_one();
        thread.join();
    }
    void note_failure(std::atomic<bool>& flag) {
        last_errno.store(errno, std::memory_order_relaxed);
        flag.store(true, std::memory_order_release);
    }
};

// One more chunk: blocks on the disk first, then the mapping, then its pages.
bool JournalWriter::Mapping::extend() {
    const std::uint64_t from = mapped.load(std::memory_order_relaxed);
    const std::size_t chunk = options.chunk_bytes;
    if (from + chunk > options.bytes_max) {
        space_used_up.store(true, std::memory_order_release);
        errno = EFBIG;
        note_failure(extend_failed);
        return false;
    }
    if (const int error = ::posix_fallocate(file, static_cast<off_t>(from), static_cast<off_t>(chunk)); error != 0) {
        errno = error;
        note_failure(extend_failed);
        return false;
    }
    void* const at =
        ::mmap(base + from, chunk, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, static_cast<off_t>(from));
    if (at == MAP_FAILED) {
        note_failure(extend_failed);
        return false;
    }
    populate(static_cast<std::byte*>(at), chunk);
    mapped.store(from + chunk, std::memory_order_release);
    extend_failed.store(false, std::memory_order_release);
    return true;
}

// Only the pages that were appended to: pages ahead stay dirty and writable, so that the next append
// to them meets no fault. For these pages msync does what fdatasync does for the file.
bool JournalWriter::Mapping::sync(std::uint64_t upto) {
    const std::uint64_t from = synced.load(std::memory_order_relaxed) & ~std::uint64_t{kPage - 1};
    if (::msync(base + from, upto - from, MS_SYNC) != 0) {
        note_failure(sync_failed);
        return false;
    }
    synced.store(upto, std::memory_order_release);
    return true;
}

void JournalWriter::Mapping::turn() {
    const auto now = Clock::now();
    const std::uint64_t written = appended.load(std::memory_order_acquire);
    if (mapped.load(std::memory_order_relaxed) < written + (1 + options.chunks_ahead) * options.chunk_bytes &&
        now >= extend_again && !extend())
        extend_again = now + kRetryExtend;
    if (sync_failed.load(std::memory_order_relaxed)) return;
    const std::uint64_t waiting = written - synced.load(std::memory_order_relaxed);
    if (waiting == 0) return;
    const std::int64_t now_ns = now.time_since_epoch().count();
    std::int64_t since_ns = unsynced_since_ns.load(std::memory_order_relaxed);
    if (since_ns == 0) {
        since_ns = now_ns;
        unsynced_since_ns.store(since_ns, std::memory_order_relaxed);
    }
    if (now_ns - since_ns + std::chrono::nanoseconds{kTurn}.count() <
            std::chrono::nanoseconds{options.sync_every}.count() &&
        waiting < kSyncBytes)
        return;
    if (!sync(written)) return;
    const auto done = Clock::now();
    const std::int64_t window_ns = done.time_since_epoch().count() - since_ns;
    if (window_ns > unsynced_max_ns.load(std::memory_order_relaxed))
        unsynced_max_ns.store(window_ns, std::memory_order_relaxed);
    // What came during the sync has waited since its start at most.
    const bool more = appended.load(std::memory_order_acquire) != written;
    unsynced_since_ns.store(more ? now_ns : 0, std::memory_order_relaxed);
}

void JournalWriter::Mapping::run() {
    std::unique_lock lock{mutex};
    while (!stopping) {
        lock.unlock();
        turn();
        lock.lock();
        wake.wait_for(lock, kTurn, [this] { return stopping; });
    }
}

JournalWriter::JournalWriter(std::unique_ptr<Mapping> mapping) : mapping_{std::move(mapping)} {}
JournalWriter::~JournalWriter() = default;

Result<std::unique_ptr<JournalWriter>> JournalWriter::create(const JournalOptions& options) {
    KEEL_ASSERT(options.chunk_bytes % kPage == 0 && options.chunk_bytes >= 4 * (kPayloadMax + kPage));
    auto mapping = std::make_unique<Mapping>();
    Mapping& map = *mapping;
    map.options = options;
    map.file = ::open(options.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (map.file < 0) return fail(Errc::journal_unwritable, errno_detail());
    void* const base =
        ::mmap(nullptr, options.bytes_max, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED) return fail(Errc::journal_unwritable, errno_detail());
    map.base = static_cast<std::byte*>(base);
    for (std::size_t chunk = 0; chunk <= options.chunks_ahead; ++chunk)
        if (!map.extend()) return fail(Errc::journal_unwritable, static_cast<std::uint64_t>(map.last_errno.load()));

    JournalHeader header;
    header.boot_epoch = options.boot_epoch;
    header.created_ns = wall_now().ns();
    const std::size_t text = std::min(options.build_identity.size(), header.build_identity.size() - 1);
    std::copy_n(options.build_identity.begin(), text, header.build_identity.begin());
    header.crc = header.computed_crc();
    std::memcpy(map.base, &header, sizeof header);
    map.crc = header.crc;
    map.offset = sizeof header;
    map.mapped_seen = map.mapped.load(std::memory_order_relaxed);
    map.appended.store(map.offset, std::memory_order_release);
    if (!map.sync(map.offset)) return fail(Errc::journal_unwritable, errno_detail());
    sync_directory_of(options.path);
    map.thread = std::thread{[&map] { map.run(); }};
    return std::unique_ptr<JournalWriter>{new JournalWriter{std::move(mapping)}};
}

bool JournalWriter::append(RecordType type, std::uint16_t version, std::span<const std::byte> payload) noexcept {
    KEEL_ASSERT(payload.size() <= kPayloadMax);
    Mapping& map = *mapping_;
    const auto len = static_cast<std::uint32_t>(sizeof(RecordHeader) + payload.size());
    const std::size_t bytes = padded_to_8(len);
    const std::size_t reserve = type == RecordType::end ? 0 : kEndReserve;
    if (map.offset + bytes + reserve > map.mapped_seen) {
        map.mapped_seen = map.mapped.load(std::memory_order_acquire);
        if (map.offset + bytes + reserve > map.mapped_seen) return false;
    }
    std::byte* const at = map.base + map.offset;
    RecordHeader header;
    header.number = map.totals.records + 1;
    header.type = type;
    header.version = version;
    // The number goes in first, the length last: a reader knows a half-written record by the one
    // without the other.
    std::memcpy(at + 8, &header.number, sizeof header.number);
    std::atomic_signal_fence(std::memory_order_release);
    std::memcpy(at + 16, reinterpret_cast<const std::byte*>(&header) + 16, 8);
    std::memcpy(at + sizeof header, payload.data(), payload.size());
    map.crc = record_crc(map.crc, len, at);
    std::atomic_ref<std::uint64_t> published{*reinterpret_cast<std::uint64_t*>(at)};
    published.store(len | (std::uint64_t{map.crc} << 32), std::memory_order_release);
    map.offset += bytes;
    map.appended.store(map.offset, std::memory_order_release);
    if (type == RecordType::end) return true;
    ++map.totals.records;
    switch (type) {
        case RecordType::event: ++map.totals.events; break;
        case RecordType::command: ++map.totals.commands; break;
        case RecordType::decision: ++map.totals.decisions; break;
        case RecordType::refusal: ++map.totals.refusals; break;
        case RecordType::checkpoint: ++map.totals.checkpoints; break;
        default: break;
    }
    return true;
}

bool JournalWriter::append_config(std::string_view text) noexcept {
    do {
        const std::string_view piece = text.substr(0, kPayloadMax);
        if (!append(RecordType::config_text, 1, std::as_bytes(std::span{piece.data(), piece.size()}))) return false;
        text.remove_prefix(piece.size());
    } while (!text.empty());
    return true;
}

bool JournalWriter::writable() const noexcept {
    return !mapping_->sync_failed.load(std::memory_order_acquire) &&
           !mapping_->extend_failed.load(std::memory_order_acquire);
}

bool JournalWriter::failed() const noexcept {
    return mapping_->sync_failed.load(std::memory_order_acquire) ||
           mapping_->space_used_up.load(std::memory_order_acquire);
}

int JournalWriter::last_errno() const noexcept { return mapping_->last_errno.load(std::memory_order_relaxed); }

std::uint64_t JournalWriter::unsynced_bytes() const noexcept {
    const std::uint64_t synced = mapping_->synced.load(std::memory_order_acquire);
    return mapping_->appended.load(std::memory_order_acquire) - synced;
}

std::chrono::nanoseconds JournalWriter::unsynced_age() const noexcept {
    const std::int64_t since_ns = mapping_->unsynced_since_ns.load(std::memory_order_relaxed);
    if (since_ns == 0) return std::chrono::nanoseconds{0};
    return std::chrono::nanoseconds{Clock::now().time_since_epoch().count() - since_ns};
}

std::chrono::nanoseconds JournalWriter::unsynced_age_max() const noexcept {
    return std::chrono::nanoseconds{mapping_->unsynced_max_ns.load(std::memory_order_relaxed)};
}

const JournalTotals& JournalWriter::totals() const noexcept { return mapping_->totals; }
std::uint64_t JournalWriter::bytes() const noexcept { return mapping_->appended.load(std::memory_order_acquire); }
const std::filesystem::path& JournalWriter::path() const noexcept { return mapping_->options.path; }

Result<void> JournalWriter::close(std::uint64_t event_sequence, std::uint64_t state_hash) {
    Mapping& map = *mapping_;
    KEEL_ASSERT(map.file >= 0);
    map.stop();
    return finish(append(EndRecord{map.totals, event_sequence, state_hash}));
}

Result<void> JournalWriter::abandon() {
    KEEL_ASSERT(mapping_->file >= 0);
    mapping_->stop();
    return finish(true);
}

Result<void> JournalWriter::finish(bool ended) {
    Mapping& map = *mapping_;
    const bool synced = ended && !map.sync_failed.load() && map.sync(map.offset);
    ::munmap(map.base, map.options.bytes_max);
    map.base = nullptr;
    const bool cut = ::ftruncate(map.file, static_cast<off_t>(map.offset)) == 0 && ::fsync(map.file) == 0;
    const std::uint64_t detail = cut ? static_cast<std::uint64_t>(last_errno()) : errno_detail();
    ::close(map.file);
    map.file = -1;
    if (!synced || !cut) return fail(Errc::journal_unwritable, detail);
    return {};
}

}  // namespace keel
