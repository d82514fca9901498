#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "connectors/deribit/parse.hpp"
#include "engine/book/order_book.hpp"
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

// The engine's book, and how many messages it took.
struct Book {
    OrderBook book{4'000};
    std::size_t messages{0};
    std::size_t errors{0};

    void apply(const Event& event) {
        if (event.has(kFirst)) ++messages;
        const auto whole = book.apply(event);
        if (!whole) ++errors;
        EXPECT_TRUE(!event.has(kLast) || book.valid());
    }
};

void expect_top(const Json& expected, std::span<const PriceLevel> levels, const Instrument& row) {
    for (std::size_t i = 0; i < expected.size(); ++i) {
        ASSERT_LT(i, levels.size());
        const PriceLevel& level = levels[levels.size() - 1 - i];
        EXPECT_EQ(row.decimal_of(level.price).to_text(), expected[i][0].get<std::string>());
        EXPECT_EQ(row.amount_value(level.quantity), expected[i][1].get<double>());
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
            EXPECT_EQ(book.errors, want["gaps"].get<std::size_t>() + want["crossed"].get<std::size_t>()) << instrument;
            EXPECT_EQ(book.book.sequence(), want["final_change_id"]) << instrument;
            EXPECT_EQ(book.book.levels(Side::bid).size(), want["final_levels"][0]) << instrument;
            EXPECT_EQ(book.book.levels(Side::ask).size(), want["final_levels"][1]) << instrument;
            expect_top(want["final_top5"]["bids"], book.book.levels(Side::bid), row);
            expect_top(want["final_top5"]["asks"], book.book.levels(Side::ask), row);
        }
    }
    EXPECT_GE(captures, 1U);
}

}  // namespace
}  // namespace keel::connectors::deribit
