#include <nlohmann/json.hpp>

#include "tests/connectors/deribit/instruments.hpp"
#include "tests/connectors/deribit/simulated_venue.hpp"

namespace keel::connectors::deribit {
namespace {

using Json = nlohmann::json;
using net::until;
using simulator::ConnectionId;

// A venue that greets politely and sends exactly the book messages that the test gives it.
class ScriptedFeedTest : public testing::Test {
protected:
    simulator::ServerHandler handler() {
        simulator::ServerHandler out;
        out.on_text = [this](ConnectionId id, std::string_view text) {
            const Json request = Json::parse(text);
            const std::string method = request["method"];
            Json result = "ok";
            if (method == "public/get_time") result = 1'768'435'200'000;
            if (method == "public/hello") result = {{"version", "1.2.26"}};
            if (method.ends_with("subscribe")) result = request["params"]["channels"];
            if (method == "public/unsubscribe") ++unsubscribed_;
            loopback_.server().send(id, Json{{"jsonrpc", "2.0"}, {"id", request["id"]}, {"result", result}}.dump());
            if (method == "public/subscribe") {
                for (const std::string& data : script_[std::min(subscribed_.load(), script_.size() - 1)]) {
                    loopback_.server().send(
                        id, R"({"method":"subscription","params":{"channel":"book.BTC-PERPETUAL.100ms",)"
                            R"("data":)" +
                                data + "}}");
                }
                ++subscribed_;
            }
        };
        return out;
    }
    static std::string message(std::string_view type, std::uint64_t previous, std::uint64_t change_id,
                               std::string_view bids) {
        std::string out = R"({"timestamp":1,"asks":[],"type":")" + std::string{type} + R"(","change_id":)";
        out.append(std::to_string(change_id)).append(R"(,"prev_change_id":)").append(std::to_string(previous));
        return out.append(R"(,"bids":)").append(bids).append("}");
    }

    // By subscription: what follows its acknowledgement.
    std::vector<std::vector<std::string>> script_;
    std::atomic<std::size_t> subscribed_{0};
    std::atomic<std::size_t> unsubscribed_{0};
    net::LoopbackServer loopback_{handler()};
    InstrumentTable table_;
    InstrumentId perpetual_{add_row(table_, "BTC-PERPETUAL", {5, -1}, {10, 0})};
    EdgeClock clock_{EdgeClock::Source::host};

    Config config() {
        Config out;
        out.host = "127.0.0.1";
        out.port = loopback_.server().port();
        out.books = {"BTC-PERPETUAL"};
        out.price_indices = {};
        return out;
    }
};

TEST_F(ScriptedFeedTest, ARefusedMessageMakesItsBookStaleAtOnce) {
    script_ = {{message("snapshot", 0, 5, R"([["new",100.5,10]])"), message("change", 5, 6, R"([["new",100.3,10]])"),
                message("change", 6, 7, R"([["new",99.5,10]])")},
               {message("snapshot", 0, 9, R"([["new",101.5,10]])"), message("change", 9, 12, R"([["new",101.0,20]])")}};
    Feed feed{config(), loopback_.tls(), table_, clock_};
    Collector seen{table_};
    ASSERT_TRUE(until([&] { return seen.books.find(perpetual_)->sequence() == 12; }, [&] { seen.poll(feed); }));
    std::vector<EventKind> kinds;
    for (const Event& event : seen.events) {
        if (event.kind != EventKind::session) kinds.push_back(event.kind);
    }
    // The off-tick change is refused and says stale; the next one, whose chain looks whole, is withheld.
    EXPECT_EQ(kinds, (std::vector{EventKind::book_snapshot, EventKind::book_stale, EventKind::book_snapshot,
                                  EventKind::level_update}));
    EXPECT_EQ(feed.counts().frames_refused, 1U);
    EXPECT_EQ(unsubscribed_.load(), 1U);
    EXPECT_TRUE(seen.books.find(perpetual_)->valid());
    EXPECT_EQ(seen.book_errors, 0U);
}

TEST_F(ScriptedFeedTest, ChangesBeforeTheFirstSnapshotAreWithheld) {
    script_ = {{message("change", 3, 4, R"([["new",100.0,10]])"), message("snapshot", 0, 5, R"([["new",100.5,10]])"),
                message("change", 5, 6, R"([["delete",100.5,0.0]])")}};
    Feed feed{config(), loopback_.tls(), table_, clock_};
    Collector seen{table_};
    ASSERT_TRUE(until([&] { return seen.books.find(perpetual_)->sequence() == 6; }, [&] { seen.poll(feed); }));
    EXPECT_EQ(seen.count(EventKind::book_stale), 0U);
    EXPECT_EQ(seen.count(EventKind::level_update), 1U);
    EXPECT_EQ(seen.books.find(perpetual_)->top().bid.quantity, Quantity{});
}

TEST_F(ScriptedFeedTest, ASnapshotMayComeAtAnyTime) {
    script_ = {{message("snapshot", 0, 5, R"([["new",100.5,10],["new",100.0,10]])"),
                message("snapshot", 0, 50, R"([["new",99.5,10]])"),
                message("change", 50, 60, R"([["change",99.5,30]])")}};
    Feed feed{config(), loopback_.tls(), table_, clock_};
    Collector seen{table_};
    ASSERT_TRUE(until([&] { return seen.books.find(perpetual_)->sequence() == 60; }, [&] { seen.poll(feed); }));
    EXPECT_EQ(seen.books.find(perpetual_)->levels(Side::bid).size(), 1U);
    EXPECT_EQ(feed.counts().gaps, 0U);
    const auto connected = seen.events.front().as<SessionReport>();
    EXPECT_EQ(connected.state, SessionState::connecting);
    EXPECT_EQ(connected.generation, 1U);
}

}  // namespace
}  // namespace keel::connectors::deribit
