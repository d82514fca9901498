#include "tests/connectors/binance_usdm/captures.hpp"

#include <gtest/gtest.h>

#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "connectors/binance_usdm/urls.hpp"
#include "tests/support/test_data.hpp"

namespace keel::test {
namespace {

using connectors::binance::Config;
using connectors::binance::ContractFamily;
using connectors::binance::InstrumentDefinition;
using nlohmann::json;

ExpectedBook expected_from(const std::string& symbol, const json& row) {
    ExpectedBook out;
    out.symbol = symbol;
    out.updates = row.at("depth_updates");
    out.gaps = row.at("gaps");
    out.dropped = row.at("dropped");
    out.applied = row.at("applied");
    out.snapshot_id = row.at("snapshot_lastUpdateId");
    out.last_id = row.at("final_u");
    out.first_applied_ok = row.at("first_applied_ok");
    out.bid_levels = row.at("final_levels").at(0);
    out.ask_levels = row.at("final_levels").at(1);
    for (const json& level : row.at("final_top5").at("bids")) out.bids.emplace_back(level.at(0), level.at(1));
    for (const json& level : row.at("final_top5").at("asks")) out.asks.emplace_back(level.at(0), level.at(1));
    return out;
}

// Real grids of the recorded contracts; any other symbol gets the finest grid of the venue.
InstrumentDefinition definition_for(const std::string& symbol, bool spot, ContractFamily family) {
    InstrumentDefinition out;
    out.symbol = symbol;
    out.base = symbol.substr(0, 3);
    out.quote = family == ContractFamily::usdm ? "USDT" : "USD";
    out.settlement = family == ContractFamily::usdm ? out.quote : out.base;
    if (spot) out.kind = InstrumentKind::spot;
    out.tick = Decimal{1, -8};
    out.lot = Decimal{1, -8};
    if (symbol == "BTCUSDT" && !spot) {
        out.tick = Decimal{1, -1};
        out.lot = Decimal{1, -3};
    } else if (symbol == "BTCUSD_PERP") {
        out.tick = Decimal{1, -1};
        out.lot = Decimal{1, 0};
        out.contract_size = 100.0;
    } else if (symbol == "ETHUSD_PERP") {
        out.tick = Decimal{1, -2};
        out.lot = Decimal{1, 0};
        out.contract_size = 10.0;
    }
    return out;
}

void expect_levels(std::span<const PriceLevel> levels, const std::vector<std::pair<std::string, std::string>>& top,
                   const Instrument& instrument) {
    ASSERT_GE(levels.size(), top.size());
    for (std::size_t i = 0; i < top.size(); ++i) {
        const PriceLevel& level = levels[levels.size() - 1 - i];
        EXPECT_EQ(instrument.decimal_of(level.price).normalised(), parse_decimal(top[i].first)->normalised()) << i;
        EXPECT_EQ(instrument.decimal_of(level.quantity).normalised(), parse_decimal(top[i].second)->normalised()) << i;
    }
}

}  // namespace

std::vector<Capture> binance_captures() {
    std::vector<Capture> out;
    const auto folder = data_path("binance");
    const auto expected_file = data_path("expected_books.json");
    if (!folder || !expected_file) return out;
    const json expected = json::parse(read_file(*expected_file));
    for (const auto& entry : std::filesystem::directory_iterator{*folder}) {
        const std::string name = entry.path().filename().string();
        const bool raw = name.starts_with("raw_") && name.ends_with(".gz");
        if (!raw && !name.starts_with("cryptofeed_BINANCE_")) continue;
        Capture capture{entry.path(), "binance/" + name, {}};
        if (expected.contains(capture.name)) {
            for (const auto& [symbol, row] : expected.at(capture.name).items()) {
                capture.books.push_back(expected_from(symbol, row));
            }
        }
        out.push_back(std::move(capture));
    }
    return out;
}

Config config_for(const Capture& capture, const simulator::Recording& recording) {
    using Kind = simulator::RecordedMessage::Kind;
    Config config;
    const bool coinm =
        capture.name.find("_cm_") != std::string::npos || capture.name.find("DELIVERY") != std::string::npos;
    const bool spot = capture.name.find("_spot_") != std::string::npos;
    config.family = coinm ? ContractFamily::coinm : ContractFamily::usdm;
    config.routed = false;
    config.reconnect = false;
    config.clock = EdgeClock::Source::venue;
    std::set<std::string> symbols;
    std::set<std::string> streams;
    bool has_reference = false;
    for (const simulator::RecordedMessage& message : recording.messages()) {
        has_reference = has_reference || message.kind == Kind::exchange_info;
        if (message.kind == Kind::depth) symbols.emplace(message.name);
        if (message.kind == Kind::frame) streams.emplace(message.name.substr(message.name.find('@') + 1));
    }
    config.symbols.assign(symbols.begin(), symbols.end());
    config.streams.assign(streams.begin(), streams.end());
    for (const std::string& symbol : config.symbols) {
        if (!has_reference) config.instruments.push_back(definition_for(symbol, spot, config.family));
    }
    return config;
}

void expect_book(const ExpectedBook& expected, const connectors::binance::DepthCounters& counters,
                 const OrderBook& book, const Instrument& instrument) {
    SCOPED_TRACE(expected.symbol);
    EXPECT_EQ(counters.updates, expected.updates);
    EXPECT_EQ(counters.gaps, expected.gaps);
    EXPECT_EQ(counters.dropped, expected.dropped);
    EXPECT_EQ(counters.applied, expected.applied);
    EXPECT_EQ(counters.snapshot_id, expected.snapshot_id);
    EXPECT_EQ(counters.last_id, expected.last_id);
    EXPECT_EQ(counters.snapshots == 1 && counters.snapshots_refused == 0, expected.first_applied_ok);
    EXPECT_TRUE(book.valid());
    EXPECT_EQ(book.sequence(), expected.last_id);
    EXPECT_EQ(book.levels(Side::bid).size(), expected.bid_levels);
    EXPECT_EQ(book.levels(Side::ask).size(), expected.ask_levels);
    expect_levels(book.levels(Side::bid), expected.bids, instrument);
    expect_levels(book.levels(Side::ask), expected.asks, instrument);
}

}  // namespace keel::test
