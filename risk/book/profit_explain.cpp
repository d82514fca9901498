#include "risk/book/profit_explain.hpp"

#include <cmath>

#include "risk/book/risk_vector.hpp"

namespace keel::risk {
namespace {

std::size_t index_of(auto slot) { return static_cast<std::size_t>(slot); }

// Derivatives of one holding's value in its own ledger.
struct LedgerGreeks {
    double slope{0.0};
    double curvature{0.0};
    double vega{0.0};
    double theta{0.0};
    double vanna{0.0};
    double volga{0.0};
};

bool ledger_greeks(const Contract& contract, const ContractQuote& quote, const MarketState& market, LedgerGreeks& out) {
    Sensitivities unit;
    if (!contract_sensitivities(contract, quote, market, unit)) return false;
    switch (contract.kind) {
        case ContractKind::inverse_option: {
            const double forward = market.expiries[index_of(contract.expiry)].forward;
            out = {.slope = unit.delta_net / forward,
                   .curvature = unit.gamma_coin,
                   .vega = unit.vega_coin,
                   .theta = unit.theta_coin,
                   .vanna = (unit.vanna - unit.vega_coin) / forward,
                   .volga = unit.volga / forward};
            return true;
        }
        case ContractKind::inverse_future: {
            const double mark = quote.mark;
            const double size = contract.multiplier;
            out = {.slope = size / (mark * mark), .curvature = -2.0 * size / (mark * mark * mark)};
            return true;
        }
        case ContractKind::spot:
        case ContractKind::linear_future: out = {.slope = contract.multiplier}; return true;
        default:
            out = {.slope = unit.delta_bs,
                   .curvature = unit.gamma,
                   .vega = unit.vega,
                   .theta = unit.theta,
                   .vanna = unit.vanna,
                   .volga = unit.volga};
            return true;
    }
}

double usd_rate(const Contract& contract, const MarketState& market) {
    return settles_in_coin(contract.kind) ? market.underlyings[index_of(contract.underlying)].index
                                          : market.stables[index_of(contract.stable)];
}

void explain_holding(const Book& book, std::size_t row, const MarketState& before, const MarketState& after,
                     ProfitParts& out) {
    const Contract& contract = book.contracts[row];
    const Holding& holding = book.holdings[row];
    if (holding.quantity == 0.0) return;
    const double amount_before = holding_value(contract, holding, before.quotes[row], before);
    const double amount_after = holding_value(contract, holding, after.quotes[row], after);
    const double rate_before = usd_rate(contract, before);
    const double rate_after = usd_rate(contract, after);
    const double usd_before = amount_before * rate_before;
    const double usd_after = amount_after * rate_after;
    // A holding without a value is in no equity; one that gains or loses its value is a residual.
    const bool known = std::isfinite(usd_before) && std::isfinite(usd_after);
    if (!known) {
        out.residual += (std::isfinite(usd_after) ? usd_after : 0.0) - (std::isfinite(usd_before) ? usd_before : 0.0);
        return;
    }
    const double conversion = amount_after * (rate_after - rate_before);
    const double moved = (amount_after - amount_before) * rate_before;
    out.conversion += conversion;
    if (is_cash(contract.kind)) return;
    LedgerGreeks greeks;
    if (is_delivered(contract, before, after) || !ledger_greeks(contract, before.quotes[row], before, greeks)) {
        out.residual += moved;
        return;
    }
    const double scale = holding.quantity * rate_before;
    double dx = after.quotes[row].mark - before.quotes[row].mark;
    double dv = 0.0;
    if (is_option(contract.kind)) {
        const std::size_t expiry = index_of(contract.expiry);
        dx = after.expiries[expiry].forward - before.expiries[expiry].forward;
        dv = after.quotes[row].volatility - before.quotes[row].volatility;
    }
    const double dt = years_between(before.now, after.now);
    const ProfitParts step{.delta = scale * greeks.slope * dx,
                           .gamma = scale * 0.5 * greeks.curvature * dx * dx,
                           .vega = scale * greeks.vega * dv,
                           .theta = scale * greeks.theta * dt,
                           .vanna = scale * greeks.vanna * dx * dv,
                           .volga = scale * 0.5 * greeks.volga * dv * dv};
    out.delta += step.delta;
    out.gamma += step.gamma;
    out.vega += step.vega;
    out.theta += step.theta;
    out.vanna += step.vanna;
    out.volga += step.volga;
    out.residual += moved - step.profit();
}

double magnitude(const ProfitParts& parts) {
    const double* const at = doubles(parts);
    double sum = 0.0;
    for (std::size_t i = 0; i < sizeof(ProfitParts) / sizeof(double); ++i) sum += std::abs(at[i]);
    return sum;
}

}  // namespace

bool is_delivered(const Contract& contract, const MarketState& before, const MarketState& after) {
    if (!is_option(contract.kind) || contract.expiry == ExpirySlot::none) return false;
    const UnixNanos expiry = before.expiries[index_of(contract.expiry)].expiry;
    return before.now < expiry && expiry <= after.now;
}

ProfitParts explain_market_move(const Book& book, const MarketState& before, const MarketState& after) {
    ProfitParts out;
    for (std::size_t row = 0; row < book.contracts.size(); ++row) explain_holding(book, row, before, after, out);
    return out;
}

void ProfitExplain::add(const ProfitParts& step) {
    double* const to = doubles(parts_);
    const double* const from = doubles(step);
    for (std::size_t i = 0; i < sizeof(ProfitParts) / sizeof(double); ++i) to[i] += from[i];
    gross_ += magnitude(step);
    residual_gross_ += std::abs(step.residual);
}

void ProfitExplain::on_market(const Book& book, const MarketState& before, const MarketState& after) {
    add(explain_market_move(book, before, after));
}

void ProfitExplain::on_account(double equity_before_usd, double equity_after_usd, const AccountCash& cash) {
    const double change = equity_after_usd - equity_before_usd;
    if (!std::isfinite(change + cash.funding_usd + cash.fees_paid_usd + cash.flows_usd)) return;
    add({.trading = change - cash.funding_usd + cash.fees_paid_usd - cash.flows_usd,
         .funding = cash.funding_usd,
         .fees = -cash.fees_paid_usd,
         .flows = cash.flows_usd});
}

double ProfitExplain::residual_share() const { return gross_ > 0.0 ? residual_gross_ / gross_ : 0.0; }

}  // namespace keel::risk
