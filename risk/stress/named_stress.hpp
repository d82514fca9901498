#pragma once

#include <functional>
#include <limits>
#include <span>
#include <string>
#include <vector>

#include "risk/book/market_state.hpp"
#include "risk/stress/exit_cost.hpp"

namespace keel::risk {

// What one named stress does to the world. Everything here is a default that a configuration may change
// (risk-model.md, "Stress").
struct StressDefinition {
    enum class Kind : std::uint8_t {
        shock,       // prices, volatilities and stablecoins move; leaving positions may cost more
        venue,       // a venue keeps all that it holds of ours, whatever the account; one result per venue
        oracle,      // one venue's index and marks move for a moment, the world's do not; one result per venue
        funding,     // perpetuals pay `funding_8h` for `days`
        deleverage,  // the largest profitable future is closed in part at the counterparty's bankruptcy price
    };

    std::string id;
    Kind kind{Kind::shock};
    double spot{0.0};            // relative, of the majors
    double alt_beta{1.0};        // every other coin moves this times the majors' move
    double volatility{0.0};      // relative, with the power tenor law
    double basis{0.0};           // relative, of perpetuals beyond spot
    double stable{0.0};          // relative, of every stablecoin that is not the dollar
    double recovery{0.0};        // venue: part of the equity that comes back
    double funding_8h{0.0};      // shock, funding: fraction of the notional in the moved world per eight hours
    double days{0.0};            // shock, funding: how long
    bool funding_shorts{false};  // only shorts pay; else every perpetual pays against us
    double spread_factor{1.0};   // shock: on the cost of leaving every position
    double depth_factor{1.0};
    double impact_factor{1.0};
    double deleverage_part{0.0};  // deleverage: part of the position that is taken
    double bankruptcy_gap{0.0};   // deleverage: how far the mark is past the bankruptcy price, in our favour
};

// CRASH, MELTUP, IVSPIKE, IVCRUSH, DEPEG, VENUE, FUNDING, LIQUIDITY, ADL, ORACLE and COMBO with the sizes of
// risk-model.md. (CORR1 works on covariances: correlation_stress.hpp.)
[[nodiscard]] std::vector<StressDefinition> default_stresses();

// COMBO of the CRASH, DEPEG and LIQUIDITY among `definitions`, which are there.
[[nodiscard]] StressDefinition combined_stress(std::span<const StressDefinition> definitions);

// Maintenance margin in USD of what `book` holds at a venue, under a shock; NaN where it is not modelled. A stress that
// takes positions away asks for what it leaves.
using MaintenanceMargin = std::function<double(const Book& book, VenueSlot, const MarketState&, const Shock&)>;

// VaR at 99 % over a day of what is held at other venues than this account's, USD; NaN where it is not known.
using VarWithoutVenue = std::function<double(VenueSlot)>;

struct VenueStress {
    double equity_usd{0.0};
    double margin_ratio{0.0};  // equity / maintenance margin; NaN where not modelled or nothing is held
    double maintenance_usd{std::numeric_limits<double>::quiet_NaN()};
};

// A limit of the portfolio that a manipulated price would fire.
struct FiredLimit {
    std::string metric;
    std::string scope;  // empty: account
    bool hard{false};
};

struct StressResult {
    std::string id;                   // ID:venue where there is one result per venue
    double pnl_usd{0.0};              // NaN: a stress of what leaving costs alone, which is known of nothing held
    double equity_usd{0.0};           // afterwards; likewise, of a venue's holdings for that venue
    std::vector<VenueStress> venues;  // by VenueSlot: accounts
    std::vector<double> delta_coin;   // by UnderlyingSlot: delta_bs of what is left
    std::size_t left_out{0};          // holdings that an input was missing for
    // Venue: of what is left elsewhere. Liquidity: adjusted for leaving the book in that world. CORR1: of its sigma.
    double var_99_usd{std::numeric_limits<double>::quiet_NaN()};
    double sigma_usd{std::numeric_limits<double>::quiet_NaN()};  // CORR1: of one day
    std::vector<FiredLimit> limits_fired{};                      // oracle
    StressDefinition::Kind kind{StressDefinition::Kind::shock};  // of the definition; CORR1: shock
};

struct StressInputs {
    const Book& book;
    const MarketState& market;
    std::span<const ContractLiquidity> liquidity{};  // parallel to contracts, or empty
    MaintenanceMargin maintenance_margin{};
    double var_99_usd{std::numeric_limits<double>::quiet_NaN()};  // of one day, before any stress
    VarWithoutVenue var_without_venue{};
};

// VaR at 99 % of one day in the world of a liquidity stress: stretched over the days that the slowest position takes to
// leave at a tenth of the volume that is left, plus exit_cost_usd of every position. `left_out`: positions that no
// liquidity is known of; NaN where it is known of none. (Bangia et al. 1999; risk-model.md, "Stress".)
struct LiquidityVar {
    double usd{std::numeric_limits<double>::quiet_NaN()};
    std::size_t left_out{0};
};
[[nodiscard]] LiquidityVar stressed_liquidity_var(const StressInputs& inputs, const StressDefinition& definition);

// Every definition, one result each (venue and oracle: one per venue).
// Allocates: yes; for reports and the publish clock, never between event and command.
[[nodiscard]] std::vector<StressResult> run_stresses(const StressInputs& inputs,
                                                     std::span<const StressDefinition> definitions);

// Reverse stress: the smallest k in (0, k_max] for which k times `definition` (its moves, the funding paid and what
// leaving costs beyond today) brings any venue's margin ratio to 1, by bracketing and bisection to 1e-4; infinity where
// none does. Venues whose margin is not known without a move are left out; NaN where one that is known becomes unknown
// before another fails.
[[nodiscard]] double reverse_stress_scale(const StressInputs& inputs, const StressDefinition& definition,
                                          double k_max = 2.4);

// The relative moves of each underlying and stablecoin under a `shock` definition scaled by k. Spot moves stop
// at -99 %.
struct StressMoves {
    std::vector<UnderlyingShock> underlyings;
    std::vector<double> stables;
    [[nodiscard]] Shock shock() const {
        return {.underlyings = underlyings, .stables = stables, .tenor = VolatilityTenor::power};
    }
};
[[nodiscard]] StressMoves stress_moves(const StressDefinition& definition, const Book& book, double k = 1.0);

}  // namespace keel::risk
