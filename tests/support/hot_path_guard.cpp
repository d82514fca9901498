#include "tests/support/hot_path_guard.hpp"

#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <semaphore.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdlib>
#include <thread>

namespace {

// Plain thread locals of the executable: reading them allocates nothing, even inside a signal handler.
thread_local bool armed = false;
thread_local keel::test::HotPathCounts counted;

void count_allocation() {
    if (armed) ++counted.allocations;
}
void count_lock() {
    if (armed) ++counted.locks;
}

}  // namespace

// The one place from which system calls of a trapped thread pass: the handler's own.
asm(R"(
    .text
    .globl keel_test_system_call
    .type keel_test_system_call, @function
keel_test_system_call:
    mov %rdi, %rax
    mov %rsi, %rdi
    mov %rdx, %rsi
    mov %rcx, %rdx
    mov %r8, %r10
    mov %r9, %r8
    mov 8(%rsp), %r9
    syscall
    .globl keel_test_system_call_return
keel_test_system_call_return:
    ret
    .size keel_test_system_call, . - keel_test_system_call
)");

extern "C" {
long keel_test_system_call(long number, long a, long b, long c, long d, long e, long f);
extern const char keel_test_system_call_return[];

void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);

void* malloc(std::size_t bytes) noexcept {
    count_allocation();
    return __libc_malloc(bytes);
}
void* calloc(std::size_t items, std::size_t bytes) noexcept {
    count_allocation();
    return __libc_calloc(items, bytes);
}
void* realloc(void* old, std::size_t bytes) noexcept {
    count_allocation();
    return __libc_realloc(old, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) noexcept {
    count_allocation();
    return __libc_memalign(alignment, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) noexcept {
    count_allocation();
    return __libc_memalign(alignment, bytes);
}
int posix_memalign(void** out, std::size_t alignment, std::size_t bytes) noexcept {
    count_allocation();
    *out = __libc_memalign(alignment, bytes);
    return *out == nullptr ? ENOMEM : 0;
}
void free(void* old) noexcept {
    count_allocation();
    __libc_free(old);
}

// Each replaces one function, counts, and calls the one it replaced.
#define KEEL_COUNTED_LOCK(name, parameters, arguments)                                  \
    int name parameters noexcept {                                                      \
        using Function = int(*) parameters;                                             \
        static const auto next = reinterpret_cast<Function>(::dlsym(RTLD_NEXT, #name)); \
        count_lock();                                                                   \
        return next arguments;                                                          \
    }

KEEL_COUNTED_LOCK(pthread_mutex_lock, (pthread_mutex_t * mutex), (mutex))
KEEL_COUNTED_LOCK(pthread_mutex_trylock, (pthread_mutex_t * mutex), (mutex))
KEEL_COUNTED_LOCK(pthread_mutex_timedlock, (pthread_mutex_t * mutex, const timespec* until), (mutex, until))
KEEL_COUNTED_LOCK(pthread_mutex_unlock, (pthread_mutex_t * mutex), (mutex))
KEEL_COUNTED_LOCK(pthread_rwlock_rdlock, (pthread_rwlock_t * lock), (lock))
KEEL_COUNTED_LOCK(pthread_rwlock_tryrdlock, (pthread_rwlock_t * lock), (lock))
KEEL_COUNTED_LOCK(pthread_rwlock_wrlock, (pthread_rwlock_t * lock), (lock))
KEEL_COUNTED_LOCK(pthread_rwlock_trywrlock, (pthread_rwlock_t * lock), (lock))
KEEL_COUNTED_LOCK(pthread_rwlock_unlock, (pthread_rwlock_t * lock), (lock))
KEEL_COUNTED_LOCK(sem_trywait, (sem_t * semaphore), (semaphore))
KEEL_COUNTED_LOCK(sem_post, (sem_t * semaphore), (semaphore))
#undef KEEL_COUNTED_LOCK

int sem_wait(sem_t* semaphore) {
    static const auto next = reinterpret_cast<int (*)(sem_t*)>(::dlsym(RTLD_NEXT, "sem_wait"));
    count_lock();
    return next(semaphore);
}
int sem_timedwait(sem_t* semaphore, const timespec* until) {
    static const auto next = reinterpret_cast<int (*)(sem_t*, const timespec*)>(::dlsym(RTLD_NEXT, "sem_timedwait"));
    count_lock();
    return next(semaphore, until);
}
}

namespace keel::test {
namespace {

// Counts the trapped call, performs it from where calls pass, and hands back its result.
void on_system_call(int, siginfo_t* info, void* context) {
    if (armed) ++counted.system_calls;
    auto& registers = static_cast<ucontext_t*>(context)->uc_mcontext.gregs;
    registers[REG_RAX] = keel_test_system_call(
        info->si_syscall, static_cast<long>(registers[REG_RDI]), static_cast<long>(registers[REG_RSI]),
        static_cast<long>(registers[REG_RDX]), static_cast<long>(registers[REG_R10]),
        static_cast<long>(registers[REG_R8]), static_cast<long>(registers[REG_R9]));
}

bool trap_this_thread() {
    struct sigaction action {};
    action.sa_sigaction = on_system_call;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    if (::sigaction(SIGSYS, &action, nullptr) != 0) return false;
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0) return false;
    const auto passes = reinterpret_cast<std::uint64_t>(keel_test_system_call_return);
    constexpr auto kLoad = static_cast<std::uint16_t>(BPF_LD | BPF_W | BPF_ABS);
    constexpr auto kJumpIfEqual = static_cast<std::uint16_t>(BPF_JMP | BPF_JEQ | BPF_K);
    constexpr auto kReturn = static_cast<std::uint16_t>(BPF_RET | BPF_K);
    constexpr std::uint32_t kPointer = offsetof(seccomp_data, instruction_pointer);
    // The return from the handler and the end of the thread pass wherever they are called from.
    std::array<sock_filter, 9> filter{
        {
         {kLoad, 0, 0, offsetof(seccomp_data, nr)},
         {kJumpIfEqual, 6, 0, SYS_rt_sigreturn},
         {kJumpIfEqual, 5, 0, SYS_exit},
         {kLoad, 0, 0, kPointer},
         {kJumpIfEqual, 0, 2, static_cast<std::uint32_t>(passes)},
         {kLoad, 0, 0, kPointer + 4},
         {kJumpIfEqual, 1, 0, static_cast<std::uint32_t>(passes >> 32)},
         {kReturn, 0, 0, SECCOMP_RET_TRAP},
         {kReturn, 0, 0, SECCOMP_RET_ALLOW},
         }
    };
    const sock_fprog program{static_cast<unsigned short>(filter.size()), filter.data()};
    return ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) == 0;
}

}  // namespace

void arm_hot_path() { armed = true; }
void disarm_hot_path() { armed = false; }
HotPathCounts hot_path_counts() { return counted; }

bool run_with_trapped_system_calls(const std::function<void()>& work) {
    bool trapped = false;
    std::thread thread{[&work, &trapped] {
        trapped = trap_this_thread();
        if (!trapped) return;
        void* volatile first = std::malloc(1);  // the thread's arena is made now, not within what is counted
        std::free(first);
        work();
        // The usual end blocks every signal, and a trap with its signal blocked kills the process.
        keel_test_system_call(SYS_exit, 0, 0, 0, 0, 0, 0);
    }};
    thread.join();
    return trapped;
}

}  // namespace keel::test
