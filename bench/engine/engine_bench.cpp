#include <benchmark/benchmark.h>

#include <atomic>
#include <map>
#include <random>
#include <thread>
#include <vector>

#include "engine/book/order_book.hpp"
#include "engine/journal/journal_writer.hpp"
#include "engine/orders/order_table.hpp"
#include "engine/pipeline/event_queue.hpp"
#include "tests/support/hedging_core.hpp"
#include "tests/support/simple_core.hpp"
#include "tests/support/temporary_directory.hpp"

namespace {

using namespace keel;
using test::level_event;

constexpr std::size_t kMessage = 32;  // level changes of one message, as a busy venue sends them

// Messages of 32 changes, most of them near the top, around a book of `depth` levels a side. Few enough to stay in
// the second-level cache: a decoder hands its events over hot.
struct BookTraffic {
    std::vector<Event> snapshot;
    std::vector<std::vector<Event>> messages;

    explicit BookTraffic(std::int64_t depth) {
        std::mt19937_64 random{1};
        const auto below = [&random](std::uint64_t bound) { return static_cast<std::int64_t>(random() % bound); };
        for (std::int64_t at = 1; at <= depth; ++at) {
            snapshot.push_back(
                level_event(EventKind::book_snapshot, Side::bid, 100'000 - at, 5, 1, 0, at == 1 ? 0u + kFirst : 0u));
            snapshot.push_back(
                level_event(EventKind::book_snapshot, Side::ask, 100'000 + at, 5, 1, 0, at == depth ? 0u + kLast : 0u));
        }
        std::uint64_t sequence = 1;
        for (int message = 0; message < 96; ++message) {
            std::vector<Event> events;
            for (std::size_t at = 0; at < kMessage; ++at) {
                const Side side = below(2) == 0 ? Side::bid : Side::ask;
                const auto span = static_cast<std::uint64_t>(below(8) == 0 ? depth : std::min<std::int64_t>(depth, 12));
                const std::int64_t away = 1 + below(span);
                const std::int64_t price = 100'000 + (side == Side::bid ? -away : away);
                const std::int64_t quantity = below(4) == 0 ? 0 : 1 + below(100);
                const unsigned flags = (at == 0 ? 0u + kFirst : 0u) | (at + 1 == kMessage ? 0u + kLast : 0u);
                // Without a previous sequence, so that the messages can be played in a circle.
                events.push_back(level_event(EventKind::level_update, side, price, quantity, ++sequence, 0, flags));
            }
            for (Event& event : events) {
                auto level = event.as<Level>();
                level.sequence = sequence;
                const std::uint8_t flag_bits = event.flags;
                event = Event::of(event.kind, event.venue, event.instrument, level);
                event.flags = flag_bits;
            }
            messages.push_back(std::move(events));
        }
    }
};

// One message of 32 changes into the flat book: where most of a market-data core's time goes.
void BM_OrderBook_ApplyMessage(benchmark::State& state) {
    const BookTraffic traffic{state.range(0)};
    OrderBook book{8'192};
    for (const Event& event : traffic.snapshot) (void)book.apply(event);
    std::size_t next = traffic.messages.size();
    std::uint64_t errors = 0;
    for (auto _ : state) {
        if (next == traffic.messages.size()) {
            state.PauseTiming();
            for (const Event& event : traffic.snapshot) errors += book.apply(event).has_value() ? 0u : 1u;
            next = 0;
            state.ResumeTiming();
        }
        for (const Event& event : traffic.messages[next]) errors += book.apply(event).has_value() ? 0u : 1u;
        ++next;
    }
    if (errors != 0 || !book.valid()) state.SkipWithError("the book refused a message");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMessage));
}
BENCHMARK(BM_OrderBook_ApplyMessage)->ArgName("levels")->Arg(20)->Arg(1'000)->Arg(5'000);

// The same into ordered maps: the plain reference, which lost.
void BM_OrderBook_PlainMaps(benchmark::State& state) {
    const BookTraffic traffic{state.range(0)};
    std::map<std::int64_t, std::int64_t> sides[2];
    const auto apply = [&sides](const Event& event) {
        const auto level = event.as<Level>();
        auto& side = sides[event.side() == Side::bid ? 0 : 1];
        if (level.quantity.count() == 0) {
            side.erase(level.price.count());
        } else {
            side[level.price.count()] = level.quantity.count();
        }
    };
    for (const Event& event : traffic.snapshot) apply(event);
    std::size_t next = 0;
    for (auto _ : state) {
        for (const Event& event : traffic.messages[next]) apply(event);
        next = (next + 1) % traffic.messages.size();
        benchmark::DoNotOptimize(sides);
    }
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kMessage));
}
BENCHMARK(BM_OrderBook_PlainMaps)->ArgName("levels")->Arg(20)->Arg(1'000)->Arg(5'000);

// A submit, its acknowledgement and its fill: the order table's share of one hedge.
void BM_OrderTable_SubmitAckFill(benchmark::State& state) {
    OrderTable table{1};
    OrderIntent intent;
    intent.instrument = test::kPerpetual;
    intent.price = Price{100};
    intent.quantity = Quantity{10};
    std::uint64_t trade = 0;
    for (auto _ : state) {
        const auto id = table.open(intent, test::at_ms(0), test::at_ms(1)).value();
        table.apply(test::order_event(EventKind::order_acked, id, 100, 10, 1));
        table.apply(test::fill_event(id, ++trade, 10));
    }
    if (!table.live().empty()) state.SkipWithError("an order was left");
}
BENCHMARK(BM_OrderTable_SubmitAckFill);

// An event into the mapped journal, CRC included: what recording adds to every event.
void BM_Journal_AppendEvent(benchmark::State& state) {
    const test::TemporaryDirectory directory;
    JournalOptions options;
    options.path = directory.path() / "bench.journal";
    options.chunk_bytes = 64u << 20;
    auto writer = JournalWriter::create(options).value();
    const Event event = level_event(EventKind::level_update, Side::bid, 100, 5, 2, 1, kFirst | kLast);
    std::uint64_t waits = 0;
    for (auto _ : state) {
        while (!writer->append(event)) {
            ++waits;
            std::this_thread::yield();
        }
    }
    if (!writer->writable()) state.SkipWithError("the journal failed");
    state.counters["waits"] = static_cast<double>(waits);
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(sizeof(RecordHeader) + sizeof(Event)));
}
BENCHMARK(BM_Journal_AppendEvent)->Iterations(1'000'000);  // 152 MB at most

// There and back through two queues between two threads: two hops. `bare` bounces one cache line, the
// floor of this machine at this moment.
void BM_EventQueue_RoundTrip(benchmark::State& state) {
    EventQueue there{1'024};
    EventQueue back{1'024};
    std::atomic<bool> stop{false};
    std::jthread echo{[&] {
        Event event;
        while (!stop.load(std::memory_order_relaxed)) {
            if (there.try_pop(event)) (void)back.try_push(event);
        }
    }};
    Event event;
    std::uint64_t wrong = 0;
    for (auto _ : state) {
        ++event.sequence;
        (void)there.try_push(event);
        Event returned;
        while (!back.try_pop(returned)) {
        }
        if (returned.sequence != event.sequence) ++wrong;
    }
    stop.store(true);
    if (wrong != 0) state.SkipWithError("an event came back changed");
}
BENCHMARK(BM_EventQueue_RoundTrip)->UseRealTime();

void BM_EventQueue_BareLineRoundTrip(benchmark::State& state) {
    alignas(64) std::atomic<std::uint64_t> there{0};
    alignas(64) std::atomic<std::uint64_t> back{0};
    std::atomic<bool> stop{false};
    std::jthread echo{[&] {
        std::uint64_t seen = 0;
        while (!stop.load(std::memory_order_relaxed)) {
            const std::uint64_t value = there.load(std::memory_order_acquire);
            if (value == seen) continue;
            seen = value;
            back.store(value, std::memory_order_release);
        }
    }};
    std::uint64_t sent = 0;
    for (auto _ : state) {
        there.store(++sent, std::memory_order_release);
        while (back.load(std::memory_order_acquire) != sent) {
        }
    }
    stop.store(true);
}
BENCHMARK(BM_EventQueue_BareLineRoundTrip)->UseRealTime();

// A recorded minute of the seeded market through a core without a journal: typed event to decision.
template <class Core, class Market>
void run_core(benchmark::State& state, std::uint64_t steps) {
    EventBatch batch;
    std::vector<Event> events;
    Market market{7, steps};
    while (!market.done()) {
        batch.clear();
        market.poll(batch);
        for (Event event : batch.events()) {
            event.sequence = events.size() + 1;
            events.push_back(event);
        }
    }
    std::uint64_t commands = 0;
    for (auto _ : state) {
        state.PauseTiming();
        auto core = std::make_unique<Core>();
        state.ResumeTiming();
        for (const Event& event : events) commands += core->loop.on(event).commands.size();
    }
    if (commands == 0) state.SkipWithError("the core decided nothing");
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(events.size()));
}
void BM_EngineLoop_HedgingCore(benchmark::State& state) {
    run_core<test::HedgingCore<>, test::SeededMarket>(state, 2'400);
}
BENCHMARK(BM_EngineLoop_HedgingCore)->Unit(benchmark::kMillisecond);

// The same loop with parts that do next to nothing: what the loop itself costs.
void BM_EngineLoop_SimpleCore(benchmark::State& state) {
    run_core<test::SimpleCore<>, test::ScriptedExchange>(state, 10'000);
}
BENCHMARK(BM_EngineLoop_SimpleCore)->Unit(benchmark::kMillisecond);

// The state hash of a checkpoint, one event in 4,096.
void BM_EngineLoop_StateHash(benchmark::State& state) {
    test::HedgingCore<> core;
    for (auto _ : state) benchmark::DoNotOptimize(core.loop.state_hash());
}
BENCHMARK(BM_EngineLoop_StateHash);

}  // namespace
