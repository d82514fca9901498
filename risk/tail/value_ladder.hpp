#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include "engine/core/time.hpp"
#include "risk/options/black76.hpp"

namespace keel::risk {

// The options of one expiry by columns of equal length. Rows that cannot be priced make the whole refused.
struct OptionColumns {
    std::span<const double> strike;         // USD, > 0
    std::span<const double> volatility;     // fraction per sqrt(year), >= 0
    std::span<const double> quantity_coin;  // signed contracts times coin per contract
    std::span<const OptionType> type;
    double years{0.0};  // to expiry, >= 0

    [[nodiscard]] bool priceable() const;
    [[nodiscard]] OptionInputs row(std::size_t i, double forward) const {
        return {.forward = forward, .strike = strike[i], .years = years, .volatility = volatility[i], .type = type[i]};
    }
    [[nodiscard]] OptionColumns part(std::size_t first, std::size_t count) const {
        return {.strike = strike.subspan(first, count),
                .volatility = volatility.subspan(first, count),
                .quantity_coin = quantity_coin.subspan(first, count),
                .type = type.subspan(first, count),
                .years = years};
    }
};

// Sum of quantity times Black-76 value, USD, at one forward with every volatility scaled; NaN where an option has none.
// The definition.
[[nodiscard]] double black76_book_value(const OptionColumns& options, double forward, double volatility_scale);

struct OptionWorld {
    double forward{0.0};
    double deviation{0.0};  // standard deviation of ln F until expiry, per unit of an option's volatility
};
// Adds to `values` what the options are worth in each world, whatever their years: four of them at a time, to 1e-14 of
// the forward for each coin held. Four that are all far from their strikes cost little (is_intrinsic()).
void add_book_values(const OptionColumns& options, std::span<const OptionWorld> worlds, std::span<double> values);

// Profit of the options under a shock. `usd` is the change of sum q V: for coin-settled options times
// index/forward, if the index moves with the forward. `coin` is the change of sum q V/F.
struct OptionShockPnl {
    double usd{0.0};
    double coin{0.0};
};

// Where the market stands on a ladder: taken once a publish, shared by all shocks of it.
struct LadderPosition {
    double log_forward{0.0};     // ln(F_now / F_anchor)
    double log_volatility{0.0};  // relative to the volatilities of the build
    double value_usd{0.0};
    double value_coin{0.0};
};

// The value of one expiry's options over the absolute log forward and the relative log volatility, at
// 21 x 7 nodes, or 41 or 81 forwards for options of their last days: y_j = sign(u)|u|^1.3 ln 1.35 with u even on
// [-1, 1], and v even on [-ln 2, ln 2]. A move of spot only shifts the query, so it never rebuilds the table; between
// nodes the value is cubic (Lagrange, 4 x 4 nodes around the point). Outside the outer nodes there is no answer and
// the caller revalues the options themselves. Volatility sticks to the strike. Time stands at the build.
//
// Thread: core for queries and fills; build wherever, then copied in. Allocates: never.
class ValueLadder {
public:
    static constexpr std::array<std::size_t, 3> kForwardNodes{21, 41, 81};  // by density
    // Least standard deviation left in an option for which each density is close enough: VaR and ES within 1 % of
    // pricing in full, or 2e-5 of gross, for strikes up to 12 % from the forward (6.5 days, 45 and 5.5 hours at 60 %).
    // A value bends over a deviation, and at a strike the nodes are wider apart the further it is from the anchor.
    static constexpr std::array<double, 3> kDeviationMin{0.08, 0.043, 0.015};
    static constexpr std::size_t kVolatilityNodes = 7;

    // Prices every node. False, and the ladder as it was, where the options, the forward or a value is not usable.
    bool build(const OptionColumns& options, double forward, UnixNanos now, std::size_t density = 0);
    // The least that options down to `deviation` (sigma sqrt(T)) need; nullopt where none is close enough.
    [[nodiscard]] static std::optional<std::size_t> density_for(double deviation);
    // So much more of some options (a fill), at the ladder's own anchor. False, and the ladder as it was, where they
    // are of other years than it or not usable. Rounds each node once per option. Nodes far from the strike hold its
    // intrinsic value and cost little (is_intrinsic()): the less time is left, the more of them.
    bool add(const OptionColumns& options);
    // The same where options that it holds only move in ln volatility, |by| <= kShiftMax of price_lanes.hpp: for less
    // work.
    bool shift(const OptionColumns& options, double by);

    [[nodiscard]] bool built() const { return anchor_ > 0.0; }
    [[nodiscard]] double anchor_forward() const { return anchor_; }
    // The ladder is to be built anew: the forward beyond 3 % or the volatility beyond 0.1 of the anchor,
    // older than 30 s, or the smile has another shape.
    [[nodiscard]] bool rebuild_due(double log_forward, double log_volatility, UnixNanos now, bool shape_refit) const;

    // sum q V in USD at anchor * exp(y), volatilities * exp(v); nullopt outside the outer nodes, or not finite.
    [[nodiscard]] std::optional<double> value_usd(double y, double v) const;
    [[nodiscard]] std::optional<LadderPosition> position(double forward, double log_volatility) const;
    // Shock on top of a position: log return of the forward, change of log volatility.
    [[nodiscard]] std::optional<OptionShockPnl> shock(const LadderPosition& from, double log_return,
                                                      double log_volatility_change) const;

    // usd of `shock` for many scenarios; scenarios outside the nodes are revalued in full, which is why the options
    // come along. Volatility changes are times tenor_factor (tenor_weight of risk/book/market_state.hpp). Returns how
    // many were outside.
    std::size_t shock_all(const LadderPosition& from, std::span<const double> log_returns,
                          std::span<const double> log_volatility_changes, double tenor_factor,
                          const OptionColumns& options, std::span<double> pnl_usd) const;

    // Greatest difference from black76_book_value() half-way between neighbouring forward nodes, without and with a
    // volatility half-way up: how far the table may be trusted, USD.
    [[nodiscard]] double midpoint_error_usd(const OptionColumns& options) const;

    static constexpr std::size_t kStrideMax = 84;  // a row of forwards, padded to whole vectors

private:
    using Table = std::array<double, kStrideMax * kVolatilityNodes>;
    static std::size_t used(std::size_t density);  // of a table
    bool add_to(Table& values, std::size_t density, const OptionColumns& options, double forward);
    bool keep(const Table& values, std::size_t density);  // false, and nothing is done, where one is not finite

    alignas(32) Table values_{};
    std::size_t density_{0};
    double anchor_{0.0};
    double years_{0.0};
    UnixNanos built_at_{};
};

}  // namespace keel::risk
