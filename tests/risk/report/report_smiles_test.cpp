#include "risk/report/report_smiles.hpp"

#include <gtest/gtest.h>

#include <chrono>

namespace keel::risk {
namespace {

// Curves of one coin a month apart, flat at these volatilities; 0: an expiry with one quote, which makes no curve.
ReportInputs flat_curves(std::initializer_list<double> volatilities) {
    ReportInputs out;
    out.book.underlying_names = {"BTC"};
    out.market.now = unix_nanos_from_ms(1'767'225'600'000);
    out.market.underlyings = {{.index = 50'000.0}};
    for (const double volatility : volatilities) {
        const auto months = std::chrono::hours{24 * 30} * static_cast<int>(out.market.expiries.size() + 1);
        out.market.expiries.push_back(
            {.underlying = UnderlyingSlot{0}, .expiry = out.market.now + months, .forward = 50'000.0});
        ExpirySmile smile;
        if (volatility > 0.0) {
            const double years = years_between(out.market.now, out.market.expiries.back().expiry);
            smile.svi =
                SviParameters{.a = volatility * volatility * years, .b = 0.0, .rho = 0.0, .m = 0.0, .sigma = 0.1};
        } else {
            smile.quotes = {{.strike = 50'000.0, .bid = 0.5, .ask = 0.52}};
        }
        out.smiles.push_back(smile);
    }
    return out;
}

TEST(ReportSmilesTest, ACurveIsHeldAgainstTheLastOneThatExists) {
    for (const auto& volatilities :
         {std::initializer_list<double>{0.8, 0.4}, std::initializer_list<double>{0.8, 0.0, 0.4}}) {
        const std::vector<SmileReport> smiles = report_smiles(flat_curves(volatilities));
        EXPECT_FALSE(smiles.back().arbitrage_free);
        EXPECT_EQ(smiles.back().note, "given curve crosses the expiry before it");
    }
    EXPECT_TRUE(report_smiles(flat_curves({0.4, 0.0, 0.8})).back().arbitrage_free);
}

}  // namespace
}  // namespace keel::risk
