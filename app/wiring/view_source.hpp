#pragma once

#include <chrono>
#include <string>

#include "app/view/view_model.hpp"
#include "app/wiring/live_session.hpp"

namespace keel::app {

// Turns telemetry into what the screen shows: names, units, sentences.
// Thread: the screen's. Allocates: freely.
class ViewSource {
public:
    ViewSource(const LiveSession& session, std::string title, std::string mode, double total_seconds);
    [[nodiscard]] ViewModel model();

private:
    const LiveSession& session_;
    std::string title_;
    std::string mode_;
    double total_seconds_;
    UnixNanos started_{};
    std::uint64_t events_before_{0};
    std::chrono::steady_clock::time_point asked_{std::chrono::steady_clock::now()};
    double events_per_second_{0.0};
};

// "sell 120,000 USD BTC-PERPETUAL for 31.20 USD (BTC-27JUN: 48.10 USD)": what a decision chose, what it
// cost, and the dearer choice beside it.
[[nodiscard]] std::string trade_sentence(const DecisionRecord& decision, const InstrumentTable& instruments);

}  // namespace keel::app
