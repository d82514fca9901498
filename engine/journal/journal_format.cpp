#include "engine/journal/journal_format.hpp"

namespace keel {

const char* record_type_name(RecordType type) {
    switch (type) {
        case RecordType::none: return "none";
        case RecordType::config_text: return "config_text";
        case RecordType::name: return "name";
        case RecordType::instrument: return "instrument";
        case RecordType::event: return "event";
        case RecordType::command: return "command";
        case RecordType::decision: return "decision";
        case RecordType::refusal: return "refusal";
        case RecordType::checkpoint: return "checkpoint";
        case RecordType::end: return "end";
        case RecordType::count: break;
    }
    return "unknown";
}

std::uint32_t JournalHeader::computed_crc() const {
    constexpr std::size_t kCovered = sizeof(JournalHeader) - sizeof(crc);
    static_assert(kCovered % 8 == 4);
    const auto* bytes = reinterpret_cast<const std::byte*>(this);
    std::uint32_t tail = 0;
    std::memcpy(&tail, bytes + kCovered - 4, sizeof tail);
    return _mm_crc32_u32(crc32c_words(0, bytes, kCovered - 4), tail);
}

}  // namespace keel
