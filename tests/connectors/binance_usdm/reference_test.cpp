#include "connectors/binance_usdm/reference.hpp"

#include <gtest/gtest.h>

#include "connectors/binance_usdm/parse.hpp"
#include "tests/connectors/binance_usdm/captures.hpp"

namespace keel::connectors::binance {
namespace {

using test::PaddedText;

constexpr const char* kListing =
    R"({"timezone":"UTC","symbols":[)"
    R"({"symbol":"CTKUSDT","contractType":"PERPETUAL","deliveryDate":4133404800000,"baseAsset":"CTK","quoteAsset":"USDT",)"
    R"("marginAsset":"USDT","pricePrecision":5,"filters":[{"minPrice":"0.026","filterType":"PRICE_FILTER",)"
    R"("tickSize":"0.00100"},{"stepSize":"1","filterType":"LOT_SIZE","minQty":"5"},{"filterType":"NEW","limit":1}]},)"
    R"({"symbol":"BTCUSD_210924","contractType":"CURRENT_QUARTER","deliveryDate":1632470400000,"contractSize":100,)"
    R"("baseAsset":"BTC","quoteAsset":"USD","marginAsset":"BTC","pricePrecision":1,"filters":[)"
    R"({"filterType":"PRICE_FILTER","tickSize":"0.1"},{"filterType":"LOT_SIZE","stepSize":"1","minQty":"1"}]}]})";

TEST(ReferenceTest, OldPricesAreSeenOnAFinerGridThanNewOrdersKeepTo) {
    InstrumentTable table;
    Config config;
    config.symbols = {"CTKUSDT"};
    const PaddedText body{kListing};
    ASSERT_EQ(read_exchange_info(body.view(), config, table), 1U);
    const Instrument& row = table[InstrumentId{0}];
    EXPECT_EQ(row.name_view(), "CTKUSDT");
    EXPECT_EQ(row.tick, (Decimal{1, -5}));
    EXPECT_TRUE(row.price_from_text("0.50579").has_value());
    EXPECT_FALSE(row.on_tick(*row.price_from_text("0.50579")));
    EXPECT_TRUE(row.on_tick(*row.price_from_text("0.506")));
    EXPECT_EQ(row.quantity_min, Quantity{5});
    EXPECT_EQ(row.kind, InstrumentKind::perpetual);
    EXPECT_EQ(row.payoff, Payoff::linear);
    EXPECT_EQ(row.expiry, UnixNanos{});
    EXPECT_EQ(table.name_of(row.settlement), "USDT");
}

TEST(ReferenceTest, CoinMarginedContractsAreInverseWithTheirFace) {
    InstrumentTable table;
    Config config;
    config.family = ContractFamily::coinm;
    const PaddedText body{kListing};
    ASSERT_EQ(read_exchange_info(body.view(), config, table), 2U);
    const Instrument& row = table[table.find(VenueId::binance_coinm, "BTCUSD_210924")];
    EXPECT_EQ(row.payoff, Payoff::inverse);
    EXPECT_EQ(row.kind, InstrumentKind::future);
    EXPECT_EQ(row.expiry, unix_nanos_from_ms(1632470400000));
    EXPECT_EQ(row.multiplier, 100.0);
    // 50 contracts of 100 USD at 50,000 are a tenth of a coin.
    EXPECT_DOUBLE_EQ(row.coins(Quantity{50}, 50'000.0), 0.1);
    EXPECT_EQ(table.name_of(row.settlement), "BTC");
}

TEST(ReferenceTest, RefusesWhatItCannotTrust) {
    const auto refusal = [](std::string_view text, std::vector<std::string> symbols = {}) {
        InstrumentTable table;
        Config config;
        config.symbols = std::move(symbols);
        const PaddedText body{text};
        const auto read = read_exchange_info(body.view(), config, table);
        return read ? Errc::none : read.error().code;
    };
    EXPECT_EQ(refusal(kListing, {"NOBODY"}), Errc::unknown_instrument);
    EXPECT_EQ(refusal("{\"symbols\":[{\"symbol\":\"A\"}]}"), Errc::malformed_message);
    EXPECT_EQ(refusal("[1]"), Errc::malformed_message);
    EXPECT_EQ(refusal("{\"symbols\":[1]}"), Errc::malformed_message);
    EXPECT_EQ(
        refusal(
            R"({"symbols":[{"symbol":"A","baseAsset":"A","quoteAsset":"B","marginAsset":"B","filters":[)"
            R"({"filterType":"PRICE_FILTER","tickSize":"0"},{"filterType":"LOT_SIZE","stepSize":"1","minQty":"1"}]}]})"),
        Errc::number_out_of_range);
}

TEST(ReferenceTest, ConfiguredInstrumentsMustMakeSense) {
    InstrumentTable table;
    Config config;
    InstrumentDefinition definition;
    definition.symbol = "BTCUSDT";
    definition.base = "BTC";
    definition.quote = definition.settlement = "USDT";
    definition.tick = Decimal{1, -1};
    definition.contract_size = 0.0;
    config.instruments = {definition};
    EXPECT_EQ(define_instruments(config, table).error().code, Errc::config_invalid);
    config.instruments[0].contract_size = 1.0;
    config.instruments[0].symbol.clear();
    EXPECT_EQ(define_instruments(config, table).error().code, Errc::config_invalid);
}

}  // namespace
}  // namespace keel::connectors::binance
