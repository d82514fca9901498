#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "risk/book/profit_explain.hpp"
#include "risk/exposure/exposure_matrix.hpp"
#include "risk/margin/liquidation_search.hpp"
#include "risk/report/report_history.hpp"
#include "risk/report/report_inputs.hpp"
#include "risk/stress/stress_grid.hpp"
#include "risk/surface/surface_signals.hpp"

namespace keel::risk {

// How a metric stands against its limit.
enum class LimitState : std::uint8_t { none, inside, soft, hard, unknown };

// One published number.
struct ReportMetric {
    std::string name;   // "delta_net", "var_99_usd": the name that limits and JSON use
    std::string scope;  // underlying or venue; empty: the account
    double value{std::numeric_limits<double>::quiet_NaN()};
    std::string unit;
    double soft{std::numeric_limits<double>::quiet_NaN()};
    double hard{std::numeric_limits<double>::quiet_NaN()};
    LimitState state{LimitState::none};
    double age_seconds{std::numeric_limits<double>::quiet_NaN()};  // oldest input
    bool stale{false};                    // an input is older than its kind may be: the limit is judged on old data
    InputDoubt doubts{InputDoubt::none};  // of the inputs: likewise
    std::string quality;                  // "good", or what is wrong in words
};

// VaR and ES by one method.
struct TailRow {
    // normal, student_t, delta_gamma, historical, filtered_historical, filtered_historical_one_day, liquidity_adjusted
    std::string method;
    double var_99_usd{std::numeric_limits<double>::quiet_NaN()};
    double es_975_usd{std::numeric_limits<double>::quiet_NaN()};
    std::string note;  // method flag, or why there is no number
};

// One position of the report.
struct PositionRow {
    std::string name;
    std::string venue;
    double quantity{0.0};
    double value_usd{0.0};
    double delta_net{0.0};  // coin
    double gamma_1pct_usd{0.0};
    double vega_usd{0.0};  // per vol point
    double theta_day_usd{0.0};
    double es_component_usd{std::numeric_limits<double>::quiet_NaN()};  // components sum to the ES they come from
    double var_component_usd{std::numeric_limits<double>::quiet_NaN()};
    // What one more unit of quantity adds, at the margin: components are of first degree in the quantities.
    double es_marginal_usd{std::numeric_limits<double>::quiet_NaN()};
    double var_marginal_usd{std::numeric_limits<double>::quiet_NaN()};
    double exit_cost_usd{std::numeric_limits<double>::quiet_NaN()};
    double days_to_exit{std::numeric_limits<double>::quiet_NaN()};
    bool priced{false};
    bool cash{false};  // with nothing to leave
    InputDoubt doubts{InputDoubt::none};
};

// P&L of an underlying over spot, for a few volatility moves at once.
struct SpotLadder {
    std::vector<double> spot_moves;            // relative
    std::vector<double> volatility_moves;      // relative
    std::vector<std::vector<double>> pnl_usd;  // [volatility move][spot move]
};

// One smile of the surface as it was used.
struct SmileReport {
    std::string underlying;
    std::size_t expiry{0};  // ExpirySlot
    double years{0.0};
    double forward{0.0};
    std::optional<SviParameters> svi;
    bool fitted{false};                                           // by us; else given
    double strike_min{std::numeric_limits<double>::quiet_NaN()};  // of the quotes that it was fitted to
    double strike_max{std::numeric_limits<double>::quiet_NaN()};
    bool arbitrage_free{false};
    InputDoubt doubts{InputDoubt::none};  // of the curve and the quotes that it was fitted to
    std::string note;
    std::vector<SmileQuote> quotes;
};

struct UnderlyingReport {
    std::string name;
    double index{0.0};
    StressMatrix matrix;
    SpotLadder ladder;
    SurfaceSignals signals;  // of the curves in `smiles`; missing without any
};

// Where the account is liquidated on one side of the present price of an underlying.
struct LiquidationSide {
    RootStatus status{RootStatus::unknown};  // none: nowhere within the search; breached: already
    double price{std::numeric_limits<double>::quiet_NaN()};
    double distance_ratio{std::numeric_limits<double>::quiet_NaN()};  // of the present price, not negative
};
struct LiquidationPrices {
    LiquidationSide down;
    LiquidationSide up;
    double sigmas{
        std::numeric_limits<double>::quiet_NaN()};  // of one day, of the nearer; infinite: none on either side
};

struct VenueReport {
    std::string name;
    std::string model;
    double equity_usd{0.0};
    double initial_margin_usd{std::numeric_limits<double>::quiet_NaN()};
    double maintenance_margin_usd{std::numeric_limits<double>::quiet_NaN()};
    double margin_ratio{std::numeric_limits<double>::quiet_NaN()};
    struct Liquidation {
        std::string underlying;
        LiquidationPrices still{};    // the other underlyings stand still
        LiquidationPrices by_beta{};  // they move by their betas to this one; unknown where a beta is
    };
    std::vector<Liquidation> liquidations;
};

// One leg that auto-deleveraging may take.
struct AdlRow {
    std::string name;
    std::string venue;
    double offset_ratio{0.0};  // of the other venues' risk in the underlying
    AdlRisk risk;              // bad_input, indicator NaN: no scale, no price, or no volatility of a day
};

// An expiry that something held is delivered at and whose averaging window is open.
struct SettlementRow {
    std::string underlying;
    std::size_t expiry{0};  // ExpirySlot
    double window_minutes{0.0};
    double elapsed{0.0};                                           // share of the window, 0..1
    double average_usd{std::numeric_limits<double>::quiet_NaN()};  // so far; NaN: not known, the forward stands in
};

// Where the change of one scope came from. Funding, fees, flows and trading are known from no market: they are 0.
struct ProfitRow {
    std::string scope;  // an underlying; kStablecoins: cash in them; empty: the account
    ProfitParts parts;
    double residual_share{0.0};  // of the sum of the parts' magnitudes
    std::string quality;         // of both markets: "good", or what is wrong in words
};
inline constexpr const char* kStablecoins = "stablecoins";

// A holding that not both markets price, and what it is worth where one does.
struct LeftOutHolding {
    std::string name;
    std::string venue;
    double since_usd{std::numeric_limits<double>::quiet_NaN()};
    double now_usd{std::numeric_limits<double>::quiet_NaN()};
};

// The change of equity since an earlier market, holdings and cash unchanged.
struct ProfitExplained {
    UnixNanos since{};
    double equity_since_usd{0.0};  // of these holdings there
    std::vector<ProfitRow> rows;   // the account, then by underlying in the book's order, then cash in stablecoins
    std::vector<LeftOutHolding> left_out;  // in no part
    std::vector<std::string> delivered;    // options that expired in between: what they gained is residual
};

// The whole report. Order of rows: as a reader goes through them.
struct RiskReport {
    UnixNanos as_of{};
    double equity_usd{0.0};
    std::vector<ReportMetric> metrics;
    std::vector<TailRow> tails;
    std::vector<double> scenario_pnl_usd;  // of the method that the contributions come from; for a histogram
    std::string scenario_method;
    std::vector<PositionRow> positions;
    std::vector<UnderlyingReport> underlyings;
    std::vector<StressResult> stresses;
    double reverse_crash_scale{std::numeric_limits<double>::quiet_NaN()};  // infinite: no venue fails
    std::vector<VenueReport> venues;
    std::vector<AdlRow> deleveraging;  // only where the venue's indicator was given
    std::vector<ExposureRow> exposures;
    std::vector<SmileReport> smiles;
    std::vector<SettlementRow> settlements;
    std::optional<ProfitExplained> profit;  // by explain_profit(), where an earlier market is given
    HistoryReport history;                  // what is in `metrics`, too
    std::vector<InputDoubt> doubts;         // by contract of the inputs' book
    std::vector<std::string> notes;         // assumptions, missing inputs, doubts
    std::vector<std::string> underlying_names;
    std::vector<std::string> venue_names;
    std::vector<std::string> expiry_names;  // "27MAR26"
};

// Computes everything that the inputs support; what they do not is absent and said so in `notes`.
// Allocates: yes; for files and screens, never between event and command.
[[nodiscard]] RiskReport make_risk_report(const ReportInputs& inputs);

// "27MAR26", by ExpirySlot.
[[nodiscard]] std::vector<std::string> expiry_names(const MarketState& market);

// The metric of that name and scope, or nullptr.
[[nodiscard]] const ReportMetric* find_metric(const RiskReport& report, std::string_view name, std::string_view scope);

}  // namespace keel::risk
