#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/config/key_visitor.hpp"
#include "engine/core/clock.hpp"
#include "engine/core/ids.hpp"
#include "risk/config/gate_config.hpp"
#include "risk/config/risk_config.hpp"
#include "strategies/hedge/hedge_config.hpp"

namespace keel::app {

struct CommonOptions;

enum class Mode : std::uint8_t { observe, paper, live };
enum class Layout : std::uint8_t { inline_, pipeline };
enum class Idle : std::uint8_t { spin, yield, park };
enum class BookInterval : std::uint8_t { raw, ms100 };
enum class Transport : std::uint8_t { ws, rest };

inline constexpr std::int64_t kNoCore = -1;   // not pinned
inline constexpr std::size_t kVenuesMax = 8;  // [[venue]] tables
inline constexpr std::size_t kPositionRulesMax = 256;

// [engine]
struct EngineSettings {
    Mode mode{Mode::observe};
    Layout layout{Layout::inline_};
    Idle idle{Idle::yield};
    std::int64_t core{kNoCore};                  // processor of the core's thread
    std::vector<std::int64_t> connection_cores;  // processors of connection threads, in order of the venues
    EdgeClock::Source clock{EdgeClock::Source::host};
    std::chrono::milliseconds valid_for{5'000};          // fence on every order: the venue must not match it later
    std::chrono::milliseconds unknown_after{2'000};      // an order without an answer for so long is unknown
    std::chrono::milliseconds startup_deadline{30'000};  // sessions must be ready by then
    std::int64_t book_levels_max{16'384};                // per side and book; the deepest recorded book holds 5,018
};

// [[venue.instrument]]: a contract defined here, for venues that serve no reference data (recordings).
struct InstrumentSettings {
    std::string name;
    std::size_t kind{1};    // spot, perpetual, future, option
    std::size_t payoff{0};  // linear, inverse
    std::string base;
    std::string quote;
    std::string settlement;
    std::string tick{"0.01"};  // exact decimals, hence text
    std::string lot{"0.001"};
    double multiplier{1.0};
    double taker_fee_ratio{0.0005};
    double maker_fee_ratio{0.0002};
    std::int64_t expiry_unix_ms{0};
};

// [[venue]]
struct VenueSettings {
    VenueId venue{VenueId::deribit};
    std::string host;
    std::uint16_t port{443};
    std::string rest_host;         // empty: host
    std::uint16_t rest_port{0};    // 0: port
    std::string server_name;       // of the certificate; empty: host
    std::string ws_path;           // empty: the venue's own
    std::string ca_file;           // PEM; empty: the system's store
    std::string credentials_file;  // mode 0600; empty: public data only
    Transport transport{Transport::ws};
    BookInterval book_interval{BookInterval::raw};
    std::vector<std::string> currencies;
    std::vector<std::string> instruments;  // names or patterns with *; empty: chosen by kind below
    std::vector<std::string> streams;      // binance: streams of each symbol; empty: the connector's own
    bool option_tickers{true};             // deribit: tickers of the options that are held or near the money
    std::int64_t books_max{24};            // books subscribed at most
    bool routed{true};                     // binance: split public and market paths
    bool reconnect{true};                  // false: the run ends with the connection, as a recording does
    std::int64_t heartbeat_s{10};
    std::chrono::milliseconds connect_deadline{10'000};
    std::chrono::milliseconds read_deadline{30'000};
    bool cancel_on_disconnect{true};
    std::vector<InstrumentSettings> definitions;
};

// [[portfolio.position]]: a holding by name, or by rule so that any market can resolve it.
struct PositionRule {
    std::string instrument;  // exact name; or empty, and the rule below
    std::string underlying;
    std::size_t kind{0};          // perpetual, future, call, put: words of kPositionKinds
    double moneyness_ratio{1.0};  // strike / underlying price wanted; the nearest listed strike is taken
    double expiry_days{30.0};     // wanted; the nearest listed expiry is taken
    double quantity_coin{0.0};    // signed; options and linear contracts
    double quantity_usd{0.0};     // signed; inverse perpetuals and futures
};
inline constexpr const char* kPositionKinds[] = {"perpetual", "future", "call", "put"};

// [portfolio]
struct PortfolioSettings {
    std::string file;  // read when the configuration is loaded; its positions replace this key in the text
    std::vector<PositionRule> positions;
};

// [hedge]: names where strategies::HedgeConfig wants ids.
struct HedgeSettings {
    struct Target {
        std::string underlying;
        double delta_target_coin{0.0};
    };
    strategies::HedgeConfig config;
    std::vector<std::string> instruments;  // names or patterns; empty: every perpetual and future
    std::vector<Target> targets;
};

// [simulator]: the market that `keel simulate CONFIG` and `keel demo` make.
struct SimulatorSettings {
    std::string scenario{"shock"};
    std::int64_t seed{1};
    double speed_ratio{1.0};  // simulated seconds per second; 0 = as fast as it goes
    std::string data;         // recorded data to serve instead
    bool interpolate{false};
};

// [report]
struct ReportSettings {
    std::chrono::milliseconds sample_interval{250};  // of the plotted series
    bool html{true};
    std::string note;  // of the configuration's author, for the reader
};

// Everything a run is told, checked, with the text it came from. The journal holds the text, so that a replay
// can build the same core from it without any file.
struct Configuration {
    std::string text;       // complete: portfolio and overrides are in it; parses to this very configuration
    std::string file;       // where it was read; "journal" in a replay
    std::string directory;  // relative paths start here
    EngineSettings engine;
    std::string state_dir;  // [state] directory; the command line's --state wins
    std::vector<VenueSettings> venues;
    PortfolioSettings portfolio;
    risk::RiskConfig risk;
    risk::GateConfig gate;
    HedgeSettings hedge;
    SimulatorSettings simulator;
    ReportSettings report;
};

// What the command line adds to a file.
struct ConfigurationOptions {
    std::vector<std::string> overrides;  // --set key=value
    std::string mode;                    // --mode; becomes engine.mode in the text
    std::string layout;                  // --layout; becomes engine.layout in the text
    bool for_replay{false};              // live mode needs no second word, secrets are not looked at
    bool allow_env_secrets{false};
};

// Reads, completes and checks a file. Throws ConfigError (file, line, key) or OutsideError (unreadable).
Configuration load_configuration(const std::string& path, const ConfigurationOptions& options);

// The same from text alone, for replays and the embedded demo; `name` stands for the file in messages.
Configuration parse_configuration(std::string_view text, const std::string& name, const ConfigurationOptions& options);

// Every key with its default and bound, in the order of docs/configuration.md.
std::vector<KeyDescription> configuration_keys();

// `path` from the configuration's directory; absolute paths and "" stay.
std::string resolved_path(const Configuration& configuration, const std::string& path);

// Where an engine of this configuration keeps its journals, lock and kill latch: --state, else the file's
// [state] directory, else the default.
std::string state_directory(const Configuration& configuration, const CommonOptions& common);

[[nodiscard]] const char* mode_name(Mode mode);
[[nodiscard]] const char* layout_name(Layout layout);
[[nodiscard]] const char* venue_name(VenueId venue);

}  // namespace keel::app
