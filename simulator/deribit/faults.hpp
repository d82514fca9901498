#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace keel::simulator {

// What a venue does to its clients on a bad day. Each is armed for a number of times and then gone.
enum class Fault : std::uint8_t {
    drop_book_change,       // a change is not sent: the chain of change ids breaks
    duplicate_book_change,  // a change is sent twice
    ignore_test,            // public/test is answered but does not count: ends in close code 4000
    stale_token,            // every token expires now (the count does not matter)
    too_many_requests,      // the next request gets 10028 and the session is closed
    settlement_pause,       // orders get 10041 until armed again with count 0
    late_response,          // notifications of an order leave before its response
    cut_before_order,       // reads an order, then cuts without executing it
    cut_after_order,        // executes an order, then cuts without answering
    http_server_error,      // the next HTTP request is answered 503
    half_open,              // the next session to send anything is neither read nor written any more
    revoked_key,            // every key is refused from now on, every token stale (the count does not matter)
};
inline constexpr std::size_t kFaultCount = 12;

[[nodiscard]] std::string_view fault_name(Fault fault);
[[nodiscard]] std::optional<Fault> fault_from_name(std::string_view name);

// Counts down armed faults. Thread: the server's. Allocates: never.
class FaultPlan {
public:
    void arm(Fault fault, std::uint32_t count) { left_[static_cast<std::size_t>(fault)] = count; }
    // True, and one less to go, where the fault is armed.
    bool take(Fault fault) {
        std::uint32_t& left = left_[static_cast<std::size_t>(fault)];
        if (left == 0) return false;
        --left;
        return true;
    }
    [[nodiscard]] bool armed(Fault fault) const { return left_[static_cast<std::size_t>(fault)] > 0; }

private:
    std::array<std::uint32_t, kFaultCount> left_{};
};

}  // namespace keel::simulator
