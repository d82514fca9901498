#include "risk/stress/named_stress.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

StressResult named(const std::vector<StressResult>& results, const std::string& id) {
    const auto found = std::ranges::find(results, id, &StressResult::id);
    if (found == results.end()) throw std::out_of_range{id};
    return *found;
}

// A flat maintenance margin of 5 % of what the venue's holdings are worth in notional at the moved prices.
double five_percent(const Book& book, VenueSlot venue, const MarketState& market, const Shock& shock) {
    double margin = 0.0;
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        if (book.contracts[i].venue != venue || is_cash(book.contracts[i].kind)) continue;
        const double move = shock.underlyings.empty() ? 0.0 : shock.underlyings[0].spot;
        const double size = std::abs(book.holdings[i].quantity * book.contracts[i].multiplier);
        margin += 0.05 * (book.contracts[i].kind == ContractKind::inverse_future
                              ? size
                              : size * market.underlyings[0].index * (1.0 + move));
    }
    return margin;
}

class NamedStressTest : public testing::Test {
protected:
    std::vector<StressResult> run() {
        return run_stresses({.book = book_, .market = market_, .liquidity = liquidity_, .maintenance_margin = margin_},
                            default_stresses());
    }
    test::StressBook subject_ = test::stress_book();
    Book& book_ = subject_.book;
    MarketState& market_ = subject_.market;
    std::vector<ContractLiquidity> liquidity_ = std::vector<ContractLiquidity>(
        book_.contracts.size(), {.spread = 0.001, .daily_volume = 10'000.0, .daily_volatility = 0.03});
    MaintenanceMargin margin_ = five_percent;
};

TEST_F(NamedStressTest, EveryDefaultGivesAResult) {
    const auto results = run();
    for (const char* id : {"CRASH", "MELTUP", "IVSPIKE", "IVCRUSH", "DEPEG", "VENUE:alpha", "VENUE:beta", "FUNDING",
                           "LIQUIDITY", "ADL", "ORACLE:alpha", "ORACLE:beta", "COMBO"}) {
        const StressResult result = named(results, id);
        EXPECT_TRUE(std::isfinite(result.pnl_usd)) << id;
        EXPECT_EQ(result.left_out, 0U) << id;
        EXPECT_EQ(result.venues.size(), 2U) << id;
    }
    EXPECT_EQ(results.size(), 13U);
}

// A future less its synthetic of call and put is worth what it cost in every world.
TEST_F(NamedStressTest, ACrashLeavesAConversionAlone) {
    for (Holding& holding : book_.holdings) holding.quantity = 0.0;
    book_.holdings[test::kShortCall].quantity = -1.0;
    book_.holdings[test::kShortCall + 1].quantity = 1.0;
    book_.contracts.push_back({.kind = ContractKind::inverse_future,
                               .underlying = UnderlyingSlot{0},
                               .expiry = ExpirySlot{0},
                               .venue = VenueSlot{0}});
    // 1 - K/F in coin of the options against N (1/E - 1/F) of the future: level where N is K.
    book_.holdings.push_back({.quantity = 50'000.0, .entry = 50'100.0});
    book_.names.emplace_back("FUTURE");
    market_.quotes.push_back({.mark = 50'100.0});
    liquidity_.push_back(liquidity_.front());
    const double coins = 50'000.0 / 50'100.0 - 1.0;
    EXPECT_NEAR(named(run(), "CRASH").pnl_usd, coins * (30'000.0 - 50'000.0), 1e-6);
    // A perpetual in its place has a basis: 2 % beyond spot.
    book_.contracts.back().expiry = ExpirySlot::none;
    const double basis = 50'000.0 / (50'100.0 * 0.6) * (1.0 - 1.0 / 0.98);
    EXPECT_NEAR(named(run(), "CRASH").pnl_usd, coins * (30'000.0 - 50'000.0) + basis * 30'000.0, 1e-6);
}

TEST_F(NamedStressTest, ShortVolatilityLosesOnASpikeAndGainsOnACrush) {
    const auto results = run();
    EXPECT_LT(named(results, "IVSPIKE").pnl_usd, 0.0);
    EXPECT_GT(named(results, "IVCRUSH").pnl_usd, 0.0);
}

TEST_F(NamedStressTest, ADefaultTakesTheEquityAndLeavesTheOtherVenuesDelta) {
    const auto results = run();
    const BookValue base = value_book(book_, market_);
    const StressResult alpha = named(results, "VENUE:alpha");
    EXPECT_NEAR(alpha.pnl_usd, -base.venue_usd[0], 1e-6);
    EXPECT_NEAR(alpha.delta_coin[0], 4.0, 1e-12);  // the linear perpetual alone
    EXPECT_NEAR(named(results, "VENUE:beta").pnl_usd, -base.venue_usd[1], 1e-6);
}

TEST_F(NamedStressTest, DepegHurtsWhatIsHeldInTheStablecoin) {
    const BookValue base = value_book(book_, market_);
    EXPECT_NEAR(named(run(), "DEPEG").pnl_usd, -0.12 * base.stable[0], 1e-6);
}

TEST_F(NamedStressTest, FundingIsNineIntervalsOnPerpetualNotionals) {
    EXPECT_NEAR(named(run(), "FUNDING").pnl_usd, -9.0 * 0.0075 * (4.0 * 50'050.0 + 20'000.0), 1e-6);
}

// 90,090 USDC and 100,000 USD of perpetuals at 0.75 % nine times, USDC at 0.999: 0.0675 (89,999.91 + 100,000).
TEST_F(NamedStressTest, FundingAndDeleveragingConvertAtTheStablecoinsPrice) {
    market_.stables = {0.999};
    book_.holdings[0].quantity = 1.8;
    book_.holdings[1].quantity = -10'000.0;
    const auto results = run();
    EXPECT_NEAR(named(results, "FUNDING").pnl_usd, -12'824.993925, 1e-6);
    book_.holdings[1] = {};
    EXPECT_NEAR(named(run(), "ADL").pnl_usd, -0.5 * 0.02 * 89'999.91, 1e-6);
}

TEST_F(NamedStressTest, FundingIsTakenFromTheVenueThatItIsPaidAt) {
    const BookValue base = value_book(book_, market_);
    const StressResult funding = named(run(), "FUNDING");
    const double equity = base.venue_usd[1] - 0.0675 * 4.0 * 50'050.0;
    EXPECT_NEAR(funding.venues[1].equity_usd, equity, 1e-6);
    EXPECT_NEAR(funding.venues[1].margin_ratio, equity / (0.05 * 4.0 * 50'000.0), 1e-9);
    EXPECT_NEAR(funding.venues[0].equity_usd, base.venue_usd[0] - 0.0675 * 20'000.0, 1e-6);
}

// Longs do not pay: of the two perpetuals only the short one, whose 20,000 USD of face no price moves; a linear short
// pays on what it is worth 35 % higher.
TEST_F(NamedStressTest, MeltingUpShortsPayFundingAtItsCap) {
    constexpr double kThreeIntervals = 3.0 * 0.0075;
    const std::array up{UnderlyingShock{.spot = 0.35, .volatility = 0.30}};
    const auto moved = [&] {
        return value_book(book_, market_, {.underlyings = up, .tenor = VolatilityTenor::power}).usd -
               value_book(book_, market_).usd;
    };
    EXPECT_NEAR(named(run(), "MELTUP").pnl_usd, moved() - kThreeIntervals * 20'000.0, 1e-6);
    book_.holdings[0].quantity = -4.0;
    EXPECT_NEAR(named(run(), "MELTUP").pnl_usd, moved() - kThreeIntervals * (20'000.0 + 4.0 * 50'050.0 * 1.35), 1e-6);
}

TEST_F(NamedStressTest, DeleveragingClosesHalfOfTheLargestProfitableFuture) {
    const StressResult adl = named(run(), "ADL");
    EXPECT_NEAR(adl.pnl_usd, -0.5 * 0.02 * 4.0 * 50'050.0, 1e-6);
    EXPECT_NEAR(adl.delta_coin[0] - named(run(), "DEPEG").delta_coin[0], -2.0, 1e-12);
    // Margin is asked for the two coins that are left.
    const double equity = value_book(book_, market_).venue_usd[1] - 0.5 * 0.02 * 4.0 * 50'050.0;
    EXPECT_NEAR(adl.venues[1].maintenance_usd, 0.05 * 2.0 * 50'000.0, 1e-9);
    EXPECT_NEAR(adl.venues[1].margin_ratio, equity / (0.05 * 2.0 * 50'000.0), 1e-9);
}

TEST_F(NamedStressTest, LiquidityCostsWhatTheFactorsSay) {
    double extra = 0.0;
    for (std::size_t i = 0; i < book_.contracts.size(); ++i) {
        if (is_cash(book_.contracts[i].kind)) continue;
        const double quantity = std::abs(book_.holdings[i].quantity);
        const double notional = i == 0 ? 4.0 * 50'050.0 : i == 1 ? 20'000.0 : 10.0 * 50'000.0;
        extra += notional * (0.5 * 0.001 * 4.0 +
                             0.9 * 0.03 * (3.0 * std::sqrt(quantity / 2'000.0) - std::sqrt(quantity / 10'000.0)));
    }
    EXPECT_NEAR(named(run(), "LIQUIDITY").pnl_usd, -extra, 1e-6);
    liquidity_[0].spread = std::numeric_limits<double>::quiet_NaN();
    EXPECT_EQ(named(run(), "LIQUIDITY").left_out, 1U);
}

// Nothing is no cost: a stress of leaving alone says so where it knows it of nothing, and the others count who is left
// out. Beta holds the linear perpetual, row 0, alone.
TEST_F(NamedStressTest, LeavingIsUnknownWhereNoMarketIs) {
    const double known = named(run(), "COMBO").pnl_usd;
    liquidity_[0] = {};
    const StressResult part = named(run(), "LIQUIDITY");
    EXPECT_TRUE(std::isfinite(part.pnl_usd)) << "of the others";
    EXPECT_TRUE(std::isnan(part.venues[1].equity_usd));
    EXPECT_TRUE(std::isnan(part.venues[1].margin_ratio));
    EXPECT_TRUE(std::isfinite(part.venues[0].margin_ratio));
    liquidity_.clear();
    const StressResult none = named(run(), "LIQUIDITY");
    EXPECT_TRUE(std::isnan(none.pnl_usd));
    EXPECT_TRUE(std::isnan(none.equity_usd));
    EXPECT_TRUE(std::isnan(none.var_99_usd));
    EXPECT_EQ(none.left_out, 4U);
    const StressResult combined = named(run(), "COMBO");
    EXPECT_GT(combined.pnl_usd, known) << "what moves is known; whom it lacks is counted";
    EXPECT_EQ(combined.left_out, 4U);
    for (ContractLiquidity& unit : liquidity_ = std::vector<ContractLiquidity>(book_.contracts.size())) {
        unit = {.spread = 0.001, .daily_volume = 10'000.0};
    }
    EXPECT_TRUE(std::isnan(named(run(), "LIQUIDITY").pnl_usd)) << "without a volatility no impact";
}

// 200,200 USD of the linear perpetual at beta, 10,000 a day; a stress that moves no price leaves the margin as it was.
TEST_F(NamedStressTest, LeavingIsPaidAtTheVenueOfEachPosition) {
    const BookValue base = value_book(book_, market_);
    const double linear =
        200'200.0 * (0.5 * 0.001 * 4.0 + 0.9 * 0.03 * (3.0 * std::sqrt(4.0 / 2'000.0) - std::sqrt(4.0 / 10'000.0)));
    const StressResult liquidity = named(run(), "LIQUIDITY");
    EXPECT_NEAR(liquidity.venues[1].equity_usd, base.venue_usd[1] - linear, 1e-6);
    EXPECT_NEAR(liquidity.venues[1].margin_ratio, (base.venue_usd[1] - linear) / (0.05 * 4.0 * 50'000.0), 1e-9);
    EXPECT_NEAR(liquidity.venues[0].equity_usd, base.venue_usd[0] + liquidity.pnl_usd + linear, 1e-6);
}

TEST_F(NamedStressTest, VenuesHoldTheEquityOfTheStressAndTheirRatioIsOfIt) {
    for (const StressResult& result : run()) {
        double sum = 0.0;
        for (const VenueStress& venue : result.venues) {
            sum += venue.equity_usd;
            if (!(venue.maintenance_usd > 0.0)) continue;
            EXPECT_DOUBLE_EQ(venue.margin_ratio, venue.equity_usd / venue.maintenance_usd) << result.id;
        }
        EXPECT_NEAR(sum, result.equity_usd, 1e-6) << result.id;
    }
}

// Bangia et al. by hand: 4 contracts against a fifth of 10 a day take 4 / (0.1 x 2) = 20 days; every position pays five
// half spreads and three times the impact at a fifth of its volume.
TEST_F(NamedStressTest, LiquidityStretchesAndLoadsTheVar) {
    liquidity_[0].daily_volume = 10.0;
    const double stretch = std::sqrt(21.0 * 41.0 / 120.0);
    double cost = 0.0;
    for (std::size_t i = 0; i < 4; ++i) {
        const double volume = i == 0 ? 2.0 : 2'000.0;
        const double notional = i == 0 ? 4.0 * 50'050.0 : i == 1 ? 20'000.0 : 10.0 * 50'000.0;
        cost += notional * (2.5 * 0.001 + 3.0 * 0.9 * 0.03 * std::sqrt(std::abs(book_.holdings[i].quantity) / volume));
    }
    const auto results = run_stresses(
        {.book = book_, .market = market_, .liquidity = liquidity_, .maintenance_margin = {}, .var_99_usd = 7'000.0},
        default_stresses());
    // The inverse perpetual: 2,000 contracts against 2,000 a day take ten days, less than twenty.
    EXPECT_NEAR(named(results, "LIQUIDITY").var_99_usd, 7'000.0 * stretch + cost, 1e-6);
    EXPECT_TRUE(std::isnan(named(results, "COMBO").var_99_usd)) << "its VaR is of other prices";
}

TEST_F(NamedStressTest, CombinedIsWorseThanTheCrash) {
    const auto results = run();
    EXPECT_LT(named(results, "COMBO").pnl_usd, named(results, "CRASH").pnl_usd);
}

TEST_F(NamedStressTest, AltsFallByTheirBeta) {
    book_.underlying_names = {"SOL"};
    const StressMoves moves = stress_moves(default_stresses().front(), book_);
    EXPECT_DOUBLE_EQ(moves.underlyings[0].spot, -0.52);
}

TEST_F(NamedStressTest, ReverseStressFindsTheRatioOfOne) {
    const StressDefinition crash = default_stresses().front();
    const StressInputs inputs{.book = book_, .market = market_, .liquidity = {}, .maintenance_margin = margin_};
    const double k = reverse_stress_scale(inputs, crash);
    ASSERT_TRUE(std::isfinite(k));
    const auto worst = [&](double scale) {
        const StressMoves moves = stress_moves(crash, book_, scale);
        const BookValue value = value_book(book_, market_, moves.shock());
        return std::min(value.venue_usd[0] / margin_(book_, VenueSlot{0}, market_, moves.shock()),
                        value.venue_usd[1] / margin_(book_, VenueSlot{1}, market_, moves.shock()));
    };
    EXPECT_LE(worst(k), 1.0);
    EXPECT_GT(worst(k - 2e-4), 1.0);
    const StressDefinition nothing{.id = "NOTHING"};
    EXPECT_TRUE(std::isinf(reverse_stress_scale(inputs, nothing)));
}

// k times what CRASH charges where it is told to: at beta, which fails first, of four coins at the mark moved by k.
TEST_F(NamedStressTest, ReverseStressChargesFundingAndExitsLikeTheStress) {
    book_.holdings[2].quantity = book_.holdings[3].quantity = 0.1;
    book_.holdings[1].quantity = 0.0;
    StressDefinition crash{.id = "CRASH", .spot = -0.2};
    const auto scale = [&] {
        return reverse_stress_scale(
            {.book = book_, .market = market_, .liquidity = liquidity_, .maintenance_margin = margin_}, crash);
    };
    const auto ratio = [&](double k, double charged) {
        const StressMoves moves = stress_moves(crash, book_, k);
        return (value_book(book_, market_, moves.shock()).venue_usd[1] - charged) /
               margin_(book_, VenueSlot{1}, market_, moves.shock());
    };
    const double moves_only = scale();
    EXPECT_NEAR(ratio(moves_only, 0.0), 1.0, 1e-3);
    crash.funding_8h = 0.0075;
    crash.days = 2.0;
    const double funded = scale();
    const auto funding = [&](double k) { return k * 6.0 * 0.0075 * 4.0 * 50'050.0 * (1.0 - 0.2 * k); };
    EXPECT_LT(funded, moves_only);
    EXPECT_NEAR(ratio(funded, funding(funded)), 1.0, 1e-3);
    crash.spread_factor = 51.0;
    const double left = scale();
    EXPECT_LT(left, funded);
    EXPECT_NEAR(ratio(left, funding(left) + left * 4.0 * 50'050.0 * 0.5 * 0.001 * 50.0), 1.0, 1e-3);
}

// beta's ratio falls to one somewhere; alpha's margin is known today only, nowhere, or while nobody has failed.
TEST_F(NamedStressTest, AMarginThatIsLostOnTheWayIsNotSafe) {
    const StressDefinition crash = default_stresses().front();
    const auto scale_where = [&](auto alpha_known) {
        const MaintenanceMargin margin = [=](const Book& book, VenueSlot venue, const MarketState& market,
                                             const Shock& shock) {
            const double fall = shock.underlyings.empty() ? 0.0 : -shock.underlyings[0].spot;
            return venue == VenueSlot{0} && !alpha_known(fall) ? std::numeric_limits<double>::quiet_NaN()
                                                               : five_percent(book, venue, market, shock) * 1e-6;
        };
        book_.holdings[1].quantity = 0.0;  // nothing of alpha's fails first
        book_.holdings[2].quantity = book_.holdings[3].quantity = 0.1;
        return reverse_stress_scale({.book = book_, .market = market_, .liquidity = {}, .maintenance_margin = margin},
                                    crash);
    };
    const double everywhere = scale_where([](double) { return true; });
    ASSERT_GT(everywhere, 0.3);
    ASSERT_TRUE(std::isfinite(everywhere));
    EXPECT_EQ(scale_where([](double) { return false; }), everywhere) << "never modelled: left out";
    EXPECT_TRUE(std::isnan(scale_where([](double fall) { return fall < 0.05; })));
    EXPECT_EQ(scale_where([&](double fall) { return fall < 0.4 * everywhere; }), everywhere)
        << "beta has failed before";
}

TEST_F(NamedStressTest, AnOracleMovesOneVenueOnly) {
    const auto results = run();
    const BookValue base = value_book(book_, market_);
    const StressResult beta = named(results, "ORACLE:beta");
    EXPECT_NEAR(beta.venues[1].equity_usd, base.venue_usd[1] - 0.1 * 4.0 * 50'050.0, 1e-6);
    EXPECT_NEAR(beta.venues[0].equity_usd, base.venue_usd[0], 1e-6);
}

}  // namespace
}  // namespace keel::risk
