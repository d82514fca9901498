#include <filesystem>
#include <set>

#include "simulator/exchange/exchange.hpp"
#include "simulator/market/catalogue.hpp"
#include "simulator/market/chain_file.hpp"
#include "simulator/market/market_source.hpp"
#include "tests/support/test_data.hpp"

namespace keel::simulator {
namespace {

using namespace std::chrono_literals;

// Read once for all cases: it is the larger part of their time.
const Result<ChainHistory>& whole_history(const std::filesystem::path& folder) {
    static const Result<ChainHistory> history = read_chains(folder, {}, {});
    return history;
}

UnixNanos at(std::string_view text) {
    const auto time = parse_iso_time(text);
    EXPECT_TRUE(time) << text;
    return time ? *time : UnixNanos{};
}

TEST(ChainFileTest, ReadsVenueNames) {
    const auto option = parse_contract_name("ETH-5JUN20-310-P");
    ASSERT_TRUE(option);
    EXPECT_EQ(option->base, Currency::eth);
    EXPECT_EQ(option->expiry_day, (std::chrono::sys_days{2020y / std::chrono::June / 5}));
    EXPECT_EQ(option->strike, 310.0);
    EXPECT_EQ(option->type, OptionType::put);
    const auto future = parse_contract_name("BTC-25DEC26");
    ASSERT_TRUE(future);
    EXPECT_EQ(future->type, OptionType::none);
    for (const std::string_view bad : {"SYN.BTC-16JAN26", "index_price", "BTC-PERPETUAL", "SOL-16JAN26", "BTC-16JAM26",
                                       "BTC-31FEB26", "BTC-16JAN26-x-C", "BTC-16JAN26-100-X", "BTC-", ""}) {
        EXPECT_FALSE(parse_contract_name(bad)) << bad;
    }
}

TEST(ChainFileTest, ReadsIsoTimes) {
    EXPECT_EQ(at("1970-01-01T00:00:01.5+00:00").ns(), 1'500'000'000);
    EXPECT_EQ(at("2025-12-30T17:31:15.944181+00:00").ms(), 1'767'115'875'944);
    EXPECT_EQ(at("2026-01-31T21:21:33").ms(), at("2026-01-31T21:21:33Z").ms());
    EXPECT_FALSE(parse_iso_time("2026-01-31T21:21:33+02:00"));
    EXPECT_FALSE(parse_iso_time("2026-13-31T21:21:33Z"));
    EXPECT_FALSE(parse_iso_time("yesterday"));
}

TEST(RecordedMarketTest, RefusesFoldersWithoutChains) {
    const auto market = make_recorded_market({.folder = "/nonexistent"});
    ASSERT_FALSE(market);
    EXPECT_EQ(market.error().code, Errc::file_unreadable);
}

TEST(RecordedMarketTest, KeepsEveryRecordedRow) {
    const auto folder = test::data_path("deribit");
    KEEL_SKIP_WITHOUT(folder);
    std::size_t rows = 0;
    std::set<std::string> moments;
    for (const auto& entry : std::filesystem::directory_iterator{*folder}) {
        if (!entry.path().filename().string().starts_with("chain_snapshots_")) continue;
        const std::string text = test::read_file(entry.path());
        // Counted without the reader under test: lines after the header, and their first cells.
        std::size_t start = text.find('\n') + 1;
        while (start < text.size()) {
            const std::size_t end = std::min(text.find('\n', start), text.size());
            ++rows;
            moments.insert(text.substr(start, text.find(',', start) - start));
            start = end + 1;
        }
    }
    ASSERT_GT(rows, 0U);
    const auto& history = whole_history(*folder);
    ASSERT_TRUE(history) << static_cast<int>(history.error().code) << " line " << history.error().detail;
    std::size_t kept = 0;
    UnixNanos last{};
    for (const ChainSnapshot& snapshot : history->snapshots) {
        kept += snapshot.options.size();
        EXPECT_GT(snapshot.time, last);
        last = snapshot.time;
        for (const double price : {snapshot.index_usd[0], snapshot.index_usd[1]}) EXPECT_GT(price, 100.0);
        EXPECT_NEAR(snapshot.perpetual_usd[0] / snapshot.index_usd[0], 1.0, 0.02);
        EXPECT_NEAR(snapshot.perpetual_usd[1] / snapshot.index_usd[1], 1.0, 0.02);
    }
    EXPECT_EQ(kept, rows);
    EXPECT_EQ(history->snapshots.size(), moments.size());
}

class RecordedExchangeTest : public testing::TestWithParam<bool> {};

TEST_P(RecordedExchangeTest, ServesMarksAndQuotesOfTheDay) {
    const auto folder = test::data_path("deribit");
    KEEL_SKIP_WITHOUT(folder);
    const auto& history = whole_history(*folder);
    ASSERT_TRUE(history);
    // Five days from the first snapshot: settlements, expiries and new listings are on the way.
    const UnixNanos from = history->snapshots.front().time;
    const UnixNanos until = from + 120h;
    auto market = make_recorded_market(
        {.folder = folder->parent_path(), .speed = 3'600.0, .interpolate = GetParam(), .from = from, .until = until});
    ASSERT_TRUE(market);
    Exchange exchange{{}, std::move(*market)};
    const std::size_t listed_first = exchange.listings().size();
    std::size_t snapshots = 0;
    std::size_t compared = 0;
    for (std::size_t i = 0; i < history->snapshots.size(); ++i) {
        const ChainSnapshot& snapshot = history->snapshots[i];
        if (snapshot.time > exchange.end_time()) break;
        exchange.advance(snapshot.time + 72s);  // the step at or after it
        const bool is_superseded =
            i + 1 < history->snapshots.size() && history->snapshots[i + 1].time <= exchange.now();
        if (is_superseded) continue;
        ++snapshots;
        for (const ChainRow& row : snapshot.options) {
            const ContractName& contract = history->contracts[row.contract];
            if (++compared % 37 != 0) continue;  // a thirty-seventh of some ten thousand rows
            const std::string name = std::string{currency_name(contract.base)} + "-" + venue_date(contract.expiry_day) +
                                     "-" + std::to_string(static_cast<int>(contract.strike)) +
                                     (contract.type == OptionType::call ? "-C" : "-P");
            const auto id = exchange.find(name);
            ASSERT_TRUE(id) << name;
            const TickerView view = exchange.ticker(*id);
            const double tolerance = GetParam() ? 2e-3 : 1e-8;  // interpolated a step on, and re-priced
            EXPECT_NEAR(view.mark_price, row.mark, tolerance) << name;
            if (!GetParam()) {
                EXPECT_NEAR(view.mark_iv_percent, row.iv_ratio * 100.0, 0.0051) << name;
                const double tick = row.bid >= 0.005 ? 0.0005 : 0.0001;
                EXPECT_NEAR(view.best_bid_price, row.bid, tick) << name;
            }
            if (view.best_bid_price > 0.0 && view.best_ask_price > 0.0) {
                EXPECT_LT(view.best_bid_price, view.best_ask_price);
            }
        }
        const double index = exchange.index_price(Currency::btc);
        EXPECT_NEAR(index, snapshot.index_usd[0], GetParam() ? 0.01 * index : 0.01);
    }
    EXPECT_GE(snapshots, 10U);
    EXPECT_GT(compared, 10'000U);
    EXPECT_GT(exchange.listings().size(), listed_first);
    std::size_t delivered = 0;
    for (const Listing& listing : exchange.listings()) delivered += listing.state == ListingState::delivered ? 1 : 0;
    EXPECT_GT(delivered, 100U);
    EXPECT_NE(exchange.description().find("generated"), std::string_view::npos);
    const BookView book = exchange.book(*exchange.find("BTC-PERPETUAL"));
    EXPECT_GE(book.bids.size(), 3U);
    EXPECT_GE(book.asks.size(), 3U);
}

INSTANTIATE_TEST_SUITE_P(RecordedMarketTest, RecordedExchangeTest, testing::Bool(), [](const auto& each) {
    return each.param ? std::string{"Interpolated"} : std::string{"Stepping"};
});

}  // namespace
}  // namespace keel::simulator
