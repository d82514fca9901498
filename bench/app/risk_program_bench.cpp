#include <benchmark/benchmark.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <set>
#include <string>
#include <vector>

// The whole program `keel risk`, from start to exit, on files of 1,000 positions that are made here from a seed.
namespace keel {
namespace {

namespace fs = std::filesystem;

constexpr int kPositions = 1'000;
constexpr int kDays = 500;  // of history
constexpr std::array kCoins{"BTC", "ETH"};
constexpr std::array kIndices{65'000.0, 3'200.0};
struct Expiry {
    const char* name;
    int days;  // from the time of the market
};
constexpr std::array<Expiry, 8> kExpiries{{{"6MAR26", 5},
                                           {"13MAR26", 12},
                                           {"27MAR26", 26},
                                           {"24APR26", 54},
                                           {"29MAY26", 89},
                                           {"26JUN26", 117},
                                           {"25SEP26", 208},
                                           {"25DEC26", 299}}};

struct Shape {
    int expiries;  // of the two coins together
    int venues;
    bool portfolio_margin;
};

// A portfolio and a market with a given curve for each expiry, written into a folder of their own.
class Files {
public:
    explicit Files(const Shape& shape)
        : shape_{shape}, folder_{fs::temp_directory_path() / ("keel_risk_program_" + std::to_string(::getpid()))} {
        fs::create_directories(folder_);
        std::ofstream{portfolio()} << portfolio_text();
        std::ofstream{market()} << market_text();
    }
    ~Files() {
        std::error_code ignored;
        fs::remove_all(folder_, ignored);
    }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;
    fs::path portfolio() const { return folder_ / "portfolio.json"; }
    fs::path market() const { return folder_ / "market.json"; }
    fs::path output() const { return folder_ / "report.txt"; }

private:
    double uniform(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random_); }
    std::size_t below(std::size_t count) { return random_() % count; }
    std::size_t expiries_per_coin() const { return static_cast<std::size_t>(shape_.expiries) / kCoins.size(); }
    std::string venue_of(std::size_t venue) const { return "venue" + std::to_string(venue + 1); }

    // Perpetuals of each coin at each venue, then options at whole strikes within two deviations of 60 % a year: no
    // contract twice.
    std::string contract_at(int position) {
        const auto coin = static_cast<std::size_t>(position) % kCoins.size();
        if (position < 2 * shape_.venues) return std::string{kCoins[coin]} + "-PERPETUAL";
        for (;;) {
            const Expiry& expiry = kExpiries[below(expiries_per_coin())];
            const double deviation = 0.6 * std::sqrt(expiry.days / 365.0);
            const std::string name =
                std::string{kCoins[coin]} + '-' + expiry.name + '-' +
                std::to_string(std::lround(kIndices[coin] * std::exp(deviation * uniform(-2, 2)))) +
                (below(2) == 0 ? "-C" : "-P");
            if (taken_.insert(name).second) return name;
        }
    }
    std::string portfolio_text() {
        std::string out = "{\"positions\": [";
        for (int i = 0; i < kPositions; ++i) {
            const bool option = i >= 2 * shape_.venues;
            const double quantity =
                option ? std::round(uniform(-10.0, 10.0)) + 0.5 : 1'000.0 * std::round(uniform(-50.0, 50.0)) + 10.0;
            const auto venue = static_cast<std::size_t>(i / 2 % shape_.venues);
            out += (i == 0 ? "" : ",\n") + ("{\"instrument\": \"" + contract_at(i)) + "\", \"venue\": \"" +
                   venue_of(venue) + "\", \"quantity\": " + std::to_string(quantity) + '}';
        }
        out += "],\n\"cash\": [";
        std::string venues;
        for (std::size_t v = 0; v < static_cast<std::size_t>(shape_.venues); ++v) {
            for (std::size_t coin = 0; coin < kCoins.size(); ++coin) {
                out += (v + coin == 0 ? "" : ", ") + ("{\"currency\": \"" + std::string{kCoins[coin]}) +
                       "\", \"amount\": " + std::to_string(500.0 * kIndices[0] / kIndices[coin]) + ", \"venue\": \"" +
                       venue_of(v) + "\"}";
            }
            venues += (v == 0 ? "" : ", ") + ("{\"name\": \"" + venue_of(v)) + "\", \"margin_model\": \"deribit_" +
                      (shape_.portfolio_margin ? "portfolio" : "standard") + "\"}";
        }
        return out + "],\n\"venues\": [" + venues + "]}\n";
    }
    std::string list(double deviation) {
        std::normal_distribution<double> daily{0.0, deviation};
        std::string out = "[";
        for (int day = 0; day < kDays; ++day) out += (day == 0 ? "" : ", ") + std::to_string(daily(random_));
        return out + ']';
    }
    std::string market_text() {
        std::string coins, curves;
        for (std::size_t coin = 0; coin < kCoins.size(); ++coin) {
            coins += (coin == 0 ? "" : ",\n") + ("{\"name\": \"" + std::string{kCoins[coin]}) +
                     "\", \"index\": " + std::to_string(kIndices[coin]) + ", \"returns\": " + list(0.025) +
                     ", \"volatility_changes\": " + list(0.02) + '}';
            for (std::size_t e = 0; e < expiries_per_coin(); ++e) {
                const double years = kExpiries[e].days / 365.0;
                const double b = 0.1 * std::sqrt(years);
                const double sigma = 0.25 * std::sqrt(years) + 0.05;
                curves += (curves.empty() ? "" : ",\n") + ("{\"underlying\": \"" + std::string{kCoins[coin]}) +
                          "\", \"expiry\": \"" + kExpiries[e].name +
                          "\", \"forward\": " + std::to_string(kIndices[coin] * (1.0 + 0.06 * years)) +
                          ", \"svi\": {\"a\": " + std::to_string(0.36 * years - b * sigma) +
                          ", \"b\": " + std::to_string(b) +
                          ", \"rho\": -0.2, \"m\": 0, \"sigma\": " + std::to_string(sigma) + "}}";
            }
        }
        return "{\"time\": \"2026-03-01T08:00:00Z\", \"underlyings\": [" + coins + "],\n\"expiries\": [" + curves +
               "],\n\"margin_tables\": \"" KEEL_SOURCE_DIR "/examples/margin/deribit.toml\"}\n";
    }

    Shape shape_;
    fs::path folder_;
    std::set<std::string> taken_;
    std::mt19937_64 random_{20'260'301};
};

struct Run {
    double wall_ms{0.0};
    double processor_ms{0.0};
    bool good{false};
};

// One run, its text into a file.
Run run(const Files& files) {
    std::vector<std::string> words{KEEL_PROGRAM, "risk", "--portfolio", files.portfolio(), "--market", files.market()};
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, files.output().c_str(), O_WRONLY | O_CREAT | O_TRUNC,
                                       0600);
    const auto start = std::chrono::steady_clock::now();
    pid_t pid = -1;
    const bool started = ::posix_spawn(&pid, KEEL_PROGRAM, &actions, nullptr, arguments.data(), environ) == 0;
    ::posix_spawn_file_actions_destroy(&actions);
    int status = 0;
    rusage used{};
    if (!started || ::wait4(pid, &status, 0, &used) != pid) return {};
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - start;
    const auto in_ms = [](const timeval& time) {
        return 1e3 * static_cast<double>(time.tv_sec) + 1e-3 * static_cast<double>(time.tv_usec);
    };
    return {.wall_ms = wall.count(),
            .processor_ms = in_ms(used.ru_utime) + in_ms(used.ru_stime),
            .good = WIFEXITED(status) && WEXITSTATUS(status) == 0};
}

void RiskProgram(benchmark::State& state) {
    const Files files{{.expiries = static_cast<int>(state.range(0)),
                       .venues = static_cast<int>(state.range(1)),
                       .portfolio_margin = state.range(2) != 0}};
    if (!run(files).good) return state.SkipWithError("keel risk failed");  // and the files are in the cache
    std::vector<double> wall;
    std::vector<double> processor;
    for (auto _ : state) {
        const Run once = run(files);
        state.SetIterationTime(once.wall_ms * 1e-3);
        wall.push_back(once.wall_ms);
        processor.push_back(once.processor_ms);
    }
    std::ranges::sort(wall);
    std::ranges::sort(processor);
    state.counters["wall_least_ms"] = wall.front();
    state.counters["wall_median_ms"] = wall[wall.size() / 2];
    state.counters["processor_median_ms"] = processor[processor.size() / 2];
}
BENCHMARK(RiskProgram)
    ->ArgNames({"expiries", "venues", "portfolio_margin"})
    ->Args({4, 1, 0})
    ->Args({16, 1, 0})
    ->Args({16, 4, 0})
    ->Args({16, 1, 1})
    ->Iterations(10)
    ->UseManualTime()
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace keel
