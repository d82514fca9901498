// Refuses, with a sentence and exit code 3, a processor that lacks the instructions this program was compiled
// for; without it the first of them would end the program with a signal. This file is compiled for plain
// x86-64, uses no C++ library (whose inline functions other files compile for the newer instructions), and its
// check runs as the first constructor of the program, before any static initialiser.
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

namespace {

void refuse(const char* feature) {
    const char* parts[] = {"keel: this processor lacks ", feature,
                           ", which this build needs (x86-64 with AVX2, BMI2, FMA and PCLMULQDQ, as Intel Haswell or "
                           "AMD Zen). Build it here with -DKEEL_MARCH=x86-64, slower.\n"};
    for (const char* part : parts) {
        if (write(STDERR_FILENO, part, strlen(part)) < 0) break;
    }
    _exit(3);
}

// KEEL_TEST_CPU_WITHOUT names one feature that the check then takes for missing: the only way to see the
// refusal on a machine that has them all.
void require(bool present, const char* feature) {
    const char* hidden = getenv("KEEL_TEST_CPU_WITHOUT");
    if (!present || (hidden != nullptr && strcmp(hidden, feature) == 0)) refuse(feature);
}

constexpr int kBeforeStaticInitialisers = 101;  // the earliest priority that the compiler leaves to programs

__attribute__((constructor(kBeforeStaticInitialisers))) void check_processor() {
#ifdef KEEL_NEEDS_HASWELL
    __builtin_cpu_init();
    require(__builtin_cpu_supports("avx2") != 0, "AVX2");
    require(__builtin_cpu_supports("pclmul") != 0, "PCLMULQDQ");
    require(__builtin_cpu_supports("bmi") != 0, "BMI1");
    require(__builtin_cpu_supports("bmi2") != 0, "BMI2");
    require(__builtin_cpu_supports("fma") != 0, "FMA");
#endif
}

}  // namespace
