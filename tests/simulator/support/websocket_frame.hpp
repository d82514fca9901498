#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace keel::test {

// RFC 6455 §5.2, as far as a client without extensions needs it. Written apart from the library that the server uses.
enum class FrameOpcode : std::uint8_t { continuation = 0, text = 1, binary = 2, close = 8, ping = 9, pong = 10 };

struct WebSocketFrame {
    FrameOpcode opcode{FrameOpcode::text};
    bool final{true};
    std::string payload;

    [[nodiscard]] bool is_data() const { return opcode <= FrameOpcode::binary; }
};

// One final frame as a client must send it: masked with a fresh key.
std::string masked_frame(FrameOpcode opcode, std::string_view payload);

// Takes the first frame off `received`; nullopt until it is whole. A frame that no server may send (reserved bits, a
// mask) comes back as a close frame with code 1002.
std::optional<WebSocketFrame> take_frame(std::string& received);

// A fresh Sec-WebSocket-Key, and the Sec-WebSocket-Accept that answers it (§4.2.2).
std::string handshake_key();
std::string handshake_answer(const std::string& key);

}  // namespace keel::test
