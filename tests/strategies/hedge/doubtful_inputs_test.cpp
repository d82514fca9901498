#include <gtest/gtest.h>

#include "risk/limits/order_probe.hpp"
#include "strategies/hedge/no_trade_band.hpp"
#include "strategies/hedge/risk_reading.hpp"
#include "tests/risk/portfolio/risk_market.hpp"

namespace keel::strategies {
namespace {

using namespace std::chrono_literals;
using risk::PriceCollar;
using risk::RiskEngine;
using risk::test::kIndex;
using risk::test::kNaN;
using risk::test::RiskMarket;

enum class Doubt { stale, crossed, one_sided, absurd };

// What the width of a boundary, a band or a collar depends on, at one moment.
struct Widths {
    double half_width_coin{0.0};
    PriceCollar collar{};
    std::vector<risk::BoundaryStatus> boundaries;
    risk::UnderlyingRisk risk{};
};

// One path for every kind of doubtful input: market events through the live engine, its boundaries, the no-trade band
// and the gate. Held are a perpetual and an option; the perpetual is what may be traded.
class DoubtfulInputs : public testing::TestWithParam<Doubt> {
protected:
    DoubtfulInputs() {
        risk_config_.hedge_numeraire = risk::HedgeNumeraire::coin;
        risk_config_.boundaries = {
            {.metric = Metric::net_delta, .underlying = "BTC", .soft = 2.0, .hard = 4.0},
            {.metric = Metric::gamma_1pct_usd, .underlying = "BTC", .soft = 1e6, .hard = 2e6},
            {.metric = Metric::realised_vol, .underlying = "BTC", .soft = 2.0, .hard = 4.0},
            {.metric = Metric::leverage_gross, .soft = 3.0, .hard = 4.0},
        };
        gate_config_.instruments_allowed = {"*"};
        hedge_config_.delta_risk_limit_usd = 100.0;  // the ceiling by volatility is what binds
        risk_ = std::make_unique<RiskEngine>(risk_config_, market_.table());
        gate_ = std::make_unique<risk::PretradeGate>(gate_config_, market_.table());
        apply(market_.balance(market_.currency("BTC"), 10.0));
        apply(market_.balance(market_.currency("USDC"), 50'000.0));
        apply(market_.session(SessionState::ready));
        // A minute and a half of prices, so that there is a volatility.
        for (int second = 0; second < 90; ++second) {
            market_.advance(1s);
            quote(kIndex * (1.0 + 2e-4 * std::sin(second)));
        }
        quote(kIndex);
        apply(market_.fill(perpetual_, Side::bid, 900, kIndex));
        apply(market_.fill(option_, Side::ask, 30, 2'000.0));
    }
    void apply(const Event& event) {
        risk_->apply(event, market_.view());
        gate_->apply(event, market_.view());
        (void)risk_->evaluate(market_.view());
    }
    void quote(double price) {
        apply(market_.index(coin_, price));
        apply(market_.ticker(perpetual_, {.mark = price, .index = price}));
        apply(market_.ticker(option_, {.mark = 2'000.0, .forward = price, .iv = 0.6, .index = price}));
        market_.set_book(perpetual_, price - 0.5, price + 0.5);
    }
    void doubt() {
        switch (GetParam()) {
            case Doubt::stale:
                market_.advance(11s);
                apply(market_.timer());
                return;
            case Doubt::crossed: return market_.set_book(perpetual_, kIndex + 5.0, kIndex - 5.0);
            case Doubt::one_sided: return market_.set_bid(perpetual_, kIndex - 0.5);
            case Doubt::absurd:
                for (const double price : {kNaN, 0.0, -kIndex, std::numeric_limits<double>::infinity()}) {
                    apply(market_.index(coin_, price));
                    apply(market_.ticker(perpetual_, {.mark = price, .index = price}));
                    apply(market_.ticker(option_, {.mark = price, .forward = kIndex, .iv = price, .index = kIndex}));
                    apply(market_.ticker(option_, {.mark = 2'000.0, .forward = price, .iv = 0.6, .index = kIndex}));
                }
                return;
        }
    }
    // The input's own flag, where it is said.
    bool is_flagged() {
        const OrderBook& book = *market_.books().find(perpetual_);
        switch (GetParam()) {
            case Doubt::stale:
            case Doubt::absurd: return (risk_->underlying(coin_).quality & risk::kQualityStale) != 0;
            case Doubt::crossed: return book.state() == BookState::stale;
            case Doubt::one_sided: return !book.top().two_sided();
        }
        return false;
    }
    Widths widths() {
        HedgeView hedge;
        read_hedge(*risk_, coin_, market_.view(), hedge);
        EXPECT_GT(std::max(hedge.realised_vol, hedge.implied_vol), hedge_config_.volatility_floor_ratio);
        const BandInputs band{.cost_ratio = 5e-4,
                              .underlying_price_usd = hedge.underlying_price_usd,
                              .gamma_coin_per_usd = hedge.gamma_coin_per_usd,
                              .volatility = std::max(hedge.realised_vol, hedge.implied_vol),
                              .lot_coin = 1e-4,
                              .soft_distance_coin = hedge.soft_distance_coin};
        const auto boundaries = risk_->boundaries();
        HedgeConfig unlimited = hedge_config_;
        unlimited.delta_risk_limit_usd = 1e12;
        EXPECT_LT(band_half_width(band, hedge_config_), band_half_width(band, unlimited)) << "the ceiling binds";
        return {.half_width_coin = band_half_width(band, hedge_config_),
                .collar = price_collar(market_.of(perpetual_), risk_->position(perpetual_), *risk_, market_.view(),
                                       gate_config_, gate_config_.perpetual_age_max),
                .boundaries = {boundaries.begin(), boundaries.end()},
                .risk = risk_->underlying(coin_)};
    }
    GateLimit verdict(Side side, double price) {
        market_.advance(300ms);  // beyond the window in which one order is a duplicate of another
        const OrderIntent intent{.instrument = perpetual_,
                                 .side = side,
                                 .price = market_.of(perpetual_).price_floor(price),
                                 .quantity = Quantity{10}};
        const auto refusal = gate_->check(intent, *risk_, market_.view());
        return refusal ? refusal->limit : GateLimit::none;
    }

    RiskMarket market_;
    risk::RiskConfig risk_config_;
    risk::GateConfig gate_config_;
    HedgeConfig hedge_config_;
    UnderlyingId coin_ = market_.underlying("BTC");
    InstrumentId perpetual_ = market_.perpetuals.front();
    InstrumentId option_ = market_.options[4];
    std::unique_ptr<RiskEngine> risk_;
    std::unique_ptr<risk::PretradeGate> gate_;
};

TEST_P(DoubtfulInputs, AreFlaggedFreezeWhatTheyFeedAndWidenNothing) {
    const Widths fresh = widths();
    ASSERT_EQ(fresh.collar.references, 3);
    const double outside = fresh.collar.reference + fresh.collar.width + 1.0;
    ASSERT_EQ(verdict(Side::bid, kIndex), GateLimit::none);
    ASSERT_EQ(verdict(Side::bid, outside), GateLimit::price_collar);
    // For so long a price that stands still says that nothing moved, and volatility falls; from then on it says
    // nothing.
    if (GetParam() == Doubt::stale) {
        market_.advance(risk_config_.volatility.price_age_max);
        apply(market_.timer());
    }
    const Widths before = widths();
    ASSERT_FALSE(is_flagged());

    doubt();
    EXPECT_TRUE(is_flagged());
    const Widths after = widths();

    EXPECT_EQ(after.risk.index, before.risk.index);
    EXPECT_EQ(after.risk.delta_net, before.risk.delta_net);
    EXPECT_EQ(after.risk.sums.gamma, before.risk.sums.gamma);
    EXPECT_EQ(after.risk.sums.vega, before.risk.sums.vega);
    EXPECT_EQ(after.risk.gross_notional_usd, before.risk.gross_notional_usd);
    EXPECT_EQ(after.risk.implied_volatility, before.risk.implied_volatility);
    EXPECT_EQ(after.risk.volatility_fast, before.risk.volatility_fast);

    ASSERT_EQ(after.boundaries.size(), before.boundaries.size());
    for (std::size_t i = 0; i < after.boundaries.size(); ++i) {
        const risk::BoundaryStatus& now = after.boundaries[i];
        const risk::BoundaryStatus& then = before.boundaries[i];
        EXPECT_EQ(now.soft, then.soft) << i;
        EXPECT_EQ(now.hard, then.hard) << i;
        EXPECT_EQ(now.target, then.target) << i;
        EXPECT_EQ(now.state, then.state) << i;
        EXPECT_EQ(now.fired, then.fired) << i;
    }
    EXPECT_GT(after.half_width_coin, 0.0);
    EXPECT_LE(after.half_width_coin, before.half_width_coin);

    // Without two fresh references there is no collar, and no order; else it is no wider, about no other price.
    if (after.collar.references >= 2) {
        EXPECT_EQ(after.collar.reference, fresh.collar.reference);
        EXPECT_LE(after.collar.width, fresh.collar.width);
    }
    const bool is_gone = GetParam() == Doubt::stale || GetParam() == Doubt::crossed;
    EXPECT_EQ(verdict(Side::bid, kIndex), is_gone ? GateLimit::stale_input : GateLimit::none);
    EXPECT_EQ(verdict(Side::bid, outside), is_gone ? GateLimit::stale_input : GateLimit::price_collar);
}

std::string name_of(const testing::TestParamInfo<Doubt>& info) {
    constexpr const char* kNames[] = {"Stale", "Crossed", "OneSided", "Absurd"};
    return kNames[static_cast<std::size_t>(info.param)];
}
INSTANTIATE_TEST_SUITE_P(EveryKind, DoubtfulInputs,
                         testing::Values(Doubt::stale, Doubt::crossed, Doubt::one_sided, Doubt::absurd), name_of);

}  // namespace
}  // namespace keel::strategies
