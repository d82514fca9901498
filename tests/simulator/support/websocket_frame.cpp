#include "tests/simulator/support/websocket_frame.hpp"

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>

namespace keel::test {
namespace {

std::string base64(const unsigned char* bytes, int size) {
    std::array<unsigned char, 64> text{};
    const int length = EVP_EncodeBlock(text.data(), bytes, size);
    return {text.begin(), text.begin() + length};
}

}  // namespace

std::string masked_frame(FrameOpcode opcode, std::string_view payload) {
    std::string frame{static_cast<char>(0x80U | static_cast<unsigned>(opcode))};
    const std::uint64_t size = payload.size();
    const int length_bytes = size < 126 ? 0 : size < 65536 ? 2 : 8;
    frame += static_cast<char>(0x80U | (length_bytes == 0 ? size : length_bytes == 2 ? 126U : 127U));
    for (int byte = length_bytes - 1; byte >= 0; --byte) frame += static_cast<char>(size >> (8 * byte) & 0xffU);
    std::array<unsigned char, 4> mask{};
    RAND_bytes(mask.data(), static_cast<int>(mask.size()));
    frame.append(mask.begin(), mask.end());
    for (std::size_t i = 0; i < payload.size(); ++i) {
        frame += static_cast<char>(static_cast<unsigned char>(payload[i]) ^ mask[i % mask.size()]);
    }
    return frame;
}

std::optional<WebSocketFrame> take_frame(std::string& received) {
    const auto byte = [&](std::size_t at) -> std::uint64_t { return static_cast<unsigned char>(received[at]); };
    if (received.size() < 2) return std::nullopt;
    if ((byte(0) & 0x70U) != 0 || (byte(1) & 0x80U) != 0) {
        received.clear();
        return WebSocketFrame{FrameOpcode::close, true, "\x03\xea"};
    }
    const std::size_t length_bytes = byte(1) == 126 ? 2 : byte(1) == 127 ? 8 : 0;
    const std::size_t head = 2 + length_bytes;
    if (received.size() < head) return std::nullopt;
    std::uint64_t size = length_bytes == 0 ? byte(1) : 0;
    for (std::size_t i = 2; i < head; ++i) size = size << 8U | byte(i);
    if (received.size() - head < size) return std::nullopt;
    WebSocketFrame frame{static_cast<FrameOpcode>(byte(0) & 0x0fU), (byte(0) & 0x80U) != 0,
                         received.substr(head, size)};
    received.erase(0, head + size);
    return frame;
}

std::string handshake_key() {
    std::array<unsigned char, 16> bytes{};
    RAND_bytes(bytes.data(), static_cast<int>(bytes.size()));
    return base64(bytes.data(), static_cast<int>(bytes.size()));
}

std::string handshake_answer(const std::string& key) {
    const std::string text = key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr);
    return base64(digest.data(), static_cast<int>(size));
}

}  // namespace keel::test
