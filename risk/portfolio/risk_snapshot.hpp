#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "engine/core/ids.hpp"
#include "engine/core/time.hpp"
#include "engine/events/decision.hpp"
#include "risk/portfolio/sensitivities.hpp"
#include "risk/triggers/trigger_set.hpp"

namespace keel::risk {

// What is doubtful about a number. Bits are or-ed upwards.
enum Quality : std::uint8_t {
    kQualityGood = 0,
    kQualityUnvalued = 1,   // a position has had no usable ticker yet: it is missing from the sums
    kQualityStale = 2,      // an input is older than it may be, or the last ticker could not be priced
    kQualityNoIndex = 4,    // no index price: coin and USD cannot be converted
    kQualityNoEquity = 8,   // no balance report yet: equity and leverage are unknown
    kQualityMismatch = 16,  // the venue's position differs from ours
    kQualityVolatilityCold = 32,
};

// Risk of one underlying, both ledgers. Unknown numbers are NaN.
struct UnderlyingRisk {
    UnderlyingId underlying{UnderlyingId::none};
    std::uint8_t quality{kQualityGood};
    std::uint32_t positions{0};    // instruments held
    double index{0.0};             // USD per coin
    Sensitivities sums{};          // as they add; see below for the named metrics
    double delta_bs{0.0};          // coin
    double delta_net{0.0};         // coin
    double delta_usd{0.0};         // coin: (d USD equity / d lnS) / S, coin equity included
    double net_delta{0.0};         // coin: delta_net or delta_usd, as hedge_numeraire says
    double dollar_delta_usd{0.0};  // net_delta * index
    double gamma_1pct_usd{0.0};    // signed, USD of delta per 1 % move
    double vega_point_usd{0.0};    // signed, USD per vol point
    double theta_day_usd{0.0};     // signed, USD per day
    double gross_notional_usd{0.0};
    double net_notional_usd{0.0};
    double equity_coin{0.0};      // of the coin's own currency
    double volatility_fast{0.0};  // realised, fraction per sqrt(year)
    double volatility_medium{0.0};
    double volatility_slow{0.0};
    double implied_volatility{0.0};  // at the money, fraction
    double implied_change_points{0.0};
};

// The account as one number each.
struct AccountRisk {
    std::uint8_t quality{kQualityGood};
    double equity_usd{0.0};
    double gross_notional_usd{0.0};
    double net_notional_usd{0.0};
    double dollar_delta_usd{0.0};
    double gamma_1pct_usd{0.0};
    double vega_point_usd{0.0};
    double theta_day_usd{0.0};
    double leverage_gross{0.0};
    double realised_usd{0.0};  // since start, at today's index
    double unrealised_usd{0.0};
    double fees_usd{0.0};  // paid since start
};

// A whole look at risk at one event, for the terminal, the page and the reports.
// Thread: made by the core's, read by any after it was handed over.
struct RiskSnapshot {
    std::uint64_t version{0};  // of the risk state; rises with every change
    UnixNanos as_of{};
    std::int64_t input_age_ns_max{0};  // oldest index or checked position input
    std::uint32_t positions{0};
    std::uint32_t underlyings_count{0};
    std::uint32_t boundaries_count{0};
    AccountRisk account{};
    std::array<UnderlyingRisk, kUnderlyingsMax> underlyings{};
    std::array<BoundaryStatus, kTriggersMax> boundaries{};
};
static_assert(std::is_trivially_copyable_v<RiskSnapshot>);

}  // namespace keel::risk
