#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace keel::simulator {

// The little of Deribit's protocol that one measured session needs, answered without looking at more
// than the method, the id and the label of a request.
[[nodiscard]] bool is_order(std::string_view request);
[[nodiscard]] bool subscribes_book(std::string_view request);
[[nodiscard]] std::string canned_answer(std::string_view request);
[[nodiscard]] std::string canned_http_answer(std::string_view target, std::string_view body);

// The order-book changes of BTC-PERPETUAL that are the ticks: chained, a second of the venue's time
// apart, each moving the best bid and nineteen levels more, some 1,100 bytes.
// Thread: one. Allocates: per message.
class CannedTicks {
public:
    [[nodiscard]] std::string snapshot();
    [[nodiscard]] std::string ticker();
    [[nodiscard]] std::string index();
    [[nodiscard]] std::string next();

private:
    std::uint64_t change_id_{1'000};
    std::int64_t time_ms_{1'768'435'200'000};  // 2026-01-15 00:00 UTC
    std::uint64_t count_{0};
};

}  // namespace keel::simulator
