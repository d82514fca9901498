#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <vector>

#include "risk/book/expiring_option.hpp"
#include "risk/options/chain_kernel.hpp"
#include "risk/options/implied_quote.hpp"
#include "risk/options/implied_volatility_batch.hpp"
#include "tests/support/hot_path_guard.hpp"

namespace keel::risk {
namespace {

// Good options, degenerate ones and one that cannot be priced, so that each path of the chain is taken.
TEST(OptionsHotPathTest, TakesNothingFromTheHeapAndNoLock) {
    constexpr std::size_t kOptions = 41;
    OptionChain chain{kOptions};
    std::vector<double> strike, sign, price, volatility(kOptions, 0.6);
    std::vector<ImpliedStatus> status(kOptions);
    for (std::size_t i = 0; i < kOptions; ++i) {
        strike.push_back(60'000.0 + 500.0 * static_cast<double>(i));
        sign.push_back(i % 2 == 0 ? 1.0 : -1.0);
        price.push_back(i % 5 == 0 ? 0.0 : 9'000.0);
        const double given = i == 7 ? std::numeric_limits<double>::quiet_NaN() : i == 9 ? 0.0 : 0.6;
        chain.add(i % 2 == 0 ? OptionType::call : OptionType::put, strike.back(), 0.1, given);
    }
    ImpliedQuote quote{OptionType::call, 70'000.0};
    ExpiryMarket expiry{.underlying = UnderlyingSlot{0}, .expiry = UnixNanos{} + std::chrono::minutes{5}};
    expiry.settlement_window = std::chrono::minutes{30};
    expiry.settlement_average = 64'900.0;
    OptionGreeks usd;
    InverseGreeks coin;
    double checked = 0.0;

    test::arm_hot_path();
    for (int tick = 0; tick < 1'000; ++tick) {
        const double forward = 65'000.0 + tick;
        chain.set_years(0.1 - 1e-6 * tick);
        chain.set_volatility(3, 0.6 + 1e-4 * tick);
        checked += static_cast<double>(chain.price(forward) + chain.price_with_cross_greeks(forward));
        checked += static_cast<double>(implied_volatility_batch(
            {.forward = forward, .years = 0.1, .strike = strike, .sign = sign, .price = price}, volatility, status));
        checked += quote.update({.forward = forward, .years = 0.1, .tick = 5.0}, 3'000.0, 3'100.0, 0.6);
        expiry.forward = forward;
        checked += expiring_option({.strike = 65'000.0, .volatility = 0.6}, expiry, UnixNanos{}, usd, coin) ? 1.0 : 0.0;
    }
    test::disarm_hot_path();

    EXPECT_GT(checked, 1'000.0);
    EXPECT_EQ(test::hot_path_counts(), test::HotPathCounts{});
}

}  // namespace
}  // namespace keel::risk
