#include "risk/margin/book_margin.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "risk/book/shocked_options.hpp"

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

// What the world does to the volatilities of each expiry.
void fill_factors(const MarketState& market, const Shock& shock, std::span<double> factors) {
    for (std::size_t e = 0; e < factors.size(); ++e) {
        const double move = shock_of(shock, market.expiries[e].underlying).volatility;
        const double years = years_between(market.now, market.expiries[e].expiry);
        factors[e] = move == 0.0 ? 1.0 : 1.0 + move * tenor_weight(shock.tenor, years);
    }
}

// `options` and `factors` are of the world.
Row shocked_row(const VenueAccount& account, std::size_t index, const Holding& holding, const Shock& shock,
                const ShockedOptions& options, std::span<const double> factors) {
    const Contract& contract = account.book.contracts[index];
    const MarketState& market = account.market;
    const ContractQuote& quote = market.quotes[index];
    const UnderlyingShock moved = shock_of(shock, contract.underlying);
    Row row{.contract = &contract,
            .place = index,
            .tiers = table_of(account.model.tiers, index),
            .quantity = holding.quantity,
            .entry = holding.entry};
    if (contract.expiry != ExpirySlot::none) {
        const double years = years_between(market.now, market.expiries[at(contract.expiry)].expiry);
        row.years = std::max(0.0, years - shock.years);
        row.expiry = static_cast<std::uint32_t>(at(contract.expiry)) + 1;
        row.volatility = std::max(0.0, quote.volatility * factors[at(contract.expiry)]);
    }
    if (is_option(contract.kind)) {
        row.price = contract.expiry == ExpirySlot::none
                        ? kNaN
                        : market.expiries[at(contract.expiry)].forward * (1.0 + moved.spot);
        row.value = options.value_of(index, {.quantity = 1.0}, shock);
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

std::vector<std::size_t> rows_at(const VenueAccount& account) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < account.book.contracts.size(); ++i) {
        if (account.book.contracts[i].venue == account.venue) rows.push_back(i);
    }
    return rows;
}

}  // namespace

VenueRevaluation::VenueRevaluation(const VenueAccount& account)
    : account_{account},
      rows_{rows_at(account)},
      options_{account.book, account.market, rows_},
      moves_(account.market.underlyings.size()),
      volatility_factors_(account.market.expiries.size()) {}

VenueRevaluation::State VenueRevaluation::state_usd(std::span<const Holding> holdings, const Shock& shock) {
    const VenueMarginModel& model = account_.model;
    options_.price(shock);
    fill_factors(account_.market, shock, volatility_factors_);
    State out;
    std::vector<Pair> pairs;
    for (const std::size_t i : rows_) {
        const Contract& contract = account_.book.contracts[i];
        const Holding& holding = holdings[i];
        if (holding.quantity == 0.0) continue;
        const double rate = settlement_rate(contract, account_.market, shock);
        if (!is_margined(contract)) {
            out.equity_usd += rate * options_.value_of(i, holding, shock);
            continue;
        }
        const Row row = shocked_row(account_, i, holding, shock, options_, volatility_factors_);
        out.equity_usd +=
            rate * (is_option(contract.kind) ? holding.quantity * row.value : options_.value_of(i, holding, shock));
        if (model.law == MarginLaw::deribit_portfolio) {
            if (add_to_pair(pairs, row, account_, shock) != MarginStatus::ok) out.margin = out.margin + kMarginUnknown;
            continue;
        }
        const double index = account_.market.underlyings[at(contract.underlying)].index *
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

MarginAmount VenueRevaluation::margin_usd(std::span<const Holding> holdings, const Shock& shock) {
    return account_.model.law == MarginLaw::none ? kMarginUnknown : state_usd(holdings, shock).margin;
}

double VenueRevaluation::gap_usd(UnderlyingSlot slot, double move, std::span<const double> betas) {
    for (std::size_t i = 0; i < moves_.size(); ++i) {
        const double beta = i < betas.size() ? betas[i] : 0.0;
        const double spot = i == at(slot) ? move : beta * move;
        if (!(spot > -1.0)) return kNaN;
        moves_[i] = {.spot = spot};
    }
    if (account_.model.law == MarginLaw::none) return kNaN;
    const State state = state_usd(account_.book.holdings, {.underlyings = moves_});
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
