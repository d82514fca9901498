#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

namespace keel::app {

inline constexpr double kNotKnown = std::numeric_limits<double>::quiet_NaN();  // shown as a dash, null in JSON

// Samples a percentile needs before it is worth printing (interface: fewer give null).
inline constexpr std::uint64_t kSamplesForP99 = 1'000;
inline constexpr std::uint64_t kSamplesForP999 = 10'000;

// Tick-to-trade or any other latency, microseconds.
struct LatencyReport {
    std::uint64_t count{0};
    double p50{kNotKnown};
    double p90{kNotKnown};
    double p99{kNotKnown};
    double p99_9{kNotKnown};
    double max{kNotKnown};

    // The same without the percentiles that too few samples stand behind.
    [[nodiscard]] LatencyReport supported() const {
        LatencyReport out = *this;
        if (count < kSamplesForP99) out.p99 = kNotKnown;
        if (count < kSamplesForP999) out.p99_9 = kNotKnown;
        return out;
    }
};

// How long one boundary stood breached (beyond soft).
struct BreachReport {
    std::string boundary;  // "net_delta_BTC"
    double hedged_seconds{0.0};
    double unhedged_seconds{kNotKnown};
};

// One order book at the end of the run, and what became of its update stream.
struct BookReport {
    struct Level {
        std::string price;  // exact decimal text
        std::string quantity;
    };
    std::string instrument;
    bool valid{false};
    std::uint64_t updates{0};
    std::uint64_t applied{0};
    std::uint64_t dropped{0};  // older than the snapshot
    std::uint64_t gaps{0};
    std::uint64_t last_id{0};  // the venue's id of the last update applied
    std::uint64_t bid_levels{0};
    std::uint64_t ask_levels{0};
    std::vector<Level> bids;  // best first, at most kBookReportLevels
    std::vector<Level> asks;
};
inline constexpr std::size_t kBookReportLevels = 5;

// The account over time; one entry per sample in every vector that is not empty.
struct AccountSeries {
    std::vector<double> seconds;           // since the start
    std::vector<double> pnl_hedged_usd;    // with our hedges, fees and funding
    std::vector<double> pnl_unhedged_usd;  // the same portfolio left alone
    std::vector<double> fees_usd;          // paid so far
    std::vector<double> funding_usd;       // received so far; negative = paid; kNotKnown before the first rate
    std::vector<double> hedge_cost_usd;    // half spreads, impact and slippage so far, fees excluded
};

// One underlying over time, on the same samples as AccountSeries::seconds.
struct UnderlyingSeries {
    std::string name;
    std::vector<double> price_usd;
    std::vector<double> net_delta_hedged_coin;
    std::vector<double> net_delta_unhedged_coin;
    std::vector<double> realised_vol_ratio;  // per sqrt(year)
    std::vector<double> implied_vol_ratio;   // at the money
    double delta_target_coin{0.0};
    double delta_soft_coin{kNotKnown};
    double delta_hard_coin{kNotKnown};
};

// One decision of the report's table, newest last.
struct DecisionRow {
    std::uint64_t id{0};
    double seconds{0.0};
    std::string underlying;
    std::string trigger;      // "net_delta hard"
    double value{kNotKnown};  // that it fired on, with its boundary
    double soft{kNotKnown};
    double hard{kNotKnown};
    std::string outcome;  // traded, no_trade_band, …
    double need_coin{kNotKnown};
    std::string trades;                 // "buy 120,000 BTC-PERPETUAL"
    double cost_usd{kNotKnown};         // expected by the solver
    double dearer_cost_usd{kNotKnown};  // of the next best instrument for the same need
    double slippage_usd{kNotKnown};     // paid against the touch at the decision; negative = better
    double fee_usd{kNotKnown};
    double latency_us{kNotKnown};  // event in to order bytes out, of its slowest order; not in the journal
};

// Everything a report shows; filled by the wiring, printed as text, JSON and HTML. Values that a run does not
// have stay kNotKnown or empty, and their plots are left out.
struct RunReport {
    std::string title{"keel run"};
    std::string version;
    std::string started_utc;  // ISO 8601
    std::string mode;
    std::string layout;
    std::string venue;
    std::string scenario;
    std::uint64_t seed{0};
    double seconds{0.0};
    std::int64_t started_unix_ns{0};  // where the series' seconds count from, on the core's clock; 0: no series
    std::vector<std::string> notes;   // what a reader must know: "books generated, marks step"

    std::uint64_t events_received{0};
    std::uint64_t events_sent_by_simulator{0};  // 0: not known
    std::uint64_t shocks{0};
    std::uint64_t triggers_fired{0};
    std::uint64_t trigger_kinds{0};
    std::uint64_t decisions{0};
    std::uint64_t orders_sent{0};
    std::uint64_t orders_filled{0};
    std::uint64_t orders_refused_by_gate{0};
    std::uint64_t orders_unknown{0};
    std::uint64_t solves_deferred{0};  // put off to the next instant: strategies::kSolvesPerInstantMax
    std::vector<BreachReport> breaches;
    std::vector<BookReport> books;
    double speed_ratio{kNotKnown};  // venue time passed over host time passed, first to last frame received
    LatencyReport tick_to_trade_us;

    AccountSeries account;
    std::vector<UnderlyingSeries> underlyings;
    std::vector<DecisionRow> decision_rows;
    // Moments worth a line in the plots: a scripted shock began. Only who runs the simulator knows them.
    std::vector<std::pair<double, std::string>> marks;

    std::uint64_t market_hash{0};
    std::uint64_t state_hash{0};
    std::string journal_path;
    std::string report_path;  // of the HTML page
    std::optional<bool> replay_verified;
};

// Plain text for a terminal, at most 100 columns.
std::string report_text(const RunReport& report);

// One JSON object on one line with the keys of the interface; hashes are 16 hexadecimal digits. With
// `series` also the plotted series and the decisions.
std::string report_json(const RunReport& report, bool series);

// One self-contained HTML page with SVG plots; no external resource, no script.
std::string report_html(const RunReport& report);

// Makes `directory` and proves that files can be made in it, before a run spends hours on what it could not write.
// Throws OutsideError.
void prepare_report_directory(const std::string& directory);

// Writes report.txt, report.json and (with `html`) report.html into `directory`, which is created. Returns
// the path of the page, or of the text. Throws OutsideError where a file cannot be written.
std::string write_report(const RunReport& report, const std::string& directory, bool html);

}  // namespace keel::app
