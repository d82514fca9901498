#include "simulator/latency/canned_answers.hpp"

#include <fmt/format.h>

#include <chrono>

namespace keel::simulator {
namespace {

constexpr double kMid = 95'000.0;
constexpr int kLevels = 20;

// The raw text of a member's value: up to the comma or brace that ends a number, or the quoted text.
std::string_view member(std::string_view json, std::string_view key) {
    const std::string quoted = fmt::format("\"{}\":", key);
    const std::size_t at = json.find(quoted);
    if (at == std::string_view::npos) return {};
    std::string_view value = json.substr(at + quoted.size());
    if (value.starts_with('"')) return value.substr(1, value.find('"', 1) - 1);
    return value.substr(0, value.find_first_of(",}"));
}

std::int64_t wall_ms() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

constexpr std::string_view kInstrument =
    R"({"tick_size":0.5,"tick_size_steps":[],"taker_commission":0.0005,"settlement_period":"perpetual",)"
    R"("settlement_currency":"BTC","quote_currency":"USD","price_index":"btc_usd","min_trade_amount":10,)"
    R"("max_leverage":50,"maker_commission":0,"kind":"future","is_active":true,"instrument_name":"BTC-PERPETUAL",)"
    R"("instrument_id":1,"instrument_type":"reversed","expiration_timestamp":32503708800000,)"
    R"("creation_timestamp":1534167754000,"counter_currency":"USD","contract_size":10,"base_currency":"BTC",)"
    R"("state":"open"})";

constexpr std::string_view kPosition =
    R"({"average_price":95000.0,"delta":1.05263158,"direction":"buy","floating_profit_loss":0.0,"index_price":95000.0,)"
    R"("initial_margin":0.02,"instrument_name":"BTC-PERPETUAL","kind":"future","leverage":50,"maintenance_margin":0.01,)"
    R"("mark_price":95000.0,"realized_profit_loss":0.0,"settlement_price":95000.0,"size":100000.0,)"
    R"("size_currency":1.05263158,"total_profit_loss":0.0})";

constexpr std::string_view kSummary =
    R"({"currency":"BTC","balance":100.0,"equity":100.0,"margin_balance":100.0,"available_funds":99.0,)"
    R"("initial_margin":0.02,"maintenance_margin":0.01,"delta_total":1.05263158,"session_upl":0.0,"session_rpl":0.0,)"
    R"("futures_session_upl":0.0,"futures_session_rpl":0.0,"options_value":0.0,"portfolio_margining_enabled":false,)"
    R"("margin_model":"segregated_sm"})";

// Accepted, unfilled, cancelled: an immediate-or-cancel order that met nothing.
std::string order_result(std::string_view request) {
    const std::string_view direction = request.find("private/buy") != std::string_view::npos ? "buy" : "sell";
    // Behind every tick: an order's stamp must not move the venue's clock.
    constexpr std::int64_t kOrderMs = 1'768'435'200'000;
    return fmt::format(
        R"({{"order":{{"order_id":"{}","label":"{}","order_state":"cancelled","order_type":"limit","direction":"{}",)"
        R"("instrument_name":"BTC-PERPETUAL","price":{},"amount":{},"filled_amount":0.0,"average_price":0.0,)"
        R"("time_in_force":"immediate_or_cancel","post_only":false,"reduce_only":false,"replaced":false,"api":true,)"
        R"("creation_timestamp":{},"last_update_timestamp":{},"is_liquidation":false}},"trades":[]}})",
        member(request, "id"), member(request, "label"), direction, member(request, "price"), member(request, "amount"),
        kOrderMs, kOrderMs);
}

// The list of the request's own channels, as an acknowledgement.
std::string channels_of(std::string_view request) {
    const std::size_t from = request.find("\"channels\":");
    if (from == std::string_view::npos) return "[]";
    const std::size_t open = request.find('[', from);
    return std::string{request.substr(open, request.find(']', open) - open + 1)};
}

std::string result_of(std::string_view method, std::string_view request) {
    if (method == "public/hello" || method == "public/test") return R"({"version":"1.2.26"})";
    if (method == "public/get_time") return std::to_string(wall_ms());
    if (method == "public/auth") {
        return R"({"access_token":"t","expires_in":31536000,"refresh_token":"r","scope":"connection","token_type":"bearer"})";
    }
    if (method.ends_with("/subscribe")) return channels_of(request);
    if (method == "public/get_instruments") return fmt::format("[{}]", kInstrument);
    if (method == "private/get_positions") return fmt::format("[{}]", kPosition);
    if (method == "private/get_account_summaries") return fmt::format(R"({{"summaries":[{}]}})", kSummary);
    if (method == "private/get_open_orders") return "[]";
    if (method == "private/get_user_trades_by_currency_and_time") return R"({"trades":[],"has_more":false})";
    if (method == "private/cancel_all" || method.starts_with("private/cancel_all_")) return "0";
    if (method == "private/buy" || method == "private/sell") return order_result(request);
    return R"("ok")";
}

}  // namespace

bool is_order(std::string_view request) {
    return request.find("\"private/buy\"") != std::string_view::npos ||
           request.find("\"private/sell\"") != std::string_view::npos;
}

bool subscribes_book(std::string_view request) {
    return request.find("\"public/subscribe\"") != std::string_view::npos &&
           request.find("\"book.BTC-PERPETUAL") != std::string_view::npos;
}

std::string canned_answer(std::string_view request) {
    const std::string_view id = member(request, "id");
    return fmt::format(
        R"({{"jsonrpc":"2.0","id":{},"result":{},"usIn":{}000,"usOut":{}001,"usDiff":1,"testnet":true}})",
        id.empty() ? "0" : id, result_of(member(request, "method"), request), wall_ms(), wall_ms());
}

std::string canned_http_answer(std::string_view target, std::string_view body) {
    if (!body.empty()) return canned_answer(body);
    constexpr std::string_view kBase = "/api/v2/";
    std::string_view method = target.starts_with(kBase) ? target.substr(kBase.size()) : target;
    method = method.substr(0, method.find('?'));
    const bool other =
        target.find("currency=") != std::string_view::npos && target.find("currency=BTC") == std::string_view::npos;
    return fmt::format(R"({{"jsonrpc":"2.0","result":{},"testnet":true}})", other ? "[]" : result_of(method, target));
}

std::string CannedTicks::snapshot() {
    std::string bids;
    std::string asks;
    for (int level = 0; level < kLevels; ++level) {
        bids += fmt::format(R"({}["new",{:.1f},{}.0])", level == 0 ? "" : ",", kMid - 0.5 - level * 0.5,
                            500'000 + level * 10);
        asks += fmt::format(R"({}["new",{:.1f},{}.0])", level == 0 ? "" : ",", kMid + 0.5 + level * 0.5,
                            500'000 + level * 10);
    }
    return fmt::format(
        R"({{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"book.BTC-PERPETUAL.raw","data":)"
        R"({{"type":"snapshot","timestamp":{},"instrument_name":"BTC-PERPETUAL","change_id":{},"bids":[{}],"asks":[{}]}}}}}})",
        time_ms_, change_id_, bids, asks);
}

std::string CannedTicks::ticker() {
    return fmt::format(
        R"({{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"ticker.BTC-PERPETUAL.raw","data":)"
        R"({{"timestamp":{},"state":"open","index_price":95000.0,"instrument_name":"BTC-PERPETUAL","last_price":95000.0,)"
        R"("min_price":90000.0,"max_price":100000.0,"open_interest":1.0,"mark_price":95000.0,"best_ask_price":95000.5,)"
        R"("best_bid_price":94999.5,"best_ask_amount":500000.0,"best_bid_amount":500000.0,"current_funding":0.0,)"
        R"("funding_8h":0.0}}}}}})",
        time_ms_);
}

std::string CannedTicks::index() {
    return fmt::format(
        R"({{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"deribit_price_index.btc_usd","data":)"
        R"({{"index_name":"btc_usd","price":95000.0,"timestamp":{}}}}}}})",
        time_ms_);
}

std::string CannedTicks::next() {
    ++count_;
    time_ms_ += 1'000;
    const std::uint64_t previous = change_id_;
    change_id_ += 3;
    std::string bids;
    std::string asks;
    for (int level = 0; level < kLevels; ++level) {
        const std::uint64_t amount = 500'000 + 10 * ((count_ + static_cast<std::uint64_t>(level)) % 50);
        bids += fmt::format(R"({}["change",{:.1f},{}.0])", level == 0 ? "" : ",", kMid - 0.5 - level * 0.5, amount);
        if (level % 2 == 0) continue;
        asks += fmt::format(R"({}["change",{:.1f},{}.0])", asks.empty() ? "" : ",", kMid + 0.5 + level * 0.5, amount);
    }
    return fmt::format(
        R"({{"jsonrpc":"2.0","method":"subscription","params":{{"channel":"book.BTC-PERPETUAL.raw","data":)"
        R"({{"type":"change","timestamp":{},"prev_change_id":{},"instrument_name":"BTC-PERPETUAL","change_id":{},)"
        R"("bids":[{}],"asks":[{}]}}}}}})",
        time_ms_, previous, change_id_, bids, asks);
}

}  // namespace keel::simulator
