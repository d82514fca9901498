#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "risk/book/incremental_book.hpp"
#include "tests/risk/book/vector_book.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

constexpr UnixNanos kStart = unix_nanos_from_ms(1'767'225'600'000);  // the file counts from zero

// incremental_replay.json on the incremental book: 400 events, each checkpoint computed by full revaluation with
// 60 digits (the file's `source`). The stream itself is never brought up to date: a copy is, at each checkpoint.
class BookReplayTest : public testing::Test {
protected:
    void SetUp() override {
        const auto path = keel::test::vectors_path("incremental_replay.json");
        KEEL_SKIP_WITHOUT(path);
        file_ = json::parse(keel::test::read_file(*path));
        const json& initial = file_.at("initial");
        Book book;
        MarketState market;
        market.now = kStart;
        market.underlyings = {{.index = initial.at("index")}};
        market.stables = {initial.at("usdc_usd")};
        for (const auto& [name, forward] : initial.at("forwards").items()) {
            expiries_[name] = ExpirySlot(static_cast<std::uint16_t>(market.expiries.size()));
            const std::int64_t ms = initial.at("expiry_ms").at(name);
            market.expiries.push_back({.underlying = UnderlyingSlot{0},
                                       .expiry = kStart + std::chrono::milliseconds{ms},
                                       .forward = forward});
        }
        const auto add = [&](const std::string& name, const Contract& contract, const ContractQuote& quote,
                             double quantity) {
            rows_[name] = ContractSlot(static_cast<std::uint32_t>(book.contracts.size()));
            book.contracts.push_back(contract);
            book.holdings.push_back({.quantity = quantity});
            book.names.push_back(name);
            market.quotes.push_back(quote);
        };
        add("COIN", {.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{0}, .venue = VenueSlot{0}}, {},
            initial.at("cash_coin"));
        add("USDC", {.kind = ContractKind::stable_cash, .stable = StableSlot{0}, .venue = VenueSlot{0}}, {},
            initial.at("cash_usdc"));
        for (const json& spec : initial.at("instruments")) {
            Contract contract{
                .kind = test::contract_kind(spec.at("kind")), .underlying = UnderlyingSlot{0}, .venue = VenueSlot{0}};
            contract.multiplier = spec.value("face", spec.value("mult", 1.0));
            contract.strike = spec.value("K", 0.0);
            if (spec.contains("th")) contract.type = spec.at("th") == 1 ? OptionType::call : OptionType::put;
            if (spec.contains("exp")) contract.expiry = expiries_.at(spec.at("exp"));
            if (!settles_in_coin(contract.kind)) contract.stable = StableSlot{0};
            ContractQuote quote;
            if (spec.contains("mark")) quote.mark = spec.at("mark");
            if (spec.contains("iv")) quote.volatility = spec.at("iv");
            add(spec.at("name"), contract, quote, 0.0);
        }
        book.venue_names = {"venue"};
        book_ = std::make_unique<IncrementalBook>(book, market);
    }

    BookStatus apply(const json& event) {
        const UnixNanos now = kStart + std::chrono::milliseconds{event.at("t_ms").get<std::int64_t>()};
        EXPECT_EQ(book_->on_clock(now), BookStatus::applied);
        const std::string type = event.at("type");
        const auto row = [&] { return rows_.at(event.at("name")); };
        if (type == "index") return book_->on_index(UnderlyingSlot{0}, event.at("value"));
        if (type == "usdc") return book_->on_stable(StableSlot{0}, event.at("value"));
        if (type == "mark") return book_->on_mark(row(), event.at("value"));
        if (type == "iv") return book_->on_volatility(row(), event.at("value"));
        if (type == "forward") return book_->on_forward(expiries_.at(event.at("exp")), event.at("value"));
        if (type == "fill") return book_->on_fill(row(), event.at("qty"), event.at("price"), event.value("fee", 0.0));
        if (type == "cash") return book_->on_cash(rows_.at(event.at("asset")), event.at("amount"));
        if (type == "funding") return book_->on_funding(row(), event.at("rate"));
        if (type == "settle") return book_->on_settlement(expiries_.at(event.at("exp")), event.at("price"));
        unknown_.skip("event " + type);
        return BookStatus::applied;
    }

    // `allowed` is the share of the published bound that a number may be off by.
    void compare(const IncrementalBook& book, const json& want, double allowed) const {
        const std::string place = "after event " + want.at("after_event").dump();
        const auto near = [&](const char* key, double got, double bound, double floor) {
            const double value = want.at(key);
            EXPECT_NEAR(got, value, allowed * bound + floor + 1e-9 * std::abs(value)) << place << ' ' << key;
        };
        constexpr double kCoin = 1e-9, kUsd = 1e-5;
        const Bounded<UnderlyingMetrics> risk = book.underlying(UnderlyingSlot{0});
        const Sensitivities& greeks = risk.value.greeks;
        const Sensitivities& bounds = risk.bound.greeks;
        const Bounded<double> stable = book.equity_stable(StableSlot{0});
        const Bounded<AccountMetrics> account = book.account();
        near("equity_coin", risk.value.equity_coin, risk.bound.equity_coin, kCoin);
        near("equity_usdc", stable.value, stable.bound, kUsd);
        near("equity_usd", account.value.usd.equity, account.bound.usd.equity, kUsd);
        near("delta_net_coin", greeks.delta_net, bounds.delta_net, kCoin);
        near("delta_bs_coin", greeks.delta_bs, bounds.delta_bs, kCoin);
        near("usd_delta_coin", risk.value.delta_usd, risk.bound.delta_usd, kCoin);
        near("gamma", greeks.gamma, bounds.gamma, kCoin);
        near("vega_usd", greeks.vega, bounds.vega, kUsd);
        near("theta_usd", greeks.theta, bounds.theta, kUsd);
        near("vanna", greeks.vanna, bounds.vanna, kCoin);
        near("volga", greeks.volga, bounds.volga, kUsd);
        const auto& coin = book.tally(rows_.at("COIN"));
        const auto& usdc = book.tally(rows_.at("USDC"));
        near("cash_coin", book.holding(rows_.at("COIN")).quantity, 0.0, kCoin);
        near("cash_usdc", book.holding(rows_.at("USDC")).quantity, 0.0, kUsd);
        near("realised_coin", coin.realised.value(), 0.0, kCoin);
        near("realised_usdc", usdc.realised.value(), 0.0, kUsd);
        for (const auto& [name, row] : want.at("positions").items()) {
            const Holding held = book.holding(rows_.at(name));
            EXPECT_EQ(held.quantity, row.at("qty").get<double>()) << place << ' ' << name;
            check_worth(book, name, row, place);
            if (!row.contains("entry")) continue;
            EXPECT_NEAR(held.entry, row.at("entry"), 1e-9 * row.at("entry").get<double>()) << place << ' ' << name;
        }
    }

    // Profit of a future, value of an option, in its ledger: the definition on the inputs that the book holds.
    void check_worth(const IncrementalBook& book, const std::string& name, const json& row,
                     const std::string& place) const {
        const char* key = row.contains("upnl") ? "upnl" : "value";
        const ContractSlot slot = rows_.at(name);
        ContractQuote quote = book.market().quotes[static_cast<std::size_t>(slot)];
        const Contract& contract = book.contract(slot);
        if (is_option(contract.kind)) quote.volatility = book.volatility(slot);
        const double want = row.at(key);
        const double floor = settles_in_coin(contract.kind) ? 1e-9 : 1e-5;
        EXPECT_NEAR(holding_value(contract, book.holding(slot), quote, book.market()), want,
                    floor + 1e-9 * std::abs(want))
            << place << ' ' << name << ' ' << key;
    }

    json file_;
    std::unique_ptr<IncrementalBook> book_;
    std::map<std::string, ContractSlot> rows_;
    std::map<std::string, ExpirySlot> expiries_;
    keel::test::VectorCases unknown_{"incremental_replay.json"};
};

TEST_F(BookReplayTest, MeetsEveryCheckpoint) {
    std::size_t applied = 0;
    std::size_t met = 0;
    for (const json& checkpoint : file_.at("checkpoints")) {
        for (; applied < checkpoint.at("after_event").get<std::size_t>(); ++applied) {
            ASSERT_EQ(apply(file_.at("events").at(applied)), BookStatus::applied) << applied;
        }
        compare(*book_, checkpoint, 1.0);
        IncrementalBook copy = *book_;
        copy.resync();
        compare(copy, checkpoint, 0.0);
        ASSERT_FALSE(HasFailure());
        ++met;
    }
    EXPECT_EQ(book_->quality(), kBookGood);
    std::cout << "[ vectors  ] incremental_replay.json: " << applied << " events, " << met << " checkpoints\n";
    unknown_.report();
}

}  // namespace
}  // namespace keel::risk
