#include "risk/triggers/trigger_set.hpp"

#include <gtest/gtest.h>

#include <limits>

#include "risk/triggers/arbitration.hpp"

namespace keel::risk {
namespace {

using namespace std::chrono_literals;

constexpr UnixNanos kStart = unix_nanos_from_ms(1'767'225'600'000);

InstrumentTable two_coins() {
    InstrumentTable table;
    (void)table.underlying("BTC");
    (void)table.underlying("ETH");
    return table;
}

BoundaryConfig boundary(Metric metric, double soft, double hard) {
    return {.metric = metric, .soft = soft, .hard = hard, .debounce_soft = 100ms};
}

TEST(TriggerSetTest, MakesOneBoundaryPerUnderlyingWhereNoneIsNamed) {
    RiskConfig config;
    config.boundaries = {boundary(Metric::net_delta, 1, 2), boundary(Metric::leverage_gross, 3, 4),
                         boundary(Metric::vega_usd, 5, 6)};
    config.boundaries[2].underlying = "ETH";
    const InstrumentTable table = two_coins();
    const TriggerSet set{config, table};
    ASSERT_EQ(set.size(), 4U);
    EXPECT_EQ(set[0].underlying, table.find_underlying("BTC"));
    EXPECT_EQ(set[1].underlying, table.find_underlying("ETH"));
    EXPECT_EQ(set[2].underlying, UnderlyingId::none);
    EXPECT_EQ(set[3].underlying, table.find_underlying("ETH"));
}

TEST(TriggerSetTest, FiresWithTheNumbersItWasJudgedOn) {
    RiskConfig config;
    config.boundaries = {boundary(Metric::net_delta, 1, 2)};
    TriggerSet set{config, two_coins()};
    set.begin();
    set.sample(0, 1.5, kStart, 7);
    EXPECT_TRUE(set.finish().empty()) << "debounced";
    set.begin();
    set.sample(0, 1.6, kStart + 100ms, 8);
    const auto fired = set.finish();
    ASSERT_EQ(fired.size(), 1U);
    EXPECT_EQ(fired[0].signal, TriggerSignal::soft);
    EXPECT_EQ(fired[0].value.value(), 1.6);
    EXPECT_EQ(fired[0].soft.value(), 1.0);
    EXPECT_EQ(fired[0].hard.value(), 2.0);
    EXPECT_EQ(fired[0].risk_version, 8U);
    EXPECT_EQ(fired[0].first_seen, kStart);
    EXPECT_EQ(set[0].fired, 1U);
    EXPECT_DOUBLE_EQ(set[0].utilisation_ratio(), 0.8);
}

TEST(TriggerSetTest, CountsTheTimeOutsideSoft) {
    RiskConfig config;
    config.boundaries = {boundary(Metric::net_delta, 1, 2)};
    TriggerSet set{config, two_coins()};
    set.sample(0, 0.5, kStart, 1);
    set.sample(0, 1.5, kStart + 1s, 1);
    set.sample(0, 1.2, kStart + 3s, 1);
    EXPECT_EQ(set.time_outside(0, kStart + 4s), 3s);
    set.sample(0, 0.9, kStart + 5s, 1);
    set.sample(0, std::numeric_limits<double>::quiet_NaN(), kStart + 6s, 1);
    EXPECT_EQ(set.time_outside(0, kStart + 9s), 4s);
    EXPECT_EQ(set.time_outside(1, kStart + 9s), 0s) << "the other coin was never sampled";
}

TEST(TriggerSetTest, SortsBySeverityThenAccountFirst) {
    FiredTrigger soft{.trigger = 0, .signal = TriggerSignal::soft, .underlying = UnderlyingId{0}};
    FiredTrigger hard{.trigger = 3, .signal = TriggerSignal::hard, .underlying = UnderlyingId{1}};
    FiredTrigger account{.trigger = 2, .signal = TriggerSignal::soft, .underlying = UnderlyingId::none};
    FiredTrigger clear{.trigger = 1, .signal = TriggerSignal::clear, .underlying = UnderlyingId{0}};
    std::array all{clear, soft, account, hard};
    arbitrate(all);
    EXPECT_EQ(all[0].trigger, 3U);
    EXPECT_EQ(all[1].trigger, 2U);
    EXPECT_EQ(all[2].trigger, 0U);
    EXPECT_EQ(all[3].trigger, 1U);
}

TEST(TriggerSetTest, NeverFiresOnWhatIsNotANumberOrWhenTimeRunsBackwards) {
    Trigger trigger{
        {.soft = 1, .hard = 2, .clear = 0.9}
    };
    EXPECT_EQ(trigger.sample(kStart, std::numeric_limits<double>::quiet_NaN()), TriggerSignal::none);
    EXPECT_EQ(trigger.sample(kStart, std::numeric_limits<double>::infinity()), TriggerSignal::none);
    EXPECT_EQ(trigger.sample(kStart + (-1s), 5.0), TriggerSignal::none);
    EXPECT_EQ(trigger.clock_backs(), 1U);
    EXPECT_EQ(trigger.sample(kStart, 5.0), TriggerSignal::hard);
}

TEST(RiskConfigTest, NamesTheKeyThatIsWrong) {
    const auto problems_of = [](auto change) {
        RiskConfig config;
        config.boundaries = {boundary(Metric::net_delta, 1, 2), boundary(Metric::vega_usd, 1, 2)};
        change(config);
        return config.validate();
    };
    EXPECT_TRUE(problems_of([](RiskConfig&) {}).empty());
    const auto expect_key = [&](const char* key, auto change) {
        const ConfigProblems problems = problems_of(change);
        ASSERT_EQ(problems.size(), 1U) << key;
        EXPECT_EQ(problems[0].key, key);
        EXPECT_FALSE(problems[0].message.empty());
    };
    const double nan = std::numeric_limits<double>::quiet_NaN();
    expect_key("boundaries[1].soft", [](RiskConfig& c) { c.boundaries[1].soft = 3; });
    expect_key("boundaries[0].soft", [&](RiskConfig& c) { c.boundaries[0].soft = nan; });
    expect_key("boundaries[0].hard",
               [](RiskConfig& c) { c.boundaries[0].hard = std::numeric_limits<double>::infinity(); });
    expect_key("boundaries[0].clear", [](RiskConfig& c) { c.boundaries[0].clear = 1.0; });
    expect_key("boundaries[1].target", [](RiskConfig& c) { c.boundaries[1].target = 1.0; });
    expect_key("boundaries[0].cooldown", [](RiskConfig& c) { c.boundaries[0].cooldown = -1s; });
    expect_key("volatility.sample_every", [](RiskConfig& c) { c.volatility.sample_every = 0s; });
    expect_key("volatility.half_life_fast", [](RiskConfig& c) { c.volatility.half_life_fast = 24h * 3; });
    expect_key("stablecoin_usd", [](RiskConfig& c) { c.stablecoin_usd = 0.0; });
    expect_key("implied_volatility.window", [](RiskConfig& c) { c.implied_volatility.window = 0s; });
    const ConfigProblems below =
        problems_of([](RiskConfig& c) { c.boundaries[0].direction = BoundaryDirection::below; });
    ASSERT_EQ(below.size(), 1U);
    EXPECT_EQ(below[0].key, "boundaries[0].soft");
}

}  // namespace
}  // namespace keel::risk
