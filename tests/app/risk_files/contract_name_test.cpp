#include "app/risk_files/contract_name.hpp"

#include <gtest/gtest.h>

namespace keel::app {
namespace {

using risk::ContractKind;

TEST(ContractNameTest, SaysAllThatANameSays) {
    const auto perpetual = parse_contract_name("BTC-PERPETUAL");
    ASSERT_TRUE(perpetual);
    EXPECT_EQ(perpetual->kind, ContractKind::inverse_future);
    EXPECT_EQ(perpetual->underlying, "BTC");
    EXPECT_EQ(perpetual->expiry, UnixNanos{});
    const auto option = parse_contract_name("BTC-27MAR26-70000-C");
    ASSERT_TRUE(option);
    EXPECT_EQ(option->kind, ContractKind::inverse_option);
    EXPECT_EQ(option->type, OptionType::call);
    EXPECT_DOUBLE_EQ(option->strike, 70'000.0);
    EXPECT_EQ(option->expiry.ms(), 1'774'598'400'000);  // 2026-03-27T08:00:00Z
    const auto linear = parse_contract_name("XRP_USDC-1JAN27-0d65-P");
    ASSERT_TRUE(linear);
    EXPECT_EQ(linear->kind, ContractKind::linear_option);
    EXPECT_EQ(linear->stable, "USDC");
    EXPECT_DOUBLE_EQ(linear->strike, 0.65);
    EXPECT_EQ(parse_contract_name("ETH_USDC-PERPETUAL")->kind, ContractKind::linear_future);
    EXPECT_EQ(parse_contract_name("BTC-26JUN26")->kind, ContractKind::inverse_future);
    EXPECT_EQ(parse_contract_name("BTC_USDC")->kind, ContractKind::spot);
}

TEST(ContractNameTest, RefusesWhatIsNone) {
    for (const char* name : {"", "BTC", "btc-perpetual", "BTC-PERP", "BTC-31FEB26", "BTC-27MAR26-C",
                             "BTC-27MAR26-70000-X", "BTC-27MAR26--5-C", "BTC-27MAR26-1e400-C",
                             "BTC_USDC_USDT-PERPETUAL", "BTC-27MAR26-70000-C-1", "-", "_", "BTC-FS-27MAR26_PERP"}) {
        EXPECT_FALSE(parse_contract_name(name)) << name;
    }
}

TEST(ContractNameTest, Times) {
    EXPECT_EQ(parse_time("2026-03-27T08:00:00Z")->ms(), 1'774'598'400'000);
    EXPECT_EQ(parse_time("27MAR26")->ms(), 1'774'598'400'000);
    EXPECT_EQ(parse_time("2026-03-27")->ms(), 1'774'569'600'000);
    EXPECT_EQ(parse_time("2026-03-27T08:00:00.25Z")->ns(), 1'774'598'400'250'000'000);
    EXPECT_EQ(parse_time("2026-03-27T08:00:00.123456789Z")->ns(), 1'774'598'400'123'456'789);
    for (const char* text : {"2026-03-27T08:00:00+00:00", "2026-03-27T09:30:00.0+01:30", "2026-03-26T19:00:00-13:00"}) {
        ASSERT_TRUE(parse_time(text)) << text;
        EXPECT_EQ(parse_time(text)->ms(), 1'774'598'400'000) << text;
    }
    for (const char* text :
         {"2026-03-27T08:00:00", "2026-03-27T08:00:00.Z", "2026-03-27T08:00:00.1234567891Z", "2026-03-27T08:00:00.1",
          "2026-03-27T08:00:00+1:00", "2026-03-27T08:00:00+15:00", "2026-03-27T08:00:00Zx", "2026-03-27T08:00:00x"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
    for (const char* text : {"", "yesterday", "2026-13-01", "2026-03-27T25:00:00Z", "2026-03-27 08:00:00Z", "00MAR26",
                             "00MAR08", "2008-12-31", "2101-01-01", "9999-01-01"}) {
        EXPECT_FALSE(parse_time(text)) << text;
    }
    EXPECT_TRUE(is_market_time(1'230'768'000'000.0));  // the first of 2009
    EXPECT_FALSE(is_market_time(1'230'767'999'999.0));
    EXPECT_TRUE(is_market_time(4'133'980'799'999.0));  // the last of 2100
    EXPECT_FALSE(is_market_time(4'133'980'800'000.0));
}

}  // namespace
}  // namespace keel::app
