#include "risk/report/averaged_options.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "risk/book/revaluation.hpp"
#include "tests/risk/book/small_book.hpp"

namespace keel::risk {
namespace {

constexpr std::uint64_t kMovesSeed = 5;

// Full revaluation is the definition: coin-settled and linear options, from an hour before delivery to its last
// seconds.
TEST(AveragedOptionsTest, IsFullRevaluationOfEveryScenario) {
    std::mt19937_64 random{kMovesSeed};
    std::normal_distribution<double> daily{0.0, 0.05};
    for (const double minutes : {29.0, 15.0, 2.0, 0.05}) {
        test::SmallBook small{65'000.0, minutes / 1'440.0};
        small.market.stables[0] = 0.998;
        small.market.underlyings[0].index = 64'950.0;
        small.market.expiries[0].settlement_window = std::chrono::minutes{30};
        small.market.expiries[0].settlement_average = 65'100.0;
        std::vector<std::size_t> rows;
        for (const double strike : {50'000.0, 64'800.0, 65'050.0, 65'400.0, 80'000.0}) {
            for (const ContractKind kind : {ContractKind::inverse_option, ContractKind::linear_option}) {
                for (const OptionType type : {OptionType::call, OptionType::put}) {
                    rows.push_back(static_cast<std::size_t>(
                        small.add_option(kind, type, strike, 0.6, std::round(100.0 * daily(random)) + 0.5)));
                }
            }
        }
        std::vector<double> moves{0.0, -0.5, 0.4};
        std::vector<double> volatilities{0.2, 1.0, -0.5};
        for (int i = 0; i < 50; ++i) {
            moves.push_back(daily(random));
            volatilities.push_back(daily(random));
        }
        std::vector<double> pnl(moves.size(), 3.0);  // what was there is added to
        AveragedOptions{small.book, small.market, ExpirySlot{0}, rows}.add_pnl_usd(moves, volatilities, pnl);
        const double base = value_book(small.book, small.market).usd;
        const double weight = tenor_weight(VolatilityTenor::power, minutes / 525'600.0);
        for (std::size_t s = 0; s < moves.size(); ++s) {
            const std::array shock{
                UnderlyingShock{.spot = std::expm1(moves[s]), .volatility = std::expm1(weight * volatilities[s])}};
            const double want = value_book(small.book, small.market, {.underlyings = shock}).usd - base;
            EXPECT_NEAR(pnl[s] - 3.0, want, 1e-6) << minutes << " minutes, scenario " << s;
        }
    }
}

}  // namespace
}  // namespace keel::risk
