#pragma once

#include <optional>
#include <span>
#include <vector>

#include "risk/book/shocked_options.hpp"
#include "risk/margin/okx_margin.hpp"
#include "risk/margin/portfolio_revaluation.hpp"
#include "risk/margin/venue_account.hpp"

namespace keel::risk {

// One account in one world after another: its options are priced together, each once for margin and equity. Contracts
// and market stand still meanwhile.
// Thread: one. Allocates: in the constructor, and as PortfolioRevaluation under portfolio margin.
class VenueRevaluation {
public:
    explicit VenueRevaluation(const VenueAccount& account);

    // As venue_margin_usd, of the book's holdings or of what a stress leaves of them, by contract. `sized`: of all that
    // the sizes of OKX's tiers are made of, where `holdings` are a part.
    [[nodiscard]] MarginAmount margin_usd(std::span<const Holding> holdings, const Shock& shock,
                                          std::span<const Holding> sized = {});
    // As venue_margin_gap_usd.
    [[nodiscard]] double gap_usd(UnderlyingSlot slot, double move, std::span<const double> betas);
    [[nodiscard]] const VenueAccount& account() const { return account_; }

private:
    struct State {
        MarginAmount margin{};
        double equity_usd{0.0};
    };
    [[nodiscard]] State state_usd(std::span<const Holding> holdings, const Shock& shock,
                                  std::span<const Holding> sized);

    VenueAccount account_;
    std::vector<std::size_t> rows_;  // of the venue
    TierFamilies families_;          // where OKX's is the law
    ShockedOptions options_;
    std::optional<PortfolioRevaluation> portfolio_;  // where that is the law
    std::vector<UnderlyingShock> moves_;
};

// What one holding asks for where holdings simply add up (every law but portfolio margin), in what it settles in and in
// the world moved by `shock`. `value` is that of one contract held long there, of options; `size` that of all that
// share its tier, under OKX. Thread: any. Allocates: never.
[[nodiscard]] MarginAmount holding_margin(const VenueAccount& account, std::size_t row, const Holding& holding,
                                          double value, double size, const Shock& shock = {});

// Initial and maintenance margin in USD of everything held at the venue, in the world moved by `shock`: by
// full revaluation, coin at the shocked index, stablecoins at their shocked price. bad_input where a
// holding has no usable input or no table; the amounts are then what is known.
// Thread: any. Allocates: yes; for anchors and reports, never between event and command.
[[nodiscard]] MarginAmount venue_margin_usd(const VenueAccount& account, const Shock& shock = {});

// Equity of the venue in USD in that world: the sum of its holdings, cash included. NaN where a holding has
// no usable input.
[[nodiscard]] double venue_equity_usd(const VenueAccount& account, const Shock& shock = {});

// equity - maintenance in USD when the underlying at `slot` moves by the fraction `move` and every other by
// betas[i] * move (no beta: it stands still): the function whose roots are the liquidation prices. NaN where either
// part is unknown, and where a move would reach -100 %.
[[nodiscard]] double venue_margin_gap_usd(const VenueAccount& account, UnderlyingSlot slot, double move,
                                          std::span<const double> betas);

}  // namespace keel::risk
