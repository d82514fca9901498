#include "simulator/replay/recording.hpp"

#include <simdjson.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <ranges>
#include <utility>

#include "simulator/replay/compressed_file.hpp"

namespace keel::simulator {
namespace {

namespace ondemand = simdjson::ondemand;

// The stream's name in a combined frame; empty for any other text.
std::string_view stream_of(std::string_view frame) {
    constexpr std::string_view kStart = R"({"stream":")";
    if (!frame.starts_with(kStart)) return {};
    frame.remove_prefix(kStart.size());
    return frame.substr(0, frame.find('"'));
}

std::string upper_symbol_of(std::string_view stream) {
    std::string symbol{stream.substr(0, stream.find('@'))};
    for (char& c : symbol) c = c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return symbol;
}

// A line "<ns> <text>".
Result<RecordedMessage> read_line(std::string_view line, std::size_t number) {
    const std::size_t blank = line.find(' ');
    std::int64_t ns = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + std::min(blank, line.size()), ns);
    if (blank == std::string_view::npos || error != std::errc{} || end != line.data() + blank) {
        return fail(Errc::malformed_message, number);
    }
    RecordedMessage message{.time = UnixNanos{ns}, .text = line.substr(blank + 1)};
    message.name = stream_of(message.text);
    if (message.text.starts_with(R"({"lastUpdateId":)")) message.kind = RecordedMessage::Kind::depth;
    return message;
}

// A recorder that was killed leaves half a line, and a copy that was cut short as well.
bool is_whole(std::string_view text) {
    simdjson::dom::parser parser;
    return parser.parse(text.data(), text.size()).error() == simdjson::SUCCESS;
}

struct Record {
    std::string kind;
    std::string url;
    std::string data;
    double time_s{0.0};
};

// A record {t,conn,ts,data}; lines that are neither frames nor answers keep empty data.
Result<Record> read_record(ondemand::parser& parser, simdjson::padded_string_view line, std::size_t number) {
    Record record;
    ondemand::document document;
    ondemand::object object;
    if (parser.iterate(line).get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS) {
        return fail(Errc::malformed_message, number);
    }
    for (auto item : object) {
        ondemand::field field;
        std::string_view key;
        if (std::move(item).get(field) != simdjson::SUCCESS || field.unescaped_key().get(key) != simdjson::SUCCESS) {
            return fail(Errc::malformed_message, number);
        }
        std::string_view text;
        if (key == "t" || key == "url" || key == "data") {
            if (field.value().get_string().get(text) != simdjson::SUCCESS) return fail(Errc::malformed_message, number);
            (key == "t" ? record.kind : key == "url" ? record.url : record.data) = text;
        } else if (key == "ts" && field.value().get_double().get(record.time_s) != simdjson::SUCCESS) {
            return fail(Errc::malformed_message, number);
        }
    }
    return record;
}

// The value of `symbol=` in a depth request.
std::string symbol_in(const std::string& url) {
    const std::size_t start = url.find("symbol=");
    if (start == std::string::npos) return {};
    const std::string rest = url.substr(start + 7);
    return rest.substr(0, rest.find('&'));
}

// The frames and answers of a record file go to `texts`, whose elements never move.
Result<void> read_records(std::string& file, std::deque<std::string>& texts, std::vector<RecordedMessage>& out) {
    file.reserve(file.size() + simdjson::SIMDJSON_PADDING);
    ondemand::parser parser;
    std::size_t number = 0;
    for (std::size_t start = 0; start < file.size(); ++number) {
        const std::size_t end = std::min(file.find('\n', start), file.size());
        const simdjson::padded_string_view line{file.data() + start, end - start, file.capacity() - start};
        start = end + 1;
        if (line.empty()) continue;
        Result<Record> record = read_record(parser, line, number);
        if (!record) return fail(record.error());
        RecordedMessage message{.time = UnixNanos{std::llround(record->time_s * 1e9)}};
        if (record->kind == "http") {
            const bool depth = record->url.find("/depth?") != std::string::npos;
            if (!depth && record->url.find("/exchangeInfo") == std::string::npos) continue;
            message.kind = depth ? RecordedMessage::Kind::depth : RecordedMessage::Kind::exchange_info;
            if (depth) message.name = texts.emplace_back(symbol_in(record->url));
        } else if (record->kind != "recv") {
            continue;
        }
        message.text = texts.emplace_back(std::move(record->data));
        if (message.kind == RecordedMessage::Kind::frame) message.name = stream_of(message.text);
        out.push_back(message);
    }
    // REST answers stand before the frames in these files, wherever they came in time.
    std::ranges::stable_sort(out, {}, &RecordedMessage::time);
    return {};
}

Result<void> read_lines(const std::string& file, std::deque<std::string>& texts, std::vector<RecordedMessage>& out) {
    std::size_t number = 0;
    std::string_view depth_stream;
    for (std::size_t start = 0; start < file.size(); ++number) {
        const std::size_t end = std::min(file.find('\n', start), file.size());
        const std::string_view line{file.data() + start, end - start};
        start = end + 1;
        if (line.empty()) continue;
        Result<RecordedMessage> message = read_line(line, number);
        if (!message) return fail(message.error());
        if (start >= file.size() && !is_whole(message->text)) return fail(Errc::malformed_message, number);
        if (message->name.find("@depth") != std::string_view::npos) depth_stream = message->name;
        // A bare body names no symbol; these files hold one instrument's streams.
        if (message->kind == RecordedMessage::Kind::depth) {
            message->name = texts.emplace_back(upper_symbol_of(depth_stream));
        }
        out.push_back(*message);
    }
    return {};
}

}  // namespace

Result<Recording> Recording::load(const std::filesystem::path& file) {
    Result<std::string> whole = read_compressed(file);
    if (!whole) return fail(whole.error());
    Recording recording;
    std::string& text = recording.texts_.emplace_back(std::move(*whole));
    const Result<void> read = text.starts_with('{') ? read_records(text, recording.texts_, recording.messages_)
                                                    : read_lines(text, recording.texts_, recording.messages_);
    if (!read) return fail(read.error());
    if (recording.messages_.empty()) return fail(Errc::malformed_message);
    return recording;
}

VenueId Recording::venue() const {
    const bool inverse = std::ranges::any_of(messages_, [](const RecordedMessage& message) {
        return message.kind == RecordedMessage::Kind::frame &&
               message.name.substr(0, message.name.find('@')).find("usd_") != std::string_view::npos;
    });
    return inverse ? VenueId::binance_coinm : VenueId::binance_usdm;
}

UnixNanos Recording::first_frame_time() const {
    const auto first = std::ranges::find(messages_, RecordedMessage::Kind::frame, &RecordedMessage::kind);
    return first == messages_.end() ? UnixNanos{} : first->time;
}

UnixNanos Recording::last_frame_time() const {
    const auto frames = std::views::reverse(messages_);
    const auto last = std::ranges::find(frames, RecordedMessage::Kind::frame, &RecordedMessage::kind);
    return last == frames.end() ? UnixNanos{} : last->time;
}

}  // namespace keel::simulator
