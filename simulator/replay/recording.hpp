#pragma once

#include <cstdint>
#include <deque>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "engine/core/ids.hpp"
#include "engine/core/result.hpp"
#include "engine/core/time.hpp"

namespace keel::simulator {

// One line of a capture: a WebSocket frame as it was received, or the body of a REST answer.
struct RecordedMessage {
    enum class Kind : std::uint8_t { frame, depth, exchange_info };
    Kind kind{Kind::frame};
    UnixNanos time{};         // the recorder's clock
    std::string_view text{};  // exactly the bytes that were received
    std::string_view name{};  // frame: its stream; depth: its symbol, empty where the body alone was kept
};

// A capture of Binance market data in the order of its receipt. Reads two forms, both possibly gzip- or
// zstd-compressed: lines "<ns> <frame>", among them one bare depth body; and records {t,conn,ts,data}
// of JSON lines with the REST answers and their addresses.
// Invariant: `messages` point into this object, which therefore is not copied.
// Thread: any, once loaded. Allocates: while it loads; it holds the whole capture.
class Recording {
public:
    // Errors: file_unreadable, malformed_message (detail: the line, from 0; also where the last one was cut short).
    static Result<Recording> load(const std::filesystem::path& file);

    Recording(Recording&&) noexcept = default;
    Recording& operator=(Recording&&) noexcept = default;
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;

    [[nodiscard]] const std::vector<RecordedMessage>& messages() const { return messages_; }
    // Whose streams it holds, by their symbols: inverse contracts are named after their pair ("btcusd_perp").
    [[nodiscard]] VenueId venue() const;
    [[nodiscard]] UnixNanos first_frame_time() const;
    [[nodiscard]] UnixNanos last_frame_time() const;

private:
    Recording() = default;
    std::deque<std::string> texts_;  // the file, and what was decoded from its records; never moved
    std::vector<RecordedMessage> messages_;
};

}  // namespace keel::simulator
