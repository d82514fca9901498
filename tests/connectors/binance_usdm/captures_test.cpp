#include <gtest/gtest.h>

#include <map>

#include "connectors/binance_usdm/depth_chain.hpp"
#include "connectors/binance_usdm/parse.hpp"
#include "connectors/binance_usdm/reference.hpp"
#include "tests/connectors/binance_usdm/captures.hpp"
#include "tests/support/test_data.hpp"

namespace keel::test {
namespace {

namespace binance = connectors::binance;
using simulator::RecordedMessage;
using simulator::Recording;

// Decoder, chains and books, fed from a recording without any network.
struct Bench {
    Bench(const Capture& capture, const Recording& recording) : config{config_for(capture, recording)} {
        for (const RecordedMessage& message : recording.messages()) {
            if (message.kind != RecordedMessage::Kind::exchange_info) continue;
            const PaddedText body{message.text};
            EXPECT_TRUE(binance::read_exchange_info(body.view(), config, table).has_value());
        }
        EXPECT_TRUE(binance::define_instruments(config, table).has_value());
        decoder.emplace(table, venue());
        for (const std::string& symbol : config.symbols) {
            const InstrumentId id = table.find(venue(), symbol);
            chains.try_emplace(id, venue(), id);
            books.try_emplace(id, binance::kBookLevelsMax);
        }
    }
    [[nodiscard]] VenueId venue() const { return binance::venue_of(config.family); }

    void take(const RecordedMessage& recorded) {
        const PaddedText text{recorded.text};
        batch.clear();
        if (recorded.kind == RecordedMessage::Kind::depth) {
            const InstrumentId id = table.find(venue(), recorded.name);
            const auto message = decoder->snapshot(text.view(), id, batch);
            ASSERT_TRUE(message.has_value()) << errc_name(message.error().code);
            chains.at(id).on_snapshot(*message, 0, batch);
        } else if (recorded.kind == RecordedMessage::Kind::frame) {
            const auto message = decoder->frame(text.view(), batch);
            if (!message) {
                ++refusals[message.error().code];
                return;
            }
            ++decoded;
            if (message->kind == binance::MessageKind::depth_update) {
                chains.at(message->instrument).on_update(*message, 0, batch);
            }
        }
        for (const Event& event : batch.events()) apply(event);
    }
    void apply(const Event& event) {
        ++events[event.kind];
        if (event.kind != EventKind::book_snapshot && event.kind != EventKind::level_update) return;
        const auto applied = books.at(event.instrument).apply(event);
        ASSERT_TRUE(applied.has_value()) << errc_name(applied.error().code);
    }

    binance::Config config;
    InstrumentTable table;
    std::optional<binance::Decoder> decoder;
    EventBatch batch;
    std::map<InstrumentId, binance::DepthChain> chains;
    std::map<InstrumentId, OrderBook> books;
    std::map<Errc, std::size_t> refusals;
    std::map<EventKind, std::size_t> events;
    std::size_t decoded{0};
};

TEST(CapturesTest, RebuildExactlyTheExpectedBooks) {
    const auto folder = data_path("binance");
    KEEL_SKIP_WITHOUT(folder);
    const std::vector<Capture> captures = binance_captures();
    ASSERT_FALSE(captures.empty());
    for (const Capture& capture : captures) {
        SCOPED_TRACE(capture.name);
        const auto recording = Recording::load(capture.file);
        ASSERT_TRUE(recording.has_value());
        Bench bench{capture, *recording};
        for (const RecordedMessage& message : recording->messages()) bench.take(message);
        ASSERT_FALSE(capture.books.empty()) << "no expected books";
        for (const ExpectedBook& expected : capture.books) {
            const InstrumentId id = bench.table.find(bench.venue(), expected.symbol);
            ASSERT_NE(id, InstrumentId::none);
            expect_book(expected, bench.chains.at(id).counters(), bench.books.at(id), bench.table[id]);
        }
        EXPECT_GT(bench.events[EventKind::quote], 0U);
        EXPECT_GT(bench.events[EventKind::trade], 0U);
    }
}

TEST(CapturesTest, RefusesOnlyKindsThatAreNotRead) {
    const auto folder = data_path("binance");
    KEEL_SKIP_WITHOUT(folder);
    for (const Capture& capture : binance_captures()) {
        SCOPED_TRACE(capture.name);
        const auto recording = Recording::load(capture.file);
        ASSERT_TRUE(recording.has_value());
        Bench bench{capture, *recording};
        for (const RecordedMessage& message : recording->messages()) bench.take(message);
        for (const auto& [code, count] : bench.refusals) {
            EXPECT_EQ(code, Errc::unsupported_channel) << errc_name(code) << " " << count << " times";
        }
        const std::size_t refused = bench.refusals[Errc::unsupported_channel];
        EXPECT_LE(refused * 10, refused + bench.decoded);
    }
}

}  // namespace
}  // namespace keel::test
