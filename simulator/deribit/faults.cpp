#include "simulator/deribit/faults.hpp"

namespace keel::simulator {
namespace {

constexpr std::array<std::string_view, kFaultCount> kNames{
    "drop_book_change",  "duplicate_book_change", "ignore_test",   "stale_token",
    "too_many_requests", "settlement_pause",      "late_response", "cut_before_order",
    "cut_after_order",   "http_server_error",     "half_open",     "revoked_key"};

}  // namespace

std::string_view fault_name(Fault fault) { return kNames[static_cast<std::size_t>(fault)]; }

std::optional<Fault> fault_from_name(std::string_view name) {
    for (std::size_t i = 0; i < kFaultCount; ++i) {
        if (kNames[i] == name) return static_cast<Fault>(i);
    }
    return std::nullopt;
}

}  // namespace keel::simulator
