#include <map>

#include "simulator/exchange/exchange.hpp"
#include "simulator/market/factors.hpp"
#include "simulator/market/market_source.hpp"
#include "simulator/market/random.hpp"
#include "simulator/market/vol_surface.hpp"

namespace keel::simulator {
namespace {

using namespace std::chrono_literals;

std::unique_ptr<Exchange> open_market(std::string scenario, std::uint64_t seed, double seconds = 20.0) {
    auto market = make_generated_market({.scenario = std::move(scenario), .seed = seed, .seconds = seconds});
    EXPECT_TRUE(market);
    return std::make_unique<Exchange>(ExchangeConfig{}, std::move(*market));
}

std::uint64_t hash_after(Exchange& exchange, std::chrono::nanoseconds stride, std::chrono::nanoseconds span) {
    const UnixNanos start = exchange.start_time();
    for (std::chrono::nanoseconds done{}; done < span;) {
        done = std::min(span, done + stride);
        exchange.advance(start + done);
    }
    return exchange.market_hash();
}

TEST(GeneratedMarketTest, HashDoesNotDependOnPaceOrStride) {
    const std::uint64_t whole = hash_after(*open_market("shock", 1), 20s, 20s);
    EXPECT_EQ(hash_after(*open_market("shock", 1), 7ms, 20s), whole);
    EXPECT_EQ(hash_after(*open_market("shock", 1), 333ms, 20s), whole);
    // Beyond the span the market runs on and the hash stands.
    EXPECT_EQ(hash_after(*open_market("shock", 1), 1s, 23s), whole);
    EXPECT_NE(hash_after(*open_market("shock", 1), 1s, 19s), whole);
}

TEST(GeneratedMarketTest, HashNamesSeedScenarioAndSpan) {
    const std::uint64_t base = hash_after(*open_market("shock", 1), 1s, 20s);
    EXPECT_NE(hash_after(*open_market("shock", 2), 1s, 20s), base);
    EXPECT_NE(hash_after(*open_market("calm", 1), 1s, 20s), base);
    EXPECT_NE(hash_after(*open_market("shock", 1, 10.0), 1s, 20s), base);
    EXPECT_FALSE(make_generated_market({.scenario = "boring"}));
}

TEST(GeneratedMarketTest, ForeignOrdersLeaveTheFlowAlone) {
    const auto quiet = open_market("shock", 3);
    const auto traded = open_market("shock", 3);
    const AccountId client = *traded->open_account({.name = "c", .client_id = "C", .balances = {100.0, 1'000.0, 0.0}});
    std::size_t fills = 0;
    for (int i = 1; i <= 200; ++i) {
        quiet->advance(quiet->start_time() + 100ms * i);
        traded->advance(traded->start_time() + 100ms * i);
        OrderRequest request{.instrument_name = i % 3 == 0 ? "ETH-PERPETUAL" : "BTC-PERPETUAL",
                             .side = i % 2 == 0 ? Side::bid : Side::ask,
                             .amount = 50'000.0,
                             .type = OrderType::market};
        const auto answer = traded->submit(client, request);
        ASSERT_TRUE(answer) << answer.error().message;
        fills += answer->trades.size();
    }
    EXPECT_GT(fills, 100U);
    EXPECT_EQ(quiet->market_hash(), traded->market_hash());
    EXPECT_EQ(quiet->index_price(Currency::btc), traded->index_price(Currency::btc));
}

TEST(GeneratedMarketTest, PublishesEnoughAndKeepsBooksWhole) {
    const auto exchange = open_market("shock", 1, 60.0);
    ChangeLog log;
    std::map<InstrumentId, std::uint64_t> last_change;
    std::map<InstrumentId, std::map<std::pair<Side, double>, double>> followed;
    for (int i = 1; i <= 600; ++i) {
        exchange->advance(exchange->start_time() + 100ms * i);
        exchange->drain(log);
        for (const BookChange& change : log.books) {
            if (last_change.contains(change.instrument)) {
                ASSERT_EQ(change.prev_change_id, last_change[change.instrument]);
            }
            ASSERT_GT(change.change_id, change.prev_change_id);
            last_change[change.instrument] = change.change_id;
            for (std::uint32_t k = 0; k < change.level_count; ++k) {
                const LevelChange& level = log.levels[change.first_level + k];
                auto& book = followed[change.instrument];
                ASSERT_EQ((book[{level.side, level.price}]), level.amount_before);
                book[{level.side, level.price}] = level.amount;
            }
        }
    }
    for (const Listing& listing : exchange->listings()) {
        const BookView book = exchange->book(listing.id());
        if (!book.bids.empty() && !book.asks.empty()) {
            EXPECT_LT(book.bids[0].price, book.asks[0].price);
        }
        if (!listing.contract.is_option()) {
            EXPECT_GE(book.bids.size(), 3U) << listing.name();
            EXPECT_GE(book.asks.size(), 3U) << listing.name();
        }
        auto& levels = followed[listing.id()];
        std::erase_if(levels, [](const auto& level) { return level.second == 0.0; });
        EXPECT_EQ(levels.size(), book.bids.size() + book.asks.size()) << listing.name();
        for (const BookLevel& level : book.bids) EXPECT_EQ((levels[{Side::bid, level.price}]), level.amount);
    }
    const ChangeCounts& counts = exchange->counts();
    const std::uint64_t market_events = counts.levels + counts.of(ChangeKind::trade) + counts.of(ChangeKind::ticker) +
                                        counts.of(ChangeKind::index_price);
    EXPECT_GT(market_events, 30'000U);
    EXPECT_LT(market_events, 200'000U);
    EXPECT_GT(counts.of(ChangeKind::trade), 200U);
}

TEST(GeneratedMarketTest, ResultsAddUpWithTheMarketsOwnAccounts) {
    const auto exchange = open_market("shock", 5);
    const AccountId client = *exchange->open_account(
        {.name = "c",
         .client_id = "C",
         .balances = {100.0, 1'000.0, 0.0},
         .positions = {{"BTC-16JAN26-96000-C", -10.0, 0.0}, {"ETH-PERPETUAL", 100'000.0, 3'200.0}}});
    for (int i = 1; i <= 100; ++i) {
        exchange->advance(exchange->start_time() + 200ms * i);
        for (const char* name : {"BTC-PERPETUAL", "ETH-30JAN26", "BTC-23JAN26-96000-P"}) {
            const bool is_option = std::string_view{name}.ends_with("-P");
            ASSERT_TRUE(exchange->submit(client, {.instrument_name = name,
                                                  .side = i % 2 == 0 ? Side::bid : Side::ask,
                                                  .amount = is_option ? 0.5 : 10'000.0,
                                                  .type = OrderType::market}));
        }
    }
    const std::array deposits{100.0, 1'000.0};
    for (const Currency currency : {Currency::btc, Currency::eth}) {
        double equity = 0.0;
        // The market's makers and takers are the first two accounts.
        for (const AccountId owner : {AccountId{0}, AccountId{1}, client}) {
            equity += exchange->portfolio(owner, currency).equity;
        }
        const double fees = exchange->portfolio(client, currency).fees_paid;
        EXPECT_GT(fees, 0.0);
        EXPECT_NEAR(equity, deposits[static_cast<std::size_t>(currency)] - fees, 1e-7) << currency_name(currency);
    }
}

TEST(GeneratedMarketTest, TakersReachAQuoteThatIsBest) {
    const auto exchange = open_market("calm", 1);
    const AccountId client = *exchange->open_account({.name = "c", .client_id = "C", .balances = {100.0, 0.0, 0.0}});
    const InstrumentId perpetual = *exchange->find("BTC-PERPETUAL");
    std::size_t fills = 0;
    for (int i = 1; i <= 100; ++i) {
        exchange->advance(exchange->start_time() + 200ms * i);
        exchange->cancel_all(client);
        OrderRequest quote{.instrument_name = "BTC-PERPETUAL", .side = Side::bid, .amount = 1'000.0};
        quote.price = exchange->book(perpetual, 1).asks.at(0).price;
        quote.post_only = true;  // one tick below the best ask: ahead of every maker
        const auto placed = exchange->submit(client, quote);
        ASSERT_TRUE(placed) << placed.error().message;
        EXPECT_TRUE(placed->trades.empty());
        fills = exchange->user_trades(client, {}, 1'000).size();
    }
    EXPECT_GT(fills, 10U);
    for (const UserTrade& trade : exchange->user_trades(client, {}, 10)) {
        EXPECT_TRUE(trade.is_maker);
        EXPECT_EQ(trade.side, Side::bid);
        EXPECT_EQ(trade.fee, 0.0);
    }
}

TEST(GeneratedMarketTest, SpotMovesAsTheScenarioSays) {
    // Calm: six times the mean volatility, correlation 0.8; wide bounds for its stochastic volatility.
    double sum_b = 0.0;
    double sum_e = 0.0;
    double sum_be = 0.0;
    constexpr int kSteps = 3'000;
    constexpr double kStep = 0.02;
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        FactorPath path{*find_scenario("calm"), seed, 60.0, kStep};
        for (int i = 0; i < kSteps; ++i) {
            const double b0 = path.coin(0).spot_usd;
            const double e0 = path.coin(1).spot_usd;
            path.step();
            const double b = std::log(path.coin(0).spot_usd / b0);
            const double e = std::log(path.coin(1).spot_usd / e0);
            sum_b += b * b;
            sum_e += e * e;
            sum_be += b * e;
        }
    }
    const double per_year = 365.0 * 86'400.0 / (10.0 * kSteps * kStep);
    EXPECT_NEAR(std::sqrt(sum_b * per_year), 0.45 * 6.0, 1.5);
    EXPECT_NEAR(std::sqrt(sum_e * per_year), 0.65 * 6.0, 2.0);
    EXPECT_NEAR(sum_be / std::sqrt(sum_b * sum_e), 0.8, 0.12);
}

TEST(GeneratedMarketTest, ShockAndCrashComeWhenScripted) {
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        FactorPath path{*find_scenario("shock"), seed, 60.0, 0.02};
        std::map<int, std::pair<double, double>> at;  // second -> spot, implied
        for (int i = 1; i <= 3'000; ++i) {
            path.step();
            if (i % 50 == 0) at[i / 50] = {path.coin(0).spot_usd, path.coin(0).atm_iv_ratio};
        }
        EXPECT_LT(std::log(at[35].first / at[33].first), -0.03) << seed;  // the crash
        EXPECT_GT(at[17].second - at[14].second, 0.12) << seed;           // implied volatility jumps twice
        EXPECT_GT(at[35].second - at[32].second, 0.2) << seed;
    }
}

TEST(GeneratedMarketTest, SurfaceIsFreeOfGrossArbitrage) {
    const auto exchange = open_market("shock", 1, 60.0);
    for (int second = 0; second <= 60; second += 3) {
        exchange->advance(exchange->start_time() + 1s * second);
        // Marks by underlying, expiry and type, in order of strike; in USD they are compared.
        std::map<std::tuple<UnderlyingId, std::int64_t, OptionType>, std::map<double, TickerView>> chains;
        for (const Listing& listing : exchange->listings()) {
            if (!listing.contract.is_option()) continue;
            const auto key =
                std::tuple{listing.contract.underlying, listing.contract.expiry.ns(), listing.contract.option_type};
            chains[key][listing.contract.strike] = exchange->ticker(listing.id());
        }
        EXPECT_EQ(chains.size(), 16U);
        for (const auto& [key, chain] : chains) {
            const bool is_call = std::get<OptionType>(key) == OptionType::call;
            EXPECT_GE(chain.size(), 9U);
            const TickerView* last = nullptr;
            const TickerView* before_last = nullptr;
            double last_strike = 0.0;
            for (const auto& [strike, view] : chain) {
                EXPECT_GE(view.mark_price, 0.0);
                EXPECT_GT(view.mark_iv_percent, 5.0);
                EXPECT_LT(view.mark_iv_percent, 300.0);
                constexpr double kRounding = 2e-8;  // marks have eight decimals
                if (last != nullptr) {
                    EXPECT_LE(is_call ? view.mark_price : last->mark_price,
                              (is_call ? last->mark_price : view.mark_price) + kRounding);
                }
                if (before_last != nullptr) {  // equal spacing: convex in the strike
                    EXPECT_GE(before_last->mark_price + view.mark_price, 2.0 * last->mark_price - 2.0 * kRounding)
                        << strike << " " << last_strike;
                }
                before_last = last;
                last = &view;
                last_strike = strike;
            }
        }
    }
}

TEST(GeneratedMarketTest, TotalVarianceGrowsWithExpiry) {
    for (const double short_iv : {0.2, 0.45, 0.8, 1.3}) {
        const VolSurface surface{.atm_short_ratio = short_iv, .atm_long_ratio = 0.47};
        for (double k = -0.4; k <= 0.4; k += 0.05) {
            double last = 0.0;
            for (double years = 0.002; years < 0.5; years *= 1.3) {
                const double variance = surface.iv(k, years) * surface.iv(k, years) * years;
                EXPECT_GT(variance, last) << short_iv << " " << k << " " << years;
                last = variance;
            }
        }
    }
}

TEST(GeneratedMarketTest, CallsAndPutsAgree) {
    const auto exchange = open_market("calm", 1);
    exchange->advance(exchange->start_time() + 5s);
    const TickerView call = exchange->ticker(*exchange->find("BTC-30JAN26-96000-C"));
    const TickerView put = exchange->ticker(*exchange->find("BTC-30JAN26-96000-P"));
    EXPECT_NEAR(call.mark_price - put.mark_price, 1.0 - 96'000.0 / call.underlying_price, 1e-7);
    EXPECT_NEAR(call.delta - put.delta, 1.0, 2e-5);
    EXPECT_EQ(call.mark_iv_percent, put.mark_iv_percent);
    EXPECT_LT(call.bid_iv_percent, call.mark_iv_percent);
    EXPECT_GT(call.ask_iv_percent, call.mark_iv_percent);
}

TEST(RandomTest, StreamsRepeatAndDiffer) {
    Random a{7, 1};
    Random b{7, 1};
    Random c{7, 2};
    EXPECT_EQ(a.bits(), b.bits());
    EXPECT_NE(a.bits(), c.bits());
    double sum = 0.0;
    double squares = 0.0;
    constexpr int kDraws = 200'000;
    for (int i = 0; i < kDraws; ++i) {
        const double x = a.normal();
        sum += x;
        squares += x * x;
    }
    EXPECT_NEAR(sum / kDraws, 0.0, 0.01);
    EXPECT_NEAR(squares / kDraws, 1.0, 0.02);
}

}  // namespace
}  // namespace keel::simulator
