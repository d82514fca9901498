#pragma once

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "risk/book/incremental_book.hpp"

namespace keel::risk::test {

// A book of two coins, three expiries each, two venues and two stablecoins: options of both kinds, futures,
// perpetuals, spot, shares of two pools, and the cash that each of them pays into. `delivering`: the first expiry of
// each coin is minutes away, so that a stream of events enters its averaging window and passes it.
struct RandomBook {
    Book book;
    MarketState market;
    std::mt19937_64 random;

    explicit RandomBook(std::uint64_t seed, bool delivering = false) : random{seed} {
        book.underlying_names = {"AAA", "BBB"};
        book.stable_names = {"USDX", "USDY"};
        book.venue_names = {"one", "two"};
        market.now = unix_nanos_from_ms(1'767'225'600'000);
        market.underlyings = {{.index = uniform(20'000.0, 90'000.0)}, {.index = uniform(1'000.0, 5'000.0)}};
        market.stables = {1.0, 0.9993};
        for (std::uint16_t u = 0; u < 2; ++u) {
            const double index = market.underlyings[u].index;
            add_cash(u);
            for (int e = 0; e < 3; ++e) {
                double days = e == 0 ? uniform(0.02, 1.0) : e == 1 ? uniform(3.0, 14.0) : uniform(30.0, 180.0);
                if (delivering && e == 0) days = uniform(10.0, 150.0) / 86'400.0;
                const auto expiry = ExpirySlot(static_cast<std::uint16_t>(market.expiries.size()));
                market.expiries.push_back(
                    {.underlying = UnderlyingSlot{u},
                     .expiry = market.now + std::chrono::nanoseconds{std::llround(days * 86'400e9)},
                     .forward = index * (1.0 + uniform(-0.002, 0.01))});
                // One of the two delivers on an average, one on the last price.
                if (delivering && e == 0 && u == 0) market.expiries.back().settlement_window = std::chrono::minutes{1};
                if (e == 2) market.expiries.back().settlement_window = std::chrono::minutes{30};
                for (int i = 0; i < 7; ++i) add_option(u, expiry, days);
                add(delta_one(e == 1 ? ContractKind::linear_future : ContractKind::inverse_future, u, expiry),
                    {.mark = market.expiries.back().forward});
            }
            for (const auto kind : {ContractKind::inverse_future, ContractKind::linear_future, ContractKind::spot}) {
                add(delta_one(kind, u, ExpirySlot::none), {.mark = index * (1.0 + uniform(-0.001, 0.001))});
            }
            Contract pool = delta_one(ContractKind::liquidity, u, ExpirySlot::none);
            pool.multiplier = 0.5;
            if (u == 1) {
                pool.strike = 0.9 * index;
                pool.upper = 1.2 * index;
            }
            add(pool, {.mark = index});
        }
    }

    double uniform(double low, double high) { return std::uniform_real_distribution<double>{low, high}(random); }
    std::size_t below(std::size_t count) { return std::uniform_int_distribution<std::size_t>{0, count - 1}(random); }
    bool one_in(std::size_t count) { return below(count) == 0; }

private:
    std::uint32_t add(const Contract& contract, const ContractQuote& quote, double quantity = 0.0) {
        book.contracts.push_back(contract);
        book.holdings.push_back({.quantity = quantity});
        book.names.push_back("row " + std::to_string(book.names.size()));
        market.quotes.push_back(quote);
        return static_cast<std::uint32_t>(book.contracts.size() - 1);
    }
    void add_cash(std::uint16_t underlying) {
        for (std::uint16_t v = 0; v < 2; ++v) {
            add({.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{underlying}, .venue = VenueSlot{v}}, {},
                20.0);
            if (underlying > 0) continue;
            for (std::uint16_t s = 0; s < 2; ++s) {
                add({.kind = ContractKind::stable_cash, .stable = StableSlot{s}, .venue = VenueSlot{v}}, {}, 500'000.0);
            }
        }
    }
    void add_option(std::uint16_t underlying, ExpirySlot expiry, double days) {
        Contract contract{.kind = one_in(3) ? ContractKind::linear_option : ContractKind::inverse_option,
                          .type = one_in(2) ? OptionType::call : OptionType::put,
                          .underlying = UnderlyingSlot{underlying},
                          .expiry = expiry,
                          .venue = VenueSlot{static_cast<std::uint16_t>(below(2))},
                          .margin_rate = 0.15};
        const double volatility = uniform(0.35, 0.95);
        if (contract.kind == ContractKind::linear_option) {
            contract.stable = StableSlot{static_cast<std::uint16_t>(below(2))};
            contract.multiplier = 0.1;
        }
        const double deviation = volatility * std::sqrt(days / 365.0);
        contract.strike = market.underlyings[underlying].index * std::exp(deviation * uniform(-3.0, 3.0));
        add(contract, {.volatility = volatility});
    }
    Contract delta_one(ContractKind kind, std::uint16_t underlying, ExpirySlot expiry) {
        Contract contract{.kind = kind,
                          .underlying = UnderlyingSlot{underlying},
                          .expiry = expiry,
                          .venue = VenueSlot{static_cast<std::uint16_t>(below(2))},
                          .margin_rate = 0.05};
        if (kind == ContractKind::inverse_future) {
            contract.multiplier = 10.0;
        } else {
            contract.stable = StableSlot{static_cast<std::uint16_t>(below(2))};
            contract.multiplier = 0.01;
        }
        return contract;
    }
};

// The same account kept the plain way: events change holdings and market, and every number is a full
// revaluation of both.
struct ReferenceBook {
    Book book;
    MarketState market;
    EquityPeak peak;

    explicit ReferenceBook(const RandomBook& start) : book{start.book}, market{start.market} {
        peak.restart(value_book(book, market).usd);
    }
    std::size_t cash_of(const Contract& contract) const {
        for (std::size_t i = 0; i < book.contracts.size(); ++i) {
            const Contract& row = book.contracts[i];
            if (row.venue != contract.venue || !is_cash(row.kind)) continue;
            if (settles_in_coin(contract.kind) != settles_in_coin(row.kind)) continue;
            if (settles_in_coin(row.kind) ? row.underlying == contract.underlying : row.stable == contract.stable)
                return i;
        }
        return book.contracts.size();
    }
    void pay(std::size_t row, double cash) { book.holdings[cash_of(book.contracts[row])].quantity += cash; }
    void fill(std::size_t row, double quantity, double price, double fee) {
        const Contract& contract = book.contracts[row];
        Holding& holding = book.holdings[row];
        if (is_option(contract.kind) || contract.kind == ContractKind::liquidity) {
            holding.quantity += quantity;
            pay(row, -quantity * contract.multiplier * price - fee);
            return;
        }
        const auto form = contract.kind == ContractKind::inverse_future ? ContractForm::inverse : ContractForm::linear;
        pay(row, apply_fill(holding, form, contract.multiplier, quantity, price) - fee);
    }
    void settle(ExpirySlot expiry, double price) {
        for (std::size_t i = 0; i < book.contracts.size(); ++i) {
            const Contract& contract = book.contracts[i];
            if (contract.expiry != expiry || book.holdings[i].quantity == 0.0) continue;
            if (is_option(contract.kind)) {
                const double sign = contract.type == OptionType::put ? -1.0 : 1.0;
                const double usd = std::max(sign * (price - contract.strike), 0.0);
                pay(i, book.holdings[i].quantity * contract.multiplier *
                           (contract.kind == ContractKind::inverse_option ? usd / price : usd));
                book.holdings[i] = {};
            } else {
                fill(i, -book.holdings[i].quantity, price, 0.0);
            }
        }
    }
};

}  // namespace keel::risk::test
