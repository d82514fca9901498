#include "risk/margin/book_margin.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "engine/core/assert.hpp"
#include "risk/book/revaluation.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Slot>
std::size_t at(Slot slot) {
    return static_cast<std::size_t>(slot);
}

UnderlyingShock shock_of(const Shock& shock, UnderlyingSlot underlying) {
    return at(underlying) < shock.underlyings.size() ? shock.underlyings[at(underlying)] : UnderlyingShock{};
}

// USD per unit of what a contract settles in; NaN where it has no price.
double settlement_rate(const Contract& contract, const MarketState& market, const Shock& shock) {
    if (settles_in_coin(contract.kind)) {
        if (at(contract.underlying) >= market.underlyings.size()) return kNaN;
        return market.underlyings[at(contract.underlying)].index * (1.0 + shock_of(shock, contract.underlying).spot);
    }
    if (at(contract.stable) >= market.stables.size()) return kNaN;
    const double moved = at(contract.stable) < shock.stables.size() ? shock.stables[at(contract.stable)] : 0.0;
    return market.stables[at(contract.stable)] * (1.0 + moved);
}

// One margined holding in the shocked world.
struct Row {
    const Contract* contract{nullptr};
    std::size_t place{0};  // of the contract
    const TierTable* tiers{nullptr};
    double quantity{0.0};
    double entry{0.0};
    double price{0.0};       // mark of a future, forward of an option
    double value{0.0};       // of one contract held long, settlement currency; options
    double volatility{0.0};  // options
    double years{0.0};
    std::uint32_t expiry{0};  // slot of the matrix
};

template <class Table>
const Table* table_of(std::span<const Table* const> tables, std::size_t contract) {
    return contract < tables.size() ? tables[contract] : nullptr;
}

Row shocked_row(const VenueAccount& account, std::size_t index, const Shock& shock) {
    const Contract& contract = account.book.contracts[index];
    const MarketState& market = account.market;
    const ContractQuote& quote = market.quotes[index];
    const UnderlyingShock moved = shock_of(shock, contract.underlying);
    Row row{.contract = &contract,
            .place = index,
            .tiers = table_of(account.model.tiers, index),
            .quantity = account.book.holdings[index].quantity,
            .entry = account.book.holdings[index].entry};
    if (contract.expiry != ExpirySlot::none) {
        const double years = years_between(market.now, market.expiries[at(contract.expiry)].expiry);
        row.years = std::max(0.0, years - shock.years);
        row.expiry = static_cast<std::uint32_t>(at(contract.expiry)) + 1;
        row.volatility = std::max(0.0, quote.volatility * (1.0 + moved.volatility * tenor_weight(shock.tenor, years)));
    }
    if (is_option(contract.kind)) {
        row.price = contract.expiry == ExpirySlot::none
                        ? kNaN
                        : market.expiries[at(contract.expiry)].forward * (1.0 + moved.spot);
        row.value = holding_value(contract, {.quantity = 1.0}, quote, market, shock);
        if (!std::isfinite(quote.volatility)) row.volatility = kNaN;
    } else {
        row.price = shocked_mark(contract, quote, market, shock);
    }
    return row;
}

Payoff payoff_of(const Contract& contract) { return settles_in_coin(contract.kind) ? Payoff::inverse : Payoff::linear; }

// Signed coins at the mark.
double coins_of(const Row& row) {
    const double amount = row.quantity * row.contract->multiplier;
    return settles_in_coin(row.contract->kind) ? amount / row.price : amount;
}

MarginAmount standard_margin(const Row& row, const VenueMarginModel& model) {
    const Contract& contract = *row.contract;
    if (!is_option(contract.kind)) {
        const DeribitFutureMargin* rates = table_of(model.futures, row.place);
        if (rates == nullptr) return kMarginUnknown;
        return deribit_future_margin({.payoff = payoff_of(contract), .coins = coins_of(row), .mark = row.price},
                                     *rates);
    }
    const DeribitOptionMargin* rates = table_of(model.options, row.place);
    if (rates == nullptr) return kMarginUnknown;
    return deribit_option_margin({.payoff = payoff_of(contract),
                                  .type = contract.type,
                                  .quantity = row.quantity * contract.multiplier,
                                  .underlying = row.price,
                                  .strike = contract.strike,
                                  .mark = row.value / contract.multiplier},
                                 *rates);
}

// Futures by tiers; Bybit's fee and short options where the law is Bybit's.
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
    if (!bybit) return tiered_margin({.tiers = row.tiers, .notional = notional, .leverage = model.leverage});
    return bybit_position_margin({.tiers = row.tiers,
                                  .side = notional < 0.0 ? Side::ask : Side::bid,
                                  .value = std::abs(notional),
                                  .leverage = model.leverage,
                                  .taker_fee_rate = model.taker_fee_rate});
}

// The risk matrix of one currency pair, and what one unit of its settlement currency is worth.
struct Pair {
    UnderlyingSlot underlying{UnderlyingSlot::none};
    StableSlot stable{StableSlot::none};
    double rate{0.0};
    DeribitRiskMatrix matrix;
};

MarginStatus add_to_pair(std::vector<Pair>& pairs, const Row& row, const VenueAccount& account, const Shock& shock) {
    const Contract& contract = *row.contract;
    const DeribitMatrixParameters* parameters = table_of(account.model.matrices, row.place);
    if (parameters == nullptr || !is_valid(*parameters) || row.expiry >= kMatrixExpiriesMax) {
        return MarginStatus::bad_input;
    }
    auto found = std::find_if(pairs.begin(), pairs.end(), [&](const Pair& pair) {
        return pair.underlying == contract.underlying && pair.stable == contract.stable;
    });
    if (found == pairs.end()) {
        Pair pair{.underlying = contract.underlying,
                  .stable = contract.stable,
                  .rate = settlement_rate(contract, account.market, shock),
                  .matrix = DeribitRiskMatrix{*parameters, payoff_of(contract)}};
        const double index = account.market.underlyings[at(contract.underlying)].index;
        if (!std::isfinite(pair.rate) ||
            pair.matrix.set_index(index * (1.0 + shock_of(shock, contract.underlying).spot)) != MarginStatus::ok) {
            return MarginStatus::bad_input;
        }
        found = pairs.insert(pairs.end(), pair);
    }
    DeribitRiskMatrix& matrix = found->matrix;
    const double open = unsettled_ratio(row.years, account.model.portfolio.delivery_window_years);
    const MatrixContract unit{.payoff = payoff_of(contract),
                              .type = is_option(contract.kind) ? contract.type : OptionType::none,
                              .multiplier = contract.multiplier,
                              .price = row.price,
                              .strike = contract.strike,
                              .years = row.years,
                              .volatility = row.volatility,
                              .unsettled_ratio = contract.expiry == ExpirySlot::none ? 1.0 : open,
                              .expiry = row.expiry};
    if (matrix.set_expiry(row.expiry, row.years) != MarginStatus::ok) return MarginStatus::bad_input;
    return matrix.add(row.quantity, matrix.grid().unit_cells(unit));
}

// Each currency's pairs are summed before the worst case; currencies are added in USD.
MarginAmount pairs_margin(const std::vector<Pair>& pairs, const DeribitPortfolioParameters& general) {
    MarginAmount sum;
    std::vector<bool> done(pairs.size(), false);
    std::vector<const DeribitRiskMatrix*> group;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (done[i]) continue;
        group.clear();
        for (std::size_t j = i; j < pairs.size(); ++j) {
            const bool same = pairs[j].stable == pairs[i].stable &&
                              (pairs[i].stable != StableSlot::none || pairs[j].underlying == pairs[i].underlying);
            const bool shape = pairs[j].matrix.grid().cells_count() == pairs[i].matrix.grid().cells_count();
            if (!same || !shape) continue;
            group.push_back(&pairs[j].matrix);
            done[j] = true;
        }
        const MarginAmount own = combined_margin(group, general, {}).margin;
        MarginAmount usd = finite_margin(own.initial * pairs[i].rate, own.maintenance * pairs[i].rate);
        if (own.status != MarginStatus::ok) usd = kMarginUnknown;
        sum = sum + usd;
    }
    return sum;
}

bool is_margined(const Contract& contract) { return !is_cash(contract.kind) && contract.kind != ContractKind::spot; }

// Margin and equity in one pass: an option is priced once for both.
struct VenueState {
    MarginAmount margin{};
    double equity_usd{0.0};
};

VenueState venue_state_usd(const VenueAccount& account, const Shock& shock) {
    const VenueMarginModel& model = account.model;
    VenueState out;
    std::vector<Pair> pairs;
    for (std::size_t i = 0; i < account.book.contracts.size(); ++i) {
        const Contract& contract = account.book.contracts[i];
        const Holding& holding = account.book.holdings[i];
        if (contract.venue != account.venue || holding.quantity == 0.0) continue;
        const double rate = settlement_rate(contract, account.market, shock);
        if (!is_margined(contract)) {
            out.equity_usd += rate * holding_value(contract, holding, account.market.quotes[i], account.market, shock);
            continue;
        }
        const Row row = shocked_row(account, i, shock);
        out.equity_usd += rate * (is_option(contract.kind) ? holding.quantity * row.value
                                                           : holding_value(contract, holding, account.market.quotes[i],
                                                                           account.market, shock));
        if (model.law == MarginLaw::deribit_portfolio) {
            if (add_to_pair(pairs, row, account, shock) != MarginStatus::ok) out.margin = out.margin + kMarginUnknown;
            continue;
        }
        const double index = account.market.underlyings[at(contract.underlying)].index *
                             (1.0 + shock_of(shock, contract.underlying).spot);
        const MarginAmount own =
            model.law == MarginLaw::deribit_standard ? standard_margin(row, model) : cross_margin(row, model, index);
        MarginAmount usd = finite_margin(own.initial * rate, own.maintenance * rate);
        if (own.status != MarginStatus::ok) usd = kMarginUnknown;
        out.margin = out.margin + usd;
    }
    if (model.law == MarginLaw::deribit_portfolio) out.margin = out.margin + pairs_margin(pairs, model.portfolio);
    return out;
}

}  // namespace

MarginAmount venue_margin_usd(const VenueAccount& account, const Shock& shock) {
    return account.model.law == MarginLaw::none ? kMarginUnknown : venue_state_usd(account, shock).margin;
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
                            std::span<const double> betas, std::span<UnderlyingShock> room) {
    KEEL_ASSERT(room.size() == account.market.underlyings.size());
    for (std::size_t i = 0; i < room.size(); ++i) {
        const double beta = i < betas.size() ? betas[i] : 0.0;
        const double spot = i == at(slot) ? move : beta * move;
        if (!(spot > -1.0)) return kNaN;
        room[i] = {.spot = spot};
    }
    const Shock shock{.underlyings = room};
    if (account.model.law == MarginLaw::none) return kNaN;
    const VenueState state = venue_state_usd(account, shock);
    return state.margin.status == MarginStatus::ok ? state.equity_usd - state.margin.maintenance : kNaN;
}

}  // namespace keel::risk
