#include "simulator/accounts/contract_math.hpp"

#include "simulator/accounts/account.hpp"
#include "simulator/accounts/margin.hpp"
#include "simulator/market/catalogue.hpp"

namespace keel::simulator {
namespace {

using namespace std::chrono_literals;

class ContractMathTest : public testing::Test {
protected:
    ContractMathTest() {
        constexpr std::chrono::sys_days kDay{2026y / std::chrono::January / 16};
        catalogue.add_perpetual(Currency::btc, {});
        catalogue.add_linear_perpetual(Currency::btc, {});
        catalogue.add_option(Currency::btc, kDay, 9'250.0, OptionType::call, {});
        catalogue.add_option(Currency::btc, kDay, 9'250.0, OptionType::put, {});
        catalogue.add_perpetual(Currency::eth, {});
    }
    const Listing& inverse() const { return catalogue.listings()[0]; }
    const Listing& linear() const { return catalogue.listings()[1]; }
    const Listing& call() const { return catalogue.listings()[2]; }
    const Listing& put() const { return catalogue.listings()[3]; }
    const Listing& ether() const { return catalogue.listings()[4]; }
    Catalogue catalogue;
};

// The position that the venue's own documentation prints for user.changes.
TEST_F(ContractMathTest, ReproducesThePublishedInversePosition) {
    EXPECT_NEAR(futures_coins(inverse(), 185'160.0, 17'391.0), 10.646886321, 1e-9);
    EXPECT_NEAR(holding_profit(inverse(), 185'160.0, 15'000.0, 17'391.0), 1.69711368, 1e-8);
    EXPECT_NEAR(holding_profit(inverse(), 185'160.0, 16'025.83, 17'391.0), 0.906961435, 1e-8);

    Holding holding;
    holding.fill(inverse(), Quantity{18'517}, 15'000.0, 15'000.0);
    holding.session_price = 16'025.83;  // settled since
    const double realised = holding.fill(inverse(), Quantity{-1}, 17'391.0, 17'391.0);
    EXPECT_NEAR(realised, 4.898e-5, 1e-8);
    EXPECT_EQ(holding.lots, Quantity{18'516});
    EXPECT_DOUBLE_EQ(holding.average_price, 15'000.0);
}

TEST_F(ContractMathTest, AveragesInverseEntriesHarmonically) {
    EXPECT_NEAR(averaged_price(inverse(), 1'000.0, 10'000.0, 1'000.0, 20'000.0), 2'000.0 / (0.1 + 0.05), 1e-9);
    EXPECT_NEAR(averaged_price(linear(), 1.0, 10'000.0, 3.0, 20'000.0), 17'500.0, 1e-9);
    EXPECT_NEAR(averaged_price(call(), 2.0, 0.01, 2.0, 0.03), 0.02, 1e-12);
}

TEST_F(ContractMathTest, FlipsAHoldingAtTheTradePrice) {
    Holding holding;
    holding.fill(inverse(), Quantity{100}, 50'000.0, 50'000.0);
    const double realised = holding.fill(inverse(), Quantity{-150}, 40'000.0, 40'000.0);
    EXPECT_NEAR(realised, 1'000.0 * (1.0 / 50'000.0 - 1.0 / 40'000.0), 1e-12);
    EXPECT_EQ(holding.lots, Quantity{-50});
    EXPECT_DOUBLE_EQ(holding.average_price, 40'000.0);
    EXPECT_DOUBLE_EQ(holding.session_price, 40'000.0);
}

TEST_F(ContractMathTest, CapsOptionFees) {
    const FeeRates rates;
    EXPECT_NEAR(trade_fee(call(), rates, 2.0, 0.01, 60'000.0, false), 2 * 0.0003, 1e-15);
    EXPECT_NEAR(trade_fee(call(), rates, 2.0, 0.0004, 60'000.0, false), 2 * 0.125 * 0.0004, 1e-15);
    // 21 USD of ETH-PERPETUAL at 202.8 cost 7.766e-05 ETH at the 0.075 % of that day.
    EXPECT_NEAR(trade_fee(ether(), {.taker_future = 0.00075}, 21.0, 202.8, 202.86, false), 7.766e-5, 1e-8);
    EXPECT_NEAR(trade_fee(linear(), rates, 0.5, 60'000.0, 60'000.0, false), 15.0, 1e-9);
    EXPECT_EQ(trade_fee(inverse(), rates, 10'000.0, 60'000.0, 60'000.0, true), 0.0);
}

TEST_F(ContractMathTest, ReproducesPublishedFundingRates) {
    constexpr double kNoCap = 1.0;
    EXPECT_NEAR(funding_rate_8h(86'778.14, 86'744.11, 0.00025, kNoCap), 1.423032929844e-4, 1e-15);
    EXPECT_NEAR(funding_rate_8h(30'436.94, 30'418.45, 0.0005, kNoCap), 1.0785e-4, 1e-8);
    EXPECT_NEAR(funding_rate_8h(3'931.97, 3'910.46, 0.0005, kNoCap), 0.00500063, 1e-8);
    EXPECT_EQ(funding_rate_8h(60'010.0, 60'000.0, 0.00025, 0.005), 0.0);
    EXPECT_EQ(funding_rate_8h(63'000.0, 60'000.0, 0.00025, 0.005), 0.005);
    EXPECT_EQ(funding_rate_8h(57'000.0, 60'000.0, 0.00025, 0.005), -0.005);
}

TEST_F(ContractMathTest, LongsPayPositiveFunding) {
    // 10,000 USD at index 50,000 for 8 h at 0.01 %: 0.2 BTC * 0.0001.
    EXPECT_NEAR(10'000.0 * funding_per_amount(inverse(), 0.0001, 50'000.0, 28'800.0), 0.2 * 0.0001, 1e-15);
    EXPECT_NEAR(0.2 * funding_per_amount(linear(), 0.0001, 50'000.0, 28'800.0), 1.0, 1e-12);
    Holding holding;
    holding.fill(inverse(), Quantity{1'000}, 50'000.0, 50'000.0);
    holding.accrue_funding(inverse(), 2e-9);
    EXPECT_NEAR(holding.session_funding, -2e-5, 1e-15);
    EXPECT_NEAR(holding.session_realised, -2e-5, 1e-15);
}

TEST_F(ContractMathTest, PaysInverseOptionsInCoin) {
    EXPECT_NEAR(option_payoff(call(), 10'000.0), 750.0 / 10'000.0, 1e-12);
    EXPECT_EQ(option_payoff(call(), 9'000.0), 0.0);
    EXPECT_NEAR(option_payoff(put(), 9'000.0), 250.0 / 9'000.0, 1e-12);
}

// Rates of 2019-20, which pin the slope of the published examples.
TEST_F(ContractMathTest, ReproducesPublishedFutureMargins) {
    const FutureMarginRates rates{.initial_base = 0.0295, .maintenance_base = 0.0215, .slope_per_coin = 0.00005};
    const Margin small = future_margin(inverse(), rates, 0.006687487, 17'000.0);
    EXPECT_NEAR(small.initial / 0.006687487, 0.0295003, 1e-7);
    EXPECT_NEAR(small.maintenance / 0.006687487, 0.0215003, 1e-7);
    const Margin large = future_margin(inverse(), rates, -10.646886321, 17'000.0);
    EXPECT_NEAR(large.initial, 0.319750953, 2e-7);
    EXPECT_NEAR(large.maintenance, 0.234575865, 2e-7);
}

TEST_F(ContractMathTest, ChargesShortOptionsByMoneyness) {
    // At the money: 0.15 + mark; 10 % out: 0.1 + mark, the floor.
    EXPECT_NEAR(short_option_margin(call(), 0.03, 9'250.0).initial, 0.18, 1e-12);
    EXPECT_NEAR(short_option_margin(call(), 0.01, 9'250.0 / 1.1).initial, 0.11, 1e-12);
    EXPECT_NEAR(short_option_margin(call(), 0.03, 9'250.0).maintenance, 0.105, 1e-12);
    EXPECT_NEAR(short_option_margin(put(), 0.03, 9'250.0).initial, 0.18, 1e-12);
    // Deep in the money the put's maintenance grows with its mark: 0.075 * 2 + 2.
    EXPECT_NEAR(short_option_margin(put(), 2.0, 3'000.0).maintenance, 2.15, 1e-12);
    EXPECT_NEAR(short_option_margin(put(), 2.0, 3'000.0).initial, 2.15, 1e-12);
}

}  // namespace
}  // namespace keel::simulator
