#include "app/cli.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <ostream>

#include "app/exit_code.hpp"
#include "app/version.hpp"
#include "simulator/market/scenario.hpp"

namespace keel::app {

namespace {

const CLI::IsMember kModes{std::vector<std::string>{"observe", "paper", "live"}};
const CLI::IsMember kLayouts{std::vector<std::string>{"inline", "pipeline"}};
const CLI::IsMember kVenues{std::vector<std::string>{"deribit", "binance_usdm", "binance_coinm"}};
const CLI::IsMember kTransports{std::vector<std::string>{"ws", "rest"}};
const CLI::IsMember kLevels{std::vector<std::string>{"trace", "debug", "info", "warn", "error", "off"}};

constexpr double kSecondsMax = 31'536'000;  // a year: no run is longer

// The whole text as a number. CLI11 alone would take "-1" for the largest whole number, "nan" for one in every range.
template <class Number>
bool read_whole(const std::string& text, Number& value) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    return error == std::errc{} && end == text.data() + text.size();
}

CLI::Validator number_in(double low, double high) {
    const std::string range = fmt::format("{} to {}", low, high);
    return CLI::Validator{[=](std::string& text) {
                              double value = 0.0;
                              const bool good = read_whole(text, value) && value >= low && value <= high;
                              return good ? std::string{} : text + " is no number from " + range;
                          },
                          "FLOAT " + range};
}

CLI::Validator whole_in(std::uint64_t low, std::uint64_t high = std::numeric_limits<std::uint64_t>::max()) {
    return CLI::Validator{[=](std::string& text) {
                              std::uint64_t value = 0;
                              const bool good = read_whole(text, value) && value >= low && value <= high;
                              return good ? std::string{}
                                          : text + " is no whole number from " + std::to_string(low) + " to " +
                                                std::to_string(high);
                          },
                          ""};
}

const CLI::Validator kScenario{[](std::string& text) {
                                   if (simulator::find_scenario(text)) return std::string{};
                                   std::string names;
                                   for (const std::string_view name : simulator::scenario_names()) {
                                       names += (names.empty() ? "" : ", ") + std::string{name};
                                   }
                                   return text + " is no scenario; there are: " + names;
                               },
                               ""};

void add_common(CLI::App* command, CommonOptions& common) {
    command->add_flag("--json", common.json, "Print one JSON object on stdout; people's text goes to stderr");
    command->add_option("--state", common.state_dir, "Directory of journals, lock and logs")
        ->type_name("DIR")
        ->default_str("$XDG_STATE_HOME/keel");
    command->add_option("--log-level", common.log_level, "What the log keeps")->check(kLevels)->capture_default_str();
}

void add_secrets(CLI::App* command, CommonOptions& common) {
    command->add_flag("--allow-env-secrets", common.allow_env_secrets,
                      "Take the API key from KEEL_DERIBIT_KEY_ID and KEEL_DERIBIT_SECRET");
}

void add_overrides(CLI::App* command, std::vector<std::string>& overrides) {
    command->add_option("--set", overrides, "Override one key of the configuration; may be repeated")
        ->type_name("KEY=VALUE")
        ->allow_extra_args(false);
}

void add_demo(CLI::App& app, DemoOptions& options) {
    CLI::App* command =
        app.add_subcommand("demo", "A whole day's work in a minute, on a simulated venue on this machine");
    command->footer(
        "Starts a simulated Deribit on loopback (real TLS, WebSocket and REST), a seeded market with a volatility\n"
        "shock, a short-gamma portfolio, the engine and the terminal view; ends with a report and a verified "
        "replay.\n\n"
        "Example:\n  keel demo --seconds 60 --seed 7 --report ./report\n"
        "  keel demo --seconds 60 --headless --json | jq .breach_seconds");
    command->add_option("--seconds", options.seconds, "How long the market runs, simulated seconds")
        ->check(number_in(1.0, 86'400.0))
        ->capture_default_str();
    command->add_option("--scenario", options.scenario, "Market scenario")->check(kScenario)->capture_default_str();
    command->add_option("--seed", options.seed, "Seed of the market: the same seed is the same market")
        ->check(whole_in(0))
        ->capture_default_str();
    command->add_option("--speed", options.speed, "Simulated seconds per second; 0 = as fast as it goes")
        ->check(number_in(0.0, 1e6))
        ->capture_default_str();
    command->add_flag("--headless", options.headless, "No terminal view");
    command->add_flag("!--unhedged", options.hedged, "Decide and explain, but send no order");
    command->add_option("--layout", options.layout, "Thread layout")->check(kLayouts);
    command->add_option("--report", options.report_dir, "Where the report goes")->type_name("DIR");
    add_common(command, options.common);
}

void add_run(CLI::App& app, RunOptions& options) {
    CLI::App* command = app.add_subcommand("run", "The engine: observe (default), paper or live");
    command->footer(
        "observe decides and explains but sends nothing; paper sends to a simulated account; live trades, and needs\n"
        "the mode in the file and on the command line. Where keel kill has left its latch, nothing is sent in any\n"
        "mode until keel kill --clear.\n\n"
        "Example:\n  keel run examples/deribit-simulated.toml --mode paper --seconds 600 --report ./report\n"
        "  keel run my.toml --set engine.valid_for_ms=2000");
    command->add_option("config", options.config_path, "Configuration file")->required()->type_name("CONFIG");
    command->add_option("--mode", options.mode, "What may be sent")->check(kModes);
    command->add_option("--layout", options.layout, "Thread layout")->check(kLayouts);
    command->add_option("--seconds", options.seconds, "Stop after this long; 0 = until interrupted")
        ->check(number_in(0.0, kSecondsMax));
    command->add_flag("--headless", options.headless, "No terminal view");
    command->add_option("--report", options.report_dir, "Write a report at the end")->type_name("DIR");
    add_overrides(command, options.overrides);
    add_secrets(command, options.common);
    add_common(command, options.common);
}

void add_simulate(CLI::App& app, SimulateOptions& options) {
    CLI::App* command = app.add_subcommand("simulate", "The simulated venue as a server, for any client of that venue");
    command->footer(
        "Speaks the venue's own protocol over TLS on loopback; its certificate authority and test credentials are\n"
        "written where --certificates says. With --data it serves recorded data, else a generated market.\n\n"
        "Example:\n  keel simulate --venue deribit --port 8443 --seed 7\n"
        "  keel simulate --venue binance_usdm --port 9443 --data capture.gz --speed 100");
    auto* config = command->add_option("config", options.config_path, "Simulate the venue of this configuration")
                       ->type_name("CONFIG");
    auto* venue = command->add_option("--venue", options.venue, "Venue to simulate")->check(kVenues);
    config->excludes(venue);
    command->add_option("--port", options.port, "TCP port on 127.0.0.1; 0 = any free one, named in the ready line")
        ->check(whole_in(0, 65'535))
        ->capture_default_str();
    command->add_option("--data", options.data_dir, "Recorded data to serve: a directory or one capture")
        ->type_name("PATH");
    command->add_option("--seed", options.seed, "Seed of the generated market")
        ->check(whole_in(0))
        ->capture_default_str();
    command->add_option("--scenario", options.scenario, "Scenario of the generated market")
        ->check(kScenario)
        ->capture_default_str();
    command->add_option("--speed", options.speed, "Recorded or simulated seconds per second; 0 = as fast as it goes")
        ->check(number_in(0.0, 1e6))
        ->capture_default_str();
    command->add_flag("--interpolate", options.interpolate, "Recorded chains: interpolate marks between snapshots");
    command
        ->add_option("--seconds", options.seconds,
                     "Simulated span of a Deribit market; seconds that a Binance capture is served; 0 = no end")
        ->check(number_in(0.0, kSecondsMax));
    command->add_option("--certificates", options.certificate_dir, "Where ca.pem and credentials are written")
        ->type_name("DIR");
    add_common(command, options.common);
}

void add_latency(CLI::App& app, LatencyOptions& options) {
    CLI::App* command = app.add_subcommand("latency", "Wire-to-wire tick-to-trade on loopback TLS, stage by stage");
    command->footer(
        "Measures the engine beside a floor: a client that answers each frame with a fixed order and decides "
        "nothing.\n\n"
        "Example:\n  keel latency --transport ws --layout inline --rate 1000 --ticks 100000 --json");
    command->add_option("--venue", options.venue, "Venue whose protocol is spoken")
        ->check(kVenues)
        ->capture_default_str();
    command->add_option("--transport", options.transport, "How orders travel")
        ->check(kTransports)
        ->capture_default_str();
    command->add_option("--layout", options.layout, "Thread layout")->check(kLayouts)->capture_default_str();
    command->add_option("--rate", options.rate_hz, "Ticks per second, intended send times")
        ->check(number_in(1.0, 1e6))
        ->capture_default_str();
    command->add_option("--ticks", options.ticks, "Ticks per measurement")
        ->check(whole_in(1, 100'000'000))
        ->capture_default_str();
    command->add_option("--runs", options.runs, "Interleaved runs of engine and floor")
        ->check(whole_in(1, 1'000))
        ->capture_default_str();
    add_common(command, options.common);
}

void add_check(CLI::App& app, CheckOptions& options) {
    CLI::App* command = app.add_subcommand("check", "Validates a configuration, its limits and its secret file's mode");
    command->footer(
        "Names file, line and key of what it refuses, and exits 2. Touches no venue unless --online.\n\n"
        "Example:\n  keel check examples/deribit-testnet.toml");
    command->add_option("config", options.config_path, "Configuration file")->required()->type_name("CONFIG");
    command->add_option("--mode", options.mode, "Check it for this mode")->check(kModes);
    command->add_flag("--online", options.online, "Also connect to each venue (TCP)");
    add_overrides(command, options.overrides);
    add_secrets(command, options.common);
    add_common(command, options.common);
}

void add_replay(CLI::App& app, ReplayOptions& options) {
    CLI::App* command = app.add_subcommand("replay", "Runs a journal's events through the core again");
    command->footer(
        "With --verify the recorded commands are hidden from the core; every command it makes and its final state "
        "hash\n"
        "are compared with the recorded ones, bit for bit. Exit code 1 at the first difference.\n\n"
        "Example:\n  keel replay ~/.local/state/keel/journal-20260101T000000.keel --verify\n"
        "  keel replay run.keel --verify --set hedge.risk_aversion_per_usd=0.002   (must differ)");
    command->add_option("journal", options.journal_path, "Journal file or directory")->required()->type_name("JOURNAL");
    command->add_flag("--verify", options.verify, "Compare commands and state hash with the recorded ones");
    command->add_option("--layout", options.layout, "Thread layout")->check(kLayouts)->capture_default_str();
    add_overrides(command, options.overrides);
    add_common(command, options.common);
}

void add_journal_job(CLI::App* journal, JournalOptions& options, const char* name, const char* what,
                     JournalOptions::Job job) {
    CLI::App* command = journal->add_subcommand(name, what);
    command->add_option("journal", options.journal_path, "Journal file or directory")->required()->type_name("JOURNAL");
    if (job == JournalOptions::Job::dump) {
        command->add_option("--from", options.from, "First event sequence shown")->check(whole_in(0));
        command->add_option("--count", options.count, "Records shown; 0 = all")->check(whole_in(0));
        command->add_option("--kind", options.kind, "Only records of this kind, e.g. fill, command, decision");
        command->footer("Example:\n  keel journal dump run.keel --kind decision --json");
    } else if (job == JournalOptions::Job::stat) {
        command->footer("Example:\n  keel journal stat run.keel --json | jq .events_received");
    } else {
        command->footer("Example:\n  keel journal check run.keel   # exit code 1 names the damaged record and offset");
    }
    add_common(command, options.common);
    command->callback([&options, job] { options.job = job; });
}

void add_journal(CLI::App& app, JournalOptions& options) {
    CLI::App* command = app.add_subcommand("journal", "Reads a journal: dump, stat, check");
    command->footer(
        "A journal that was not closed is what a killed run leaves: its records are good. Until the next run in its\n"
        "directory it takes the disk that was allocated ahead.\n\n"
        "Example:\n  keel journal stat ~/.local/state/keel/demo/journal");
    command->require_subcommand(1);
    add_journal_job(command, options, "dump", "Prints records, one a line", JournalOptions::Job::dump);
    add_journal_job(command, options, "stat", "Counts records by kind", JournalOptions::Job::stat);
    add_journal_job(command, options, "check", "Proves every byte of it", JournalOptions::Job::check);
}

void add_explain(CLI::App& app, ExplainOptions& options) {
    CLI::App* command = app.add_subcommand("explain", "Why a decision was made, from its journal");
    command->footer(
        "Shows the trigger and its numbers, what the solver weighed at what cost, what it chose, the effect on each\n"
        "metric, and the orders, fills and latency that followed.\n\n"
        "Example:\n  keel explain run.keel        # every decision that traded\n  keel explain run.keel 12");
    command->add_option("journal", options.journal_path, "Journal file or directory")->required()->type_name("JOURNAL");
    command->add_option("decision", options.decision, "Number of one decision")
        ->check(whole_in(1))
        ->type_name("DECISION");
    command->add_flag("--all", options.all, "Also decisions that did nothing");
    add_common(command, options.common);
}

void add_kill(CLI::App& app, KillOptions& options) {
    CLI::App* command = app.add_subcommand("kill", "Stops trading and cancels everything, without the running engine");
    command->footer(
        "Sets the kill latch of the state directory and tells the engine that holds it to end; then, over a session\n"
        "of its own, cancels every order of the account and verifies that none is left. --flatten then closes\n"
        "perpetuals and futures with reduce-only orders, through the gate. Works while the engine hangs or is\n"
        "stopped. --state must be the engine's.\n\n"
        "While the latch is set, keel run starts at kill level 4 (cancel_all) and sends no order. --clear takes it\n"
        "away, once the venue has shown twice in a row that the account has no open order; it cancels nothing. A run\n"
        "that started under the latch keeps its level: start it again.\n\n"
        "Example:\n  keel kill --config my.toml\n  keel kill --flatten --config my.toml --json\n"
        "  keel kill --clear --config my.toml");
    command->add_option("--config", options.config_path, "Configuration that names the account")
        ->required()
        ->type_name("CONFIG");
    CLI::Option* flatten =
        command->add_flag("--flatten", options.flatten, "Close positions too, reduce-only, through the gate");
    command->add_flag("--clear", options.clear, "Let the engine trade again: take the kill latch away")
        ->excludes(flatten);
    command->add_option("--deadline", options.deadline_seconds, "Give up after this many seconds")
        ->check(number_in(1.0, 600.0))
        ->capture_default_str();
    add_secrets(command, options.common);
    add_common(command, options.common);
}

void add_risk_files(CLI::App* command, RiskOptions& options) {
    command
        ->add_option("--portfolio", options.portfolios,
                     "What is held: Keel's JSON, or Deribit's get_positions "
                     "and get_account_summary answers, of the account NAME (default: deribit); may be repeated")
        ->required()
        ->type_name("[NAME=]FILE");
    command
        ->add_option("--market", options.market_paths,
                     "Prices, curves and history: Keel's JSON, or Deribit's "
                     "get_book_summary_by_currency answers; may be repeated")
        ->required()
        ->type_name("FILE");
    command->add_option("--margin", options.margin_path, "Margin tables, TOML; default: what the market file names")
        ->type_name("FILE");
    command->add_option("--html", options.html_path, "Also write one self-contained page with plots")
        ->type_name("FILE");
    add_common(command, options.common);
}

void add_risk(CLI::App& app, RiskOptions& options) {
    CLI::App* command = app.add_subcommand("risk", "One risk report, from files");
    command->footer(
        "Value, greeks, tails, stresses, margin, liquidity and limits of a book. The file formats are described in\n"
        "docs/risk-inputs.md. Exit code 1 when a hard limit is breached.\n\n"
        "Example:\n  keel risk --portfolio examples/risk-portfolio.json --market examples/risk-market.json --html "
        "risk.html\n"
        "  keel risk --portfolio positions.json --portfolio cash.json --market summary.json --json | jq .metrics\n"
        "  keel risk --portfolio deribit/main=main.json --portfolio deribit/hedge=hedge.json --market summary.json\n"
        "  keel risk --portfolio positions.json --market today.json --since yesterday.json");
    add_risk_files(command, options);
    command
        ->add_option("--since", options.since_paths,
                     "Prices of an earlier time, as --market: also explain by greek what the same holdings gained "
                     "since; may be repeated")
        ->type_name("FILE");
}

void add_whatif(CLI::App& app, WhatIfOptions& options) {
    CLI::App* command = app.add_subcommand("whatif", "The same report before and after trades");
    command->footer(
        "Trades are filled at the mark, without fees. The contract need not be held yet; one that several venues\n"
        "or accounts hold needs one of them: BTC-PERPETUAL@deribit:-50000, BTC-PERPETUAL@deribit/hedge:-50000.\n\n"
        "Example:\n  keel whatif --portfolio examples/risk-portfolio.json --market examples/risk-market.json \\\n"
        "      --trade BTC-PERPETUAL:-50000 --trade BTC-27MAR26-80000-C:+5");
    command
        ->add_option("--trade", options.trades,
                     "Contract and signed quantity (USD for inverse futures, else coin); "
                     "may be repeated")
        ->required()
        ->type_name("SYMBOL[@VENUE]:QTY");
    command->add_flag("--all", options.all, "List the metrics that stay as they are, too");
    add_risk_files(command, options);
}

void add_doctor(CLI::App& app, DoctorOptions& options) {
    CLI::App* command = app.add_subcommand("doctor", "Is this host fit for low latency");
    command->footer("Example:\n  keel doctor\n  keel doctor --json | jq '.checks[] | select(.verdict != \"good\")'");
    add_common(command, options.common);
}

// Every subcommand's options live here while CLI11 fills them.
struct AllOptions {
    DemoOptions demo;
    RunOptions run;
    SimulateOptions simulate;
    LatencyOptions latency;
    CheckOptions check;
    ReplayOptions replay;
    JournalOptions journal;
    ExplainOptions explain;
    KillOptions kill;
    RiskOptions risk;
    WhatIfOptions whatif;
    DoctorOptions doctor;
};

template <class Options>
Command finished(Options options) {
    options.common.state_given = !options.common.state_dir.empty();
    if (!options.common.state_given) options.common.state_dir = default_state_dir();
    return options;
}

Command chosen(const CLI::App& app, const AllOptions& all) {
    if (app.got_subcommand("demo")) return finished(all.demo);
    if (app.got_subcommand("run")) return finished(all.run);
    if (app.got_subcommand("simulate")) return finished(all.simulate);
    if (app.got_subcommand("latency")) return finished(all.latency);
    if (app.got_subcommand("check")) return finished(all.check);
    if (app.got_subcommand("replay")) return finished(all.replay);
    if (app.got_subcommand("journal")) return finished(all.journal);
    if (app.got_subcommand("explain")) return finished(all.explain);
    if (app.got_subcommand("kill")) return finished(all.kill);
    if (app.got_subcommand("risk")) return finished(all.risk);
    if (app.got_subcommand("whatif")) return finished(all.whatif);
    return finished(all.doctor);
}

void add_subcommands(CLI::App& app, AllOptions& all) {
    add_demo(app, all.demo);
    add_run(app, all.run);
    add_simulate(app, all.simulate);
    add_check(app, all.check);
    add_replay(app, all.replay);
    add_journal(app, all.journal);
    add_explain(app, all.explain);
    add_latency(app, all.latency);
    add_risk(app, all.risk);
    add_whatif(app, all.whatif);
    add_kill(app, all.kill);
    add_doctor(app, all.doctor);
}

}  // namespace

std::string default_state_dir() {
    if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state != '\0') {
        return std::string{state} + "/keel";
    }
    const char* home = std::getenv("HOME");
    return std::string{home != nullptr && *home != '\0' ? home : "/tmp"} + "/.local/state/keel";
}

Command parse_command_line(const std::vector<std::string>& arguments, std::ostream& out, std::ostream& err) {
    CLI::App app{"Risk-aligned rebalancing for live crypto-derivatives portfolios.", "keel"};
    app.footer(
        "Exit codes: 0 done, 1 a check failed, 2 wrong usage or configuration, 3 could not reach or use something\n"
        "outside, 130 interrupted after an orderly stop.\n\nStart here:\n  keel demo");
    app.set_version_flag("--version", [] { return version_text(); });
    app.require_subcommand(1);
    AllOptions all;
    add_subcommands(app, all);
    try {
        app.parse(std::vector<std::string>{arguments.rbegin(), arguments.rend()});
    } catch (const CLI::Success& success) {
        app.exit(success, out, err);
        return kExitDone;
    } catch (const CLI::ParseError& error) {
        app.exit(error, err, err);
        return kExitUsage;
    }
    if (app.got_subcommand("simulate") && all.simulate.config_path.empty() && all.simulate.venue.empty()) {
        err << "simulate: give a CONFIG, or --venue and --port\n";
        return kExitUsage;
    }
    return chosen(app, all);
}

}  // namespace keel::app
