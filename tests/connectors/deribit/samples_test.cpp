#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "connectors/deribit/parse.hpp"
#include "connectors/deribit/text_hash.hpp"
#include "tests/connectors/deribit/padded.hpp"
#include "tests/support/test_data.hpp"

namespace keel::connectors::deribit {
namespace {

using Json = nlohmann::json;

// Every message of the sample files, decoded by us and compared field by field with what an independent
// parser reads. The table holds each instrument that a sample names, on a grid fine enough for all.
constexpr Decimal kTick{1, -6};
constexpr Decimal kLot{1, -6};
constexpr double kTickValue = 1e-6;
constexpr double kRefusedRatioMax = 0.10;

struct Sample {
    std::string source;
    std::string text;
};

std::vector<Sample> samples_of(const std::filesystem::path& path) {
    std::vector<Sample> out;
    std::istringstream lines{test::read_file(path)};
    for (std::string line; std::getline(lines, line);) {
        if (line.empty()) continue;
        const Json row = Json::parse(line);
        if (row.contains("msg")) out.push_back({row["src"], row["msg"].dump()});
        if (row.contains("raw")) out.push_back({row["case"], row["raw"]});
    }
    return out;
}

void collect_names(const Json& json, std::set<std::string>& names) {
    if (json.is_object()) {
        for (const auto& [key, value] : json.items()) {
            if (key == "instrument_name" && value.is_string()) names.insert(value.get<std::string>());
            collect_names(value, names);
        }
    } else if (json.is_array()) {
        for (const Json& item : json) collect_names(item, names);
    }
}

double number(const Json& object, const char* key) {
    if (!object.contains(key) || !object[key].is_number()) return std::nan("");
    return object[key].get<double>();
}

// What each answer without a channel is, told by its shape, as our own request ids would tell.
RequestKind kind_of(const Json& result) {
    if (result.is_object()) {
        if (result.contains("order")) return RequestKind::submit;
        if (result.contains("order_id")) return RequestKind::cancel;
        if (result.contains("trades")) return RequestKind::last_trades;
        if (result.contains("bids")) return RequestKind::order_book;
        if (result.contains("summaries")) return RequestKind::account_summaries;
        if (result.contains("version")) return RequestKind::hello;
        if (result.contains("kind")) return RequestKind::get_instrument;
    }
    if (result.is_number()) return RequestKind::get_time;
    if (result.is_array() && !result.empty()) {
        if (result[0].is_string()) return RequestKind::subscribe;
        if (result[0].contains("tick_size")) return RequestKind::get_instruments;
        if (result[0].contains("mark_price")) return RequestKind::book_summary;
    }
    return RequestKind::none;
}

class SamplesTest : public testing::Test {
protected:
    void add(const std::string& name) {
        Instrument row;
        row.set_name(name);
        row.venue = VenueId::deribit;
        row.tick = kTick;
        row.lot = kLot;
        for (const char* currency : {"BTC", "ETH", "USDT", "USDC", "SOL", "USD"})
            EXPECT_TRUE(table_.currency(currency));
        for (const char* coin : {"BTC", "ETH"}) EXPECT_TRUE(table_.underlying(coin));
        EXPECT_TRUE(table_.add(row).has_value());
    }
    [[nodiscard]] InstrumentId id(const Json& object) const {
        return table_.find(VenueId::deribit, object["instrument_name"].get<std::string>());
    }
    static double value(Price price) { return static_cast<double>(price.count()) * kTickValue; }
    static double value(Quantity quantity) { return static_cast<double>(quantity.count()) * kTickValue; }
    // Equal doubles, or both absent. Exact counts were read from text, so they agree to the last digit.
    void same(double ours, double theirs, const char* what) {
        ++fields_;
        if (std::isnan(theirs)) {
            EXPECT_TRUE(std::isnan(ours)) << what;
        } else {
            EXPECT_NEAR(ours, theirs, std::abs(theirs) * 1e-12 + 1e-12) << what;
        }
    }
    const Event& next() {
        EXPECT_LT(at_, batch_.size());
        return batch_.events()[std::min(at_++, batch_.size() - 1)];
    }

    void expect_levels(const Json& rows, Side side, const Json& data, bool grouped) {
        for (const Json& row : rows) {
            const Event& event = next();
            const auto level = event.as<Level>();
            EXPECT_EQ(event.side(), side);
            same(value(level.price), row[grouped ? 0 : 1].get<double>(), "price");
            same(value(level.quantity), row[grouped ? 1 : 2].get<double>(), "amount");
            EXPECT_EQ(level.sequence, data["change_id"].get<std::uint64_t>());
            EXPECT_EQ(event.exchange_time.ms(), data["timestamp"].get<std::int64_t>());
            const bool has_previous = data.contains("prev_change_id") && data["prev_change_id"].is_number();
            const bool change = data.value("type", "") == "change";
            EXPECT_EQ(level.sequence_previous,
                      change && has_previous ? data["prev_change_id"].get<std::uint64_t>() : 0U);
            EXPECT_EQ(event.kind, change ? EventKind::level_update : EventKind::book_snapshot);
        }
    }
    // Sides come in the order of the message; only the totals and each side's own order are checked.
    void expect_book(const Json& data, bool grouped) {
        const Event first = batch_.events()[at_];
        const bool bids_first = !data["bids"].empty() && (data["asks"].empty() || first.side() == Side::bid);
        const std::size_t levels = data["bids"].size() + data["asks"].size();
        if (levels == 0) {
            EXPECT_EQ(next().as<Level>().quantity, Quantity{});
            return;
        }
        EXPECT_TRUE(first.has(kFirst));
        EXPECT_TRUE(batch_.events()[at_ + levels - 1].has(kLast));
        EXPECT_EQ(first.instrument, id(data));
        if (bids_first) expect_levels(data["bids"], Side::bid, data, grouped);
        expect_levels(data["asks"], Side::ask, data, grouped);
        if (!bids_first) expect_levels(data["bids"], Side::bid, data, grouped);
    }
    void expect_trades(const Json& rows) {
        for (const Json& row : rows) {
            const Event& event = next();
            const auto trade = event.as<Trade>();
            EXPECT_EQ(event.kind, EventKind::trade);
            EXPECT_EQ(event.instrument, id(row));
            EXPECT_EQ(event.side(), row["direction"] == "sell" ? Side::ask : Side::bid);
            EXPECT_EQ(event.has(kLiquidation), row.contains("liquidation") && row["liquidation"].is_string());
            EXPECT_EQ(event.exchange_time.ms(), row["timestamp"].get<std::int64_t>());
            EXPECT_EQ(trade.trade_id, text_hash(row["trade_id"].get<std::string>()));
            EXPECT_EQ(trade.trade_sequence, row["trade_seq"].get<std::uint64_t>());
            same(value(trade.price), number(row, "price"), "price");
            same(value(trade.quantity), number(row, "amount"), "amount");
            same(trade.mark_price.value(), number(row, "mark_price"), "mark_price");
            same(trade.index_price.value(), number(row, "index_price"), "index_price");
        }
    }
    static double iv(const Json& data, const char* key) {
        const double percent = number(data, key);
        return percent == 0.0 ? std::nan("") : percent / 100.0;
    }
    void expect_ticker(const Json& data, const char* time) {
        const Event& event = next();
        const auto ticker = event.as<Ticker>();
        EXPECT_EQ(event.kind, EventKind::ticker);
        EXPECT_EQ(event.instrument, id(data));
        EXPECT_EQ(event.exchange_time.ms(), data[time].get<std::int64_t>());
        same(ticker.mark_price.value(), number(data, "mark_price"), "mark_price");
        same(ticker.underlying_price.value(), number(data, "underlying_price"), "underlying_price");
        same(ticker.index_price.value(), number(data, "index_price"), "index_price");
        same(ticker.mark_iv.value(), iv(data, "mark_iv"), "mark_iv");
        same(ticker.bid_iv.value(), iv(data, "bid_iv"), "bid_iv");
        same(ticker.ask_iv.value(), iv(data, "ask_iv"), "ask_iv");
        same(ticker.funding_8h.value(), number(data, "current_funding"), "current_funding");
        same(ticker.price_min.value(), number(data, "min_price"), "min_price");
        same(ticker.price_max.value(), number(data, "max_price"), "max_price");
        same(ticker.delta.value(), data.contains("greeks") ? number(data["greeks"], "delta") : std::nan(""), "delta");
    }
    void expect_quote(const Json& data) {
        const auto quote = next().as<Quote>();
        same(value(quote.bid), number(data, "best_bid_price"), "best_bid_price");
        same(value(quote.ask), number(data, "best_ask_price"), "best_ask_price");
        same(value(quote.bid_quantity), number(data, "best_bid_amount"), "best_bid_amount");
        same(value(quote.ask_quantity), number(data, "best_ask_amount"), "best_ask_amount");
    }
    void expect_order(const Json& order) {
        const Event& event = next();
        const auto report = event.as<OrderReport>();
        EXPECT_EQ(event.kind, EventKind::external_order) << "labels of another program";
        EXPECT_EQ(event.instrument, id(order));
        EXPECT_EQ(event.side(), order["direction"] == "sell" ? Side::ask : Side::bid);
        EXPECT_EQ(report.venue_order_id, text_hash(order["order_id"].get<std::string>()));
        EXPECT_EQ(report.venue_version, order["last_update_timestamp"].get<std::uint64_t>());
        const double price = number(order, "price");
        same(value(report.price), std::isnan(price) ? 0.0 : price, "price");
        const double filled = number(order, "filled_amount");
        const bool over = order["order_state"] == "cancelled" || order["order_state"] == "filled";
        same(value(report.filled), std::isnan(filled) ? 0.0 : filled, "filled_amount");
        same(value(report.quantity), over ? filled : number(order, "amount"), "amount");
    }
    void expect_balance(const Json& account) {
        const auto report = next().as<BalanceReport>();
        EXPECT_EQ(table_.name_of(report.currency), account["currency"].get<std::string>());
        same(static_cast<double>(report.cash.count()) * kMoneyUnit, number(account, "balance"), "balance");
        same(report.equity.value(), number(account, "equity"), "equity");
        same(report.margin_balance.value(), number(account, "margin_balance"), "margin_balance");
        same(report.initial_margin.value(), number(account, "initial_margin"), "initial_margin");
        same(report.maintenance_margin.value(), number(account, "maintenance_margin"), "maintenance_margin");
        same(report.delta_total.value(), number(account, "delta_total"), "delta_total");
    }
    void expect_instruments(const Json& rows, const Message& message) {
        InstrumentTable fresh;
        const auto added = parse_instruments(message.result, fresh);
        ASSERT_TRUE(added.has_value());
        std::size_t wanted = 0;
        for (const Json& row : rows) {
            if (row["kind"].get<std::string>().ends_with("combo")) continue;
            ++wanted;
            const auto found = fresh.find(VenueId::deribit, row["instrument_name"].get<std::string>());
            ASSERT_NE(found, InstrumentId::none);
            const Instrument& ours = fresh[found];
            same(ours.tick.to_double(), number(row, "tick_size"), "tick_size");
            same(ours.lot.to_double(), std::min(number(row, "contract_size"), number(row, "min_trade_amount")), "lot");
            same(ours.amount_value(ours.quantity_min), number(row, "min_trade_amount"), "min_trade_amount");
            same(ours.taker_fee, number(row, "taker_commission"), "taker_commission");
            same(ours.maker_fee, number(row, "maker_commission"), "maker_commission");
            EXPECT_EQ(ours.payoff, row["instrument_type"] == "linear" ? Payoff::linear : Payoff::inverse);
            EXPECT_EQ(ours.is_option(), row["kind"] == "option");
            const bool never = row["settlement_period"] == "perpetual";
            EXPECT_EQ(ours.expiry.ms(), never ? 0 : row["expiration_timestamp"].get<std::int64_t>());
            if (ours.is_option()) same(ours.strike, number(row, "strike"), "strike");
            EXPECT_EQ(fresh.name_of(ours.settlement), row["settlement_currency"].get<std::string>());
        }
        EXPECT_EQ(*added, wanted);
    }
    void expect_notification(const Json& params) {
        const auto channel = params["channel"].get<std::string>();
        const Json& data = params["data"];
        const auto begins = [&](const char* stem) { return channel.starts_with(stem); };
        if (begins("book.")) return expect_book(data, !data.contains("type"));
        if (begins("trades.")) return expect_trades(data);
        if (begins("ticker.")) return expect_ticker(data, "timestamp");
        if (begins("quote.")) return expect_quote(data);
        if (begins("user.portfolio.")) return expect_balance(data);
        ASSERT_TRUE(begins("deribit_volatility_index.")) << "no comparison for " << channel;
        same(next().as<VolatilityIndex>().volatility.value(), number(data, "volatility") / 100.0, "volatility");
    }
    void expect_answer(RequestKind kind, const Json& result, const Message& message) {
        switch (kind) {
            case RequestKind::submit: {
                EXPECT_TRUE(result["trades"].empty());
                return expect_order(result["order"]);
            }
            case RequestKind::cancel: return expect_order(result);
            case RequestKind::last_trades: return expect_trades(result["trades"]);
            case RequestKind::order_book: return expect_book(result, true);
            case RequestKind::account_summaries:
                for (const Json& account : result["summaries"]) expect_balance(account);
                return;
            case RequestKind::book_summary:
                for (const Json& row : result) expect_ticker(row, "creation_timestamp");
                return;
            case RequestKind::get_instrument: return expect_instruments(Json::array({result}), message);
            case RequestKind::get_instruments: return expect_instruments(result, message);
            case RequestKind::get_time:
                EXPECT_EQ(parse_integer(message.result), result.get<std::int64_t>());
                ++fields_;
                return;
            case RequestKind::subscribe:
                EXPECT_EQ(*parse_texts(message.result), result.get<std::vector<std::string>>());
                ++fields_;
                return;
            default: EXPECT_EQ(Json::parse(message.result), result); ++fields_;
        }
    }
    // Lists of expiries, nested by currency and kind.
    bool is_expirations(const Json& result) {
        return result.is_object() && !result.empty() && std::ranges::all_of(result, [](const Json& part) {
                   return (part.is_array() && !part.empty() && part[0].is_string()) || part.contains("option");
               });
    }
    void check(const Sample& sample, const Message& message) {
        const Json json = Json::parse(sample.text);
        at_ = 0;
        if (json.contains("params")) {
            if (message.kind == MessageKind::test_request) return;
            expect_notification(json["params"]);
        } else if (json.contains("error")) {
            EXPECT_EQ(message.error_code, json["error"]["code"].get<std::int64_t>());
            EXPECT_EQ(message.error_text, json["error"]["message"].get<std::string>());
        } else if (is_expirations(json["result"])) {
            const auto expirations = parse_expirations(message.result);
            ASSERT_TRUE(expirations.has_value());
            EXPECT_EQ(Json(*expirations), flat_values(json["result"]));
            ++fields_;
        } else {
            expect_answer(kind_of(json["result"]), json["result"], message);
        }
        EXPECT_EQ(at_, batch_.size()) << "events that no field accounts for";
    }
    static Json flat_values(const Json& json) {
        Json out = Json::array();
        if (json.is_string()) out.push_back(json);
        if (json.is_structured()) {
            for (const Json& part : json) {
                for (const Json& value : flat_values(part)) out.push_back(value);
            }
        }
        return out;
    }

    void run(const std::filesystem::path& path) {
        const std::vector<Sample> samples = samples_of(path);
        ASSERT_FALSE(samples.empty());
        std::set<std::string> names;
        for (const Sample& sample : samples) collect_names(Json::parse(sample.text), names);
        for (const std::string& name : names) add(name);
        Decoder decoder{table_};
        const std::string readme =
            test::read_file(std::filesystem::path{KEEL_SOURCE_DIR} / "connectors/deribit/README.md");
        std::size_t refused = 0;
        for (const Sample& sample : samples) {
            SCOPED_TRACE(sample.source);
            const Json json = Json::parse(sample.text);
            const RequestKind kind = json.contains("result") ? kind_of(json["result"]) : RequestKind::none;
            const Padded frame{sample.text};
            batch_.clear();
            const auto message = decoder.decode_answer(frame.view(), kind, batch_);
            const bool unread =
                message && kind == RequestKind::none && json.contains("result") && !is_expirations(json["result"]);
            if (!message || unread) {
                ++refused;
                // What is refused must be named in the README: by channel, or as a request not made.
                const std::string family = !json.contains("params") ? sample.source.substr(sample.source.rfind("get_"))
                                                                    : json["params"]["channel"].get<std::string>();
                EXPECT_TRUE(is_named(readme, family)) << family;
                continue;
            }
            check(sample, *message);
        }
        samples_ += samples.size();
        refused_ += refused;
    }
    // "chart.trades.X.1" and "get_combos.json" by their longest stem that the README has.
    static bool is_named(const std::string& readme, std::string family) {
        while (family.size() > 8) {
            if (readme.find(family) != std::string::npos) return true;
            const std::size_t cut = family.find_last_of('.');
            if (cut == std::string::npos) return false;
            family.resize(cut);
        }
        return false;
    }

    InstrumentTable table_;
    EventBatch batch_;
    std::size_t at_{0};
    std::size_t fields_{0};
    std::size_t samples_{0};
    std::size_t refused_{0};
};

// Every sample file of the folder, whatever it is called.
TEST_F(SamplesTest, EveryMessageDecodesAsAnIndependentParserReadsIt) {
    const auto folder = test::data_path("deribit");
    KEEL_SKIP_WITHOUT(folder);
    std::size_t files = 0;
    for (const auto& file : std::filesystem::directory_iterator{*folder}) {
        const std::string name = file.path().filename().string();
        if (!name.ends_with(".jsonl") || name.starts_with("cryptofeed")) continue;
        SCOPED_TRACE(name);
        ++files;
        run(file.path());
    }
    EXPECT_GE(files, 2U);
    EXPECT_LE(static_cast<double>(refused_), kRefusedRatioMax * static_cast<double>(samples_));
    EXPECT_GT(fields_, samples_);
}

}  // namespace
}  // namespace keel::connectors::deribit
