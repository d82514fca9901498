#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace keel::app {

// What the command line said, one plain struct per subcommand; `app/cli.cpp` fills them, `app/commands/`
// and `app/wiring/` obey them. An empty string or optional means: not given.

// Options that every subcommand takes.
struct CommonOptions {
    bool json{false};               // one JSON object on stdout; people's text goes to stderr
    std::string state_dir;          // journals, lock, logs; default $XDG_STATE_HOME/keel
    bool state_given{false};        // state_dir is the command line's
    std::string log_level{"info"};  // trace, debug, info, warn, error, off
    bool allow_env_secrets{false};  // secrets may come from KEEL_DERIBIT_KEY_ID and KEEL_DERIBIT_SECRET
};

// keel demo
struct DemoOptions {
    CommonOptions common;
    double seconds{60.0};
    std::string scenario{"shock"};  // market scenario of the simulator
    std::uint64_t seed{1};
    double speed{1.0};       // simulated seconds per second; 0 = as fast as it goes
    bool headless{false};    // no terminal view
    bool hedged{true};       // --unhedged: decide and explain, but send nothing
    std::string report_dir;  // default STATE/demo-report
    std::string layout;      // inline or pipeline; empty = the configuration's
};

// keel run CONFIG
struct RunOptions {
    CommonOptions common;
    std::string config_path;
    std::vector<std::string> overrides;  // --set key=value
    std::string mode;                    // observe, paper, live; empty = observe
    std::string layout;
    double seconds{0.0};  // 0 = until interrupted or the replayed data end
    bool headless{false};
    std::string report_dir;  // empty = no report
};

// keel simulate CONFIG | --venue NAME --port P
struct SimulateOptions {
    CommonOptions common;
    std::string config_path;  // a run configuration: its first [[venue]] is simulated
    std::string venue;        // deribit, binance_usdm, binance_coinm
    std::uint16_t port{0};    // 0 = any free port; the ready line names it
    std::string data_dir;     // recorded data to serve; empty = generated market
    std::uint64_t seed{1};
    std::string scenario{"shock"};
    double speed{1.0};            // 0 = as fast as it goes
    bool interpolate{false};      // recorded chains: interpolate marks instead of stepping
    double seconds{0.0};          // 0 = until interrupted
    std::string certificate_dir;  // where ca.pem, server.pem and credentials are written; default STATE/simulate
};

// keel latency
struct LatencyOptions {
    CommonOptions common;
    std::string venue{"deribit"};
    std::string transport{"ws"};   // ws, rest
    std::string layout{"inline"};  // inline, pipeline
    double rate_hz{1000.0};        // intended send times
    std::uint64_t ticks{100'000};
    std::uint32_t runs{7};
};

// keel check CONFIG
struct CheckOptions {
    CommonOptions common;
    std::string config_path;
    std::vector<std::string> overrides;
    std::string mode;
    bool online{false};  // also resolve and connect to each venue
};

// keel replay JOURNAL
struct ReplayOptions {
    CommonOptions common;
    std::string journal_path;
    bool verify{false};
    std::string layout{"inline"};
    std::vector<std::string> overrides;  // constants changed against the journal's configuration
};

// keel journal dump|stat|check JOURNAL
struct JournalOptions {
    enum class Job { dump, stat, check };
    CommonOptions common;
    Job job{Job::stat};
    std::string journal_path;
    std::uint64_t from{0};   // dump: first event sequence shown
    std::uint64_t count{0};  // dump: records shown; 0 = all
    std::string kind;        // dump: only this record or event kind
};

// keel explain JOURNAL [DECISION]
struct ExplainOptions {
    CommonOptions common;
    std::string journal_path;
    std::uint64_t decision{0};  // 0 = every traded decision
    bool all{false};            // also decisions that did nothing
};

// keel kill
struct KillOptions {
    CommonOptions common;
    std::string config_path;
    bool flatten{false};
    bool clear{false};  // take the kill latch away instead
    double deadline_seconds{10.0};
};

// keel risk
struct RiskOptions {
    CommonOptions common;
    std::vector<std::string> portfolios;  // FILE or NAME=FILE
    std::vector<std::string> market_paths;
    std::vector<std::string> since_paths;  // of an earlier market; empty: no profit is explained
    std::string margin_path;               // empty = what the market file names
    std::optional<std::string> html_path;  // no page without
};

// keel whatif
struct WhatIfOptions : RiskOptions {
    std::vector<std::string> trades;  // SYMBOL:QUANTITY, signed
    bool all{false};                  // text: the metrics that stay as they are, too
};

// keel doctor
struct DoctorOptions {
    CommonOptions common;
};

}  // namespace keel::app
