#include "engine/journal/journal_reader.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "engine/core/assert.hpp"
#include "engine/journal/journal_writer.hpp"

namespace keel {

struct JournalReader::File {
    const std::byte* data{nullptr};
    std::size_t size{0};
    JournalHeader header{};
    std::size_t offset{0};
    std::uint64_t number{0};  // of the last record read
    std::uint32_t crc{0};
    JournalTail tail{JournalTail::unread};
    JournalTotals totals{};
    std::optional<EndRecord> end;

    ~File() {
        if (data != nullptr) ::munmap(const_cast<std::byte*>(data), size);
    }
    void rewind() {
        offset = sizeof(JournalHeader);
        number = 0;
        crc = header.crc;
        tail = JournalTail::unread;
        totals = JournalTotals{};
        end.reset();
    }
    [[nodiscard]] bool zeros(std::size_t from, std::size_t to) const {
        return std::all_of(data + std::min(from, size), data + std::min(to, size),
                           [](std::byte byte) { return byte == std::byte{0}; });
    }
    // Nothing was published at `offset`. What a killed writer may leave there: nothing at all, or the
    // number of the next record and some of what follows it.
    [[nodiscard]] bool torn_or_empty() const {
        if (zeros(offset, offset + 16)) return zeros(offset + 16, size);
        if (!zeros(offset, offset + 8) || size - offset < sizeof(RecordHeader)) return false;
        std::uint64_t written = 0;
        std::memcpy(&written, data + offset + 8, sizeof written);
        return written == number + 1 && zeros(offset + sizeof(RecordHeader) + kPayloadMax, size);
    }
    void count(RecordType type) {
        if (type != RecordType::end) ++totals.records;
        switch (type) {
            case RecordType::event: ++totals.events; break;
            case RecordType::command: ++totals.commands; break;
            case RecordType::decision: ++totals.decisions; break;
            case RecordType::refusal: ++totals.refusals; break;
            case RecordType::checkpoint: ++totals.checkpoints; break;
            default: break;
        }
    }
};

JournalReader::JournalReader(std::unique_ptr<File> file) : file_{std::move(file)} {}
JournalReader::JournalReader(JournalReader&&) noexcept = default;
JournalReader& JournalReader::operator=(JournalReader&&) noexcept = default;
JournalReader::~JournalReader() = default;

Result<JournalReader> JournalReader::open(const std::filesystem::path& path) {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return fail(Errc::file_unreadable, static_cast<std::uint64_t>(errno));
    struct stat status {};
    if (::fstat(descriptor, &status) != 0 || !S_ISREG(status.st_mode)) {
        const int error = errno;
        ::close(descriptor);
        return fail(Errc::file_unreadable, static_cast<std::uint64_t>(error));
    }
    auto file = std::make_unique<File>();
    file->size = static_cast<std::size_t>(status.st_size);
    if (file->size < sizeof(JournalHeader)) {
        ::close(descriptor);
        return fail(Errc::journal_corrupt, 0);
    }
    void* const data = ::mmap(nullptr, file->size, PROT_READ, MAP_SHARED, descriptor, 0);
    const int error = errno;
    ::close(descriptor);
    if (data == MAP_FAILED) return fail(Errc::file_unreadable, static_cast<std::uint64_t>(error));
    file->data = static_cast<const std::byte*>(data);
    std::memcpy(&file->header, file->data, sizeof(JournalHeader));
    const JournalHeader& header = file->header;
    if (header.magic != kJournalMagic || header.crc != header.computed_crc()) return fail(Errc::journal_corrupt, 0);
    const JournalHeader ours;
    if (header.format != ours.format || header.header_bytes != ours.header_bytes ||
        header.event_bytes != ours.event_bytes || header.command_bytes != ours.command_bytes ||
        header.decision_bytes != ours.decision_bytes || header.refusal_bytes != ours.refusal_bytes ||
        header.instrument_bytes != ours.instrument_bytes)
        return fail(Errc::journal_version, header.format);
    file->rewind();
    return JournalReader{std::move(file)};
}

const JournalHeader& JournalReader::header() const { return file_->header; }

std::string JournalReader::build_identity() const {
    const auto& text = file_->header.build_identity;
    return {text.begin(), std::ranges::find(text, '\0')};
}

Result<std::optional<JournalRecord>> JournalReader::next() {
    File& file = *file_;
    const auto corrupt = [&file] { return fail(Errc::journal_corrupt, file.number + 1); };
    if (file.tail == JournalTail::closed) {
        if (file.offset != file.size) return corrupt();
        return std::nullopt;
    }
    if (file.offset == file.size) {
        file.tail = JournalTail::unclosed;
        return std::nullopt;
    }
    if (file.size - file.offset < sizeof(RecordHeader)) return corrupt();
    const std::byte* const at = file.data + file.offset;
    RecordHeader header;
    std::memcpy(&header, at, sizeof header);
    if (header.len == 0) {
        if (!file.torn_or_empty()) return corrupt();
        file.tail = JournalTail::unclosed;
        return std::nullopt;
    }
    const std::size_t bytes = padded_to_8(header.len);
    if (header.len < sizeof header || header.len > sizeof header + kPayloadMax || bytes > file.size - file.offset)
        return corrupt();
    if (record_crc(file.crc, header.len, at) != header.crc || header.number != file.number + 1) return corrupt();
    file.crc = header.crc;
    JournalRecord record{
        header.type,   header.version, header.flags,
        header.number, file.offset,    {at + sizeof header, header.len - sizeof header}
    };
    if (header.type == RecordType::end) {
        const Result<EndRecord> end = record.as<EndRecord>();
        if (!end) return fail(end.error());
        if (end->totals != file.totals) return corrupt();
        file.end = *end;
        file.tail = JournalTail::closed;
    }
    file.count(header.type);
    file.number = header.number;
    file.offset += bytes;
    return record;
}

std::uint64_t JournalReader::offset() const { return file_->offset; }
std::uint64_t JournalReader::number() const { return file_->number + 1; }
JournalTail JournalReader::tail() const { return file_->tail; }
const JournalTotals& JournalReader::totals() const { return file_->totals; }
const std::optional<EndRecord>& JournalReader::end() const { return file_->end; }
void JournalReader::rewind() { file_->rewind(); }

}  // namespace keel
