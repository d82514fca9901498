#include "risk/margin/book_margin.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "risk/book/shocked_options.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// One margined holding in the shocked world.
struct Row {
    const Contract* contract{nullptr};
    std::size_t place{0};  // of the contract
    const TierTable* tiers{nullptr};
    double quantity{0.0};
    double entry{0.0};
    double price{0.0};  // mark of a future, forward of an option
    double value{0.0};  // of one contract held long, settlement currency; options
    double size{0.0};   // of all that share its tier; OKX
};

Row shocked_row(const VenueAccount& account, std::size_t index, const Holding& holding, double value,
                const Shock& shock) {
    const Contract& contract = account.book.contracts[index];
    const MarketState& market = account.market;
    Row row{.contract = &contract,
            .place = index,
            .tiers = table_at(account.model.tiers, index),
            .quantity = holding.quantity,
            .entry = holding.entry,
            .value = value};
    if (is_option(contract.kind)) {
        row.price = contract.expiry == ExpirySlot::none ? kNaN
                                                        : market.expiries[at(contract.expiry)].forward *
                                                              (1.0 + shock_of(shock, contract.underlying).spot);
    } else {
        row.price = shocked_mark(contract, market.quotes[index], market, shock);
    }
    return row;
}

// Signed coins at the mark.
double coins_of(const Row& row) {
    const double amount = row.quantity * row.contract->multiplier;
    return settles_in_coin(row.contract->kind) ? amount / row.price : amount;
}

MarginAmount standard_margin(const Row& row, const VenueMarginModel& model) {
    const Contract& contract = *row.contract;
    if (!is_option(contract.kind)) {
        const DeribitFutureMargin* rates = table_at(model.futures, row.place);
        if (rates == nullptr) return kMarginUnknown;
        return deribit_future_margin({.payoff = payoff_of(contract), .coins = coins_of(row), .mark = row.price},
                                     *rates);
    }
    const DeribitOptionMargin* rates = table_at(model.options, row.place);
    if (rates == nullptr) return kMarginUnknown;
    return deribit_option_margin({.payoff = payoff_of(contract),
                                  .type = contract.type,
                                  .quantity = row.quantity * contract.multiplier,
                                  .underlying = row.price,
                                  .strike = contract.strike,
                                  .mark = row.value / contract.multiplier},
                                 *rates);
}

// Futures by tiers, with their fee where the law is Bybit's or OKX's; short options where it is Bybit's.
MarginAmount cross_margin(const Row& row, const VenueMarginModel& model, double index) {
    const Contract& contract = *row.contract;
    const bool bybit = model.law == MarginLaw::bybit_cross;
    if (is_option(contract.kind)) {
        if (!bybit || contract.kind != ContractKind::linear_option) return kMarginUnknown;
        return bybit_option_margin({.type = contract.type,
                                    .quantity = row.quantity * contract.multiplier,
                                    .index = index,
                                    .strike = contract.strike,
                                    .entry = row.entry,
                                    .mark = row.value / contract.multiplier},
                                   model.bybit_option);
    }
    const bool inverse = contract.kind == ContractKind::inverse_future;
    const double coins = coins_of(row);
    const double notional = inverse ? coins : coins * row.price;
    if (!(row.price > 0.0)) return kMarginUnknown;
    if (model.law == MarginLaw::okx_cross) {
        return okx_position_margin({.tiers = row.tiers,
                                    .notional = notional,
                                    .size = row.size,
                                    .leverage = model.leverage,
                                    .taker_fee_rate = model.taker_fee_rate});
    }
    if (!bybit) return tiered_margin({.tiers = row.tiers, .notional = notional, .leverage = model.leverage});
    return bybit_position_margin({.tiers = row.tiers,
                                  .side = notional < 0.0 ? Side::ask : Side::bid,
                                  .value = std::abs(notional),
                                  .leverage = model.leverage,
                                  .taker_fee_rate = model.taker_fee_rate});
}

std::vector<std::size_t> rows_at(const VenueAccount& account) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < account.book.contracts.size(); ++i) {
        if (account.book.contracts[i].venue == account.venue) rows.push_back(i);
    }
    return rows;
}

}  // namespace

MarginAmount holding_margin(const VenueAccount& account, std::size_t row, const Holding& holding, double value,
                            double size, const Shock& shock) {
    Row shocked = shocked_row(account, row, holding, value, shock);
    shocked.size = size;
    if (account.model.law == MarginLaw::deribit_standard) return standard_margin(shocked, account.model);
    const UnderlyingSlot underlying = shocked.contract->underlying;
    const double index = account.market.underlyings[at(underlying)].index * (1.0 + shock_of(shock, underlying).spot);
    return cross_margin(shocked, account.model, index);
}

VenueRevaluation::VenueRevaluation(const VenueAccount& account)
    : account_{account},
      rows_{rows_at(account)},
      families_{account.book.contracts},
      options_{account.book, account.market, rows_},
      moves_(account.market.underlyings.size()) {
    if (account.model.law == MarginLaw::deribit_portfolio) portfolio_.emplace(account, rows_);
    if (account.model.law != MarginLaw::okx_cross) return;
    for (const std::size_t row : rows_) families_.add(row);
}

VenueRevaluation::State VenueRevaluation::state_usd(std::span<const Holding> holdings, const Shock& shock,
                                                    std::span<const Holding> sized) {
    options_.price(shock);
    State out;
    if (portfolio_) out.margin = portfolio_->margin_usd(holdings, shock);
    for (const std::size_t i : rows_) {
        const Contract& contract = account_.book.contracts[i];
        const Holding& holding = holdings[i];
        if (holding.quantity == 0.0) continue;
        const double rate = settlement_rate(contract, account_.market, shock);
        if (portfolio_ || !is_margined(contract.kind)) {
            out.equity_usd += rate * options_.value_of(i, holding, shock);
            continue;
        }
        const bool option = is_option(contract.kind);
        const double value = option ? options_.value_of(i, {.quantity = 1.0}, shock) : kNaN;
        out.equity_usd += rate * (option ? holding.quantity * value : options_.value_of(i, holding, shock));
        const MarginAmount own = holding_margin(account_, i, holding, value, families_.size(i, sized), shock);
        MarginAmount usd = finite_margin(own.initial * rate, own.maintenance * rate);
        if (own.status != MarginStatus::ok) usd = kMarginUnknown;
        out.margin = out.margin + usd;
    }
    return out;
}

MarginAmount VenueRevaluation::margin_usd(std::span<const Holding> holdings, const Shock& shock,
                                          std::span<const Holding> sized) {
    if (account_.model.law == MarginLaw::none) return kMarginUnknown;
    return portfolio_ ? portfolio_->margin_usd(holdings, shock)
                      : state_usd(holdings, shock, sized.empty() ? holdings : sized).margin;
}

double VenueRevaluation::gap_usd(UnderlyingSlot slot, double move, std::span<const double> betas) {
    for (std::size_t i = 0; i < moves_.size(); ++i) {
        const double beta = i < betas.size() ? betas[i] : 0.0;
        const double spot = i == at(slot) ? move : beta * move;
        if (!(spot > -1.0)) return kNaN;
        moves_[i] = {.spot = spot};
    }
    if (account_.model.law == MarginLaw::none) return kNaN;
    const State state = state_usd(account_.book.holdings, {.underlyings = moves_}, account_.book.holdings);
    return state.margin.status == MarginStatus::ok ? state.equity_usd - state.margin.maintenance : kNaN;
}

MarginAmount venue_margin_usd(const VenueAccount& account, const Shock& shock) {
    return VenueRevaluation{account}.margin_usd(account.book.holdings, shock);
}

double venue_equity_usd(const VenueAccount& account, const Shock& shock) {
    double equity = 0.0;
    for (std::size_t i = 0; i < account.book.contracts.size(); ++i) {
        const Contract& contract = account.book.contracts[i];
        const Holding& holding = account.book.holdings[i];
        if (contract.venue != account.venue || holding.quantity == 0.0) continue;
        equity += holding_value(contract, holding, account.market.quotes[i], account.market, shock) *
                  settlement_rate(contract, account.market, shock);
    }
    return equity;  // one unknown makes it NaN: a partial equity would be no equity
}

double venue_margin_gap_usd(const VenueAccount& account, UnderlyingSlot slot, double move,
                            std::span<const double> betas) {
    return VenueRevaluation{account}.gap_usd(slot, move, betas);
}

}  // namespace keel::risk
