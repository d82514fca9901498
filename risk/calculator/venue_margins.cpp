#include "risk/calculator/venue_margins.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "engine/core/assert.hpp"
#include "risk/book/expiring_option.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/margin/book_margin.hpp"

namespace keel::risk {
VenueMargins::VenueMargins(const Book& book, const MarketState& market, std::span<const VenueMarginModel> models)
    : book_{book},
      market_{market},
      models_{models},
      rows_(book.contracts.size()),
      families_{book.contracts},
      unknown_(models.size()),
      index_rows_(market.underlyings.size()) {
    for (std::size_t row = 0; row < rows_.size(); ++row) place(row);
    for (Chain& chain : chains_) {
        // Room for all of them; refresh_chain() takes what is held.
        for (const std::size_t row : chain.rows) {
            chain.options.add(1.0, {.payoff = payoff_of(book.contracts[row]), .strike = book.contracts[row].strike});
        }
        chain.options.clear();
    }
    due_.reserve(chains_.size());
}

VenueAccount VenueMargins::account(VenueSlot venue) const {
    return {.book = book_, .market = market_, .venue = venue, .model = models_[at(venue)]};
}

// Where the contract's margin goes.
void VenueMargins::place(std::size_t index) {
    const Contract& contract = book_.contracts[index];
    if (!is_margined(contract.kind) || at(contract.venue) >= models_.size()) return;
    const VenueMarginModel& model = models_[at(contract.venue)];
    if (model.law == MarginLaw::none) return;
    Row& row = rows_[index];
    row.venue = static_cast<std::uint32_t>(at(contract.venue));
    const auto same_currency = [&](const auto& place) {
        const Contract& other = book_.contracts[place.row];
        return place.venue == contract.venue && other.stable == contract.stable &&
               (contract.stable != StableSlot::none || other.underlying == contract.underlying);
    };
    if (model.law != MarginLaw::deribit_portfolio) {
        const auto found = std::ranges::find_if(currencies_, same_currency);
        row.currency = static_cast<std::uint32_t>(found - currencies_.begin());
        if (found == currencies_.end()) currencies_.push_back({.venue = contract.venue, .row = index});
        if (model.law == MarginLaw::okx_cross) families_.add(index);
        if (model.law == MarginLaw::bybit_cross && is_option(contract.kind)) {
            index_rows_[at(contract.underlying)].push_back(index);
        }
        return;
    }
    const DeribitMatrixParameters* parameters = table_at(model.matrices, index);
    const bool option = is_option(contract.kind);
    if (parameters == nullptr || !is_valid(*parameters) || (option && contract.expiry == ExpirySlot::none)) return;
    const auto pair = std::ranges::find_if(pairs_, [&](const Pair& other) {
        return same_currency(other) && book_.contracts[other.row].underlying == contract.underlying;
    });
    const auto place = static_cast<std::uint32_t>(pair - pairs_.begin());
    if (pair == pairs_.end()) {
        pairs_.push_back(
            {.venue = contract.venue, .row = index, .matrix = DeribitRiskMatrix{*parameters, payoff_of(contract)}});
    }
    row.slot = pairs_[place].slots.of(contract.expiry);
    if (row.slot >= kMatrixExpiriesMax) return;
    row.pair = place;
    if (!option) {
        row.cells = static_cast<std::uint32_t>(future_cells_.size());
        future_cells_.emplace_back();
        return;
    }
    const auto chain = std::ranges::find_if(
        chains_, [&](const Chain& other) { return other.pair == row.pair && other.expiry == contract.expiry; });
    row.chain = static_cast<std::uint32_t>(chain - chains_.begin());
    if (chain == chains_.end()) chains_.push_back({.pair = row.pair, .expiry = contract.expiry, .slot = row.slot});
    chains_[row.chain].rows.push_back(index);
}

void VenueMargins::refresh(std::span<const std::size_t> rows) {
    due_.clear();
    for (const std::size_t index : rows) {
        Row& row = rows_[index];
        if (row.venue == kNone) continue;
        if (row.currency != kNone) {
            refresh_row(index);
        } else if (row.cells != kNone) {
            refresh_future(index);
        } else if (row.chain != kNone) {
            if (!std::exchange(chains_[row.chain].due, true)) due_.push_back(row.chain);
        } else {
            const bool held = book_.holdings[index].quantity != 0.0;
            unknown_[row.venue] += static_cast<std::size_t>(held) - static_cast<std::size_t>(row.unknown);
            row.unknown = held;
        }
    }
    for (const std::uint32_t chain : due_) refresh_chain(chains_[chain]);
}

void VenueMargins::refresh_index(UnderlyingSlot underlying) {
    for (const std::size_t row : index_rows_[at(underlying)]) refresh_row(row);
    for (Pair& pair : pairs_) {
        if (book_.contracts[pair.row].underlying == underlying) set_index(pair);
    }
}

void VenueMargins::refresh_row(std::size_t index) {
    Row& row = rows_[index];
    Currency& currency = currencies_[row.currency];
    const Holding& holding = book_.holdings[index];
    const Contract& contract = book_.contracts[index];
    MarginAmount after;
    if (holding.quantity != 0.0) {
        const double value = is_option(contract.kind)
                                 ? holding_value(contract, {.quantity = 1.0}, market_.quotes[index], market_)
                                 : std::numeric_limits<double>::quiet_NaN();
        const double size = families_.size(index, book_.holdings);
        after = holding_margin(account(contract.venue), index, holding, value, size);
    }
    const bool unknown = after.status != MarginStatus::ok;
    if (unknown) after = {};
    currency.initial.add(after.initial);
    currency.initial.add(-row.in.initial);
    currency.maintenance.add(after.maintenance);
    currency.maintenance.add(-row.in.maintenance);
    const bool held = holding.quantity != 0.0;
    currency.held += static_cast<std::size_t>(held) - static_cast<std::size_t>(row.held);
    currency.unknown += static_cast<std::size_t>(unknown) - static_cast<std::size_t>(row.unknown);
    row.held = held;
    row.unknown = unknown;
    row.in = after;
}

void VenueMargins::set_index(Pair& pair) {
    const double index = market_.underlyings[at(book_.contracts[pair.row].underlying)].index;
    pair.indexed = pair.matrix.set_index(index) == MarginStatus::ok;
}

void VenueMargins::refresh_future(std::size_t index) {
    Row& row = rows_[index];
    Pair& pair = pairs_[row.pair];
    const Contract& contract = book_.contracts[index];
    const double open_window = models_[row.venue].portfolio.delivery_window_years;
    if (row.quantity != 0.0) {
        (void)pair.matrix.add(-row.quantity, future_cells_[row.cells]);
        --pair.held;
    }
    pair.unknown -= row.unknown ? 1U : 0U;
    row.unknown = false;
    row.quantity = book_.holdings[index].quantity;
    if (row.quantity == 0.0) return;
    ++pair.held;
    if (!pair.indexed) set_index(pair);
    MatrixContract unit{.payoff = payoff_of(contract),
                        .type = OptionType::none,
                        .multiplier = contract.multiplier,
                        .price = shocked_mark(contract, market_.quotes[index], market_, {}),
                        .expiry = row.slot};
    if (contract.expiry != ExpirySlot::none) {
        unit.years = years_left(market_.expiries[at(contract.expiry)], market_, {});
        unit.unsettled_ratio = unsettled_ratio(unit.years, open_window);
    }
    future_cells_[row.cells] = pair.matrix.grid().unit_cells(unit);
    const bool good = pair.matrix.set_expiry(unit.expiry, unit.years) == MarginStatus::ok &&
                      pair.matrix.add(row.quantity, future_cells_[row.cells]) == MarginStatus::ok;
    if (good) return;
    row.unknown = true;
    ++pair.unknown;
    --pair.held;
    row.quantity = 0.0;
}

void VenueMargins::refresh_chain(Chain& chain) {
    chain.due = false;
    Pair& pair = pairs_[chain.pair];
    if (chain.held) {
        (void)pair.matrix.add(-1.0, chain.in);
        --pair.held;
    }
    pair.unknown -= chain.good ? 0U : 1U;
    chain.held = false;
    chain.good = true;
    chain.options.clear();
    for (const std::size_t row : chain.rows) {
        if (book_.holdings[row].quantity == 0.0) continue;
        const Contract& contract = book_.contracts[row];
        chain.options.add(book_.holdings[row].quantity, {.payoff = payoff_of(contract),
                                                         .type = contract.type,
                                                         .multiplier = contract.multiplier,
                                                         .strike = contract.strike,
                                                         .volatility = market_.quotes[row].volatility,
                                                         .expiry = chain.slot});
    }
    if (chain.options.empty()) return;
    if (!pair.indexed) set_index(pair);
    const ExpiryMarket& expiry = market_.expiries[at(chain.expiry)];
    const double years = years_left(expiry, market_, {});
    const ChainWorld world{
        .price = expiry.forward,
        .years = years,
        .volatility_factor = 1.0 / index_volatility_ratio(expiry, market_.now),
        .unsettled_ratio = unsettled_ratio(years, models_[at(pair.venue)].portfolio.delivery_window_years)};
    const ChainCells cells = pair.matrix.grid().chain_cells(chain.options, world);
    chain.in = cells.sum;
    chain.held = pair.matrix.set_expiry(chain.slot, years) == MarginStatus::ok &&
                 pair.matrix.add(1.0, chain.in) == MarginStatus::ok;
    chain.good = chain.held && cells.complete;
    pair.held += chain.held ? 1U : 0U;
    pair.unknown += chain.good ? 0U : 1U;
}

MarginAmount VenueMargins::margin_usd(VenueSlot venue) const {
    if (at(venue) >= models_.size() || models_[at(venue)].law == MarginLaw::none) return kMarginUnknown;
    MarginAmount out;
    bool complete = unknown_[at(venue)] == 0;
    for (const Currency& currency : currencies_) {
        if (currency.venue != venue || currency.held == 0) continue;
        const MarginAmount own{.initial = currency.initial.value(), .maintenance = currency.maintenance.value()};
        complete = complete && currency.unknown == 0;
        const double rate = settlement_rate(book_.contracts[currency.row], market_, {});
        out = out + finite_margin(own.initial * rate, own.maintenance * rate);
    }
    std::array<PricedMatrix, kMatrixPairsMax> priced;
    std::size_t count = 0;
    for (const Pair& pair : pairs_) {
        if (pair.venue != venue) continue;
        KEEL_ASSERT(count < priced.size());
        const Contract& contract = book_.contracts[pair.row];
        priced[count++] = {.underlying = contract.underlying,
                           .stable = contract.stable,
                           .matrix = pair.held > 0 && pair.indexed ? &pair.matrix : nullptr,
                           .rate = settlement_rate(contract, market_, {})};
        complete = complete && pair.unknown == 0 && (pair.held == 0 || pair.indexed);
    }
    out = out + pairs_margin_usd(std::span{priced}.first(count), models_[at(venue)].portfolio);
    if (!complete) out.status = MarginStatus::bad_input;
    return out;
}

}  // namespace keel::risk
