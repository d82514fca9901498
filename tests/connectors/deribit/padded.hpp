#pragma once

#include <string>
#include <string_view>

namespace keel::connectors::deribit {

// A frame with the readable bytes after it that the decoder asks for. Exactly as many, so that a
// sanitizer build notices one read too far.
class Padded {
public:
    explicit Padded(std::string_view text) : bytes_{text}, size_{text.size()} {
        bytes_.append(64, '\0');
        bytes_.shrink_to_fit();
    }
    [[nodiscard]] std::string_view view() const { return {bytes_.data(), size_}; }

private:
    std::string bytes_;
    std::size_t size_;
};

}  // namespace keel::connectors::deribit
