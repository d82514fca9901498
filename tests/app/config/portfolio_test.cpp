#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "app/config/mapping.hpp"
#include "app/failure.hpp"

namespace keel::app {
namespace {

constexpr UnixNanos kNow{1'767'600'000'000'000'000};  // 2026-01-05 08:00 UTC
constexpr std::int64_t kDayNs = 86'400'000'000'000;

Instrument base_of(InstrumentTable& table, const std::string& name) {
    Instrument instrument;
    instrument.set_name(name);
    instrument.venue = VenueId::deribit;
    instrument.payoff = Payoff::inverse;
    instrument.underlying = *table.underlying("BTC");
    instrument.base = *table.currency("BTC");
    instrument.quote = *table.currency("USD");
    instrument.settlement = *table.currency("BTC");
    return instrument;
}

InstrumentTable listed_market() {
    InstrumentTable table;
    Instrument perpetual = base_of(table, "BTC-PERPETUAL");
    perpetual.lot = Decimal{10, 0};
    EXPECT_TRUE(table.add(perpetual));
    for (const int days : {1, 6, 27, 90}) {
        for (const int strike : {80'000, 90'000, 100'000, 110'000, 120'000}) {
            for (const OptionType type : {OptionType::call, OptionType::put}) {
                Instrument option = base_of(table, "BTC-" + std::to_string(days) + "D-" + std::to_string(strike) +
                                                       (type == OptionType::call ? "-C" : "-P"));
                option.kind = InstrumentKind::option;
                option.option_type = type;
                option.strike = strike;
                option.expiry = UnixNanos{kNow.ns() + days * kDayNs};
                option.lot = Decimal{1, -1};
                EXPECT_TRUE(table.add(option));
            }
        }
    }
    return table;
}

PositionRule rule_of(std::size_t kind, double moneyness, double days, double coin, double usd = 0.0) {
    PositionRule rule;
    rule.underlying = "BTC";
    rule.kind = kind;
    rule.moneyness_ratio = moneyness;
    rule.expiry_days = days;
    rule.quantity_coin = coin;
    rule.quantity_usd = usd;
    return rule;
}

double price(UnderlyingId) { return 98'000.0; }

// One boundary without an underlying is one for each coin: the core holds so many and no more.
TEST(BoundaryCountTest, IsRefusedWhereItOutgrowsTheCore) {
    Configuration configuration;
    configuration.file = "run.toml";
    configuration.risk.boundaries.resize(3);
    configuration.risk.boundaries[0].metric = Metric::gamma_1pct_usd;
    configuration.risk.boundaries[1].metric = Metric::vega_usd;
    configuration.risk.boundaries[2].metric = Metric::leverage_gross;  // the account's: one
    InstrumentTable table;
    const auto add_coin = [&table](int i) { return table.underlying("COIN" + std::to_string(i)).has_value(); };
    for (int i = 0; i < 31; ++i) ASSERT_TRUE(add_coin(i));
    EXPECT_NO_THROW(check_boundary_count(configuration, table));  // 63 of 64
    ASSERT_TRUE(add_coin(31));
    EXPECT_THROW(check_boundary_count(configuration, table), ConfigError);
    configuration.risk.boundaries[0].underlying = "COIN0";
    EXPECT_NO_THROW(check_boundary_count(configuration, table));
}

TEST(ResolvePortfolioTest, TakesTheNearestExpiryThenTheNearestStrike) {
    const InstrumentTable table = listed_market();
    PortfolioSettings portfolio;
    portfolio.positions = {rule_of(2, 1.0, 7, -10.0), rule_of(3, 0.9, 30, -15.0), rule_of(0, 1.0, 0, 0.0, 50'000.0)};
    const auto found = resolve_portfolio(portfolio, table, kNow, &price);
    ASSERT_EQ(found.size(), 3U);
    EXPECT_EQ(table[found[0].instrument].name_view(), "BTC-6D-100000-C");
    EXPECT_EQ(found[0].quantity, Quantity{-100});  // lots of 0.1
    EXPECT_EQ(table[found[1].instrument].name_view(), "BTC-27D-90000-P");
    EXPECT_EQ(table[found[2].instrument].name_view(), "BTC-PERPETUAL");
    EXPECT_EQ(found[2].quantity, Quantity{5'000});  // lots of 10 USD
}

TEST(ResolvePortfolioTest, TakesAnExactName) {
    const InstrumentTable table = listed_market();
    PortfolioSettings portfolio;
    PositionRule rule;
    rule.instrument = "BTC-90D-80000-P";
    rule.quantity_coin = 2.0;
    portfolio.positions = {rule};
    const auto found = resolve_portfolio(portfolio, table, kNow, &price);
    EXPECT_EQ(table[found[0].instrument].name_view(), "BTC-90D-80000-P");
}

TEST(ResolvePortfolioTest, RefusesWhatNothingListedSatisfies) {
    const InstrumentTable table = listed_market();
    PortfolioSettings portfolio;
    portfolio.positions = {rule_of(1, 1.0, 30, 0.0, 1'000.0)};  // no dated future is listed
    EXPECT_THROW(resolve_portfolio(portfolio, table, kNow, &price), ConfigError);
    portfolio.positions = {rule_of(2, 1.0, 30, -1.0)};
    EXPECT_THROW(resolve_portfolio(portfolio, table, kNow, [](UnderlyingId) { return std::nan(""); }), ConfigError);
}

TEST(ResolvePortfolioTest, RefusesTheWrongUnit) {
    const InstrumentTable table = listed_market();
    PortfolioSettings portfolio;
    portfolio.positions = {rule_of(0, 1.0, 0, 1.0)};  // an inverse perpetual is held in USD
    EXPECT_THROW(resolve_portfolio(portfolio, table, kNow, &price), ConfigError);
}

TEST(HedgeConfigTest, TurnsPatternsIntoIdsAndKeepsOptionsOut) {
    const InstrumentTable table = listed_market();
    Configuration configuration;
    configuration.hedge.instruments = {"BTC-*"};
    configuration.hedge.targets = {
        {"BTC", 0.5}
    };
    const strategies::HedgeConfig config = hedge_config(configuration, table);
    ASSERT_EQ(config.instruments.size(), 1U);
    EXPECT_EQ(table[config.instruments[0]].name_view(), "BTC-PERPETUAL");
    EXPECT_FALSE(config.send_orders);  // observe
    EXPECT_EQ(config.targets[0].delta_target_coin, 0.5);
    configuration.hedge.instruments = {"DOGE-*"};
    EXPECT_THROW(hedge_config(configuration, table), ConfigError);
}

}  // namespace
}  // namespace keel::app
