#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "connectors/binance_usdm/parse.hpp"
#include "connectors/binance_usdm/reference.hpp"
#include "tests/connectors/binance_usdm/captures.hpp"
#include "tests/support/test_data.hpp"

namespace keel::connectors::binance {
namespace {

using nlohmann::json;
using test::PaddedText;

// Every message of the sample files, as its venue sent it.
std::vector<std::string> samples() {
    std::vector<std::string> out;
    for (const char* name : {"binance/msgparser_samples_binance.jsonl", "binance/nautilus_fixtures_binance.jsonl"}) {
        const auto file = test::data_path(name);
        if (!file) continue;
        std::istringstream lines{test::read_file(*file)};
        for (std::string line; std::getline(lines, line);) {
            const json row = json::parse(line);
            out.push_back(row.contains("raw") ? row["raw"].get<std::string>() : row["msg"].dump());
        }
    }
    return out;
}

// The symbol under any of the names that the venue gives it.
std::string symbol_of(const json& message) {
    const json& data = message.contains("data") ? message["data"] : message;
    if (data.is_object() && data.contains("s")) return data["s"];
    if (data.is_object() && data.contains("symbol")) return data["symbol"];
    if (!message.contains("stream")) return {};
    std::string symbol = message["stream"].get<std::string>();
    symbol.resize(symbol.find('@') == std::string::npos ? 0 : symbol.find('@'));
    for (char& c : symbol) c = static_cast<char>(std::toupper(c));
    return symbol;
}

class SamplesTest : public testing::Test {
protected:
    void add(const std::string& symbol) {
        if (symbol.empty() || symbol.size() >= sizeof(Name)) return;
        Config config;
        InstrumentDefinition definition;
        definition.symbol = symbol;
        definition.base = "BTC";
        definition.quote = "USDT";
        definition.settlement = "USDT";
        definition.tick = definition.lot = Decimal{1, -8};
        config.instruments.push_back(definition);
        ASSERT_TRUE(define_instruments(config, table_).has_value());
    }
    static double number(const json& text) { return std::stod(text.get<std::string>()); }
    [[nodiscard]] double price(const Event& event, Price value) const {
        return table_[event.instrument].price_value(value);
    }
    [[nodiscard]] double amount(const Event& event, Quantity value) const {
        return table_[event.instrument].amount_value(value);
    }

    void compare(const json& message) {
        const json& data = message.contains("data") ? message["data"] : message;
        if (data.is_array()) {
            ASSERT_EQ(batch_.size(), data.size());
            for (std::size_t i = 0; i < data.size(); ++i) compare_mark(data[i], batch_.events()[i]);
        } else if (data.contains("lastUpdateId")) {
            compare_levels(data["bids"], data["asks"], data["lastUpdateId"]);
        } else if (data.value("e", "") == "depthUpdate") {
            compare_levels(data["b"], data["a"], data["u"]);
        } else if (data.value("e", "") == "markPriceUpdate") {
            compare_mark(data, batch_.events()[0]);
        } else if (data.contains("B")) {
            compare_quote(data, batch_.events()[0]);
        } else {
            compare_trade(data, batch_.events()[0]);
        }
        if (data.is_object() && data.contains("E")) {
            EXPECT_EQ(batch_.events()[0].exchange_time.ms(), data["E"].get<std::int64_t>());
        }
    }
    void compare_levels(const json& bids, const json& asks, std::uint64_t sequence) {
        ASSERT_EQ(batch_.size(), bids.size() + asks.size());
        std::size_t bids_seen = 0;
        std::size_t asks_seen = 0;
        for (const Event& event : batch_.events()) {
            const json& row = event.side() == Side::bid ? bids.at(bids_seen++) : asks.at(asks_seen++);
            const auto level = event.as<Level>();
            EXPECT_EQ(price(event, level.price), number(row[0]));
            EXPECT_EQ(amount(event, level.quantity), number(row[1]));
            EXPECT_EQ(level.sequence, sequence);
        }
    }
    void compare_mark(const json& data, const Event& event) {
        const auto ticker = event.as<Ticker>();
        EXPECT_EQ(table_[event.instrument].name_view(), data["s"].get<std::string>());
        EXPECT_EQ(ticker.mark_price.value(), number(data["p"]));
        if (data.contains("i")) {
            EXPECT_EQ(ticker.index_price.value(), number(data["i"]));
        }
        if (!data["r"].get<std::string>().empty()) {
            EXPECT_EQ(ticker.funding_8h.value(), number(data["r"]));
        }
    }
    void compare_quote(const json& data, const Event& event) {
        const auto quote = event.as<Quote>();
        EXPECT_EQ(price(event, quote.bid), number(data["b"]));
        EXPECT_EQ(amount(event, quote.bid_quantity), number(data["B"]));
        EXPECT_EQ(price(event, quote.ask), number(data["a"]));
        EXPECT_EQ(amount(event, quote.ask_quantity), number(data["A"]));
        EXPECT_EQ(quote.sequence, data["u"].get<std::uint64_t>());
    }
    void compare_trade(const json& data, const Event& event) {
        const auto trade = event.as<Trade>();
        EXPECT_EQ(price(event, trade.price), number(data["p"]));
        EXPECT_EQ(amount(event, trade.quantity), number(data["q"]));
        EXPECT_EQ(trade.trade_id, data[data["e"] == "aggTrade" ? "a" : "t"].get<std::uint64_t>());
        EXPECT_EQ(event.side(), data["m"].get<bool>() ? Side::ask : Side::bid);
    }

    InstrumentTable table_;
    EventBatch batch_;
};

TEST_F(SamplesTest, DecodeFieldByFieldOrAreRefusedByNames) {
    const auto folder = test::data_path("binance");
    KEEL_SKIP_WITHOUT(folder);
    const std::vector<std::string> all = samples();
    ASSERT_FALSE(all.empty());
    for (const std::string& text : all) {
        const json message = json::parse(text);
        add(symbol_of(message));
        const json& data = message.contains("data") ? message["data"] : message;
        for (std::size_t i = 0; data.is_array() && i < data.size(); ++i) add(data[i].value("s", ""));
    }
    Decoder decoder{table_, VenueId::binance_usdm};
    const std::string readme =
        test::read_file(std::filesystem::path{KEEL_SOURCE_DIR} / "connectors/binance_usdm/README.md");
    std::map<std::string, std::size_t> refused;
    std::size_t decoded = 0;
    for (const std::string& text : all) {
        SCOPED_TRACE(text.substr(0, 200));
        const json whole = json::parse(text);
        batch_.clear();
        const PaddedText padded{text};
        auto result = decoder.frame(padded.view(), batch_);
        // A depth body without a symbol is the answer to a request that names one.
        if (!result && whole.is_object() && whole.contains("lastUpdateId")) {
            result = decoder.snapshot(padded.view(), InstrumentId{0}, batch_);
        }
        if (result) {
            ++decoded;
            compare(whole);
            continue;
        }
        EXPECT_EQ(result.error().code, Errc::unsupported_channel) << errc_name(result.error().code);
        const json& data = whole.contains("data") ? whole["data"] : whole;
        const json& first = data.is_array() && !data.empty() ? data[0] : data;
        const std::string kind = first.value("e", "");
        if (!kind.empty()) {
            EXPECT_NE(readme.find("`" + kind + "`"), std::string::npos) << kind;
        }
        ++refused[kind.empty() ? "(REST body)" : kind];
    }
    // Every kind that this connector subscribes to is among the samples and decodes; the others are named.
    for (const char* kind : {"depthUpdate", "bookTicker", "trade", "aggTrade", "markPriceUpdate"}) {
        EXPECT_EQ(refused.count(kind), 0U) << kind;
    }
    EXPECT_GE(decoded, 25U);
    for (const auto& [kind, count] : refused) std::printf("not read: %s, %zu\n", kind.c_str(), count);
    std::printf("decoded: %zu of %zu\n", decoded, all.size());
}

}  // namespace
}  // namespace keel::connectors::binance
