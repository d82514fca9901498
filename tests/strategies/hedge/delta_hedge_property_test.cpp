#include <random>

#include "strategies/hedge/delta_hedge.hpp"
#include "tests/strategies/hedge/scripted_market.hpp"

namespace keel::strategies {
namespace {

using test::ScriptedMarket;

// Inside the band nothing trades; outside, delta never ends further from its target than it was, and
// with room enough it ends inside.
TEST(DeltaHedgePropertyTest, NeverTradesInsideAndNeverMovesDeltaAway) {
    std::size_t traded = 0;
    std::size_t inside = 0;
    for (std::uint64_t seed = 1; seed <= 500; ++seed) {
        std::mt19937_64 random{seed};
        const auto uniform = [&](double low, double high) { return std::uniform_real_distribution{low, high}(random); };
        const auto whole = [&](int low, int high) { return std::uniform_int_distribution{low, high}(random); };
        ScriptedMarket market{static_cast<std::size_t>(whole(1, 4))};
        for (std::size_t at = 0; at < market.ids_.size(); ++at) {
            market.book(at, whole(1, 60), whole(1, 400), whole(1, 12));
            HedgeInstrument& instrument = market.risk_.instruments[market.ids_[at]];
            instrument.delta_per_lot = 0.01 * uniform(0.5, 2.0);
            instrument.position = Quantity{whole(-500, 500)};
        }
        market.risk_.hedge.gamma_coin_per_usd = uniform(-5e-4, 5e-4);
        market.risk_.hedge.realised_vol = uniform(0.0, 3.0);
        market.risk_.hedge.delta_coin = uniform(-6.0, 6.0) * uniform(0.0, 1.0);
        market.risk_.hedge.reduce_only = whole(0, 9) == 0;
        HedgeConfig config;
        const double target = uniform(-2.0, 2.0);
        ASSERT_TRUE(config.targets.push({market.underlying_, target}));
        DeltaHedge hedge{config, market.table_};
        HedgeView seen = market.risk_.hedge;
        const CoreView view = market.view();
        hedge.list_instruments(market.underlying_, view.now, seen);
        read_hedge(market.risk_, market.underlying_, view, seen);
        DecisionRecord record;
        HedgeTrades trades;
        hedge.decide(seen, whole(0, 1) == 0 ? HedgeDepth::edge : HedgeDepth::centre, 1.0, view, record, trades);
        SCOPED_TRACE("seed " + std::to_string(seed));
        const double before = seen.delta_coin;
        const bool was_inside = before >= record.band_low.value() && before <= record.band_high.value();
        ASSERT_EQ(was_inside, record.outcome == DecisionOutcome::no_trade_band);
        ASSERT_TRUE(!was_inside || trades.empty());
        inside += was_inside ? 1U : 0U;
        double after = before;
        for (const HedgeTrade& trade : trades) {
            after += sign(trade.side) * static_cast<double>(trade.quantity.count()) *
                     market.risk_.instruments[trade.instrument].delta_per_lot;
        }
        ASSERT_LE(std::abs(after - target), std::abs(before - target) + 1e-12);
        if (record.status == SolveStatus::optimal) {
            ASSERT_LE(after, record.band_high.value() + 1e-9);
            ASSERT_GE(after, record.band_low.value() - 1e-9);
        }
        traded += trades.empty() ? 0U : 1U;
    }
    EXPECT_GE(traded, 150U);
    EXPECT_GE(inside, 20U);
}

}  // namespace
}  // namespace keel::strategies
