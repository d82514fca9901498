#include "risk/report/scenario_valuer.hpp"

#include <array>
#include <cmath>

#include "risk/book/expiring_option.hpp"
#include "risk/report/averaged_options.hpp"

namespace keel::risk {
namespace {

// What a holding that no volatility moves gains in USD when its underlying does; `before` is its value now, in its own
// ledger.
double revalued_pnl_usd(const Book& book, const MarketState& market, std::size_t row, double before,
                        double log_return) {
    const Contract& contract = book.contracts[row];
    std::array<UnderlyingShock, kScenarioFactorsMax> moves{};
    const double spot = std::expm1(log_return);
    moves[at(contract.underlying)] = {.spot = spot};
    const Shock shock{.underlyings = std::span{moves}.first(at(contract.underlying) + 1)};
    const double after = holding_value(contract, book.holdings[row], market.quotes[row], market, shock);
    if (!settles_in_coin(contract.kind)) return (after - before) * market.stables[at(contract.stable)];
    return market.underlyings[at(contract.underlying)].index * (after * (1.0 + spot) - before);
}

}  // namespace

ScenarioValuer::ScenarioValuer(const Book& book, const MarketState& market) : book_{book}, market_{market} {
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        if (book.holdings[row].quantity == 0.0 || contract.underlying == UnderlyingSlot::none) continue;
        if (!std::isfinite(holding_value(contract, book.holdings[row], market.quotes[row], market))) continue;
        if (contract.expiry != ExpirySlot::none &&
            delivery_forward(market.expiries[at(contract.expiry)], market.now).averaging) {
            is_option(contract.kind) ? averaged_[contract.expiry].push_back(row) : revalued_.push_back(row);
        } else if (is_option(contract.kind)) {
            add_option(row);
        } else if (!is_linear(contract.kind)) {
            revalued_.push_back(row);
        } else {
            linear_[at(contract.underlying)].add(
                contract, book.holdings[row], market.quotes[row],
                contract.stable == StableSlot::none ? 1.0 : market.stables[at(contract.stable)]);
        }
    }
}

void ScenarioValuer::build_ladders() {
    for (auto& [expiry, chain] : chains_) {
        const ExpiryMarket& market = market_.expiries[expiry];
        chain.built = chain.ladder.build(chain.columns(), market.forward, market_.now);
    }
}

std::vector<double> ScenarioValuer::pnl_usd(const ScenarioSet& set) const {
    std::vector<double> out(set.scenarios());
    const std::size_t underlyings = market_.underlyings.size();
    for (const auto& [underlying, linear] : linear_) {
        const double exposure = market_.underlyings[underlying].index * linear.coin_fixed + linear.usd_per_price;
        const auto moves = set.relative_moves(underlying);
        for (std::size_t s = 0; s < out.size(); ++s) out[s] += exposure * moves[s];
    }
    std::vector<double> part(out.size());
    for (const auto& [expiry, chain] : chains_) {
        const ExpiryMarket& market = market_.expiries[expiry];
        const std::size_t underlying = at(market.underlying);
        const OptionColumns columns = chain.columns();
        const auto here = chain.built ? chain.ladder.position(market.forward, 0.0) : std::nullopt;
        if (!here) continue;
        chain.ladder.shock_all(*here, set.log_moves(underlying), set.log_moves(underlyings + underlying),
                               tenor_weight(VolatilityTenor::power, years_between(market_.now, market.expiry)), columns,
                               part);
        for (std::size_t s = 0; s < out.size(); ++s) out[s] += part[s];
    }
    for (const auto& [expiry, rows] : averaged_) {
        const std::size_t underlying = at(market_.expiries[at(expiry)].underlying);
        AveragedOptions{book_, market_, expiry, rows}.add_pnl_usd(set.log_moves(underlying),
                                                                  set.log_moves(underlyings + underlying), out);
    }
    for (const std::size_t row : revalued_) {
        const std::size_t underlying = at(book_.contracts[row].underlying);
        const double before = holding_value(book_.contracts[row], book_.holdings[row], market_.quotes[row], market_);
        const auto moves = set.log_moves(underlying);
        for (std::size_t s = 0; s < out.size(); ++s) {
            const double pnl = revalued_pnl_usd(book_, market_, row, before, moves[s]);
            if (std::isfinite(pnl)) out[s] += pnl;
        }
    }
    return out;
}

// USD of a coin-settled option moves as index/forward of its USD value; a linear one as its stablecoin.
void ScenarioValuer::add_option(std::size_t row) {
    const Contract& contract = book_.contracts[row];
    const ExpiryMarket& expiry = market_.expiries[at(contract.expiry)];
    const double years = delivery_forward(expiry, market_.now).years;
    if (!(years > 0.0)) {  // a payoff's edge is not for a ladder
        averaged_[contract.expiry].push_back(row);
        return;
    }
    Chain& chain = chains_[at(contract.expiry)];
    const double rate = contract.kind == ContractKind::inverse_option
                            ? market_.underlyings[at(contract.underlying)].index / expiry.forward
                            : market_.stables[at(contract.stable)];
    chain.strike.push_back(contract.strike);
    chain.volatility.push_back(market_.quotes[row].volatility);
    chain.quantity.push_back(book_.holdings[row].quantity * contract.multiplier * rate);
    chain.type.push_back(contract.type);
    chain.years = years;
}

}  // namespace keel::risk
