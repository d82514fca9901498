// What is held: lots, cash and coins bought, as they are told and as they stand in the book at the end.
#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "app/risk_files/inputs_builder.hpp"

namespace keel::app {
namespace {

using risk::Contract;
using risk::ContractKind;

template <class Slot>
std::size_t at(Slot slot) {
    return static_cast<std::size_t>(slot);
}

}  // namespace

void InputsBuilder::add_cash(const std::string& currency, const std::string& venue_name, double amount,
                             const JsonTree& from) {
    (void)venue(venue_name);
    for (const Cash& cash : cash_) {
        if (cash.currency != currency || cash.venue != venue_name) continue;
        from.refuse(fmt::format("a second balance of {} at {}; the first is {}", currency, venue_name, cash.place));
    }
    cash_.push_back({currency, venue_name, amount, from.where()});
}

void InputsBuilder::hold(std::size_t row, double quantity, double entry, const JsonTree& from, bool rows_add) {
    const auto& [given, fresh] = held_.try_emplace(row, Given{from.where(), portfolios_});
    if (!fresh && (!rows_add || given->second.portfolio != portfolios_)) {
        from.refuse(fmt::format("a second position in {} at {}; the first is {}", inputs_.book.names[row],
                                inputs_.book.venue_names[at(inputs_.book.contracts[row].venue)], given->second.place));
    }
    risk::Holding& holding = inputs_.book.holdings[row];
    const double sum = holding.quantity + quantity;
    if (holding.quantity == 0.0 || sum == 0.0) {
        holding = {.quantity = sum, .entry = entry};
        return;
    }
    const bool inverse = inputs_.book.contracts[row].kind == ContractKind::inverse_future;
    holding.entry = inverse ? sum / (holding.quantity / holding.entry + quantity / entry)
                            : (holding.quantity * holding.entry + quantity * entry) / sum;
    holding.quantity = sum;
}

bool InputsBuilder::has_coin(const std::string& name) const {
    if (std::ranges::count(inputs_.book.underlying_names, name) > 0) return true;
    if (is_dollar(name) || std::ranges::count(inputs_.book.stable_names, name) > 0) return false;
    return std::ranges::any_of(cash_, [&](const Cash& cash) { return cash.currency == name && cash.amount != 0.0; });
}

// Rows of its own, which no name finds: a venue may call a contract as its coin.
void InputsBuilder::settle_cash() {
    for (const Cash& cash : cash_) {
        const bool is_coin = std::ranges::count(inputs_.book.underlying_names, cash.currency) > 0;
        const bool is_stable =
            !is_coin && (is_dollar(cash.currency) || std::ranges::count(inputs_.book.stable_names, cash.currency) > 0);
        // An account summary names every coin of the venue: of one that is neither held nor priced nothing is asked.
        if (cash.amount == 0.0 && !is_coin && !is_stable) continue;
        Contract row{.kind = is_stable ? ContractKind::stable_cash : ContractKind::coin_cash,
                     .venue = venue(cash.venue)};
        if (is_stable) {
            row.stable = stable(cash.currency);
        } else {
            row.underlying = underlying(cash.currency);
        }
        inputs_.book.holdings[add_row(row, cash.currency)].quantity = cash.amount;
    }
}

// Coins bought are coins held, cash worth its quantity at the index, once: where the venue's balance of the coin is
// given they are in it. The contract itself stays for what is ordered in it.
void InputsBuilder::settle_spot() {
    const risk::Book& book = inputs_.book;
    std::vector<Cash> bought;
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& spot = book.contracts[row];
        if (spot.kind != ContractKind::spot || book.holdings[row].quantity == 0.0) continue;
        const double coins = std::exchange(inputs_.book.holdings[row], {}).quantity * spot.multiplier;
        const std::string& coin = book.underlying_names[at(spot.underlying)];
        const std::string& venue_name = book.venue_names[at(spot.venue)];
        const auto is_same = [&](const Cash& cash) { return cash.currency == coin && cash.venue == venue_name; };
        if (std::ranges::any_of(cash_, is_same)) {
            inputs_.notes.push_back(fmt::format("{}: its coins are in {}'s balance of {}, counted there",
                                                book.names[row], venue_name, coin));
            continue;
        }
        inputs_.notes.push_back(
            fmt::format("{}: {} {} at {}, in equity at the index", book.names[row], coins, coin, venue_name));
        const auto before = std::ranges::find_if(bought, is_same);
        if (before == bought.end()) {
            bought.push_back({coin, venue_name, coins, {}});
        } else {
            before->amount += coins;
        }
    }
    std::ranges::move(bought, std::back_inserter(cash_));
}

// What needs the equity of such a venue says so.
void InputsBuilder::find_venues_without_cash() {
    for (std::size_t v = 0; v < inputs_.book.venue_names.size(); ++v) {
        const std::string& name = inputs_.book.venue_names[v];
        if (std::ranges::count(cash_, name, &Cash::venue) > 0) continue;
        for (std::size_t row = 0; row < inputs_.book.contracts.size(); ++row) {
            const Contract& contract = inputs_.book.contracts[row];
            const bool paid = contract.kind == ContractKind::spot || contract.kind == ContractKind::liquidity;
            if (at(contract.venue) != v || paid || inputs_.book.holdings[row].quantity == 0.0) continue;
            inputs_.venues_without_cash.push_back(risk::VenueSlot(static_cast<std::uint16_t>(v)));
            inputs_.notes.push_back(name + ": positions without any cash, its equity is what they are worth");
            break;
        }
    }
}

}  // namespace keel::app
