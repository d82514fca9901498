#pragma once

#include "risk/book/revaluation.hpp"

namespace keel::risk::test {

inline constexpr std::size_t kShortCall = 2;
inline constexpr std::size_t kPerpetual = 0;

struct StressBook {
    Book book;
    MarketState market;
};

// Two venues, one coin at 50,000 USD: a short straddle and coin at venue 0 ("alpha"), a linear perpetual in
// profit and USDC at venue 1 ("beta").
inline StressBook stress_book() {
    StressBook out;
    MarketState& market = out.market;
    market.now = unix_nanos_from_ms(1'767'225'600'000);
    market.underlyings = {{.index = 50'000.0}};
    market.expiries = {
        {.underlying = UnderlyingSlot{0}, .expiry = market.now + std::chrono::days{20}, .forward = 50'100.0}};
    market.stables = {1.0};
    Book& book = out.book;
    book.underlying_names = {"BTC"};
    book.stable_names = {"USDC"};
    book.venue_names = {"alpha", "beta"};
    const auto add = [&](Contract contract, Holding holding, ContractQuote quote, const char* name) {
        book.contracts.push_back(contract);
        book.holdings.push_back(holding);
        book.names.emplace_back(name);
        market.quotes.push_back(quote);
    };
    constexpr UnderlyingSlot kCoin{0};
    constexpr StableSlot kUsdc{0};
    add({.kind = ContractKind::linear_future, .underlying = kCoin, .stable = kUsdc, .venue = VenueSlot{1}},
        {.quantity = 4.0, .entry = 48'000.0}, {.mark = 50'050.0}, "BTC_USDC-PERPETUAL");
    add({.kind = ContractKind::inverse_future, .underlying = kCoin, .venue = VenueSlot{0}, .multiplier = 10.0},
        {.quantity = -2'000.0, .entry = 49'000.0}, {.mark = 50'010.0}, "BTC-PERPETUAL");
    for (const OptionType type : {OptionType::call, OptionType::put}) {
        add({.kind = ContractKind::inverse_option,
             .type = type,
             .underlying = kCoin,
             .expiry = ExpirySlot{0},
             .venue = VenueSlot{0},
             .strike = 50'000.0},
            {.quantity = -10.0}, {.volatility = 0.6}, type == OptionType::call ? "CALL" : "PUT");
    }
    add({.kind = ContractKind::coin_cash, .underlying = kCoin, .venue = VenueSlot{0}}, {.quantity = 12.0}, {}, "BTC");
    add({.kind = ContractKind::stable_cash, .stable = kUsdc, .venue = VenueSlot{1}}, {.quantity = 60'000.0}, {},
        "USDC");
    return out;
}

}  // namespace keel::risk::test
