#include "engine/core/instrument_table.hpp"

#include <gtest/gtest.h>

namespace keel {
namespace {

// BTC options of Deribit: 0.0001 below 0.005, 0.0005 from there on.
Instrument bitcoin_option() {
    Instrument option;
    option.set_name("BTC-27DEC24-100000-C");
    option.venue = VenueId::deribit;
    option.kind = InstrumentKind::option;
    option.payoff = Payoff::inverse;
    option.tick = Decimal{1, -4};
    option.tick_steps[0] = TickStep{.above = 50, .step = 5};
    option.tick_steps_count = 1;
    option.lot = Decimal{1, -1};
    return option;
}

Instrument bitcoin_perpetual() {
    Instrument perpetual;
    perpetual.set_name("BTC-PERPETUAL");
    perpetual.venue = VenueId::deribit;
    perpetual.payoff = Payoff::inverse;
    perpetual.tick = Decimal{5, -1};
    perpetual.lot = Decimal{10, 0};
    return perpetual;
}

TEST(InstrumentTest, AppliesTheCoarserTickAtAndAboveItsStep) {
    const Instrument option = bitcoin_option();
    EXPECT_TRUE(option.on_tick(*option.price_from_text("0.0049")));
    EXPECT_TRUE(option.on_tick(*option.price_from_text("0.0055")));
    EXPECT_FALSE(option.on_tick(*option.price_from_text("0.0051")));
    EXPECT_EQ(option.price_floor(0.00532), *option.price_from_text("0.005"));
    EXPECT_EQ(option.price_ceil(0.00532), *option.price_from_text("0.0055"));
}

TEST(InstrumentTest, ConvertsInverseAmountsThroughThePrice) {
    const Instrument perpetual = bitcoin_perpetual();
    const Quantity lots = *perpetual.quantity_from_text("185160");
    EXPECT_EQ(lots.count(), 18'516);
    EXPECT_NEAR(perpetual.coins(lots, 17'391.0), 10.646886321, 1e-9);  // docs of the venue
    EXPECT_DOUBLE_EQ(perpetual.notional_usd(-lots, 17'391.0, 0.0), 185'160.0);
    EXPECT_FALSE(perpetual.quantity_from_text("15").has_value());
    EXPECT_EQ(perpetual.decimal_of(Price{179'065}).to_text(), "89532.5");
}

TEST(InstrumentTableTest, InternsEachNameOnce) {
    InstrumentTable table;
    const InstrumentId option = *table.add(bitcoin_option());
    const InstrumentId perpetual = *table.add(bitcoin_perpetual());
    EXPECT_EQ(*table.add(bitcoin_option()), option);
    EXPECT_EQ(table.size(), 2U);
    EXPECT_EQ(table.find(VenueId::deribit, "BTC-PERPETUAL"), perpetual);
    EXPECT_EQ(table.find(VenueId::binance_usdm, "BTC-PERPETUAL"), InstrumentId::none);
    EXPECT_EQ(*table.underlying("BTC"), *table.underlying("BTC"));
    EXPECT_NE(*table.underlying("ETH"), *table.underlying("BTC"));
    EXPECT_EQ(table.name_of(*table.currency("USDC")), "USDC");
}

}  // namespace
}  // namespace keel
