#pragma once

#include "app/wiring/live_session.hpp"

namespace keel::app {

// Says in the log, once per change, what stops the orders of a running session: its journal cannot be written, or can
// be again; the venue withdrew the key, which also raises the kill level, for only a new start brings another one.
// Thread: the owner's. Allocates: freely.
class SessionAlarms {
public:
    explicit SessionAlarms(LiveSession& session) : session_{session} {}
    void look();

private:
    void look_at_journal();
    void look_at_key();

    LiveSession& session_;
    bool journal_writable_{true};
    bool key_refused_{false};
};

}  // namespace keel::app
