#pragma once

#include <csignal>

namespace keel::app {

// Turns SIGINT, SIGTERM and SIGHUP (a lost terminal) into a flag that loops look at, for as long as the object lives,
// and ignores SIGPIPE: an engine does not end because nobody reads its log. A second signal changes nothing: the
// orderly stop has its own deadline.
// Thread: made by one; asked by any.
class StopSignal {
public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    [[nodiscard]] static bool requested();

private:
    struct sigaction previous_interrupt_ {};
    struct sigaction previous_terminate_ {};
    struct sigaction previous_hang_up_ {};
    struct sigaction previous_pipe_ {};
};

}  // namespace keel::app
