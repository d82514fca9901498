#include "risk/report/report_smiles.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "risk/book/expiring_option.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/report/report_doubts.hpp"

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

// Strikes of 30,000 to 70,000, a month out; every other quote this much above the rest.
SmileReport zigzag(double volatility, double step, double half_spread) {
    ReportInputs in = flat_curves({0.5});
    in.smiles[0].svi.reset();
    for (int i = 0; i <= 20; ++i) {
        const double mid = volatility + (i % 2 == 0 ? 0.0 : step);
        in.smiles[0].quotes.push_back(
            {.strike = 30'000.0 + 2'000.0 * i, .bid = mid - half_spread, .ask = mid + half_spread});
    }
    return report_smiles(in).at(0);
}

// Within the spread, or a point of volatility, no curve can be better than its quotes.
TEST(ReportSmilesTest, ACurveFarFromItsQuotesIsDoubted) {
    EXPECT_EQ(zigzag(0.6, 0.0, 0.005).doubts, InputDoubt::none);
    EXPECT_EQ(zigzag(0.6, 0.015, 0.005).doubts, InputDoubt::none);
    EXPECT_EQ(zigzag(0.6, 0.06, 0.04).doubts, InputDoubt::none);
    for (const SmileReport& far : {zigzag(0.6, 0.06, 0.005), zigzag(0.5, 1.0, 0.02)}) {
        ASSERT_TRUE(far.fitted);
        EXPECT_EQ(far.doubts, InputDoubt::curve_far);
        EXPECT_NE(far.note.find("half of its quotes are far from it"), std::string::npos) << far.note;
    }
}

// A curve given beside quotes stands, and says when they contradict it; a quote that says nothing does not.
TEST(ReportSmilesTest, AGivenCurveIsHeldAgainstTheQuotesBesideIt) {
    const auto given = [](double volatility) {
        ReportInputs in = flat_curves({0.5});
        for (int i = 0; i < 3; ++i) {
            in.smiles[0].quotes.push_back(
                {.strike = 40'000.0 + 10'000.0 * i, .bid = volatility - 0.005, .ask = volatility + 0.005});
        }
        return report_smiles(in).at(0);
    };
    for (const double volatility : {0.5, 0.505, 0.8, 9.0}) {
        const SmileReport smile = given(volatility);
        const bool far = volatility == 0.8;
        EXPECT_FALSE(smile.fitted);
        EXPECT_NEAR(smile_volatility(smile, 45'000.0), 0.5, 1e-12);
        EXPECT_TRUE(goes_before_quotes(smile));
        EXPECT_EQ(smile.doubts, far ? InputDoubt::curve_far : InputDoubt::none) << volatility;
        EXPECT_EQ(smile.note, std::string{"given curve goes before its quotes"} +
                                  (far ? "; half of its quotes are far from it" : ""));
    }
    ReportInputs both = flat_curves({0.5, 0.5});
    both.smiles[0].quotes = {{.strike = 50'000.0, .mark = 0.5}};
    const std::vector<std::string> notes = make_risk_report(both).notes;
    EXPECT_EQ(std::ranges::count(notes, "BTC 31JAN26: the curve that is given goes before the quotes"), 1);
    EXPECT_FALSE(goes_before_quotes(report_smiles(flat_curves({0.5})).at(0)));
    EXPECT_FALSE(goes_before_quotes(zigzag(0.6, 0.0, 0.005)));
}

// Quoted volatilities, an option's own and a curve's, are of all the time to expiry: whatever delivery is on, they
// value an option alike until the averaging begins. What a price implies is the index's.
TEST(ReportSmilesTest, QuotedVolatilitiesValueAnOptionAsTheyAreQuoted) {
    for (const std::int64_t minutes : {31, 60, 200, 10'000}) {
        ReportInputs in = flat_curves({0.6});
        ExpiryMarket& expiry = in.market.expiries[0];
        expiry.expiry = in.market.now + std::chrono::minutes{minutes};
        expiry.settlement_window = std::chrono::minutes{30};
        const double years = years_between(in.market.now, expiry.expiry);
        in.smiles[0].svi->a = 0.36 * years;
        for (int i = 0; i < 3; ++i) {
            in.book.contracts.push_back({.kind = ContractKind::inverse_option,
                                         .type = OptionType::call,
                                         .underlying = UnderlyingSlot{0},
                                         .expiry = ExpirySlot{0},
                                         .strike = 50'100.0});
        }
        const double price = black76_price({.forward = 50'000.0,
                                            .strike = 50'100.0,
                                            .years = years,
                                            .volatility = 0.6,
                                            .type = OptionType::call}) /
                             50'000.0;
        const auto value = [&](std::size_t row, std::span<const SmileReport> smiles) {
            MarketState market = in.market;
            (void)fill_volatilities(in, smiles, market);
            return holding_value(in.book.contracts[row], {.quantity = 1.0}, market.quotes[row], market);
        };
        in.market.quotes = {{.volatility = 0.6}, {}, {}};
        in.option_prices = {std::nan(""), std::nan(""), price};
        EXPECT_NEAR(value(0, {}), price, 1e-12) << minutes << " minutes, its own";
        EXPECT_NEAR(value(1, report_smiles(in)), price, 1e-12) << minutes << " minutes, the curve's";
        EXPECT_NEAR(value(2, {}), price, 1e-12) << minutes << " minutes, the price's";
    }
}

// The variance left does not jump where the averaging begins.
TEST(ReportSmilesTest, AQuotedVolatilityMeansTheSameOnBothSidesOfTheWindow) {
    ExpiryMarket expiry = flat_curves({0.6}).market.expiries[0];
    expiry.settlement_window = std::chrono::minutes{30};
    const auto deviation = [&](std::chrono::milliseconds left) {
        const UnixNanos now = expiry.expiry + -left;
        return index_volatility_ratio(expiry, now) * std::sqrt(delivery_forward(expiry, now).years);
    };
    EXPECT_NEAR(deviation(std::chrono::milliseconds{1'800'001}) / deviation(std::chrono::milliseconds{1'799'999}), 1.0,
                1e-5);
    EXPECT_NEAR(deviation(std::chrono::milliseconds{1'800'001}), std::sqrt(30.0 / 525'600.0), 1e-7);
}

// Too few quotes for a curve, as in the last hours: each still says what its own option is worth.
TEST(ReportSmilesTest, WithoutACurveAnOptionIsWorthWhatItsQuoteSays) {
    ReportInputs in = flat_curves({0.0});
    for (const double strike : {50'000.0, 51'000.0}) {
        in.book.contracts.push_back({.kind = ContractKind::inverse_option,
                                     .type = OptionType::call,
                                     .underlying = UnderlyingSlot{0},
                                     .expiry = ExpirySlot{0},
                                     .strike = strike});
    }
    in.market.quotes = {{}, {}};
    MarketState market = in.market;
    const FilledVolatilities filled = fill_volatilities(in, report_smiles(in), market);
    EXPECT_EQ(filled.from_quotes, 1U);
    EXPECT_DOUBLE_EQ(market.quotes[0].volatility, 0.51);
    EXPECT_TRUE(std::isnan(market.quotes[1].volatility));
}

// Judged as quoted, valued as the index's: an average to come changes neither the doubt nor the value.
TEST(ReportSmilesTest, AVolatilityIsInOrOutOfRangeAsQuoted) {
    for (const double volatility : {4.6, 5.4}) {
        ReportInputs in = flat_curves({0.0});
        in.market.expiries[0].expiry = in.market.now + std::chrono::minutes{60};
        in.book.contracts.push_back({.kind = ContractKind::inverse_option,
                                     .type = OptionType::call,
                                     .underlying = UnderlyingSlot{0},
                                     .expiry = ExpirySlot{0},
                                     .strike = 50'100.0});
        in.book.holdings = {{.quantity = 1.0}};
        in.market.quotes = {{.volatility = volatility}};
        std::vector<double> values;
        std::vector<InputDoubt> doubts;
        for (const std::chrono::minutes window : {std::chrono::minutes{0}, std::chrono::minutes{30}}) {
            in.market.expiries[0].settlement_window = window;
            MarketState market = in.market;
            (void)fill_volatilities(in, {}, market);
            values.push_back(holding_value(in.book.contracts[0], {.quantity = 1.0}, market.quotes[0], market));
            doubts.push_back(contract_doubts(in, {}, market).at(0));
        }
        EXPECT_NEAR(values[0], values[1], 1e-12) << volatility;
        EXPECT_EQ(doubts[0], doubts[1]) << volatility;
        EXPECT_EQ(has(doubts[0], InputDoubt::volatility_range), volatility > 5.0);
    }
}

}  // namespace
}  // namespace keel::risk
