#include "risk/margin/portfolio_revaluation.hpp"

#include <algorithm>
#include <array>
#include <bitset>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/book/expiring_option.hpp"
#include "risk/book/revaluation.hpp"

namespace keel::risk {
std::uint32_t MatrixSlots::of(ExpirySlot expiry) {
    if (expiry == ExpirySlot::none) return 0;
    const auto known = std::span{expiries_}.first(count_).subspan(1);
    const auto found = std::ranges::find(known, expiry);
    if (found != known.end()) return static_cast<std::uint32_t>(found - known.begin()) + 1;
    if (count_ == kMatrixExpiriesMax) return kMatrixExpiriesMax;
    expiries_[count_] = expiry;
    return count_++;
}

PortfolioRevaluation::PortfolioRevaluation(const VenueAccount& account, std::span<const std::size_t> rows)
    : account_{account} {
    for (const std::size_t row : rows) {
        const Contract& contract = account.book.contracts[row];
        if (!is_margined(contract.kind)) continue;
        const DeribitMatrixParameters* parameters = table_at(account.model.matrices, row);
        const bool option = is_option(contract.kind);
        if (parameters == nullptr || !is_valid(*parameters) || (option && contract.expiry == ExpirySlot::none)) {
            unknown_.push_back(row);
            continue;
        }
        Pair& pair = pair_of(row);
        const std::uint32_t slot = pair.slots.of(contract.expiry);
        if (slot >= kMatrixExpiriesMax) {
            unknown_.push_back(row);
            continue;
        }
        if (!option) {
            pair.futures.push_back({.row = row, .slot = slot});
            continue;
        }
        auto chain = std::ranges::find(pair.chains, contract.expiry, &Chain::expiry);
        if (chain == pair.chains.end()) {
            chain = pair.chains.insert(chain, Chain{});
            chain->expiry = contract.expiry;
            chain->slot = slot;
        }
        chain->rows.push_back(row);
        chain->quantities.push_back(0.0);
    }
}

PortfolioRevaluation::Pair& PortfolioRevaluation::pair_of(std::size_t row) {
    const Contract& contract = account_.book.contracts[row];
    const auto found = std::ranges::find_if(pairs_, [&](const Pair& pair) {
        return pair.underlying == contract.underlying && pair.stable == contract.stable;
    });
    if (found != pairs_.end()) return *found;
    return pairs_.emplace_back(
        Pair{.underlying = contract.underlying,
             .stable = contract.stable,
             .matrix = DeribitRiskMatrix{*table_at(account_.model.matrices, row), payoff_of(contract)},
             .row = row,
             .futures = {},
             .chains = {}});
}

MarginAmount PortfolioRevaluation::margin_usd(std::span<const Holding> holdings, const Shock& shock) {
    bool complete = std::ranges::none_of(unknown_, [&](std::size_t row) { return holdings[row].quantity != 0.0; });
    for (Pair& pair : pairs_) {
        for (Chain& chain : pair.chains) hold(holdings, chain);
        complete = revalue(holdings, shock, pair) && complete;
    }
    MarginAmount out = sum_usd();
    if (!complete) out.status = MarginStatus::bad_input;
    return out;
}

void PortfolioRevaluation::hold(std::span<const Holding> holdings, Chain& chain) const {
    bool changed = false;
    for (std::size_t i = 0; i < chain.rows.size(); ++i) {
        const double quantity = holdings[chain.rows[i]].quantity;
        changed = changed || quantity != chain.quantities[i];
        chain.quantities[i] = quantity;
    }
    if (!changed) return;
    chain.options.clear();
    chain.worlds.clear();
    chain.cells.clear();
    chain.oldest = 0;
    for (std::size_t i = 0; i < chain.rows.size(); ++i) {
        if (chain.quantities[i] != 0.0)
            chain.options.add(chain.quantities[i], contract_at(chain.rows[i], chain.slot, {}));
    }
}

// False where something held is not in the matrix.
bool PortfolioRevaluation::revalue(std::span<const Holding> holdings, const Shock& shock, Pair& pair) const {
    pair.known = false;
    const auto held = [&](const Future& future) { return holdings[future.row].quantity != 0.0; };
    const bool any = std::ranges::any_of(pair.futures, held) ||
                     std::ranges::any_of(pair.chains, [](const Chain& chain) { return !chain.options.empty(); });
    if (!any) return true;
    const double index =
        account_.market.underlyings[at(pair.underlying)].index * (1.0 + shock_of(shock, pair.underlying).spot);
    pair.rate = settlement_rate(account_.book.contracts[pair.row], account_.market, shock);
    if (!std::isfinite(pair.rate) || pair.matrix.set_index(index) != MarginStatus::ok) return false;
    pair.known = true;
    pair.matrix.clear();
    bool complete = true;
    for (const Future& future : pair.futures) {
        if (held(future)) complete = add_future(future, holdings[future.row].quantity, shock, pair) && complete;
    }
    for (Chain& chain : pair.chains) {
        if (!chain.options.empty()) complete = add_chain(shock, chain, pair) && complete;
    }
    return complete;
}

// A future in the world; of an option what no world changes.
MatrixContract PortfolioRevaluation::contract_at(std::size_t row, std::uint32_t slot, const Shock& shock) const {
    const Contract& contract = account_.book.contracts[row];
    const ContractQuote& quote = account_.market.quotes[row];
    MatrixContract out{.payoff = payoff_of(contract),
                       .type = contract.type,
                       .multiplier = contract.multiplier,
                       .strike = contract.strike,
                       .volatility = quote.volatility,
                       .expiry = slot};
    if (is_option(contract.kind)) return out;
    out.type = OptionType::none;
    out.price = shocked_mark(contract, quote, account_.market, shock);
    if (contract.expiry == ExpirySlot::none) return out;
    out.years = years_left(account_.market.expiries[at(contract.expiry)], account_.market, shock);
    out.unsettled_ratio = unsettled_ratio(out.years, account_.model.portfolio.delivery_window_years);
    return out;
}

bool PortfolioRevaluation::add_future(const Future& future, double quantity, const Shock& shock, Pair& pair) const {
    const MatrixContract unit = contract_at(future.row, future.slot, shock);
    return pair.matrix.set_expiry(unit.expiry, unit.years) == MarginStatus::ok &&
           pair.matrix.add(quantity, pair.matrix.grid().unit_cells(unit)) == MarginStatus::ok;
}

bool PortfolioRevaluation::add_chain(const Shock& shock, Chain& chain, Pair& pair) const {
    const ExpiryMarket& expiry = account_.market.expiries[at(chain.expiry)];
    const double years = years_left(expiry, account_.market, shock);
    // The venue's cells are of volatilities as it quotes them.
    const double quoted = index_volatility_ratio(expiry, account_.market.now);
    const ChainWorld world{.price = expiry.forward * (1.0 + shock_of(shock, pair.underlying).spot),
                           .years = years,
                           .volatility_factor = volatility_factor(expiry, account_.market, shock) / quoted,
                           .unsettled_ratio = unsettled_ratio(years, account_.model.portfolio.delivery_window_years)};
    if (pair.matrix.set_expiry(chain.slot, years) != MarginStatus::ok) return false;
    const auto found = std::ranges::find(chain.worlds, world);
    auto place = static_cast<std::size_t>(found - chain.worlds.begin());
    if (found == chain.worlds.end()) {
        if (place < kWorldsKept) {
            chain.worlds.emplace_back();
            chain.cells.emplace_back();
        } else {
            place = chain.oldest++ % kWorldsKept;
        }
        chain.worlds[place] = world;
        chain.cells[place] = pair.matrix.grid().chain_cells(chain.options, world);
    }
    const ChainCells& cells = chain.cells[place];
    return pair.matrix.add(1.0, cells.sum) == MarginStatus::ok && cells.complete;
}

MarginAmount PortfolioRevaluation::sum_usd() const {
    std::vector<PricedMatrix> pairs;
    for (const Pair& pair : pairs_) {
        pairs.push_back({pair.underlying, pair.stable, pair.known ? &pair.matrix : nullptr, pair.rate});
    }
    return pairs_margin_usd(pairs, account_.model.portfolio);
}

MarginAmount pairs_margin_usd(std::span<const PricedMatrix> pairs, const DeribitPortfolioParameters& general) {
    KEEL_ASSERT(pairs.size() <= kMatrixPairsMax);
    MarginAmount sum;
    std::bitset<kMatrixPairsMax> done;
    std::array<const DeribitRiskMatrix*, kMatrixPairsMax> group;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
        if (done[i] || pairs[i].matrix == nullptr) continue;
        std::size_t count = 0;
        for (std::size_t j = i; j < pairs.size(); ++j) {
            const bool same = pairs[j].stable == pairs[i].stable &&
                              (pairs[i].stable != StableSlot::none || pairs[j].underlying == pairs[i].underlying);
            if (pairs[j].matrix == nullptr || !same ||
                pairs[j].matrix->grid().cells_count() != pairs[i].matrix->grid().cells_count()) {
                continue;
            }
            group[count++] = pairs[j].matrix;
            done[j] = true;
        }
        const MarginAmount own = combined_margin(std::span{group}.first(count), general, {}).margin;
        MarginAmount usd = finite_margin(own.initial * pairs[i].rate, own.maintenance * pairs[i].rate);
        if (own.status != MarginStatus::ok) usd = kMarginUnknown;
        sum = sum + usd;
    }
    return sum;
}

}  // namespace keel::risk
