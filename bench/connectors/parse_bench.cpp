#include <benchmark/benchmark.h>

#include <string>

#include "connectors/binance_usdm/parse.hpp"
#include "connectors/binance_usdm/reference.hpp"
#include "connectors/deribit/parse.hpp"

namespace keel::connectors {
namespace {

// A text with the readable bytes behind it that the decoders ask for.
struct PaddedText {
    explicit PaddedText(std::string from) : bytes{std::move(from)}, size{bytes.size()} {
        bytes.append(binance::kPaddingBytes, '\0');
    }
    [[nodiscard]] std::string_view view() const { return {bytes.data(), size}; }
    std::string bytes;
    std::size_t size;
};

// A depth frame as BTCUSDT sends it: `levels` a side, prices of seven digits.
std::string binance_depth(std::int64_t levels) {
    std::string text =
        R"({"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT",)"
        R"("U":5123107832006,"u":5123107837557,"pu":5123107831937,"b":[)";
    const auto side = [&](std::int64_t first, std::int64_t step) {
        for (std::int64_t i = 0; i < levels; ++i) {
            const std::int64_t tenths = first + step * i;
            text += (i == 0 ? "[\"" : ",[\"") + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) +
                    "0\",\"" + std::to_string(i % 9) + ".0" + std::to_string(10 + i % 80) + "\"]";
        }
    };
    side(616'597, -7);
    text += "],\"a\":[";
    side(616'598, 7);
    return text + "]}}";
}

std::string deribit_change(std::int64_t levels) {
    std::string text =
        R"({"jsonrpc":"2.0","method":"subscription","params":{"channel":"book.BTC-PERPETUAL.raw","data":{"type":"change",)"
        R"("timestamp":1723161256299,"prev_change_id":297217,"instrument_name":"BTC-PERPETUAL","change_id":297218,"bids":[)";
    const auto side = [&](std::int64_t first, std::int64_t step) {
        for (std::int64_t i = 0; i < levels; ++i) {
            const std::int64_t halves = first + step * i;
            text += (i == 0 ? "[\"change\"," : ",[\"change\",") + std::to_string(halves / 2) +
                    (halves % 2 == 0 ? ".0," : ".5,") + std::to_string(10 * (i + 1)) + ".0]";
        }
    };
    side(123'319, -1);
    text += "],\"asks\":[";
    side(123'320, 1);
    return text + "]}}}";
}

InstrumentTable binance_table() {
    InstrumentTable table;
    binance::Config config;
    binance::InstrumentDefinition definition;
    definition.symbol = "BTCUSDT";
    definition.base = "BTC";
    definition.quote = definition.settlement = "USDT";
    definition.tick = Decimal{1, -1};
    definition.lot = Decimal{1, -3};
    config.instruments.push_back(definition);
    KEEL_ASSERT(binance::define_instruments(config, table).has_value());
    return table;
}

InstrumentTable deribit_table() {
    InstrumentTable table;
    Instrument row;
    row.set_name("BTC-PERPETUAL");
    row.venue = VenueId::deribit;
    row.payoff = Payoff::inverse;
    row.tick = Decimal{5, -1};
    row.lot = Decimal{10, 0};
    KEEL_ASSERT(table.add(row).has_value());
    return table;
}

void count_work(benchmark::State& state, std::size_t bytes, std::int64_t levels) {
    state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
    state.counters["ns_per_level"] = benchmark::Counter(static_cast<double>(state.iterations() * 2 * levels),
                                                        benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

void BinanceDepth(benchmark::State& state) {
    const PaddedText text{binance_depth(state.range(0))};
    const InstrumentTable table = binance_table();
    binance::Decoder decoder{table, VenueId::binance_usdm};
    EventBatch batch;
    for (auto _ : state) {
        batch.clear();
        const auto message = decoder.frame(text.view(), batch);
        KEEL_ASSERT(message.has_value());
        benchmark::DoNotOptimize(batch.events().data());
    }
    count_work(state, text.size, state.range(0));
}
BENCHMARK(BinanceDepth)->Arg(1)->Arg(10)->Arg(30)->Arg(300);

void DeribitChange(benchmark::State& state) {
    const PaddedText text{deribit_change(state.range(0))};
    const InstrumentTable table = deribit_table();
    deribit::Decoder decoder{table};
    EventBatch batch;
    for (auto _ : state) {
        batch.clear();
        const auto message = decoder.decode(text.view(), batch);
        KEEL_ASSERT(message.has_value());
        benchmark::DoNotOptimize(batch.events().data());
    }
    count_work(state, text.size, state.range(0));
}
BENCHMARK(DeribitChange)->Arg(1)->Arg(10)->Arg(30);

// Reference: look at every byte of the same frame once, as any decoder must.
void ReferenceEveryByte(benchmark::State& state) {
    const PaddedText text{binance_depth(state.range(0))};
    for (auto _ : state) {
        std::size_t quotes = 0;
        for (const char c : text.view()) quotes += c == '"' ? 1 : 0;
        benchmark::DoNotOptimize(quotes);
    }
    count_work(state, text.size, state.range(0));
}
BENCHMARK(ReferenceEveryByte)->Arg(30);

// Reference: sum the digits between quotes one byte after the other, with no grammar and no checks.
void ReferenceDigits(benchmark::State& state) {
    const PaddedText text{binance_depth(state.range(0))};
    for (auto _ : state) {
        std::int64_t sum = 0;
        std::int64_t number = 0;
        for (const char c : text.view()) {
            if (c >= '0' && c <= '9') {
                number = number * 10 + (c - '0');
            } else if (c == '"') {
                sum += number;
                number = 0;
            }
        }
        benchmark::DoNotOptimize(sum);
    }
    count_work(state, text.size, state.range(0));
}
BENCHMARK(ReferenceDigits)->Arg(30);

// Reference: write as many events as the frame has levels.
void ReferenceWriteEvents(benchmark::State& state) {
    EventBatch batch;
    for (auto _ : state) {
        batch.clear();
        for (std::int64_t i = 0; i < 2 * state.range(0); ++i) {
            const Event event = Event::of(EventKind::level_update, VenueId::binance_usdm, InstrumentId{0},
                                          Level{.price = Price{i}, .quantity = Quantity{1}});
            KEEL_ASSERT(batch.push(event));
        }
        benchmark::DoNotOptimize(batch.events().data());
    }
    count_work(state, 0, state.range(0));
}
BENCHMARK(ReferenceWriteEvents)->Arg(30);

}  // namespace
}  // namespace keel::connectors
