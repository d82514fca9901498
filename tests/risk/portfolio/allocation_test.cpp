#include <gtest/gtest.h>

#include "risk/limits/pretrade_gate.hpp"
#include "risk/portfolio/risk_engine.hpp"
#include "tests/risk/portfolio/risk_market.hpp"
#include "tests/support/allocation_counter.hpp"

namespace keel::risk {
namespace {

TEST(AllocationTest, NothingIsTakenFromTheHeapAfterConstruction) {
    test::RiskMarket market{100};
    RiskConfig config;
    config.boundaries = {
        {.metric = Metric::net_delta,      .soft = 0.1, .hard = 0.2},
        {.metric = Metric::leverage_gross, .soft = 0.1, .hard = 0.2},
        {.metric = Metric::realised_vol,   .soft = 0.1, .hard = 0.2}
    };
    GateConfig gate_config;
    gate_config.instruments_allowed = {"*"};
    RiskEngine risk{config, market.table()};
    PretradeGate gate{gate_config, market.table()};
    market.set_book(market.perpetuals[0], 89'999.5, 90'000.5);
    const UnderlyingId btc = market.underlying("BTC");
    std::size_t fired = 0;
    std::size_t answered = 0;
    const auto apply = [&](const Event& event) {
        risk.apply(event, market.view());
        gate.apply(event, market.view());
        fired += risk.evaluate(market.view()).size();
    };
    const std::size_t before = allocations;
    apply(market.session(SessionState::ready));
    apply(market.balance(market.currency("BTC"), 10.0));
    for (int i = 0; i < 20'000; ++i) {
        market.advance(std::chrono::milliseconds{10});
        const InstrumentId option = market.options[static_cast<std::size_t>(i) % market.options.size()];
        const double premium = is_inverse(market.of(option)) ? 0.03 : 2'700.0;
        apply(market.index(btc, 90'000.0 + i % 100));
        apply(market.ticker(market.perpetuals[0], {.mark = 90'000.0, .index = 90'000.0}));
        apply(market.ticker(option, {.mark = premium, .forward = 90'000.0, .iv = 0.5 + 0.001 * (i % 7)}));
        apply(market.fill(option, i % 3 == 0 ? Side::bid : Side::ask, 2, premium));
        apply(market.position(option, i, premium));
        apply(market.timer());
        const OrderIntent intent{.instrument = market.perpetuals[0],
                                 .side = i % 2 == 0 ? Side::bid : Side::ask,
                                 .price = Price{180'000},
                                 .quantity = Quantity{1 + i % 5}};
        answered += gate.check(intent, risk, market.view()).has_value() ? 0U : 1U;
        answered += std::isfinite(risk.metrics(btc)[0]) ? 1U : 0U;
        answered += risk.snapshot().version > 0 ? 1U : 0U;
    }
    EXPECT_EQ(allocations, before);
    EXPECT_GT(fired, 0U);
    EXPECT_GT(answered, 20'000U);
    const std::size_t planted = allocations;
    ::operator delete(::operator new(sizeof(int)));
    EXPECT_EQ(allocations, planted + 1) << "the counter counts";
}

}  // namespace
}  // namespace keel::risk
