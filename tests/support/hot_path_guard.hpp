#pragma once

#include <cstdint>
#include <functional>

namespace keel::test {

// What a thread did while it was armed.
struct HotPathCounts {
    std::uint64_t allocations{0};   // malloc, free and their kin; operator new calls them
    std::uint64_t locks{0};         // pthread_mutex_*, pthread_rwlock_*, sem_*
    std::uint64_t system_calls{0};  // trapped by seccomp, counted, then performed
    friend bool operator==(const HotPathCounts&, const HotPathCounts&) = default;
};

// Counts, on the calling thread only, between arm() and disarm(). The definitions that replace malloc
// and the pthread functions come with hot_path_guard.cpp: link it only into tests that count.
void arm_hot_path();
void disarm_hot_path();
HotPathCounts hot_path_counts();

// Runs `work` on a fresh thread whose system calls are trapped, and waits for its end. A trap cannot be
// lifted, hence the thread of its own; it ends without running thread-local destructors. False: this
// kernel refuses seccomp filters.
bool run_with_trapped_system_calls(const std::function<void()>& work);

}  // namespace keel::test
