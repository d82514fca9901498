#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace keel::app {

// What the terminal view shows: plain values, filled by the wiring from telemetry a few times a second.
// NaN means not known and is shown as a dash.
struct ViewModel {
    static constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
    enum class Alarm : std::uint8_t { calm, soft, hard };

    struct Boundary {
        std::string name;        // "net_delta BTC"
        std::string unit;        // "coin", "USD", …
        double value{kUnknown};  // signed where the metric is
        double soft{kUnknown};
        double hard{kUnknown};
        Alarm alarm{Alarm::calm};
    };
    struct Position {
        std::string instrument;
        double quantity{0.0};  // signed, in `unit`
        std::string unit;      // "BTC", "USD"
        double mark{kUnknown};
        double delta_coin{kUnknown};
        double pnl_usd{kUnknown};
    };
    struct WorkingOrder {
        std::string instrument;
        bool buy{true};
        double quantity{0.0};
        double price{0.0};
        std::string state;  // working, unknown_new, …
        double age_seconds{0.0};
    };
    struct Decision {
        std::uint64_t id{0};
        double seconds{0.0};  // since the start
        std::string trigger;  // "net_delta BTC hard 3.10 > 2.50"
        std::string outcome;  // traded, no_trade_band, …
        std::string detail;   // "sell 120,000 BTC-PERPETUAL for 31 USD (BTC-27JUN: 48 USD)"
    };
    struct Session {
        std::string venue;
        std::string role;   // "market", "orders"
        std::string state;  // down, connecting, syncing, ready
        std::uint64_t generation{0};
        double skew_ms{kUnknown};
    };
    struct Latency {
        std::uint64_t count{0};
        double p50_us{kUnknown};
        double p90_us{kUnknown};
        double p99_us{kUnknown};
        double p99_9_us{kUnknown};
        double max_us{kUnknown};
    };

    std::string title;       // "keel demo, scenario shock, seed 1"
    std::string mode;        // observe, paper, live
    std::string venue_time;  // UTC of the venue's clock
    double elapsed_seconds{0.0};
    double total_seconds{0.0};  // 0: open end
    std::uint8_t kill_level{0};
    std::string kill_name{"active"};

    std::uint64_t events{0};
    double events_per_second{0.0};
    std::uint64_t triggers{0};
    std::uint64_t decisions_count{0};
    std::uint64_t orders_sent{0};
    std::uint64_t orders_filled{0};
    std::uint64_t orders_refused{0};
    std::uint64_t orders_unknown{0};
    double equity_usd{kUnknown};
    double pnl_usd{kUnknown};
    double pnl_unhedged_usd{kUnknown};
    double fees_usd{kUnknown};

    std::vector<Boundary> boundaries;
    std::vector<Position> positions;
    std::vector<WorkingOrder> orders;
    std::vector<Decision> decisions;  // newest first
    std::vector<Session> sessions;
    Latency latency;
    std::vector<std::string> notices;  // newest first
};

inline constexpr int kViewWidthMin = 80;  // narrower terminals get this and wrap
inline constexpr int kViewWidthMax = 200;

// The screen as text: exactly `height` lines or fewer, none wider than `width` columns, with ANSI colours
// when `colour`. A function of its arguments alone.
std::string render(const ViewModel& model, int width, int height, bool colour);

// Draws on a terminal: alternate screen, cursor hidden, at most ten times a second; everything is put back
// at the end of its life. Thread: one.
class TerminalView {
public:
    static constexpr double kRedrawsPerSecondMax = 10.0;  // the eye asks for no more, and a slow tty gives no more

    TerminalView();
    ~TerminalView();
    TerminalView(const TerminalView&) = delete;
    TerminalView& operator=(const TerminalView&) = delete;

    // True where stdout is a terminal; elsewhere the view draws nothing.
    [[nodiscard]] static bool possible();
    // True when the last drawing is at least a tenth of a second old.
    [[nodiscard]] bool due() const;
    void draw(const ViewModel& model);

private:
    std::int64_t drawn_ns_{0};
};

}  // namespace keel::app
