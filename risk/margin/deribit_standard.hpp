#pragma once

#include <span>

#include "engine/core/instrument.hpp"
#include "risk/margin/margin_amount.hpp"
#include "risk/margin/margin_parameters.hpp"

namespace keel::risk {

// A future or perpetual under Deribit's standard margin. `coins` is the signed position in coin at the
// mark: q*c/P of an inverse contract, q*m of a linear one.
struct DeribitFuture {
    Payoff payoff{Payoff::inverse};
    double coins{0.0};
    double mark{0.0};  // USD per coin; linear contracts only
};

// An option under Deribit's standard margin.
struct DeribitOption {
    Payoff payoff{Payoff::inverse};
    OptionType type{OptionType::call};
    double quantity{0.0};    // signed coins of underlying
    double underlying{0.0};  // USD per coin: the forward of the expiry
    double strike{0.0};
    double mark{0.0};  // inverse: coin; linear: USD
};

// rate = base + slope * |coins|; margin = rate * |coins|, in coin for inverse contracts, times the mark
// for linear ones. Source: support.deribit.com, "Linear Perpetual"; docs/risk-model.md.
// Thread: any. Allocates: never.
[[nodiscard]] MarginAmount deribit_future_margin(const DeribitFuture& position, const DeribitFutureMargin& rates);

// Long: nothing beyond the premium. Short, per coin: initial max(rate - OTM/U, floor) + mark,
// maintenance rate + mark; a put's maintenance is max(rate, rate * mark) + mark, and its initial never
// below it. Linear options: the rates are multiplied by the underlying. The rates come from a third
// party's copy of the venue's page: check against the venue's own report.
[[nodiscard]] MarginAmount deribit_option_margin(const DeribitOption& position, const DeribitOptionMargin& rates);

// A whole segregated account of one settlement currency: the sum of its rows. One bad row makes the
// sum bad_input.
[[nodiscard]] MarginAmount deribit_standard_margin(std::span<const DeribitFuture> futures,
                                                   std::span<const DeribitOption> options,
                                                   const DeribitFutureMargin& future_rates,
                                                   const DeribitOptionMargin& option_rates);

}  // namespace keel::risk
