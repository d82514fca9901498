#include "simulator/market/random.hpp"
#include "tests/simulator/exchange/scripted_market.hpp"

namespace keel::simulator {
namespace {

using namespace std::chrono_literals;

TEST(AccountingTest, PortfolioIdentitiesHold) {
    ScriptedVenue venue;
    Exchange& exchange = *venue.exchange;
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 60'000.0, 60'000.0));
    ASSERT_TRUE(venue.place(venue.alice, Side::bid, 60'000.0, 60'000.0));
    ASSERT_TRUE(exchange.submit(venue.bob, venue.limit("BTC-16JAN26-60000-C", Side::bid, 2.0, 0.02)));
    ASSERT_TRUE(exchange.submit(venue.alice, venue.limit("BTC-16JAN26-60000-C", Side::ask, 2.0, 0.02)));
    venue.market->set_btc(63'000.0, 0.05);
    venue.pass(1s);
    ASSERT_TRUE(venue.place(venue.bob, Side::bid, 20'000.0, 63'000.0));
    ASSERT_TRUE(venue.place(venue.alice, Side::ask, 20'000.0, 63'000.0));

    const PortfolioView view = exchange.portfolio(venue.alice, Currency::btc);
    EXPECT_NEAR(view.equity, view.balance + view.futures_session_upl + view.futures_session_rpl + view.options_value,
                1e-12);
    EXPECT_NEAR(view.margin_balance, view.balance + view.futures_session_upl + view.futures_session_rpl, 1e-12);
    EXPECT_NEAR(view.available_funds, view.margin_balance - view.initial_margin, 1e-12);
    EXPECT_NEAR(view.session_upl, view.futures_session_upl + view.options_session_upl, 1e-12);
    // By hand: premium in, fees out, the rest is unrealised or of the session.
    const double fees = 0.0005 * (1.0 + 20'000.0 / 63'000.0) + 2.0 * 0.0003;
    EXPECT_NEAR(view.fees_paid, fees, 1e-12);
    EXPECT_NEAR(view.balance, 10.0 + 2.0 * 0.02 - fees, 1e-12);
    EXPECT_NEAR(view.futures_session_rpl, 20'000.0 * (1.0 / 60'000.0 - 1.0 / 63'000.0), 1e-12);
    EXPECT_NEAR(view.futures_session_upl, 40'000.0 * (1.0 / 60'000.0 - 1.0 / 63'000.0), 1e-12);
    EXPECT_NEAR(view.options_value, -2.0 * 0.05, 1e-12);
    const PositionView call = exchange.position(venue.alice, ScriptedMarket::kBtcCall);
    // Net transaction delta: Black-Scholes delta less the mark in coin, times the size, plus the future's coins.
    EXPECT_NEAR(view.delta_total, call.delta + 2.0 * 0.05 + 40'000.0 / 63'000.0, 1e-12);
    EXPECT_LT(call.delta, -1.0);
    EXPECT_GT(view.initial_margin, 2.0 * 0.15);
}

TEST(AccountingTest, SettlesTheDayAtEight) {
    ScriptedVenue venue;
    Exchange& exchange = *venue.exchange;
    venue.market->step_length_ns = 60'000'000'000;  // minutes, to reach 08:00 soon
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 60'000.0, 60'000.0));
    ASSERT_TRUE(venue.place(venue.alice, Side::bid, 60'000.0, 60'000.0));
    OrderRequest day = venue.limit("BTC-PERPETUAL", Side::bid, 10.0, 50'000.0);
    day.time_in_force = TimeInForce::good_til_day;
    ASSERT_TRUE(exchange.submit(venue.alice, day));
    venue.market->set_btc(63'000.0);
    venue.pass(7h + 59min);
    const PortfolioView before = exchange.portfolio(venue.alice, Currency::btc);
    EXPECT_NEAR(before.futures_session_upl, 60'000.0 * (1.0 / 60'000.0 - 1.0 / 63'000.0), 1e-12);
    venue.pass(1min);
    const PortfolioView after = exchange.portfolio(venue.alice, Currency::btc);
    EXPECT_NEAR(after.equity, before.equity, 1e-12);
    EXPECT_NEAR(after.balance, before.equity, 1e-12);
    EXPECT_EQ(after.futures_session_upl, 0.0);
    EXPECT_TRUE(exchange.open_orders(venue.alice).empty());
    EXPECT_EQ(exchange.order_history(venue.alice, {}, 1)[0].cancel_reason, "settlement");
    const PositionView position = exchange.position(venue.alice, ScriptedMarket::kBtcPerpetual);
    EXPECT_DOUBLE_EQ(position.average_price, 60'000.0);  // stays; the session's reference moves
    EXPECT_DOUBLE_EQ(position.settlement_price, 63'000.0);
}

TEST(AccountingTest, DeliversExpiredContractsAtTheAverageIndex) {
    ScriptedVenue venue;
    Exchange& exchange = *venue.exchange;
    venue.market->step_length_ns = 60'000'000'000;
    ASSERT_TRUE(exchange.submit(venue.bob, venue.limit("BTC-16JAN26-60000-C", Side::bid, 2.0, 0.02)));
    ASSERT_TRUE(exchange.submit(venue.alice, venue.limit("BTC-16JAN26-60000-C", Side::ask, 2.0, 0.02)));
    ASSERT_TRUE(exchange.submit(venue.bob, venue.limit("BTC-16JAN26-60000-P", Side::bid, 1.0, 0.02)));
    venue.pass(31h + 45min);  // the 16th, 07:45: half of the window at 60,000
    venue.market->set_btc(66'000.0);
    const double balance = exchange.portfolio(venue.bob, Currency::btc).balance;
    ChangeLog log;
    exchange.drain(log);
    venue.pass(30min);
    // Samples of 07:30 .. 07:45 saw 60,000, those of 07:46 .. 07:59 saw 66,000.
    const double average = exchange.listing(ScriptedMarket::kBtcCall).delivery_price;
    EXPECT_NEAR(average, 60'000.0 + 6'000.0 * 14.0 / 30.0, 1e-6);
    EXPECT_NEAR(exchange.portfolio(venue.bob, Currency::btc).balance - balance, 2.0 * (average - 60'000.0) / average,
                1e-12);
    EXPECT_EQ(exchange.listing(ScriptedMarket::kBtcCall).state, ListingState::delivered);
    EXPECT_EQ(exchange.listing(ScriptedMarket::kBtcPerpetual).state, ListingState::open);
    EXPECT_TRUE(exchange.positions(venue.bob).empty());
    EXPECT_TRUE(exchange.open_orders(venue.bob).empty());
    const auto refused = exchange.submit(venue.bob, venue.limit("BTC-16JAN26-60000-C", Side::bid, 2.0, 0.02));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, 10012);
    exchange.drain(log);
    EXPECT_EQ(log.instrument_states.size(), 3U);
}

TEST(AccountingTest, AccruesFundingContinuously) {
    ScriptedVenue venue;
    Exchange& exchange = *venue.exchange;
    ASSERT_TRUE(venue.place(venue.bob, Side::ask, 60'000.0, 60'000.0));
    ASSERT_TRUE(venue.place(venue.alice, Side::bid, 60'000.0, 60'000.0));
    venue.market->marks[0].mark_price = 60'060.0;  // premium 0.1 %, rate 0.075 % per 8 h
    venue.pass(60s);
    const PositionView position = exchange.position(venue.alice, ScriptedMarket::kBtcPerpetual);
    EXPECT_NEAR(position.realized_funding, -1.0 * 0.00075 * 60.0 / 28'800.0, 1e-12);
    EXPECT_NEAR(exchange.ticker(ScriptedMarket::kBtcPerpetual).current_funding, 0.00075, 1e-12);
    const PositionView other = exchange.position(venue.bob, ScriptedMarket::kBtcPerpetual);
    EXPECT_NEAR(other.realized_funding, -position.realized_funding, 1e-15);
}

TEST(AccountingTest, SeedsAPortfolioWithoutPayment) {
    ScriptedVenue venue;
    const auto held = venue.exchange->open_account(
        {.name = "book",
         .client_id = "P",
         .balances = {5.0, 0.0, 0.0},
         .positions = {{"BTC-16JAN26-60000-C", -3.0, 0.015}, {"BTC-PERPETUAL", 30'000.0, 0.0}}});
    ASSERT_TRUE(held);
    const PortfolioView view = venue.exchange->portfolio(*held, Currency::btc);
    EXPECT_DOUBLE_EQ(view.balance, 5.0);
    EXPECT_NEAR(view.options_value, -3.0 * 0.02, 1e-12);
    EXPECT_NEAR(view.options_pl, -3.0 * (0.02 - 0.015), 1e-12);
    EXPECT_NEAR(venue.exchange->position(*held, ScriptedMarket::kBtcPerpetual).average_price, 60'000.0, 1e-9);
    EXPECT_FALSE(venue.exchange->open_account({.name = "x", .positions = {{"BTC-NOPE", 1.0, 0.0}}}));
}

TEST(AccountingTest, ResultsOfAllAccountsAddUpToTheFees) {
    // Random trading of three clients in every instrument, prices moving, over a settlement and an expiry.
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        ExchangeConfig config;
        config.check_funds = false;
        ScriptedVenue venue{config};
        Exchange& exchange = *venue.exchange;
        venue.market->step_length_ns = 60'000'000'000;
        const AccountId carol = *exchange.open_account({.name = "carol", .client_id = "C"});
        const std::array owners{venue.alice, venue.bob, carol};
        Random random{seed};
        std::size_t fills = 0;
        for (int round = 0; round < 600; ++round) {
            const auto picked = random.below(6);
            const Listing& listing = exchange.listings()[picked];
            const double mark = venue.market->marks[picked].mark_price;
            const Side side = random.chance(0.5) ? Side::bid : Side::ask;
            OrderRequest request{.instrument_name = std::string{listing.name()}, .side = side};
            request.amount = listing.contract.amount_value(Quantity{1 + random.below(50)});
            const double away = 1.0 + 0.01 * (random.uniform() - 0.5);
            request.price = listing.contract.price_value(listing.contract.price_floor(mark * away));
            const auto answer = exchange.submit(owners[random.below(3)], request);
            if (answer) fills += answer->trades.size();
            if (round % 10 == 0) {
                venue.market->set_btc(60'000.0 * random.lognormal(0.03), 0.02 + 0.01 * random.uniform());
                venue.pass(36min);  // 60 of them: a day and a half
            }
        }
        EXPECT_GT(fills, 100U);
        for (const Currency currency : kCurrencies) {
            double equity = 0.0;
            double fees = 0.0;
            for (const AccountId owner : owners) {
                const PortfolioView view = exchange.portfolio(owner, currency);
                equity += view.equity;
                fees += view.fees_paid;
            }
            const double deposits = currency == Currency::btc ? 20.0 : currency == Currency::eth ? 200.0 : 200'000.0;
            EXPECT_GT(fees, 0.0);
            EXPECT_NEAR(equity, deposits - fees, 1e-9 * deposits) << currency_name(currency) << " seed " << seed;
        }
    }
}

}  // namespace
}  // namespace keel::simulator
