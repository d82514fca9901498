#include "app/risk_files/portfolio_file.hpp"

#include <fmt/format.h>

#include <array>
#include <cctype>
#include <cmath>
#include <filesystem>
#include <system_error>

#include "app/risk_files/file_kind.hpp"
#include "app/risk_files/json_tree.hpp"
#include "app/risk_files/price_range.hpp"
#include "app/risk_files/stress_rows.hpp"

namespace keel::app {
namespace {

using risk::ContractKind;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Beyond these a number is in units that this file is not in: contracts, coins, dollars; liquidity in raw tokens.
constexpr double kAmountMax = 1e15;
constexpr double kLiquidityMax = 1e12;

double amount_of(const JsonTree& row, std::string_view key, double most = kAmountMax) {
    const JsonTree& said = row.at(key);
    if (std::abs(said.number()) > most) said.refuse(fmt::format("must be {:g} at most, is {:g}", most, said.number()));
    return said.number();
}

// Without `settlement` a contract settles in coin: not one that is called after a stablecoin.
void refuse_unless_coin_settled(const JsonTree& row) {
    const std::string& name = row.at("instrument").text();
    for (const char* stable : {"USDT", "USDC"}) {
        if (!name.contains(stable)) continue;
        row.refuse(fmt::format(
            "{} without \"settlement\" would settle in coin: write \"settlement\": \"{}\", or its coin", name, stable));
    }
}

// What a row says of its contract in so many words, for venues whose names say nothing.
ContractName spelled_out(const JsonTree& row) {
    ContractName out{.underlying = row.at("underlying").text(), .stable = row.text_or("settlement", "")};
    if (out.stable == out.underlying) out.stable.clear();
    const bool linear = !out.stable.empty();
    const std::string kind = row.at("kind").text();
    if (kind == "spot") {
        out.kind = ContractKind::spot;
        if (!linear) row.refuse("spot needs \"settlement\": the currency that it is priced in");
        return out;
    }
    if (kind != "perpetual") {
        const JsonTree& when = row.at("expiry");
        const auto expiry = parse_time(when.text());
        if (!expiry) when.refuse("is no time; write 2026-03-27T08:00:00Z or 27MAR26");
        out.expiry = *expiry;
    }
    if (row.find("settlement") == nullptr) refuse_unless_coin_settled(row);
    if (kind == "perpetual" || kind == "future") {
        out.kind = linear ? ContractKind::linear_future : ContractKind::inverse_future;
        return out;
    }
    if (kind != "call" && kind != "put") {
        row.at("kind").refuse("must be spot, perpetual, future, call, put or pool");
    }
    out.kind = linear ? ContractKind::linear_option : ContractKind::inverse_option;
    out.type = kind == "call" ? OptionType::call : OptionType::put;
    out.strike = row.at("strike").number();
    if (!(out.strike > 0.0)) row.at("strike").refuse("must be positive");
    return out;
}

ContractName meaning_of(const JsonTree& row) {
    const JsonTree& name = row.at("instrument");
    const auto meaning = parse_contract_name(name.text());
    if (row.find("kind") != nullptr) {
        const ContractName said = spelled_out(row);
        // Venues differ in what a name settles in and in the hour of its expiry.
        const bool same = !meaning || (is_option(meaning->kind) == is_option(said.kind) && meaning->type == said.type &&
                                       meaning->strike == said.strike);
        if (!same) row.refuse(fmt::format("the name {} says another thing than the terms beside it", name.text()));
        return said;
    }
    if (!meaning) {
        name.refuse(
            fmt::format("\"{}\" is no name of the form BTC-PERPETUAL, BTC-27MAR26 or BTC-27MAR26-70000-C; "
                        "spell the contract out with \"kind\", \"underlying\" ...",
                        name.text()));
    }
    return *meaning;
}

// The contract that `row` calls `name`; refused where a row before meant another by it.
std::size_t row_of(const JsonTree& row, const std::string& name, const ContractName& meaning, const std::string& venue,
                   double multiplier, InputsBuilder& builder) {
    const std::size_t place = builder.contract(name, meaning, venue, multiplier);
    if (!builder.has_terms(place, meaning, multiplier)) {
        row.refuse(fmt::format("{} at {} has other terms in a row before: give it a name of its own", name, venue));
    }
    return place;
}

// A share in an automated market maker's pool, at a venue of its own.
void read_pool(const JsonTree& row, InputsBuilder& builder) {
    row.refuse_unknown({"instrument", "kind", "underlying", "settlement", "liquidity", "lower", "upper", "venue"});
    ContractName meaning{.kind = ContractKind::liquidity,
                         .underlying = row.at("underlying").text(),
                         .stable = row.at("settlement").text()};
    if (meaning.stable == meaning.underlying) row.at("settlement").refuse("must be the pool's stablecoin");
    if (row.find("lower") != nullptr || row.find("upper") != nullptr) {
        meaning.strike = row.at("lower").number();
        meaning.upper = row.at("upper").number();
        if (!(meaning.strike > 0.0)) row.at("lower").refuse("must be positive; without a range leave both ends out");
        if (!(meaning.upper > meaning.strike)) row.at("upper").refuse("must be above \"lower\"");
    }
    const double liquidity = amount_of(row, "liquidity", kLiquidityMax);
    if (!(liquidity > 0.0)) row.at("liquidity").refuse("must be positive");
    const std::string& name = row.at("instrument").text();
    builder.hold(row_of(row, name, meaning, row.at("venue").text(), 1.0, builder), liquidity, kNaN, row, true);
}

void read_position(const JsonTree& row, const std::string& venue, InputsBuilder& builder) {
    if (row.text_or("kind", "") == "pool") return read_pool(row, builder);
    row.refuse_unknown({"instrument", "quantity", "entry", "venue", "kind", "underlying", "settlement", "expiry",
                        "strike", "multiplier", "adl_indicator"});
    const ContractName meaning = meaning_of(row);
    const double quantity = amount_of(row, "quantity");
    const double entry = price_or_nan(row, "entry");
    const double multiplier = row.number_or("multiplier", 1.0);
    if (!(multiplier > 0.0)) row.at("multiplier").refuse("must be positive");
    const std::string& name = row.at("instrument").text();
    const std::size_t named = row_of(row, name, meaning, row.text_or("venue", venue), multiplier, builder);
    const std::size_t place = builder.hold(named, quantity, entry, row, true);
    if (row.find("adl_indicator") == nullptr) return;
    auto& indicators = builder.inputs().adl_indicators;
    if (indicators.size() <= place) indicators.resize(place + 1, kNaN);
    indicators[place] = row.at("adl_indicator").number();
}

double signed_by(const JsonTree& side, double quantity) {
    if (side.text() != "buy" && side.text() != "sell") side.refuse("must be buy or sell");
    return side.text() == "buy" ? quantity : -quantity;
}

void add_order(std::size_t place, double quantity, InputsBuilder& builder) {
    builder.inputs().open_orders.push_back(
        {.contract = risk::ContractSlot(static_cast<std::uint32_t>(place)), .quantity = quantity});
}

void read_order(const JsonTree& row, const std::string& venue, InputsBuilder& builder) {
    if (row.text_or("kind", "") == "pool") row.at("kind").refuse("shares in a pool are not ordered: there is no book");
    row.refuse_unknown({"instrument", "side", "quantity", "price", "venue", "kind", "underlying", "settlement",
                        "expiry", "strike", "multiplier"});
    const double quantity = amount_of(row, "quantity");
    const double multiplier = row.number_or("multiplier", 1.0);
    if (!(quantity > 0.0)) row.at("quantity").refuse("must be positive: side says which way");
    if (row.find("price") != nullptr && !(row.at("price").number() > 0.0)) row.at("price").refuse("must be positive");
    if (!(multiplier > 0.0)) row.at("multiplier").refuse("must be positive");
    const std::string& name = row.at("instrument").text();
    const std::size_t place = row_of(row, name, meaning_of(row), row.text_or("venue", venue), multiplier, builder);
    add_order(place, signed_by(row.at("side"), quantity), builder);
}

void read_limit(const JsonTree& row, InputsBuilder& builder) {
    row.refuse_unknown({"metric", "scope", "soft", "hard", "below"});
    risk::ReportLimit limit{.metric = row.at("metric").text(),
                            .scope = row.text_or("scope", ""),
                            .soft = row.at("soft").number(),
                            .hard = row.at("hard").number(),
                            .below = row.find("below") != nullptr && row.at("below").boolean()};
    if (limit.scope == "account") limit.scope.clear();  // as reports write it
    const bool ordered = limit.below ? limit.hard <= limit.soft : limit.soft <= limit.hard;
    if (!ordered) row.refuse("soft lies beyond hard");
    builder.once(fmt::format("the limit of {}{}{}", limit.metric, limit.scope.empty() ? "" : " ", limit.scope), row);
    builder.inputs().limits.push_back(std::move(limit));
}

constexpr std::array<std::pair<std::string_view, risk::MarginLaw>, 6> kMarginModels{
    {{"deribit_standard", risk::MarginLaw::deribit_standard},
     {"deribit_portfolio", risk::MarginLaw::deribit_portfolio},
     {"binance_tiers", risk::MarginLaw::binance_tiers},
     {"bybit_cross", risk::MarginLaw::bybit_cross},
     {"okx_cross", risk::MarginLaw::okx_cross},
     {"none", risk::MarginLaw::none}}};

void read_margin_model(const JsonTree& row, const std::string& path, InputsBuilder& builder) {
    row.refuse_unknown({"name", "margin_model", "margin_tables", "leverage", "taker_fee_rate"});
    const JsonTree& model = row.at("margin_model");
    const auto found = std::ranges::find(kMarginModels, model.text(), &decltype(kMarginModels)::value_type::first);
    if (found == kMarginModels.end()) {
        model.refuse("must be deribit_standard, deribit_portfolio, binance_tiers, bybit_cross, okx_cross or none");
    }
    const risk::VenueMarginTables tables{.law = found->second,
                                         .leverage = row.number_or("leverage", kNaN),
                                         .taker_fee_rate = row.number_or("taker_fee_rate", kNaN)};
    if (tables.leverage < 1.0) row.at("leverage").refuse("must be 1 at least");
    if (tables.taker_fee_rate < 0.0) row.at("taker_fee_rate").refuse("must not be negative");
    std::string file = row.text_or("margin_tables", "");
    if (!file.empty()) file = (std::filesystem::path{path}.parent_path() / file).string();
    builder.margin_law(row.at("name").text(), tables, file, row);
}

void read_own(const JsonTree& root, const std::string& path, const std::string& account, InputsBuilder& builder) {
    refuse_unless_portfolio(root);
    const std::string venue = root.text_or("venue", account);
    if (const JsonTree* rows = root.find("positions")) {
        for (const JsonTree& row : rows->array()) read_position(row, venue, builder);
    }
    if (const JsonTree* rows = root.find("cash")) {
        for (const JsonTree& row : rows->array()) {
            row.refuse_unknown({"currency", "amount", "venue"});
            builder.add_cash(row.at("currency").text(), row.text_or("venue", venue), amount_of(row, "amount"), row);
        }
    }
    if (const JsonTree* rows = root.find("open_orders")) {
        for (const JsonTree& row : rows->array()) read_order(row, venue, builder);
    }
    if (const JsonTree* rows = root.find("limits")) {
        for (const JsonTree& row : rows->array()) read_limit(row, builder);
    }
    if (const JsonTree* rows = root.find("stresses")) {
        for (const JsonTree& row : rows->array()) read_stress(row, builder);
    }
    if (const JsonTree* rows = root.find("venues")) {
        for (const JsonTree& row : rows->array()) read_margin_model(row, path, builder);
    }
    if (const JsonTree* peak = root.find("equity_peak_usd")) {
        if (!(peak->number() > 0.0)) peak->refuse("must be positive");
        builder.inputs().equity_peak_usd = std::fmax(builder.inputs().equity_peak_usd, peak->number());
    }
}

// One row of private/get_positions. Deribit moves profit to the balance at each daily settlement, so the entry that
// belongs to the balance is the one that leaves floating_profit_loss open, not average_price.
void read_deribit_position(const JsonTree& row, const std::string& account, InputsBuilder& builder) {
    const bool is_summary = row.find("size") == nullptr && row.find("creation_timestamp") != nullptr;
    if (is_summary) row.refuse("is a row of a book summary, no position: that is a --market file");
    const JsonTree& name = row.at("instrument_name");
    const auto meaning = parse_contract_name(name.text());
    if (!meaning) name.refuse("\"" + name.text() + "\" is a contract that this report does not know (a combination?)");
    const double size = amount_of(row, "size");
    if (size == 0.0) return;
    const std::string direction = row.text_or("direction", size < 0.0 ? "sell" : "buy");
    if (direction != "sell" && (direction != "buy" || size < 0.0)) {
        row.at("direction").refuse(fmt::format("is {} of a size of {}", direction, size));
    }
    const double quantity = direction == "sell" ? -std::abs(size) : size;
    const double mark = quoted_price(row, "mark_price");
    double entry = row.number_or("average_price", kNaN);
    if (const JsonTree* floating = row.find("floating_profit_loss"); floating != nullptr && mark > 0.0) {
        const double profit = floating->number();
        entry = meaning->kind == ContractKind::inverse_future ? 1.0 / (profit / quantity + 1.0 / mark)
                                                              : mark - profit / quantity;
    }
    const std::size_t place = row_of(row, name.text(), *meaning, account, 1.0, builder);
    builder.hold(place, quantity, entry, row, false);
    if (const double index = quoted_price(row, "index_price"); index > 0.0) {
        builder.tell_index(builder.inputs().book.contracts[place].underlying, index);
    }
    if (mark > 0.0) builder.tell_mark(place, mark);
}

// Pairs of two coins and of two dollars have no price in any market file.
bool is_known(const ContractName& meaning) {
    return meaning.stable != "BTC" && meaning.stable != "ETH" && !meaning.underlying.starts_with("USD");
}

// What a name that the report does not know begins with: "BTC-FS-19MAY26_PERP", "BTC_USDC-CS-..."; of a pair both.
std::vector<std::string> coins_of(const std::string& name) {
    const std::string pair = name.substr(0, name.find('-'));
    const std::size_t between = pair.find('_');
    if (between == std::string::npos) return {pair};
    return {pair.substr(0, between), pair.substr(between + 1)};
}

// One row of private/get_open_orders...: what of it is not filled yet.
void read_deribit_order(const JsonTree& row, const std::string& account, InputsBuilder& builder) {
    builder.name_order(row.at("order_id").text(), row);
    const std::string& name = row.at("instrument_name").text();
    const auto meaning = parse_contract_name(name);
    const double filled = row.number_or("filled_amount", 0.0), left = amount_of(row, "amount") - filled;
    if (filled < 0.0 || left < 0.0) row.refuse("is an order whose filled_amount does not lie between 0 and its amount");
    const std::string state = row.text_or("order_state", "open");
    if (!(left > 0.0) || (state != "open" && state != "untriggered")) return;
    const double quantity = signed_by(row.at("direction"), left);
    if (!meaning || !is_known(*meaning)) {
        builder.inputs().orders_left_out.push_back({.name = name, .coins = coins_of(name)});
        return;
    }
    add_order(row_of(row, name, *meaning, account, 1.0, builder), quantity, builder);
}

// The `result` of a JSON-RPC answer: positions, open orders, one account summary, or several.
void read_deribit(const JsonTree& result, const std::string& account, InputsBuilder& builder) {
    const auto read_summary = [&](const JsonTree& row) {
        builder.add_cash(row.at("currency").text(), account, amount_of(row, "balance"), row);
    };
    if (const JsonTree* summaries = result.find("summaries")) {
        for (const JsonTree& row : summaries->array()) read_summary(row);
        return;
    }
    if (result.find("balance") != nullptr) return read_summary(result);
    for (const JsonTree& row : result.array()) {
        if (row.find("balance") != nullptr) {
            read_summary(row);
        } else if (row.find("order_id") != nullptr) {
            read_deribit_order(row, account, builder);
        } else {
            read_deribit_position(row, account, builder);
        }
    }
}

// When Deribit sent an answer: usOut, microseconds since 1970. 0: it does not say.
UnixNanos time_of(const JsonTree& answer) {
    const JsonTree* sent = answer.find("usOut");
    if (sent == nullptr) return {};
    const double us = sent->number();
    if (!is_market_time(us / 1'000.0)) sent->refuse(fmt::format("is not from 2009 to 2100: {} us", us));
    return UnixNanos{std::llround(us) * 1'000};
}

}  // namespace

PortfolioSource portfolio_source(const std::string& text) {
    const std::size_t sign = text.find('=');
    std::error_code ignored;
    if (sign == std::string::npos || std::filesystem::exists(text, ignored)) return {.path = text};
    if (std::isalnum(static_cast<unsigned char>(text.front())) == 0) return {.path = text};
    return {.path = text.substr(sign + 1), .account = text.substr(0, sign)};
}

void read_portfolio_file(const std::string& path, InputsBuilder& builder, const std::string& account) {
    const JsonTree root = JsonTree::read(path);
    refuse_error(root);
    const JsonTree* result = root.find("result");
    builder.begin_portfolio(path, result == nullptr ? UnixNanos{} : time_of(root));
    if (result != nullptr) return read_deribit(*result, account, builder);
    if (root.is(JsonTree::Type::array)) return read_deribit(root, account, builder);
    read_own(root, path, account, builder);
}

}  // namespace keel::app
