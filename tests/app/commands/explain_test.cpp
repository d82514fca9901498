// What `keel explain` says of orders that went wrong, from a journal made here.
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "engine/journal/preamble.hpp"
#include "tests/support/event_builders.hpp"
#include "tests/support/program.hpp"
#include "tests/support/seeded_market.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::at_ms;

constexpr std::int64_t kDecidedMs = 100;

class ExplainCommandTest : public testing::Test {
protected:
    void SetUp() override {
        JournalOptions options;
        options.path = path();
        writer_ = JournalWriter::create(options).value();
        ASSERT_TRUE(write_preamble(*writer_, "", test::SeededMarket::instruments()));
        event(EventKind::timer, ClientOrderId::none, kDecidedMs, 0);
        DecisionRecord decision;
        decision.id = DecisionId{1};
        decision.time = at_ms(kDecidedMs);
        decision.outcome = DecisionOutcome::traded;
        ASSERT_TRUE(writer_->append(decision));
    }

    std::string path() const { return (folder_.path() / "made.journal").string(); }

    // An order of the decision, and the one thing that became of it.
    void order(std::uint64_t number, EventKind fate, std::int64_t ms, std::int64_t reason) {
        OrderCommand command;
        command.kind = CommandKind::submit;
        command.venue = VenueId::deribit;
        command.instrument = test::kPerpetual;
        command.client_order_id = ClientOrderId{number};
        command.quantity = Quantity{1};
        command.decision = DecisionId{1};
        ASSERT_TRUE(writer_->append(command));
        event(fate, command.client_order_id, ms, reason);
    }

    std::string explain(const std::vector<std::string>& more) {
        if (writer_ != nullptr) {
            EXPECT_TRUE(writer_->close(++sequence_, 0).has_value());
            writer_.reset();
        }
        std::vector<std::string> words{"explain", path()};
        words.insert(words.end(), more.begin(), more.end());
        test::Program program{KEEL_BINARY, words, folder_.path(), "explain"};
        EXPECT_EQ(program.wait(std::chrono::seconds{30}), 0) << program.err();
        return program.out();
    }

private:
    void event(EventKind kind, ClientOrderId id, std::int64_t ms, std::int64_t reason) {
        Event event = test::order_event(kind, id);
        auto report = event.as<OrderReport>();
        report.reason = reason;
        event = Event::of(kind, VenueId::deribit, test::kPerpetual, report);
        event.sequence = ++sequence_;
        event.receive_time = at_ms(ms);
        ASSERT_TRUE(writer_->append(event));
    }

    test::TemporaryDirectory folder_;
    std::unique_ptr<JournalWriter> writer_;
    std::uint64_t sequence_{0};
};

TEST_F(ExplainCommandTest, SaysWhoRefusedAnOrderAndWhetherItLeft) {
    order(1, EventKind::order_not_sent, kDecidedMs, -static_cast<std::int64_t>(Errc::rate_limited));
    order(2, EventKind::order_not_sent, kDecidedMs + 1, 0);
    order(3, EventKind::order_unknown, kDecidedMs + 2, -static_cast<std::int64_t>(Errc::read_deadline));
    order(4, EventKind::order_rejected, kDecidedMs + 3, 10'009);
    order(5, EventKind::order_rejected, kDecidedMs + 4, 424'242);
    order(6, EventKind::order_rejected, kDecidedMs + 5, -32'602);
    const std::string text = explain({});
    for (const char* line :
         {"+0.000 ms order_not_sent, rate_limited: it never left this process\n",
          "+1.000 ms order_not_sent, it never left this process\n", "+2.000 ms order_unknown, read_deadline\n",
          "+3.000 ms order_rejected, venue's reason 10009 not_enough_funds\n",
          "+4.000 ms order_rejected, venue's reason 424242\n",
          "+5.000 ms order_rejected, venue's reason -32602 Invalid params\n"}) {
        EXPECT_NE(text.find(line), std::string::npos) << line << text;
    }
    const json orders = json::parse(explain({"--json"}))["decisions"][0]["orders"];
    ASSERT_EQ(orders.size(), 6U);
    EXPECT_EQ(orders[0]["events"][0]["reason_name"], "rate_limited");
    EXPECT_EQ(orders[3]["events"][0]["reason"], 10'009);
    EXPECT_EQ(orders[3]["events"][0]["reason_name"], "not_enough_funds");
    EXPECT_FALSE(orders[1]["events"][0].contains("reason"));
}

// A gateway that follows the venue's clock stamps its own refusals with the last time that it heard, which may lie
// before what the core has heard.
TEST_F(ExplainCommandTest, NoStepLiesBeforeItsDecision) {
    order(1, EventKind::order_not_sent, kDecidedMs - 5, -static_cast<std::int64_t>(Errc::rate_limited));
    order(2, EventKind::order_acked, kDecidedMs + 7, 0);
    const std::string text = explain({});
    EXPECT_NE(text.find("+0.000 ms order_not_sent"), std::string::npos) << text;
    EXPECT_NE(text.find("+7.000 ms order_acked"), std::string::npos) << text;
    const json orders = json::parse(explain({"--json"}))["decisions"][0]["orders"];
    EXPECT_EQ(orders[0]["events"][0]["after_ms"], 0.0);
    EXPECT_EQ(orders[1]["events"][0]["after_ms"], 7.0);
}

}  // namespace
}  // namespace keel::app
