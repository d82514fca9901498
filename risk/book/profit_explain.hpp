#pragma once

#include "risk/book/revaluation.hpp"

namespace keel::risk {

// Where a change of USD equity came from. Signed, USD; the parts add up to the change exactly, because the
// residual is what the named parts leave.
struct ProfitParts {
    double delta{0.0};  // first order in forward or mark
    double gamma{0.0};  // second order
    double vega{0.0};
    double theta{0.0};
    double vanna{0.0};  // forward times volatility, within one step
    double volga{0.0};
    double conversion{0.0};  // what is held in coin or stablecoin, by the move of its USD price
    double trading{0.0};     // marked value of fills and settlements less what they cost
    double funding{0.0};
    double fees{0.0};   // negative: paid
    double flows{0.0};  // deposits and withdrawals: no profit
    // Third order and beyond, options delivered within the step, and holdings that could not be priced before.
    double residual{0.0};

    [[nodiscard]] double change() const { return profit() + flows; }
    [[nodiscard]] double profit() const {
        return delta + gamma + vega + theta + vanna + volga + conversion + trading + funding + fees + residual;
    }
};

// Whether an option's expiry lies within the step: no greek of before says what it then pays.
[[nodiscard]] bool is_delivered(const Contract& contract, const MarketState& before, const MarketState& after);

// The step from one market to another with the holdings of `book` unchanged: each holding's greeks at `before`
// times its own moves, in its own ledger, in USD at the prices of `before`; then the ledger by the move of its
// price. O(holdings).
[[nodiscard]] ProfitParts explain_market_move(const Book& book, const MarketState& before, const MarketState& after);

// The steps of a path, one after another: greeks are taken anew at each, so that what one step leaves over is of
// third order in that step, not in the whole move. Cross terms appear where one step moves both factors.
// Thread: any one. Allocates: never (a step's valuation does).
class ProfitExplain {
public:
    // A move of prices, volatilities or time.
    void on_market(const Book& book, const MarketState& before, const MarketState& after);
    // An event of the account: equity in USD before and after it, and what of the change is known to be
    // funding, fees paid and flows; the rest is trading.
    struct AccountCash {
        double funding_usd{0.0};
        double fees_paid_usd{0.0};
        double flows_usd{0.0};
    };
    void on_account(double equity_before_usd, double equity_after_usd, const AccountCash& cash);

    [[nodiscard]] const ProfitParts& parts() const { return parts_; }
    // Share of the residual in the sum of the magnitudes of all parts: how much of the profit is understood.
    [[nodiscard]] double residual_share() const;

private:
    void add(const ProfitParts& step);

    ProfitParts parts_{};
    double residual_gross_{0.0};  // sum of |residual| over the steps
    double gross_{0.0};
};

}  // namespace keel::risk
