#pragma once

#include <csignal>

namespace keel::app {

// Turns SIGINT and SIGTERM into a flag that loops look at, for as long as the object lives. A second
// signal changes nothing: the orderly stop has its own deadline.
// Thread: made by one; asked by any.
class StopSignal {
public:
    StopSignal();
    ~StopSignal();
    StopSignal(const StopSignal&) = delete;
    StopSignal& operator=(const StopSignal&) = delete;

    [[nodiscard]] static bool requested();

private:
    struct sigaction previous_interrupt_{};
    struct sigaction previous_terminate_{};
};

}  // namespace keel::app
