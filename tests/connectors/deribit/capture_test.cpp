#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "connectors/deribit/parse.hpp"
#include "tests/connectors/deribit/padded.hpp"
#include "tests/support/test_data.hpp"

namespace keel::connectors::deribit {
namespace {

using Json = nlohmann::json;

std::vector<Json> lines_of(const std::filesystem::path& path) {
    std::vector<Json> out;
    std::istringstream text{test::read_file(path)};
    for (std::string line; std::getline(text, line);) {
        if (!line.empty()) out.push_back(Json::parse(line));
    }
    return out;
}

struct Book {
    std::map<Price, Quantity> bids, asks;
    std::uint64_t change_id{0};
    std::size_t messages{0};
    std::size_t gaps{0};

    void apply(const Event& event) {
        const auto level = event.as<Level>();
        if (event.has(kFirst)) {
            ++messages;
            if (event.kind == EventKind::book_snapshot) {
                bids.clear();
                asks.clear();
            } else if (level.sequence_previous != change_id) {
                ++gaps;
            }
            change_id = level.sequence;
        }
        auto& side = event.side() == Side::ask ? asks : bids;
        if (level.quantity == Quantity{}) {
            side.erase(level.price);
        } else {
            side[level.price] = level.quantity;
        }
    }
};

void expect_top(const Json& expected, const std::map<Price, Quantity>& levels, bool bids, const Instrument& row) {
    std::vector<std::pair<Price, Quantity>> sorted{levels.begin(), levels.end()};
    if (bids) std::ranges::reverse(sorted);
    for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_LT(i, sorted.size());
        EXPECT_EQ(row.decimal_of(sorted[i].first).to_text(), expected[i][0].get<std::string>());
        EXPECT_EQ(row.amount_value(sorted[i].second), expected[i][1].get<double>());
    }
}

TEST(CaptureTest, EveryFrameAndBodyDecodesAndGivesTheExpectedBooks) {
    const auto expected_path = test::data_path("expected_books.json");
    KEEL_SKIP_WITHOUT(expected_path);
    const Json expected = Json::parse(test::read_file(*expected_path));
    std::size_t captures = 0;
    for (const auto& [name, books_expected] : expected.items()) {
        if (!name.starts_with("deribit/")) continue;
        const auto path = test::data_path(name);
        KEEL_SKIP_WITHOUT(path);
        ++captures;
        InstrumentTable table;
        Decoder decoder{table};
        EventBatch batch;
        std::map<std::string, Book> books;
        std::size_t frames = 0;
        for (const Json& line : lines_of(*path)) {
            if (line["t"] == "http") {
                const Padded body{line["data"].get<std::string>()};
                const auto message = decoder.decode_answer(body.view(), RequestKind::get_instruments, batch);
                ASSERT_TRUE(message.has_value());
                const auto added = parse_instruments(message->result, table);
                ASSERT_TRUE(added.has_value());
                EXPECT_EQ(*added, Json::parse(body.view())["result"].size());
                decoder.refresh_instruments();
            } else if (line["t"] == "recv") {
                ++frames;
                const Padded frame{line["data"].get<std::string>()};
                batch.clear();
                const auto message = decoder.decode(frame.view(), batch);
                ASSERT_TRUE(message.has_value()) << frame.view() << errc_name(message.error().code);
                if (message->kind == MessageKind::answer) continue;
                EXPECT_GT(batch.size(), 0U);
                for (const Event& event : batch.events()) {
                    if (message->kind == MessageKind::book) {
                        books[std::string{table[event.instrument].name_view()}].apply(event);
                    }
                }
            }
        }
        EXPECT_GT(frames, 100U);
        EXPECT_EQ(books.size(), books_expected.size());
        for (const auto& [instrument, want] : books_expected.items()) {
            const Book& book = books[instrument];
            const Instrument& row = table[table.find(VenueId::deribit, instrument)];
            EXPECT_EQ(book.messages, want["updates"]) << instrument;
            EXPECT_EQ(book.gaps, want["gaps"]) << instrument;
            EXPECT_EQ(book.change_id, want["final_change_id"]) << instrument;
            EXPECT_EQ(book.bids.size(), want["final_levels"][0]) << instrument;
            EXPECT_EQ(book.asks.size(), want["final_levels"][1]) << instrument;
            expect_top(want["final_top5"]["bids"], book.bids, true, row);
            expect_top(want["final_top5"]["asks"], book.asks, false, row);
        }
    }
    EXPECT_GE(captures, 1U);
}

}  // namespace
}  // namespace keel::connectors::deribit
