#include <gtest/gtest.h>

#include "tests/risk/calculator/calculator_subject.hpp"
#include "tests/support/allocation_counter.hpp"

namespace keel::risk {
namespace {

// Events, publications and reads of a whole stream: ladders built anew and added to, averages begun, expiries
// delivered.
TEST(CalculatorAllocationTest, TakesNothingFromTheHeapOnceItIsMade) {
    for (const bool delivering : {false, true}) {
        test::CalculatorSubject subject{9, delivering};
        const CalculatorWork work = subject.calculator.work();
        const std::size_t before = allocations;
        double sum = 0.0;
        for (int event = 0; event < 2'000; ++event) {
            subject.step();
            subject.calculator.set_volatility(0, 0.03 + 0.00001 * event);
            subject.calculator.publish();
            sum += subject.calculator.tail(0.99)->es_usd + subject.calculator.margin_usd(VenueSlot{0}).initial +
                   subject.calculator.quality() + subject.calculator.stress(UnderlyingSlot{0}).worst.pnl_usd +
                   subject.calculator.by_underlying().hhi() + subject.calculator.by_venue().read().top1 +
                   subject.calculator.drawdown().loss_5m() + subject.calculator.var_contributions(0.99)->others_usd[0] +
                   subject.calculator.es_contributions(0.975)->options_usd[0] +
                   subject.calculator.named_stresses().pnl_usd(0);
        }
        EXPECT_EQ(allocations, before);
        EXPECT_TRUE(std::isfinite(sum));
        EXPECT_GT(subject.calculator.work().ladders, work.ladders + 100);
        EXPECT_GT(subject.calculator.work().added, work.added + 100);
        EXPECT_EQ(delivering, subject.settled[0]);
    }
}

}  // namespace
}  // namespace keel::risk
