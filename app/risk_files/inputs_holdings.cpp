// What is held: lots, cash and coins bought, as they are told and as they stand in the book at the end.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <utility>

#include "app/risk_files/inputs_builder.hpp"
#include "app/risk_files/settlement_cash.hpp"
#include "risk/book/accounts.hpp"
#include "risk/portfolio/contract_pnl.hpp"

namespace keel::app {
namespace {

using risk::Contract;
using risk::ContractKind;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_future(ContractKind kind) {
    return kind == ContractKind::linear_future || kind == ContractKind::inverse_future;
}

risk::ContractForm form_of(const Contract& contract) {
    return contract.kind == ContractKind::inverse_future ? risk::ContractForm::inverse : risk::ContractForm::linear;
}

}  // namespace

void InputsBuilder::add_cash(const std::string& currency, const std::string& venue_name, double amount,
                             const JsonTree& from) {
    (void)venue(venue_name);
    for (const Cash& cash : cash_) {
        if (cash.currency != currency || cash.venue != venue_name) continue;
        from.refuse(
            fmt::format("a second balance of {} at {}; the first is {}", currency, venue_name, cash.given.place));
    }
    cash_.push_back({currency, venue_name, amount, {from.where(), portfolios_.size()}});
}

std::size_t InputsBuilder::hold(std::size_t row, double quantity, double entry, const JsonTree& from, bool rows_add) {
    const auto& [given, fresh] = held_.try_emplace(row, Given{from.where(), portfolios_.size()});
    if (!fresh && (!rows_add || given->second.portfolio != portfolios_.size())) {
        from.refuse(fmt::format("a second position in {} at {}; the first is {}", inputs_.book.names[row],
                                inputs_.book.venue_names[at(inputs_.book.contracts[row].venue)], given->second.place));
    }
    if (quantity == 0.0) return row;  // hedge mode lists sides that hold nothing
    const Contract contract = inputs_.book.contracts[row];
    if (!is_future(contract.kind)) {
        (void)apply_fill(inputs_.book.holdings[row], form_of(contract), contract.multiplier, quantity, entry);
        return row;
    }
    const std::size_t place = inputs_.book.holdings[row].quantity * quantity < 0.0 ? other_side(row) : row;
    lots_.push_back({place, quantity, entry});
    inputs_.book.holdings[place].quantity += quantity;
    return place;
}

std::size_t InputsBuilder::other_side(std::size_t row) {
    const auto [side, fresh] = other_sides_.try_emplace(row, inputs_.book.contracts.size());
    if (!fresh) return side->second;
    const Contract contract = inputs_.book.contracts[row];
    const std::string name = inputs_.book.names[row];
    named_[name].push_back(add_row(contract, name));
    return side->second;
}

// A lot that was given no entry has made nothing yet: it is entered at the mark.
void InputsBuilder::enter_lots() {
    std::map<std::size_t, double> at_mark;  // quantity, by row
    for (const Lot& lot : lots_) inputs_.book.holdings[lot.row] = {};
    for (const auto& [row, quantity, entry] : lots_) {
        const Contract& contract = inputs_.book.contracts[row];
        const double price = usable(entry) ? entry : inputs_.market.quotes[row].mark;
        (void)apply_fill(inputs_.book.holdings[row], form_of(contract), contract.multiplier, quantity, price);
        if (!usable(entry)) at_mark[row] += quantity;
    }
    for (const auto& [row, quantity] : at_mark) {
        const double all = inputs_.book.holdings[row].quantity;
        const std::string of = quantity == all ? "" : fmt::format(" of {:.10g} of {:.10g}", quantity, all);
        inputs_.notes.push_back(
            fmt::format("{}: no entry given{}, its profit counts from the mark", inputs_.book.names[row], of));
    }
}

// Long and short of one contract are two positions where the venue has a hedge mode, each with its own margin. Deribit
// has none: what both sides have closed is profit made, in cash, and the side that is left is the position.
void InputsBuilder::settle_sides() {
    for (const auto& [row, other] : other_sides_) {
        const Contract contract = inputs_.book.contracts[row];
        const risk::Holding two = inputs_.book.holdings[other];
        risk::Holding& one = inputs_.book.holdings[row];
        const std::string what = fmt::format(
            "{} at {}: {} long and {} short", inputs_.book.names[row], inputs_.book.venue_names[at(contract.venue)],
            std::max(one.quantity, two.quantity), -std::min(one.quantity, two.quantity));
        if (!is_netted(contract.venue)) {
            inputs_.notes.push_back(what + ", kept apart as in hedge mode");
            continue;
        }
        if (std::abs(two.quantity) > std::abs(one.quantity)) {
            auto& indicators = inputs_.adl_indicators;
            indicators.resize(inputs_.book.contracts.size(), kNaN);
            std::swap(indicators[row], indicators[other]);
        }
        const double profit = apply_fill(one, form_of(contract), contract.multiplier, two.quantity, two.entry);
        inputs_.book.holdings[other] = {};
        if (std::isfinite(profit)) pay(inputs_, contract, profit);  // an earlier market may not price it
        if (is_earlier_) continue;                                  // the figure that counts is the report's
        inputs_.notes.push_back(fmt::format("{}, netted: {:.10g} {} of profit went to cash", what, profit + 0.0,
                                            settlement_of(contract, inputs_.book)));
    }
}

bool InputsBuilder::is_netted(risk::VenueSlot slot) const {
    if (risk::venue_of_account(inputs_.book.venue_names[at(slot)]) == kDeribit) return true;
    if (at(slot) >= inputs_.venue_margins.size()) return false;
    const risk::MarginLaw law = inputs_.venue_margins[at(slot)].law;
    return law == risk::MarginLaw::deribit_standard || law == risk::MarginLaw::deribit_portfolio;
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
        const std::size_t place = add_row(row, cash.currency);
        inputs_.book.holdings[place].quantity = cash.amount;
        held_[place] = cash.given;
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
