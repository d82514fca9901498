#include "app/wiring/stop_signal.hpp"

#include <atomic>

namespace keel::app {
namespace {

std::atomic<bool> stop_requested{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch lock-free atomics");

void on_signal(int) { stop_requested.store(true, std::memory_order_relaxed); }

}  // namespace

StopSignal::StopSignal() {
    stop_requested.store(false, std::memory_order_relaxed);
    struct sigaction action {};
    action.sa_handler = on_signal;
    sigemptyset(&action.sa_mask);
    ::sigaction(SIGINT, &action, &previous_interrupt_);
    ::sigaction(SIGTERM, &action, &previous_terminate_);
    ::sigaction(SIGHUP, &action, &previous_hang_up_);
    // Nobody reads the log any more: the orders come first.
    action.sa_handler = SIG_IGN;
    ::sigaction(SIGPIPE, &action, &previous_pipe_);
}

StopSignal::~StopSignal() {
    ::sigaction(SIGINT, &previous_interrupt_, nullptr);
    ::sigaction(SIGTERM, &previous_terminate_, nullptr);
    ::sigaction(SIGHUP, &previous_hang_up_, nullptr);
    ::sigaction(SIGPIPE, &previous_pipe_, nullptr);
}

bool StopSignal::requested() { return stop_requested.load(std::memory_order_relaxed); }

}  // namespace keel::app
