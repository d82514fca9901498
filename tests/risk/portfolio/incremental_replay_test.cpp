#include <gtest/gtest.h>

#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "risk/portfolio/contract_pnl.hpp"
#include "risk/portfolio/risk_engine.hpp"
#include "tests/support/not_a_number.hpp"
#include "tests/support/test_data.hpp"
#include "tests/support/vector_cases.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;

using keel::test::kNaN;
constexpr UnixNanos kStart = unix_nanos_from_ms(1'767'225'600'000);  // the file counts from zero

// Turns the file's events into the engine's: an implied volatility or a forward becomes the tickers it
// would arrive in, funding and deposits the balance report that follows them, settlement an index price
// and a timer at expiry.
class Replay {
public:
    explicit Replay(const json& file) : file_{file}, orders_{1} {
        const json& initial = file.at("initial");
        underlying_ = *table_.underlying("COIN");
        dollar_ = *table_.underlying("USDC");  // the stablecoin has an index of its own here
        for (const json& spec : initial.at("instruments")) add(spec);
        risk_ = std::make_unique<RiskEngine>(RiskConfig{}, table_);
        forwards_ = initial.at("forwards").get<std::map<std::string, double>>();
        balance("COIN", initial.at("cash_coin"));
        balance("USDC", initial.at("cash_usdc"));
        index(underlying_, initial.at("index"));
        index(dollar_, initial.at("usdc_usd"));
        for (const json& spec : initial.at("instruments")) {
            if (!spec.contains("iv")) delta_one(spec.at("name"), spec.at("mark"));
        }
        tick_options();
    }

    void apply_file_event(const json& event) {
        now_ = kStart + std::chrono::milliseconds{event.at("t_ms").get<std::int64_t>()};
        const std::string type = event.at("type");
        if (type == "index") return index(underlying_, last_index_ = event.at("value"));
        if (type == "usdc") return index(dollar_, event.at("value"));
        if (type == "mark") return delta_one(event.at("name"), event.at("value"));
        if (type == "fill") return fill(event);
        if (type == "settle") return settle(event.at("price"));
        if (type == "iv") {
            volatilities_[event.at("name")] = event.at("value");
            return option(event.at("name"));
        }
        if (type == "forward") {
            forwards_[event.at("exp")] = event.at("value");
            return tick_options();
        }
        if (type == "cash") return add_cash(event.at("asset"), event.at("amount"));
        if (type == "funding") return funding(event);
        unknown_.skip("event " + type);
    }
    void report() const { unknown_.report(); }

    void compare(const json& want) {
        tick_options();  // the clock of every option, up to date
        const UnderlyingRisk got = risk_->underlying(underlying_);
        const std::string place = "after event " + want.at("after_event").dump();
        const auto expect = [&](const char* key, double value, double atol) {
            const double wanted = want.at(key);
            EXPECT_NEAR(value, wanted, 1e-9 * std::abs(wanted) + atol) << place << ' ' << key;
        };
        constexpr double kCoin = 1e-9, kUsd = 1e-5;
        expect("equity_coin", risk_->equity(table_.find_currency("COIN")), kCoin);
        expect("equity_usdc", risk_->equity(table_.find_currency("USDC")), kUsd);
        expect("equity_usd", risk_->account().equity_usd, kUsd);
        expect("delta_net_coin", got.delta_net, kCoin);
        expect("delta_bs_coin", got.delta_bs, kCoin);
        expect("usd_delta_coin", got.delta_usd, kCoin);
        expect("gamma", got.sums.gamma, kCoin);
        expect("vega_usd", got.sums.vega, kUsd);
        expect("theta_usd", got.sums.theta, kUsd);
        expect("vanna", got.sums.vanna, kUsd);
        expect("volga", got.sums.volga, kUsd);
        std::size_t held = 0;
        for (const auto& [name, row] : want.at("positions").items()) {
            const Position& position = risk_->position(ids_.at(name));
            EXPECT_EQ(static_cast<double>(position.quantity.count()), row.at("qty").get<double>())
                << place << ' ' << name;
            if (row.contains("entry")) {
                EXPECT_NEAR(position.average_price, row.at("entry"), 1e-9 * row.at("entry").get<double>())
                    << place << ' ' << name;
            }
            held += position.quantity.count() != 0 ? 1U : 0U;
        }
        EXPECT_EQ(risk_->held().size(), held) << place;
    }

private:
    void add(const json& spec) {
        const std::string kind = spec.at("kind");
        const bool is_option = spec.contains("iv");
        const bool inverse = kind.starts_with("inv");
        Instrument row;
        row.set_name(spec.at("name").get<std::string>());
        row.venue = VenueId::deribit;
        row.kind = is_option                ? InstrumentKind::option
                   : kind.ends_with("perp") ? InstrumentKind::perpetual
                                            : InstrumentKind::future;
        row.payoff = inverse ? Payoff::inverse : Payoff::linear;
        row.underlying = underlying_;
        row.base = *table_.currency("COIN");
        row.settlement = inverse ? row.base : *table_.currency("USDC");
        row.tick = Decimal{1, -9};
        row.multiplier = spec.contains("face") ? spec.at("face").get<double>() : spec.value("mult", 1.0);
        if (is_option) {
            row.strike = spec.at("K");
            row.option_type = spec.at("th") == 1 ? OptionType::call : OptionType::put;
            volatilities_[spec.at("name")] = spec.at("iv");
        }
        if (spec.contains("exp")) {
            expiry_[spec.at("name")] = spec.at("exp");
            const std::int64_t ms = file_.at("initial").at("expiry_ms").at(spec.at("exp").get<std::string>());
            row.expiry = kStart + std::chrono::milliseconds{ms};
        }
        ids_[spec.at("name")] = *table_.add(row);
    }
    void apply(Event event) {
        event.receive_time = now_;
        risk_->apply(event, {table_, books_, orders_, now_, 0});
    }
    void ticker(InstrumentId id, double mark, double forward, double iv) {
        apply(Event::of(EventKind::ticker, VenueId::deribit, id,
                        Ticker{.mark_price = mark,
                               .underlying_price = forward,
                               .index_price = kNaN,
                               .mark_iv = iv,
                               .bid_iv = kNaN,
                               .ask_iv = kNaN,
                               .delta = kNaN,
                               .funding_8h = kNaN,
                               .price_min = kNaN,
                               .price_max = kNaN}));
    }
    void delta_one(const std::string& name, double mark) {
        marks_[name] = mark;
        ticker(ids_.at(name), mark, kNaN, kNaN);
    }
    void option(const std::string& name) {
        if (now_ < table_[ids_.at(name)].expiry) {
            ticker(ids_.at(name), kNaN, forwards_.at(expiry_.at(name)), volatilities_.at(name));
        }
    }
    void tick_options() {
        for (const auto& [name, volatility] : volatilities_) option(name);
    }
    void index(UnderlyingId underlying, double price) {
        apply(Event::of(EventKind::index_price, VenueId::deribit, InstrumentId::none,
                        IndexPrice{.price = price, .underlying = underlying}));
    }
    void balance(const char* currency, double equity) {
        apply(Event::of(EventKind::balance, VenueId::deribit, InstrumentId::none,
                        BalanceReport{.equity = equity, .currency = *table_.currency(currency)}));
    }
    void add_cash(const std::string& currency, double amount) {
        balance(currency.c_str(), risk_->equity(table_.find_currency(currency)) + amount);
    }
    void funding(const json& event) {
        const InstrumentId id = ids_.at(event.at("name"));
        const Instrument& row = table_[id];
        const ContractForm form = is_inverse(row) ? ContractForm::inverse : ContractForm::linear;
        const auto quantity = static_cast<double>(risk_->position(id).quantity.count());
        const double cash = funding_cash(form, row.multiplier, quantity, marks_.at(event.at("name")), event.at("rate"));
        add_cash(is_inverse(row) ? "COIN" : "USDC", cash);
    }
    void fill(const json& event) {
        const InstrumentId id = ids_.at(event.at("name"));
        const double quantity = event.at("qty");
        ASSERT_EQ(quantity, std::trunc(quantity));
        const Result<Price> price = table_[id].price_from_text(event.at("price").dump());
        ASSERT_TRUE(price.has_value());
        Event out = Event::of(EventKind::fill, VenueId::deribit, id,
                              FillReport{.price = *price,
                                         .quantity = Quantity{std::llround(std::abs(quantity))},
                                         .fee = money_from(event.value("fee", 0.0)),
                                         .fee_currency = table_[id].settlement,
                                         .mark_price = kNaN});
        out.set_side(quantity > 0.0 ? Side::bid : Side::ask);
        apply(out);
    }
    void settle(double price) {
        index(underlying_, price);
        apply(Event::of(EventKind::timer, VenueId::none, InstrumentId::none, Timer{}));
        index(underlying_, last_index_);
    }

    const json& file_;
    InstrumentTable table_;
    BookSet books_;
    OrderTable orders_;
    UnixNanos now_{kStart};
    UnderlyingId underlying_{}, dollar_{};
    std::unique_ptr<RiskEngine> risk_;
    std::map<std::string, InstrumentId> ids_;
    std::map<std::string, std::string> expiry_;
    std::map<std::string, double> forwards_, volatilities_, marks_;
    double last_index_{0.0};
    keel::test::VectorCases unknown_{"incremental_replay.json"};
};

TEST(IncrementalReplayTest, MeetsEveryCheckpointOfTheReferenceStream) {
    const auto path = keel::test::vectors_path("incremental_replay.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = json::parse(keel::test::read_file(*path));
    Replay replay{file};
    std::size_t applied = 0;
    std::size_t met = 0;
    for (const json& checkpoint : file.at("checkpoints")) {
        const std::size_t until = checkpoint.at("after_event");
        for (; applied < until && !HasFailure(); ++applied) replay.apply_file_event(file.at("events").at(applied));
        replay.compare(checkpoint);
        if (HasFailure()) return;
        ++met;
    }
    EXPECT_GT(met, 0U);
    std::cout << "[ vectors  ] incremental_replay.json: " << applied << " events, " << met << " checkpoints\n";
    replay.report();
}

}  // namespace
}  // namespace keel::risk
