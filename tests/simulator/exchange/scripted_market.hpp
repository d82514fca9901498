#pragma once

#include <array>
#include <chrono>
#include <memory>
#include <vector>

#include "simulator/exchange/exchange.hpp"
#include "simulator/market/catalogue.hpp"
#include "simulator/market/market_source.hpp"

namespace keel::simulator {

// A market whose prices the test sets and whose flow is empty: every order in the books is the test's.
class ScriptedMarket final : public MarketSource {
public:
    // Slots of listings(), in this order.
    static constexpr InstrumentId kBtcPerpetual{0};
    static constexpr InstrumentId kBtcFuture{1};
    static constexpr InstrumentId kBtcCall{2};  // BTC-16JAN26-60000-C
    static constexpr InstrumentId kBtcPut{3};
    static constexpr InstrumentId kEthPerpetual{4};
    static constexpr InstrumentId kLinearPerpetual{5};

    ScriptedMarket() {
        using namespace std::chrono_literals;
        constexpr std::chrono::sys_days kExpiry{2026y / std::chrono::January / 16};
        catalogue_.add_perpetual(Currency::btc, start_time());
        catalogue_.add_future(Currency::btc, kExpiry, start_time());
        catalogue_.add_option(Currency::btc, kExpiry, 60'000.0, OptionType::call, start_time());
        catalogue_.add_option(Currency::btc, kExpiry, 60'000.0, OptionType::put, start_time());
        catalogue_.add_perpetual(Currency::eth, start_time());
        catalogue_.add_linear_perpetual(Currency::btc, start_time());
        marks[2].iv_ratio = marks[3].iv_ratio = 0.5;
        set_btc(60'000.0);
        marks[4].mark_price = index_usd[1];
    }

    // Index and every BTC mark at one price; options get `option_coin`.
    void set_btc(double usd, double option_coin = 0.02) {
        index_usd[0] = usd;
        for (const std::size_t i : {0U, 1U, 5U}) marks[i].mark_price = usd;
        for (const std::size_t i : {2U, 3U}) marks[i].mark_price = option_coin;
        for (InstrumentMark& mark : marks) mark.underlying_price = usd;
    }

    UnixNanos start_time() const override { return start; }
    UnixNanos end_time() const override { return UnixNanos{}; }
    std::int64_t step_ns() const override { return step_length_ns; }
    std::span<const Listing> listings() const override { return catalogue_.listings(); }
    void step() override {}
    std::span<const FlowAction> flow() const override { return {}; }
    double index_price(Currency currency) const override { return index_usd[static_cast<std::size_t>(currency)]; }
    double volatility_index(Currency) const override { return 50.0; }
    InstrumentMark mark(InstrumentId instrument) const override { return marks[slot(instrument)]; }
    std::uint64_t hash() const override { return 0; }
    std::string_view description() const override { return "scripted"; }

    UnixNanos start{1'768'435'200'000'000'000};  // 2026-01-15 00:00 UTC
    std::int64_t step_length_ns{20'000'000};
    std::array<double, kCurrencyCount> index_usd{60'000.0, 3'000.0, 1.0};
    std::array<InstrumentMark, 6> marks{};

private:
    Catalogue catalogue_;
};

// An exchange on a scripted market with two clients.
struct ScriptedVenue {
    explicit ScriptedVenue(const ExchangeConfig& config = {}) {
        auto source = std::make_unique<ScriptedMarket>();
        market = source.get();
        exchange = std::make_unique<Exchange>(config, std::move(source));
        alice = *exchange->open_account(
            {.name = "alice", .client_id = "A", .client_secret = "a", .balances = {10.0, 100.0, 100'000.0}});
        bob = *exchange->open_account(
            {.name = "bob", .client_id = "B", .client_secret = "b", .balances = {10.0, 100.0, 100'000.0}});
    }

    static OrderRequest limit(std::string name, Side side, double amount, double price) {
        OrderRequest request{.instrument_name = std::move(name), .side = side, .amount = amount};
        request.price = price;
        return request;
    }
    Answer<OrderAnswer> place(AccountId account, Side side, double amount, double price) {
        return exchange->submit(account, limit("BTC-PERPETUAL", side, amount, price));
    }
    // Lets simulated time pass: marks are read anew at the next step.
    void pass(std::chrono::nanoseconds time) { exchange->advance(exchange->now() + time); }

    ScriptedMarket* market{nullptr};
    std::unique_ptr<Exchange> exchange;
    AccountId alice{};
    AccountId bob{};
};

}  // namespace keel::simulator
