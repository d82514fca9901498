// Prices that rows tell in passing, where no market file names better ones.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "app/report/report_words.hpp"
#include "app/risk_files/inputs_builder.hpp"
#include "risk/options/implied_quote.hpp"
#include "risk/report/report_doubts.hpp"

namespace keel::app {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::chrono::nanoseconds kTogether = std::chrono::minutes{1};  // answers asked for one after the other

}  // namespace

void InputsBuilder::tell_index(risk::UnderlyingSlot slot, double index) {
    const Told told{index, portfolios_.size() - 1};
    const auto [before, fresh] = told_indices_.try_emplace(slot, told);
    const bool newer = portfolios_[told.portfolio].time > portfolios_[before->second.portfolio].time;
    if (!fresh && newer) before->second = told;
}

void InputsBuilder::tell_mark(std::size_t row, double mark) { told_marks_[row] = {mark, portfolios_.size() - 1}; }

bool InputsBuilder::is_priced(std::size_t row) const {
    const risk::ContractQuote& quote = inputs_.market.quotes[row];
    if (!risk::is_option(inputs_.book.contracts[row].kind)) return usable(quote.mark);
    return risk::is_market_volatility(quote.volatility) || option_prices_.contains(row) ||
           has_smile(inputs_.book.contracts[row].expiry);
}

void InputsBuilder::forget_told_after(UnixNanos time) {
    const auto is_later = [&](const auto& told) {
        const UnixNanos then = portfolios_[told.second.portfolio].time;
        return then == UnixNanos{} || then > time;
    };
    std::erase_if(told_indices_, is_later);
    std::erase_if(told_marks_, is_later);
}

// What market files told, then what portfolio files did: that is as old as the venue's answer, and said.
void InputsBuilder::settle_told() {
    for (const auto& [slot, index] : indices_) {
        double& known = inputs_.market.underlyings[at(slot)].index;
        if (!usable(known)) known = index;
    }
    std::vector<std::vector<std::string>> names(portfolios_.size());
    const auto take = [&](const Told& told, const std::string& name, std::vector<double>& ages, std::size_t place) {
        names[told.portfolio].push_back(name);
        const UnixNanos time = portfolios_[told.portfolio].time;
        if (time == UnixNanos{} || time >= inputs_.market.now) return;
        if (ages.size() <= place) ages.resize(place + 1, kNaN);
        ages[place] = std::chrono::duration<double>(inputs_.market.now - time).count();
    };
    for (const auto& [slot, told] : told_indices_) {
        double& known = inputs_.market.underlyings[at(slot)].index;
        if (usable(known)) continue;
        known = told.price;
        take(told, "the index of " + inputs_.book.underlying_names[at(slot)], inputs_.index_age_seconds, at(slot));
    }
    std::erase_if(told_marks_, [&](const auto& told) {
        return is_priced(told.first) || inputs_.book.holdings[told.first].quantity == 0.0;
    });
    for (const auto& [row, told] : told_marks_) {
        if (risk::is_option(inputs_.book.contracts[row].kind)) {
            option_prices_[row] = told.price;
        } else {
            inputs_.market.quotes[row].mark = told.price;
        }
        take(told, inputs_.book.names[row], inputs_.input_age_seconds, row);
    }
    for (std::size_t file = 0; file < names.size(); ++file) {
        if (names[file].empty()) continue;
        const auto& [path, time] = portfolios_[file];
        inputs_.notes.push_back(fmt::format(
            "{}: its own prices of {} are used, which no market file gives; {}", path, risk::first_names(names[file]),
            time == UnixNanos{} ? "it does not say when they were taken" : "they are of " + utc_text(time)));
    }
}

UnixNanos InputsBuilder::time_of(const Given& given) const {
    return given.portfolio == 0 ? UnixNanos{} : portfolios_[given.portfolio - 1].time;
}

// Answers about an account that were sent a minute apart: a fill or a settlement between them is in one of them only.
void InputsBuilder::settle_moments() {
    UnixNanos oldest{}, newest{};
    std::string path;
    for (const Portfolio& portfolio : portfolios_) {
        if (portfolio.time == UnixNanos{}) continue;
        if (oldest == UnixNanos{} || portfolio.time < oldest) {
            oldest = portfolio.time;
            path = portfolio.path;
        }
        newest = std::max(newest, portfolio.time);
    }
    if (newest - oldest <= kTogether) return;
    inputs_.notes.push_back(
        fmt::format("{} is of {}, the newest answer about the account of {}: what happened between "
                    "is in one of them only",
                    path, utc_text(oldest), utc_text(newest)));
    for (const auto& [row, given] : held_) {
        if (time_of(given) != UnixNanos{}) doubt(row, risk::InputDoubt::account_torn);
    }
}

// What is held now is worth what prices of then make of it.
void InputsBuilder::find_account_after_prices() {
    if (portfolios_.empty()) return;
    const UnixNanos prices = inputs_.market.now;
    const Portfolio& newest = *std::ranges::max_element(portfolios_, {}, &Portfolio::time);
    if (newest.time - prices <= kTogether) return;
    const double seconds = std::chrono::duration<double>(newest.time - prices).count();
    inputs_.notes.push_back(
        fmt::format("{} is of {}, {} after the newest price: the account is valued at prices of before", newest.path,
                    utc_text(newest.time), age_text(seconds)));
    for (const auto& [row, given] : held_) {
        if (time_of(given) - prices > kTogether) doubt(row, risk::InputDoubt::account_newer);
    }
}

}  // namespace keel::app
