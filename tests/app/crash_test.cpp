// The program itself, killed by SIGKILL at seeded random moments while it trades over TLS. What the simulated venue
// has read cannot be denied: each of those orders must be in the journal of the run that sent it.
#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "connectors/deribit/order_labels.hpp"
#include "engine/journal/journal_reader.hpp"
#include "tests/support/program.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/venue_program.hpp"

namespace keel::app {
namespace {

using nlohmann::json;
using test::Program;
using Words = std::vector<std::string>;
using Clock = std::chrono::steady_clock;
using std::chrono::microseconds;

constexpr std::uint64_t kSeed = 20'260;
constexpr int kRounds = 200;
constexpr int kReplayEvery = 25;                 // rounds, of which the torn journal is also replayed
constexpr microseconds kAfterReadyMax{250'000};  // the orders of a run leave within about this time
constexpr microseconds kAfterSpawnMax{120'000};  // of the rounds that may end before anything was sent

constexpr std::uint32_t epoch_of(ClientOrderId id) {
    return static_cast<std::uint32_t>(static_cast<std::uint64_t>(id) >> 32);
}

// What a run left: orders written down before they were sent, and how its journal ends.
struct Intents {
    std::set<ClientOrderId> orders;
    JournalTail tail{JournalTail::unread};
};

Intents read_intents(const std::filesystem::path& path) {
    Intents out;
    auto reader = JournalReader::open(path);
    if (!reader) return out;  // killed while it was being made
    for (;;) {
        const auto record = reader->next();
        EXPECT_TRUE(record.has_value()) << path << ": damaged record " << reader->number();
        if (!record || !record->has_value()) break;
        if ((*record)->type == RecordType::command)
            out.orders.insert((*record)->as<OrderCommand>().value().client_order_id);
    }
    out.tail = reader->tail();
    return out;
}

class CrashTest : public testing::Test {
protected:
    void SetUp() override { ASSERT_TRUE(venue_.is_ready()) << venue_.err(); }

    // Boundaries so tight that delta is always beyond them, trades so small that they never bring it back: orders
    // leave from the first moment on. The target changes sides, so that holdings do not grow.
    Words run_words(int round) const {
        Words words{"run",
                    venue_.config(),
                    "--headless",
                    "--state",
                    state().string(),
                    "--layout",
                    round % 2 == 0 ? "inline" : "pipeline"};
        const std::string target = round % 4 < 2 ? "2.0" : "-2.0";
        for (const std::string& setting :
             {std::string{"boundary.0.soft_coin=0.001"}, std::string{"boundary.0.hard_coin=0.002"},
              "boundary.0.target_coin=" + target, std::string{"hedge.settle_time_ms=5"},
              std::string{"hedge.retry_after_ms=5"}, std::string{"hedge.order_notional_max_usd=2000.0"},
              std::string{"gate.duplicate_window_ms=0"}, std::string{"gate.messages_per_second_max=1000.0"},
              std::string{"gate.messages_burst_max=1000.0"},
              std::string{"venue.0.transport="} + (round % 8 < 4 ? "\"ws\"" : "\"rest\"")}) {
            words.push_back("--set");
            words.push_back(setting);
        }
        return words;
    }

    void kill_one(int round) {
        SCOPED_TRACE("seed " + std::to_string(kSeed) + ", round " + std::to_string(round));
        const bool early = round % 5 == 0;
        const microseconds limit = early ? kAfterSpawnMax : kAfterReadyMax;
        const microseconds delay{random_() % static_cast<std::uint64_t>(limit.count())};
        Program engine{KEEL_BINARY, run_words(round), folder_.path(), "engine"};
        if (!early) {
            ASSERT_TRUE(engine.says("ready after", std::chrono::seconds{20})) << engine.err();
        }
        std::this_thread::sleep_until(Clock::now() + delay);
        engine.signal(SIGKILL);
        ASSERT_EQ(engine.wait(std::chrono::seconds{10}), 128 + SIGKILL) << engine.err();
    }

    // Reads what the round left. A killed run's journal keeps the 48 MiB allocated ahead, so all but the newest go.
    void collect(int round) {
        std::map<std::uint32_t, std::filesystem::path> journals;
        if (!std::filesystem::exists(state() / "journals")) return;
        for (const auto& entry : std::filesystem::directory_iterator{state() / "journals"})
            journals[static_cast<std::uint32_t>(std::stoul(entry.path().stem().string()))] = entry.path();
        if (journals.empty() || intents_.contains(journals.rbegin()->first)) return;  // killed before it had a journal
        const auto newest = journals.rbegin();
        intents_[newest->first] = read_intents(newest->second);
        if (round % kReplayEvery == kReplayEvery - 1) verify_replay(newest->second);
        for (const auto& [epoch, path] : journals)
            if (epoch != newest->first) std::filesystem::remove(path);
    }

    void verify_replay(const std::filesystem::path& journal) {
        Program replay{KEEL_BINARY, {"replay", journal.string(), "--verify", "--json"}, folder_.path(), "replay"};
        EXPECT_EQ(replay.wait(std::chrono::seconds{60}), 0) << replay.err() << replay.out();
        EXPECT_EQ(json::parse(replay.out())["verified"], true) << replay.out();
    }

    std::filesystem::path state() const { return folder_.path() / "state"; }

    test::TemporaryDirectory folder_;
    test::VenueProgram venue_{
        folder_.path(),
        {"--seconds", "900", "--speed", "2"}  // at another pace than 1 the venue's request limits are off
    };
    std::mt19937_64 random_{kSeed};
    std::map<std::uint32_t, Intents> intents_;  // by boot epoch
};

TEST_F(CrashTest, EveryOrderThatTheVenueReadHasItsIntentInTheJournal) {
    for (int round = 0; round < kRounds; ++round) {
        ASSERT_NO_FATAL_FAILURE(kill_one(round));
        collect(round);
    }

    // The directory of the last victim, stale lock and all, serves the next run.
    Words words = run_words(0);
    words.insert(words.end(), {"--seconds", "1"});
    Program survivor{KEEL_BINARY, words, folder_.path(), "survivor"};
    EXPECT_EQ(survivor.wait(std::chrono::seconds{30}), 0) << survivor.err();
    collect(kRounds);
    EXPECT_EQ(intents_.rbegin()->second.tail, JournalTail::closed);

    std::map<std::uint32_t, std::set<ClientOrderId>> seen;
    const json told = venue_.call("simulator/state", "");
    ASSERT_TRUE(told.contains("result"));
    const json& orders = told["result"]["orders_seen"];
    for (const json& order : orders) {
        const ClientOrderId id = connectors::deribit::id_of_label(order["label"].get<std::string>());
        ASSERT_NE(id, ClientOrderId::none) << order;
        EXPECT_TRUE(seen[epoch_of(id)].insert(id).second) << "sent twice: " << order;
        EXPECT_TRUE(intents_[epoch_of(id)].orders.contains(id)) << order << " is not in its journal";
    }

    // Enough to mean something.
    const auto killed_while_trading = std::ranges::count_if(intents_, [&](const auto& run) {
        return seen.contains(run.first) && run.second.tail == JournalTail::unclosed;
    });
    RecordProperty("orders", static_cast<int>(orders.size()));
    RecordProperty("killed_while_trading", static_cast<int>(killed_while_trading));
    std::printf("%zu orders; %td of %d kills fell after the first of a run\n", orders.size(), killed_while_trading,
                kRounds);
    EXPECT_GT(orders.size(), 5U * kRounds);
    EXPECT_GT(killed_while_trading, 3 * kRounds / 5);
}

}  // namespace
}  // namespace keel::app
