#pragma once

#include <cmath>
#include <limits>

#include "risk/book/incremental_book.hpp"

namespace keel::risk::test {

inline constexpr UnixNanos kSmallBookStart = unix_nanos_from_ms(1'767'225'600'000);
inline constexpr double kDayNs = 86'400e9;

// One coin, one stablecoin, one venue, one expiry: rows are added by hand and answer with their slot.
struct SmallBook {
    Book book;
    MarketState market;
    ContractSlot coin_cash{};
    ContractSlot stable_cash{};

    explicit SmallBook(double price, double days, double coins = 0.0, double dollars = 0.0) {
        market.now = kSmallBookStart;
        market.underlyings = {{.index = price}};
        market.stables = {1.0};
        market.expiries = {{.underlying = UnderlyingSlot{0},
                            .expiry = market.now + std::chrono::nanoseconds{std::llround(days * kDayNs)},
                            .forward = price}};
        book.venue_names = {"venue"};
        coin_cash = add({.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{0}}, coins, {});
        stable_cash = add({.kind = ContractKind::stable_cash, .stable = StableSlot{0}}, dollars, {});
    }
    ContractSlot add(Contract contract, double quantity, const ContractQuote& quote, double entry = 0.0) {
        contract.venue = VenueSlot{0};
        book.contracts.push_back(contract);
        book.holdings.push_back({.quantity = quantity, .entry = entry});
        book.names.emplace_back();
        market.quotes.push_back(quote);
        return ContractSlot(static_cast<std::uint32_t>(book.contracts.size() - 1));
    }
    ContractSlot add_option(ContractKind kind, OptionType type, double strike, double volatility, double quantity) {
        return add({.kind = kind,
                    .type = type,
                    .underlying = UnderlyingSlot{0},
                    .expiry = ExpirySlot{0},
                    .stable = kind == ContractKind::linear_option ? StableSlot{0} : StableSlot::none,
                    .strike = strike},
                   quantity, {.volatility = volatility});
    }
    ContractSlot add_perpetual(ContractKind kind, double multiplier, double quantity, double price) {
        return add({.kind = kind,
                    .underlying = UnderlyingSlot{0},
                    .stable = kind == ContractKind::inverse_future ? StableSlot::none : StableSlot{0},
                    .multiplier = multiplier},
                   quantity, {.mark = price}, price);
    }
};

}  // namespace keel::risk::test
