#include "app/wiring/session_alarms.hpp"

#include <fmt/format.h>

#include <cstring>

#include "app/log.hpp"
#include "risk/limits/kill_switch.hpp"

namespace keel::app {

void SessionAlarms::look() {
    look_at_journal();
    look_at_key();
}

void SessionAlarms::look_at_journal() {
    const JournalState journal = session_.journal_state();
    if (journal.writable == journal_writable_) return;
    journal_writable_ = journal.writable;
    if (journal.writable) return log_warn("the journal can be written again: new orders may leave");
    log_error(fmt::format("the journal {} cannot be written ({}): no new order leaves {}; cancels do",
                          session_.journal().string(), std::strerror(journal.error),
                          journal.lost ? "in this run" : "until it can"));
}

void SessionAlarms::look_at_key() {
    if (key_refused_) return;
    const std::string refusal = session_.key_refusal();
    if (refusal.empty()) return;
    key_refused_ = true;
    constexpr auto kLevel = static_cast<std::uint8_t>(risk::KillLevel::halt_new);
    if (session_.telemetry().kill_level < kLevel) session_.raise_kill_level(kLevel);
    log_error(refusal + "; no order leaves any more: correct the key, then start again");
}

}  // namespace keel::app
