#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "risk/book/market_state.hpp"
#include "risk/exposure/exposure_matrix.hpp"
#include "risk/margin/adl_rank.hpp"
#include "risk/margin/book_margin.hpp"
#include "risk/report/input_doubt.hpp"
#include "risk/stress/named_stress.hpp"
#include "risk/surface/svi_slice.hpp"

namespace keel::risk {

// One strike of a smile as it was quoted; NaN where the venue gave none. Volatilities as fractions.
struct SmileQuote {
    double strike{0.0};
    double bid{std::numeric_limits<double>::quiet_NaN()};
    double ask{std::numeric_limits<double>::quiet_NaN()};
    double mark{std::numeric_limits<double>::quiet_NaN()};
};

// The smile of one expiry: given as parameters, or quoted and then fitted.
struct ExpirySmile {
    std::optional<SviParameters> svi{};
    std::vector<SmileQuote> quotes{};
};

// What is known of one underlying beyond its index.
struct UnderlyingHistory {
    std::vector<double> returns{};             // daily log returns, oldest first
    std::vector<double> volatility_changes{};  // daily changes of ln(iv) at 30 days, same days; may be empty
    double daily_volatility{std::numeric_limits<double>::quiet_NaN()};  // used where there are no returns
    double skew_stickiness{std::numeric_limits<double>::quiet_NaN()};   // R of smile_dynamics.hpp, 0..2; NaN: not known
    double day_end_seconds{std::numeric_limits<double>::quiet_NaN()};   // of the UTC day, 0..86400; NaN: not known
    double last_close{std::numeric_limits<double>::quiet_NaN()};        // USD; NaN: not told
};

// A limit on one metric of the report, by the metric's name ("var_99_usd", "leverage_gross" ...), and scope
// (underlying or venue; empty: account). Breached above; `below` turns that round.
struct ReportLimit {
    std::string metric;
    std::string scope{};
    double soft{std::numeric_limits<double>::quiet_NaN()};
    double hard{std::numeric_limits<double>::quiet_NaN()};
    bool below{false};
};

// What Deribit's laws need of one underlying, or of one pair of it and its settlement currency; absent where no table
// names it.
struct UnderlyingMarginTables {
    std::optional<DeribitFutureMargin> future{};
    std::optional<DeribitOptionMargin> option{};
    std::optional<DeribitMatrixParameters> matrix{};
};
// How the account at one venue is margined: its law and its own tables. What is absent makes the margin unknown.
struct VenueMarginTables {
    MarginLaw law{MarginLaw::none};
    std::vector<UnderlyingMarginTables> underlyings{};  // by UnderlyingSlot, of any settlement; may be shorter
    // Of one settlement currency (none: the coin), before those of any.
    std::map<std::pair<UnderlyingSlot, StableSlot>, UnderlyingMarginTables> pairs{};
    DeribitPortfolioParameters portfolio{};
    std::map<std::size_t, TierTable> tiers{};  // by contract
    std::optional<BybitOptionMargin> bybit_option{};
    double leverage{std::numeric_limits<double>::quiet_NaN()};        // of tiers: the account's setting
    double taker_fee_rate{std::numeric_limits<double>::quiet_NaN()};  // Bybit, OKX
    AdlIndicatorScale adl{};                                          // of the venue's own indicator
};

// An input older than this is stale: what needs it says so. A quote that a book is hedged by, an option's quote or
// curve, an index from a slow source, a history of which a day is missing.
struct InputAgesMax {
    double future_seconds{2.0};        // futures, perpetuals, spot
    double option_seconds{5.0};        // options, curves and forwards
    double index_seconds{60.0};        // indices, stablecoins
    double history_seconds{43'200.0};  // since the next day was due
};

// An open order in a contract that no report values, a combination say: of what its coins' worst case lacks.
struct LeftOutOrder {
    std::string name;
    std::vector<std::string> coins;
};

// Everything that one report is made from. Vectors named "by" are parallel to the tables of `book` and `market`.
struct ReportInputs {
    Book book;
    MarketState market;
    std::vector<ExpirySmile> smiles;           // by ExpirySlot; may be shorter
    std::vector<UnderlyingHistory> histories;  // by UnderlyingSlot; may be shorter
    std::vector<ContractLiquidity> liquidity;  // by contract; may be shorter
    std::vector<double> input_age_seconds;     // by contract; NaN unknown; may be shorter
    std::vector<double> expiry_age_seconds;    // by ExpirySlot, of forward and curve; likewise
    std::vector<double> index_age_seconds;     // by UnderlyingSlot; likewise
    std::vector<double> stable_age_seconds;    // by StableSlot; likewise
    // By UnderlyingSlot, of the returns or the daily volatility that stands in for them: since the day after its last
    // one was due, 0 before; likewise.
    std::vector<double> history_age_seconds;
    // By contract, as its venue says it: coin or stablecoin per coin; NaN: none; likewise.
    std::vector<double> option_prices;
    std::vector<InputDoubt> contract_doubts;  // by contract, of what the files say of it; likewise
    std::vector<InputDoubt> expiry_doubts;    // by ExpirySlot; likewise
    InputAgesMax ages_max{};
    // Underlyings x underlyings where there is no history; NaN where not known; may be empty.
    std::vector<double> correlations;
    std::vector<VenueMarginTables> venue_margins;  // by VenueSlot; may be shorter
    std::vector<double> funding_rates;  // by contract, fraction per 8 h that longs pay; NaN unknown; may be shorter
    std::vector<double> funding_caps;   // by contract, of its magnitude; likewise
    std::vector<double> funding_age_seconds;  // by contract; likewise
    std::vector<OpenOrder> open_orders;
    std::vector<LeftOutOrder> orders_left_out;
    std::vector<double> adl_indicators;  // by contract, as the venue tells; NaN unknown; may be shorter
    std::vector<ReportLimit> limits;
    std::vector<StressDefinition> stresses{default_stresses()};  // CRASH among them, for the reverse stress
    std::vector<VenueSlot> venues_without_cash;  // that hold positions: their equity is not known in full
    double equity_peak_usd{std::numeric_limits<double>::quiet_NaN()};
    std::vector<std::string> notes;  // what the reader of the files assumed; carried into the report
};

}  // namespace keel::risk
