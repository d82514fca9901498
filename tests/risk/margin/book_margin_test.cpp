#include "risk/margin/book_margin.hpp"

#include <gtest/gtest.h>

#include "risk/book/revaluation.hpp"
#include "risk/margin/liquidation_search.hpp"
#include "risk/options/black76.hpp"
#include "risk/stress/named_stress.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/risk/stress/stress_book.hpp"

namespace keel::risk {
namespace {

// stress_book(): at "alpha" a short perpetual, a short straddle and 12 coins; at "beta" a linear perpetual.
class BookMarginTest : public testing::Test {
protected:
    BookMarginTest() {
        const test::DeribitTables tables = test::deribit_tables();
        future_ = tables.futures.at("BTC");
        option_ = tables.options.at("BTC");
        matrix_ = tables.matrices.at("btc_usd");
        EXPECT_EQ(tiers_.assign(test::binance_tables().tiers.at("BTCUSDT"), 1e-9), TierProblem::none);
        standard_ = {.law = MarginLaw::deribit_standard, .futures = futures_, .options = options_};
        portfolio_ = {.law = MarginLaw::deribit_portfolio, .matrices = matrices_, .portfolio = tables.portfolio};
        tiered_ = {.law = MarginLaw::binance_tiers, .tiers = tiers_of_contracts_, .leverage = 10.0};
    }
    VenueAccount account(std::uint16_t venue, const VenueMarginModel& model) const {
        return {.book = world_.book, .market = world_.market, .venue = VenueSlot{venue}, .model = model};
    }
    test::StressBook world_ = test::stress_book();
    DeribitFutureMargin future_;
    DeribitOptionMargin option_;
    DeribitMatrixParameters matrix_;
    const std::size_t contracts_ = world_.book.contracts.size();
    std::vector<const DeribitFutureMargin*> futures_ = std::vector<const DeribitFutureMargin*>(contracts_, &future_);
    std::vector<const DeribitOptionMargin*> options_ = std::vector<const DeribitOptionMargin*>(contracts_, &option_);
    std::vector<const DeribitMatrixParameters*> matrices_ =
        std::vector<const DeribitMatrixParameters*>(contracts_, &matrix_);
    TierTable tiers_;
    std::array<const TierTable*, 1> tiers_of_contracts_{&tiers_};  // the linear perpetual comes first
    VenueMarginModel standard_, portfolio_, tiered_;
};

TEST_F(BookMarginTest, StandardMarginOfTheVenuesRows) {
    const double coins = 20'000.0 / 50'010.0;
    const double years = 20.0 / 365.0;
    const auto mark = [&](OptionType type) {
        return black76_price(
                   {.forward = 50'100.0, .strike = 50'000.0, .years = years, .volatility = 0.6, .type = type}) /
               50'100.0;
    };
    const double put_out_of_money = 100.0 / 50'100.0;
    const double initial = coins * (0.02 + 0.00005 * coins) + 10.0 * (0.15 + mark(OptionType::call)) +
                           10.0 * (0.15 - put_out_of_money + mark(OptionType::put));
    const double maintenance = coins * (0.01 + 0.00005 * coins) + 10.0 * (0.075 + mark(OptionType::call)) +
                               10.0 * (0.075 + mark(OptionType::put));
    const MarginAmount got = venue_margin_usd(account(0, standard_));
    ASSERT_EQ(got.status, MarginStatus::ok);
    EXPECT_NEAR(got.initial, 50'000.0 * initial, 1e-6);
    EXPECT_NEAR(got.maintenance, 50'000.0 * maintenance, 1e-6);
}

TEST_F(BookMarginTest, TiersOfTheLinearVenue) {
    const MarginAmount got = venue_margin_usd(account(1, tiered_));
    ASSERT_EQ(got.status, MarginStatus::ok);
    EXPECT_NEAR(got.initial, 4.0 * 50'050.0 / 10.0, 1e-9);
    EXPECT_NEAR(got.maintenance, 4.0 * 50'050.0 * 0.005 - 50.0, 1e-9);
    const std::array stables{-0.12};
    const MarginAmount depegged = venue_margin_usd(account(1, tiered_), {.stables = stables});
    EXPECT_NEAR(depegged.maintenance, 0.88 * got.maintenance, 1e-9);
}

TEST_F(BookMarginTest, PortfolioMarginEqualsAMatrixByHand) {
    DeribitRiskMatrix matrix{matrix_, Payoff::inverse};
    ASSERT_EQ(matrix.set_index(50'000.0), MarginStatus::ok);
    const double years = 20.0 / 365.0;
    ASSERT_EQ(matrix.set_expiry(1, years), MarginStatus::ok);
    ASSERT_EQ(matrix.add(-2'000.0, matrix.grid().unit_cells({.multiplier = 10.0, .price = 50'010.0})),
              MarginStatus::ok);
    for (const OptionType type : {OptionType::call, OptionType::put}) {
        const UnitCells unit = matrix.grid().unit_cells(
            {.type = type, .price = 50'100.0, .strike = 50'000.0, .years = years, .volatility = 0.6, .expiry = 1});
        ASSERT_EQ(matrix.add(-10.0, unit), MarginStatus::ok);
    }
    const MarginAmount want = matrix.margin(portfolio_.portfolio, {}).margin;
    const MarginAmount got = venue_margin_usd(account(0, portfolio_));
    ASSERT_EQ(got.status, MarginStatus::ok);
    EXPECT_NEAR(got.initial, 50'000.0 * want.initial, 1e-6);
    EXPECT_NEAR(got.maintenance, 50'000.0 * want.maintenance, 1e-6);
}

// A shocked world is the world with those prices.
TEST_F(BookMarginTest, ShockEqualsTheWorldItDescribes) {
    const std::array moves{UnderlyingShock{.spot = -0.2, .volatility = 0.5}};
    const Shock shock{.underlyings = moves, .years = 5.0 / 365.0};
    test::StressBook moved = world_;
    moved.market.underlyings[0].index *= 0.8;
    moved.market.expiries[0].forward *= 0.8;
    moved.market.expiries[0].expiry = moved.market.now + std::chrono::days{15};
    for (ContractQuote& quote : moved.market.quotes) {
        quote.mark *= 0.8;
        quote.volatility *= 1.5;
    }
    for (const VenueMarginModel* model : {&standard_, &portfolio_}) {
        const VenueAccount there{.book = moved.book, .market = moved.market, .venue = VenueSlot{0}, .model = *model};
        const MarginAmount a = venue_margin_usd(account(0, *model), shock);
        const MarginAmount b = venue_margin_usd(there);
        ASSERT_EQ(a.status, MarginStatus::ok);
        EXPECT_NEAR(a.initial, b.initial, 1e-4);  // the worst case is rounded to 1e-9 coin
        EXPECT_NEAR(a.maintenance, b.maintenance, 1e-4);
        EXPECT_NEAR(venue_equity_usd(account(0, *model), shock), venue_equity_usd(there), 1e-6);
    }
    EXPECT_NEAR(venue_equity_usd(account(0, standard_)), value_book(world_.book, world_.market).venue_usd[0], 1e-6);
}

// Half of the delivery average is fixed: half of the expiring contracts' part is left, the perpetual's whole.
TEST_F(BookMarginTest, DeliveryWindowShrinksWhatExpires) {
    world_.market.expiries[0].expiry = world_.market.now + std::chrono::minutes{15};
    VenueMarginModel exact = portfolio_;
    exact.portfolio.worst_case_decimals = 0;
    world_.book.holdings[1].quantity = 0.0;  // the inverse perpetual
    const MarginAmount half = venue_margin_usd(account(0, exact));
    exact.portfolio.delivery_window_years = 0.0;
    const MarginAmount whole = venue_margin_usd(account(0, exact));
    ASSERT_GT(whole.maintenance, 0.0);
    EXPECT_NEAR(half.maintenance, 0.5 * whole.maintenance, 1e-9 * whole.maintenance);
    for (const std::size_t option : {test::kShortCall, test::kShortCall + 1})
        world_.book.holdings[option].quantity = 0.0;
    world_.book.holdings[1].quantity = -2'000.0;
    const MarginAmount perpetual = venue_margin_usd(account(0, exact));
    exact.portfolio.delivery_window_years = portfolio_.portfolio.delivery_window_years;
    ASSERT_GT(exact.portfolio.delivery_window_years, 0.0);
    EXPECT_EQ(venue_margin_usd(account(0, exact)).maintenance, perpetual.maintenance);
}

TEST_F(BookMarginTest, UnknownInputsAndTablesSaySo) {
    EXPECT_EQ(venue_margin_usd(account(0, {})).status, MarginStatus::bad_input);
    EXPECT_EQ(venue_margin_usd(account(0, tiered_)).status, MarginStatus::bad_input);  // no rules for options there
    VenueMarginModel empty = standard_;
    empty.futures = {};
    const MarginAmount partial = venue_margin_usd(account(0, empty));
    EXPECT_EQ(partial.status, MarginStatus::bad_input);
    EXPECT_TRUE(std::isfinite(partial.maintenance));
    for (const VenueMarginModel* model : {&standard_, &portfolio_}) {
        test::StressBook broken = world_;
        broken.market.quotes[test::kShortCall].volatility = std::numeric_limits<double>::quiet_NaN();
        const VenueAccount account{
            .book = broken.book, .market = broken.market, .venue = VenueSlot{0}, .model = *model};
        const MarginAmount got = venue_margin_usd(account);
        EXPECT_EQ(got.status, MarginStatus::bad_input);
        EXPECT_TRUE(std::isfinite(got.maintenance));
        EXPECT_TRUE(std::isnan(venue_equity_usd(account)));
        EXPECT_TRUE(std::isnan(venue_margin_gap_usd(account, UnderlyingSlot{0}, 0.1, {})));
    }
}

// The search on the book: at each price found, equity is maintenance.
TEST_F(BookMarginTest, LiquidationPricesOfABook) {
    const test::AccountTables tables = test::account_tables();
    const LiquidationAxis axis{.moves = tables.liquidation_moves, .tolerance = 1e-14};
    for (const VenueMarginModel* model : {&standard_, &portfolio_}) {
        VenueMarginModel exact = *model;
        exact.portfolio.worst_case_decimals = 0;  // a rounded function has no root to 1e-9
        const VenueAccount there = account(0, exact);
        const auto gap = [&](double move) { return venue_margin_gap_usd(there, UnderlyingSlot{0}, move, {}); };
        ASSERT_GT(gap(0.0), 0.0);
        const LiquidationMoves got = liquidation_moves(gap, axis);
        ASSERT_EQ(got.down.status, RootStatus::found);
        const std::array moves{UnderlyingShock{.spot = got.down.move}};
        const double equity = venue_equity_usd(there, {.underlyings = moves});
        EXPECT_NEAR(equity, venue_margin_usd(there, {.underlyings = moves}).maintenance, 1e-9 * equity);
    }
}

TEST_F(BookMarginTest, OtherUnderlyingsFollowTheirBeta) {
    test::StressBook two = world_;
    two.market.underlyings.push_back({.index = 3'000.0});
    two.book.underlying_names.emplace_back("ETH");
    two.book.contracts.push_back(
        {.kind = ContractKind::coin_cash, .underlying = UnderlyingSlot{1}, .venue = VenueSlot{0}});
    two.book.holdings.push_back({.quantity = 10.0});
    two.book.names.emplace_back("ETH");
    two.market.quotes.push_back({});
    const VenueAccount there{.book = two.book, .market = two.market, .venue = VenueSlot{0}, .model = standard_};
    const std::array betas{1.0, 1.3};
    const double still = venue_margin_gap_usd(there, UnderlyingSlot{0}, -0.1, {});
    const double follows = venue_margin_gap_usd(there, UnderlyingSlot{0}, -0.1, betas);
    EXPECT_NEAR(follows - still, -0.13 * 30'000.0, 1e-6);
    EXPECT_TRUE(std::isnan(venue_margin_gap_usd(there, UnderlyingSlot{0}, -0.9, betas)));  // ETH at -117 %
}

// The stresses take the model as their margin.
TEST_F(BookMarginTest, StressesReportRatiosOfTheModel) {
    const std::array<const VenueMarginModel*, 2> models{&portfolio_, &tiered_};
    const StressInputs inputs{
        .book = world_.book,
        .market = world_.market,
        .maintenance_margin = [&](const Book& book, VenueSlot venue, const MarketState& market, const Shock& shock) {
            const VenueAccount there{
                .book = book, .market = market, .venue = venue, .model = *models[static_cast<std::size_t>(venue)]};
            const MarginAmount got = venue_margin_usd(there, shock);
            return got.status == MarginStatus::ok ? got.maintenance : std::numeric_limits<double>::quiet_NaN();
        }};
    const auto ratio_at = [&](std::uint16_t venue, const StressMoves& moves) {
        const VenueAccount there = account(venue, *models[venue]);
        return venue_equity_usd(there, moves.shock()) / venue_margin_usd(there, moves.shock()).maintenance;
    };
    const StressDefinition crash = default_stresses().front();
    ASSERT_EQ(crash.id, "CRASH");
    const std::vector<StressResult> results = run_stresses(inputs, {&crash, 1});
    ASSERT_EQ(results.size(), 1U);
    ASSERT_EQ(results[0].venues.size(), 2U);
    for (std::uint16_t venue = 0; venue < 2; ++venue) {
        const double want = ratio_at(venue, stress_moves(crash, world_.book));
        ASSERT_TRUE(std::isfinite(want));
        EXPECT_NEAR(results[0].venues[venue].margin_ratio, want, 1e-9 * std::abs(want));
    }
    const double scale = reverse_stress_scale(inputs, crash);
    ASSERT_TRUE(std::isfinite(scale));
    const StressMoves edge = stress_moves(crash, world_.book, scale);
    EXPECT_NEAR(std::min(ratio_at(0, edge), ratio_at(1, edge)), 1.0, 0.01);
}

}  // namespace
}  // namespace keel::risk
