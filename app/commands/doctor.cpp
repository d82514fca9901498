// keel doctor: is this host fit for low latency? Looks and tells; changes nothing.
#include <fmt/format.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/timex.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/json_text.hpp"
#include "app/version.hpp"
#include "engine/core/clock.hpp"

namespace keel::app {

namespace {

enum class Verdict : std::uint8_t { good, fair, poor, unknown };
constexpr const char* kVerdictNames[] = {"good", "fair", "poor", "unknown"};

// One thing looked at: what was found, and what would be better.
struct Finding {
    std::string name;
    Verdict verdict{Verdict::unknown};
    std::string found;
    std::string advice;
};

// First line of a file of the kernel's; nothing where it does not exist.
std::optional<std::string> first_line(const std::string& path) {
    std::ifstream file{path};
    std::string line;
    if (!file || !std::getline(file, line)) return std::nullopt;
    return line;
}

std::optional<std::string> value_after(const std::string& path, const std::string& key) {
    std::ifstream file{path};
    for (std::string line; std::getline(file, line);) {
        if (line.rfind(key, 0) != 0) continue;
        const std::size_t at = line.find_first_not_of(" \t:", key.size());
        return at == std::string::npos ? std::string{} : line.substr(at);
    }
    return std::nullopt;
}

Finding look_at_processors() {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    const int count = ::sched_getaffinity(0, sizeof allowed, &allowed) == 0 ? CPU_COUNT(&allowed) : 0;
    const std::string model = value_after("/proc/cpuinfo", "model name").value_or("unknown processor");
    const bool hypervisor = value_after("/proc/cpuinfo", "flags").value_or("").find("hypervisor") != std::string::npos;
    const std::string found = fmt::format("{} usable, {}{}", count, model, hypervisor ? ", virtual machine" : "");
    if (count == 0) return {"processors", Verdict::unknown, found, ""};
    if (hypervisor) {
        return {"processors", Verdict::fair, found,
                "a virtual machine shares its cores: expect outliers of milliseconds"};
    }
    return {"processors", count >= 4 ? Verdict::good : Verdict::fair, found,
            count >= 4 ? "" : "4 or more let the core and each connection have its own"};
}

Finding look_at_isolation() {
    const auto isolated = first_line("/sys/devices/system/cpu/isolated");
    if (!isolated) return {"isolated cores", Verdict::unknown, "not told by this kernel", ""};
    if (isolated->empty()) {
        return {"isolated cores", Verdict::fair, "none", "boot with isolcpus= and nohz_full= for the engine's cores"};
    }
    return {"isolated cores", Verdict::good, *isolated, ""};
}

Finding look_at_governor() {
    const auto governor = first_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor");
    if (!governor) return {"frequency governor", Verdict::unknown, "not told (virtual machines hide it)", ""};
    if (*governor == "performance") return {"frequency governor", Verdict::good, *governor, ""};
    return {"frequency governor", Verdict::poor, *governor, "cpupower frequency-set -g performance"};
}

Finding look_at_clock_source() {
    const auto source = first_line("/sys/devices/system/clocksource/clocksource0/current_clocksource");
    if (!source) return {"clock source", Verdict::unknown, "not told", ""};
    if (*source == "tsc" || *source == "kvm-clock") return {"clock source", Verdict::good, *source, ""};
    return {"clock source", Verdict::poor, *source, "tsc reads in 20 ns without a system call; this one does not"};
}

Finding look_at_clock_cost() {
    constexpr int kReads = 20'000;
    const double cycles_per_ns = calibrate_cycles_per_ns();
    const std::uint64_t begin = cycles_now();
    std::int64_t last = 0;
    for (int i = 0; i < kReads; ++i) last ^= wall_now().ns();
    const double ns = static_cast<double>(cycles_now() - begin) / cycles_per_ns / kReads;
    const std::string found =
        fmt::format("{:.0f} ns a read, TSC {:.2f} GHz{}", ns, cycles_per_ns, last == 1 ? " " : "");
    const Verdict verdict = ns < 60 ? Verdict::good : ns < 200 ? Verdict::fair : Verdict::poor;
    return {"clock cost", verdict, found, verdict == Verdict::good ? "" : "reads of the clock leave the process"};
}

Finding look_at_clock_sync() {
    timex state{};
    const int status = ::adjtimex(&state);
    if (status < 0) return {"clock sync", Verdict::unknown, "not told", ""};
    const std::string found =
        fmt::format("{}, error at most {:.3f} ms", status == TIME_ERROR ? "not synchronised" : "synchronised",
                    static_cast<double>(state.maxerror) / 1000.0);
    if (status == TIME_ERROR) {
        return {"clock sync", Verdict::poor, found, "run chrony or systemd-timesyncd: venues refuse skewed requests"};
    }
    return {"clock sync", state.maxerror < 100'000 ? Verdict::good : Verdict::fair, found, ""};
}

Finding look_at_huge_pages() {
    const auto policy = first_line("/sys/kernel/mm/transparent_hugepage/enabled");
    const std::string reserved = value_after("/proc/meminfo", "HugePages_Total").value_or("0");
    const std::string found = fmt::format("transparent {}, {} reserved", policy.value_or("not told"), reserved);
    const bool always = policy && policy->find("[always]") != std::string::npos;
    return {"huge pages", always ? Verdict::fair : Verdict::good, found,
            always ? "transparent_hugepage=madvise avoids pauses while pages are merged" : ""};
}

Finding limit_of(const char* name, __rlimit_resource which, std::uint64_t wanted, const char* unit,
                 const char* advice) {
    rlimit limit{};
    if (::getrlimit(which, &limit) != 0) return {name, Verdict::unknown, "not told", ""};
    const bool unlimited = limit.rlim_cur == RLIM_INFINITY;
    const std::string found = unlimited ? "unlimited" : fmt::format("{} {}", limit.rlim_cur, unit);
    const bool enough = unlimited || limit.rlim_cur >= wanted;
    return {name, enough ? Verdict::good : Verdict::fair, found, enough ? "" : advice};
}

Finding look_at_priority() {
    rlimit limit{};
    ::getrlimit(RLIMIT_RTPRIO, &limit);
    const bool allowed = ::geteuid() == 0 || limit.rlim_cur > 0;
    return {"real-time priority", allowed ? Verdict::good : Verdict::fair, allowed ? "allowed" : "not allowed",
            allowed ? "" : "LimitRTPRIO=50 in the service lets its threads keep their cores"};
}

Finding look_at_network() {
    std::string found;
    bool physical = false;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{"/sys/class/net", error}) {
        const std::string name = entry.path().filename().string();
        const std::string state = first_line(entry.path().string() + "/operstate").value_or("?");
        const std::string speed = first_line(entry.path().string() + "/speed").value_or("");
        if (!found.empty()) found += ", ";
        found += fmt::format("{} {}{}", name, name == "lo" ? "loopback" : state,
                             speed.empty() || speed[0] == '-' ? "" : " " + speed + " Mb/s");
        physical = physical || (name != "lo" && state == "up");
    }
    if (found.empty()) return {"network", Verdict::unknown, "not told", ""};
    return {"network", physical ? Verdict::good : Verdict::fair, found,
            physical ? "" : "loopback alone reaches simulated venues only"};
}

Finding look_at_busy_poll() {
    const auto busy = first_line("/proc/sys/net/core/busy_poll");
    if (!busy) return {"busy polling", Verdict::unknown, "not told", ""};
    const bool on = *busy != "0";
    return {"busy polling", on ? Verdict::good : Verdict::fair, on ? *busy + " us" : "off",
            on ? "" : "sysctl net.core.busy_poll=50 saves an interrupt per packet on a physical interface"};
}

std::vector<Finding> look() {
    return {look_at_processors(),
            look_at_isolation(),
            look_at_governor(),
            look_at_clock_source(),
            look_at_clock_cost(),
            look_at_clock_sync(),
            look_at_huge_pages(),
            limit_of("locked memory", RLIMIT_MEMLOCK, 64U << 20U, "bytes",
                     "LimitMEMLOCK=infinity keeps secrets and queues out of swap"),
            limit_of("open files", RLIMIT_NOFILE, 1024, "files", "LimitNOFILE=65536"),
            look_at_priority(),
            look_at_network(),
            look_at_busy_poll()};
}

void print_json(const std::vector<Finding>& findings) {
    JsonText json;
    json.open_object();
    json.field("version", version_short());
    json.open_array("checks");
    for (const Finding& finding : findings) {
        json.open_object();
        json.field("name", finding.name);
        json.field("verdict", kVerdictNames[static_cast<std::size_t>(finding.verdict)]);
        json.field("found", finding.found);
        json.field("advice", finding.advice);
        json.close_object();
    }
    json.close_array();
    json.close_object();
    fmt::print("{}\n", json.text());
}

}  // namespace

int run_doctor(const DoctorOptions& options) {
    const std::vector<Finding> findings = look();
    std::FILE* out = options.common.json ? stderr : stdout;
    int poor = 0;
    for (const Finding& finding : findings) {
        fmt::print(out, "{:<8} {:<20} {}\n", kVerdictNames[static_cast<std::size_t>(finding.verdict)], finding.name,
                   finding.found);
        if (!finding.advice.empty()) fmt::print(out, "{:<8} {:<20}   -> {}\n", "", "", finding.advice);
        if (finding.verdict == Verdict::poor) ++poor;
    }
    fmt::print(out, "{}\n",
               poor == 0 ? "Nothing here is poor." : fmt::format("{} of these will cost you latency.", poor));
    if (options.common.json) print_json(findings);
    return kExitDone;
}

}  // namespace keel::app
