#include "app/risk_files/market_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>

#include "app/report/report_words.hpp"
#include "app/risk_files/file_kind.hpp"
#include "app/risk_files/json_tree.hpp"
#include "app/risk_files/only_once.hpp"
#include "app/risk_files/price_range.hpp"
#include "risk/matrix/scaled_covariance.hpp"

namespace keel::app {
namespace {

using risk::SmileQuote;
using Claim = MarketTimes::Claim;
using Input = MarketTimes::Input;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

double positive(const JsonTree& value) {
    const double number = value.number();
    if (!(number > 0.0)) value.refuse(fmt::format("must be positive, is {}", number));
    return number;
}

double positive_or(const JsonTree& row, std::string_view key, double otherwise) {
    const JsonTree* member = row.find(key);
    return member == nullptr ? otherwise : positive(*member);
}

UnixNanos time_from(const JsonTree& value) {
    if (value.is(JsonTree::Type::number)) {
        const double ms = value.number();
        if (is_market_time(ms)) return unix_nanos_from_ms(static_cast<std::int64_t>(ms));
        const char* what = is_market_time(1'000.0 * ms) ? "; seconds? write ms" : "; write ms since 1970";
        value.refuse(fmt::format("is not from 2009 to 2100: {}{}", ms, what));
    }
    const auto time = parse_time(value.text());
    if (!time) value.refuse("is no time; write 2026-03-01T12:00:00Z, or milliseconds since 1970, from 2009 to 2100");
    return *time;
}

double age_or(const JsonTree& row, double otherwise) {
    const JsonTree* member = row.find("age_seconds");
    if (member == nullptr) return otherwise;
    if (member->number() < 0.0) member->refuse(fmt::format("must not be negative, is {}", member->number()));
    return member->number();
}

std::chrono::nanoseconds minutes_from(const JsonTree& value) {
    const double minutes = value.number();
    if (!(minutes >= 0.0) || minutes > 1'440.0) value.refuse(fmt::format("must be 0 to 1440 minutes, is {}", minutes));
    return std::chrono::nanoseconds{std::llround(60e9 * minutes)};
}

template <class Row, class Slot>
Row& row_at(std::vector<Row>& rows, Slot slot) {
    if (rows.size() <= at(slot)) rows.resize(at(slot) + 1);
    return rows[at(slot)];
}

// The age that a row tells of itself; what was told of an older file's price is forgotten.
void take_age(const JsonTree& row, Claim claim, std::vector<double>& ages, std::size_t place) {
    const double told = age_or(row, kNaN);
    if (ages.size() <= place) ages.resize(place + 1, kNaN);
    if (claim == Claim::newer || (claim == Claim::beside && !std::isnan(told))) ages[place] = told;
}

// What was told of the age of an older file's price goes with that price.
void forget_age(std::vector<double>& ages, std::size_t place) {
    if (place < ages.size()) ages[place] = kNaN;
}

// What a row says, unless a newer file has said it. Not for prices: of two that a newer file and an older one give in
// different words, only the newer counts.
void take(Claim claim, double said, double& value) {
    if (!std::isnan(said) && (claim != Claim::older || std::isnan(value))) value = said;
}

// null: that day is not known.
std::vector<double> days_of(const JsonTree& row, std::string_view key) {
    std::vector<double> out;
    if (const JsonTree* values = row.find(key)) {
        for (const JsonTree& value : values->array()) {
            out.push_back(value.is(JsonTree::Type::null) ? kNaN : value.number());
        }
    }
    return out;
}

UnixNanos expiry_of(const JsonTree& row) {
    const JsonTree& when = row.at("expiry");
    const auto expiry = parse_time(when.text());
    if (!expiry) when.refuse("is no time; write 2026-03-27T08:00:00Z or 27MAR26");
    return *expiry;
}

UnixNanos history_end(const JsonTree& row) {
    const JsonTree* end = row.find("history_end");
    return end == nullptr ? UnixNanos{} : time_from(*end);
}

// A fraction per day: beyond 5 it is percent.
double daily_volatility_of(const JsonTree& row) {
    constexpr double kMost = 5.0;
    const double volatility = positive_or(row, "daily_volatility", kNaN);
    if (volatility > kMost)
        row.at("daily_volatility").refuse(fmt::format("must be a fraction, 5 at most, is {}", volatility));
    return volatility;
}

void take_daily_volatility(const JsonTree& row, std::size_t place, risk::UnderlyingHistory& history,
                           InputsBuilder& builder) {
    const double volatility = daily_volatility_of(row);
    if (std::isnan(volatility) || builder.times().claim(Input::daily_volatility, place) == Claim::older) return;
    history.daily_volatility = volatility;
    builder.times().history_ends(Input::daily_volatility, place, history_end(row));
}

// A file's days go over those of another: two histories are not strung together.
void take_history(const JsonTree& row, std::size_t place, risk::UnderlyingHistory& history, InputsBuilder& builder) {
    if (row.find("returns") != nullptr && row.find("closes") != nullptr) row.refuse("give returns or closes, not both");
    std::vector<double> returns = days_of(row, "returns");
    std::vector<double> volatility_changes = days_of(row, "volatility_changes");
    double last_close = kNaN;
    if (const JsonTree* closes = row.find("closes")) {
        double before = kNaN;
        for (const JsonTree& close : closes->array()) {
            const double price = price_from(close);
            if (std::isfinite(before)) returns.push_back(std::log(price / before));
            before = price;
        }
        last_close = before;
    }
    if (returns.empty() && volatility_changes.empty()) return;
    const Claim claim = builder.times().claim(Input::history, place);
    if (claim == Claim::older) return;
    if (claim == Claim::newer || !returns.empty()) {
        history.returns = std::move(returns);
        history.last_close = last_close;
        builder.times().history_ends(Input::history, place, history_end(row));
    }
    if (claim == Claim::newer || !volatility_changes.empty()) {
        history.volatility_changes = std::move(volatility_changes);
    }
    const std::size_t days = history.returns.size(), changes = history.volatility_changes.size();
    if (days > 0 && changes > days) {
        row.refuse(
            fmt::format("{} volatility_changes are more than the {} returns whose days they are of", changes, days));
    }
}

double stickiness_of(const JsonTree& row) {
    const JsonTree* said = row.find("skew_stickiness");
    if (said == nullptr) return kNaN;
    const double value = said->number();
    if (!(value >= 0.0 && value <= 2.0)) said->refuse(fmt::format("must be 0 to 2, is {}", value));
    return value;
}

void read_underlying(const JsonTree& row, InputsBuilder& builder) {
    row.refuse_unknown({"name", "index", "daily_volatility", "returns", "closes", "volatility_changes", "history_end",
                        "skew_stickiness", "age_seconds"});
    const risk::UnderlyingSlot slot = builder.underlying(row.at("name").text());
    const double index = price_from(row.at("index"));
    const Claim claim = builder.times().claim(Input::index, at(slot));
    if (claim != Claim::older) builder.inputs().market.underlyings[at(slot)].index = index;
    take_age(row, claim, builder.inputs().index_age_seconds, at(slot));
    risk::UnderlyingHistory& history = row_at(builder.inputs().histories, slot);
    take_daily_volatility(row, at(slot), history, builder);
    take(claim, stickiness_of(row), history.skew_stickiness);
    take_history(row, at(slot), history, builder);
}

risk::ExpirySmile smile_of(const JsonTree& row) {
    risk::ExpirySmile smile;
    if (const JsonTree* svi = row.find("svi")) {
        svi->refuse_unknown({"a", "b", "rho", "m", "sigma"});
        const risk::SviParameters curve{.a = svi->at("a").number(),
                                        .b = svi->at("b").number(),
                                        .rho = svi->at("rho").number(),
                                        .m = svi->at("m").number(),
                                        .sigma = svi->at("sigma").number()};
        if (!is_in_svi_domain(curve)) svi->refuse("is no curve: b >= 0, |rho| < 1, sigma > 0, variance not negative");
        smile.svi = curve;
    }
    if (const JsonTree* quotes = row.find("quotes")) {
        OnlyOnce strikes;
        for (const JsonTree& quote : quotes->array()) {
            quote.refuse_unknown({"strike", "bid_iv", "ask_iv", "mark_iv"});
            const double strike = positive(quote.at("strike"));
            strikes.note(fmt::format("the strike {}", strike), quote);
            smile.quotes.push_back({.strike = strike,
                                    .bid = quote.number_or("bid_iv", kNaN),
                                    .ask = quote.number_or("ask_iv", kNaN),
                                    .mark = quote.number_or("mark_iv", kNaN)});
        }
    }
    return smile;
}

void take_smile(const risk::ExpirySmile& given, risk::ExpirySlot slot, InputsBuilder& builder) {
    if (!given.svi && given.quotes.empty()) return;
    risk::ExpirySmile& smile = row_at(builder.inputs().smiles, slot);
    const Claim claim = builder.times().claim(Input::curve, at(slot));
    if (claim == Claim::older) return;
    if (claim == Claim::newer) smile = {};
    if (given.svi) smile.svi = given.svi;
    smile.quotes.insert(smile.quotes.end(), given.quotes.begin(), given.quotes.end());
}

void read_expiry(const JsonTree& row, InputsBuilder& builder) {
    row.refuse_unknown({"underlying", "expiry", "forward", "svi", "quotes", "settlement_window_minutes",
                        "settlement_average", "age_seconds"});
    const risk::ExpirySlot slot = builder.expiry(builder.underlying(row.at("underlying").text()), expiry_of(row));
    const double forward = price_from(row.at("forward"));
    const Claim claim = builder.times().claim(Input::forward, at(slot));
    risk::ExpiryMarket& market = builder.inputs().market.expiries[at(slot)];
    if (claim != Claim::older) market.forward = forward;
    if (const JsonTree* window = row.find("settlement_window_minutes")) {
        builder.settlement_window(slot, minutes_from(*window));
    }
    const double average = price_or_nan(row, "settlement_average");
    if (claim == Claim::newer || (claim == Claim::beside && !std::isnan(average))) market.settlement_average = average;
    take_age(row, claim, builder.inputs().expiry_age_seconds, at(slot));
    take_smile(smile_of(row), slot, builder);
}

// The quote of a contract from the file being read; nothing of an older file's stays but how it trades.
Claim claim_quote(std::size_t place, InputsBuilder& builder) {
    const Claim claim = builder.times().claim(Input::quote, place);
    if (claim != Claim::newer) return claim;
    builder.inputs().market.quotes[place] = {};
    builder.forget_option_price(place);
    builder.forget_doubts(place);
    forget_age(builder.inputs().input_age_seconds, place);
    return claim;
}

double deviation_of(const JsonTree& row) {
    const double deviation = row.number_or("spread_deviation", kNaN);
    if (deviation < 0.0) row.at("spread_deviation").refuse(fmt::format("must not be negative, is {}", deviation));
    return deviation;
}

// Over the middle of bid and ask no spread is more than 2: the bid is 0 then.
double spread_of(const JsonTree& row) {
    const double spread = row.number_or("spread", kNaN);
    if (spread > 2.0) row.at("spread").refuse(fmt::format("is a fraction of the price, 2 at most, is {}", spread));
    return spread;
}

void take_liquidity(const JsonTree& row, std::size_t place, InputsBuilder& builder) {
    const double spread = spread_of(row), volume = positive_or(row, "daily_volume", kNaN),
                 volatility = daily_volatility_of(row), deviation = deviation_of(row);
    if (std::isnan(spread) && std::isnan(volume) && std::isnan(volatility) && std::isnan(deviation)) return;
    const Claim claim = builder.times().claim(Input::liquidity, place);
    risk::ContractLiquidity& liquidity = builder.inputs().liquidity[place];
    if (spread < 0.0) {  // the bid above the ask: neither says what leaving costs
        if (claim != Claim::older) builder.doubt(place, risk::InputDoubt::crossed_quote);
    } else {
        take(claim, spread, liquidity.spread);
    }
    take(claim, volume, liquidity.daily_volume);
    take(claim, volatility, liquidity.daily_volatility);
    take(claim, deviation, liquidity.spread_deviation);
}

// A rate per 8 h beyond the notional itself is percent, or per year.
double funding_or(const JsonTree& row, std::string_view key, double otherwise) {
    const double rate = row.number_or(key, otherwise);
    if (std::abs(rate) > 1.0) row.at(key).refuse("must be a fraction per 8 h, 1 at most either way");
    return rate;
}

double funding_cap_or(const JsonTree& row, double otherwise) {
    const double cap = positive_or(row, "funding_cap_8h", otherwise);
    if (cap > 1.0) row.at("funding_cap_8h").refuse("must be a fraction per 8 h, 1 at most");
    return cap;
}

// The rate that longs of a perpetual pay per 8 h. A newer file without one leaves it, as old as its own file.
void take_funding(const JsonTree& row, std::string_view key, std::size_t place, InputsBuilder& builder) {
    const double rate = funding_or(row, key, kNaN);
    if (std::isnan(rate)) return;
    const Claim claim = builder.times().claim(Input::funding, place);
    if (claim == Claim::older) return;
    risk::ReportInputs& inputs = builder.inputs();
    if (inputs.funding_rates.size() <= place) inputs.funding_rates.resize(place + 1, kNaN);
    inputs.funding_rates[place] = rate;
    take_age(row, claim, inputs.funding_age_seconds, place);
}

void take_funding_cap(const JsonTree& row, std::size_t place, InputsBuilder& builder) {
    const double cap = funding_cap_or(row, kNaN);
    if (std::isnan(cap) || builder.times().claim(Input::funding_cap, place) == Claim::older) return;
    std::vector<double>& caps = builder.inputs().funding_caps;
    if (caps.size() <= place) caps.resize(place + 1, kNaN);
    caps[place] = cap;
}

bool gives_nothing(const JsonTree& instrument) {
    return std::ranges::all_of(instrument.keys(), [&](const std::string& key) {
        return key == "name" || key == "age_seconds" || instrument.find(key) == nullptr;
    });
}

void read_instrument(const JsonTree& row, InputsBuilder& builder) {
    row.refuse_unknown({"name", "mark", "iv", "spread", "spread_deviation", "daily_volume", "daily_volatility",
                        "funding_8h", "funding_cap_8h", "age_seconds"});
    risk::ReportInputs& inputs = builder.inputs();
    (void)age_or(row, kNaN);  // refused for contracts that are not held, too
    (void)funding_or(row, "funding_8h", kNaN);
    (void)funding_cap_or(row, kNaN);
    const std::vector<std::size_t> places = builder.rows_named(row.at("name").text());
    if (places.empty()) return;
    const double mark = price_or_nan(row, "mark"), volatility = positive_or(row, "iv", kNaN);
    for (const std::size_t place : places) {
        const bool priced = !std::isnan(mark) || !std::isnan(volatility);
        const Claim claim = priced ? claim_quote(place, builder) : Claim::beside;
        const bool option = risk::is_option(inputs.book.contracts[place].kind);
        if (claim != Claim::older) {
            if (option && !std::isnan(mark)) builder.suggest_option_price(place, mark);
            risk::ContractQuote& quote = inputs.market.quotes[place];
            const double price = option ? volatility : mark;
            if (!std::isnan(price)) (option ? quote.volatility : quote.mark) = price;
        }
        take_liquidity(row, place, builder);
        take_funding(row, "funding_8h", place, builder);
        take_funding_cap(row, place, builder);
        if (priced) {
            take_age(row, claim, inputs.input_age_seconds, place);
        } else if (gives_nothing(row)) {  // its age is that of a quote from elsewhere, which it makes no younger
            inputs.input_age_seconds[place] = std::fmax(inputs.input_age_seconds[place], age_or(row, kNaN));
        }
    }
}

// Rows and columns are the underlyings of this file as it names them; the report's order may be another.
void read_correlations(const JsonTree& root, const JsonTree& rows, InputsBuilder& builder) {
    std::vector<risk::UnderlyingSlot> order;
    if (const JsonTree* underlyings = root.find("underlyings")) {
        for (const JsonTree& row : underlyings->array()) order.push_back(builder.underlying(row.at("name").text()));
    }
    std::vector<double> cells;
    bool square = !order.empty() && rows.array().size() == order.size();
    for (const JsonTree& row : rows.array()) {
        square = square && row.array().size() == order.size();
        for (const JsonTree& cell : row.array()) cells.push_back(cell.number());
    }
    if (!square) rows.refuse(fmt::format("must be {0} rows of {0}: the underlyings of this file", order.size()));
    if (!risk::ScaledCovariance{order.size()}.set_correlations(cells)) {
        rows.refuse("are no correlations: 1 on the diagonal, symmetric, -1 to 1");
    }
    if (builder.times().claim(Input::correlations, 0) != Claim::older) builder.correlations(order, std::move(cells));
}

// A price, or an object of one and its age.
void read_stablecoin(const std::string& name, const JsonTree& said, InputsBuilder& builder) {
    const bool aged = said.is(JsonTree::Type::object);
    if (aged) said.refuse_unknown({"price", "age_seconds"});
    const double price = price_from(aged ? said.at("price") : said);
    const std::size_t place = at(builder.stable(name));
    const Claim claim = builder.times().claim(Input::stable, place);
    if (claim != Claim::older) builder.inputs().market.stables[place] = price;
    take_age(said, claim, builder.inputs().stable_age_seconds, place);
}

// Rows of one file are of different things: of two with one name neither goes before the other.
template <class Name>
void refuse_twice(const JsonTree* rows, Name name_of) {
    if (rows == nullptr) return;
    OnlyOnce names;
    for (const JsonTree& row : rows->array()) names.note(name_of(row), row);
}

auto named_by(std::string_view key) {
    return [key](const JsonTree& row) { return row.at(key).text(); };
}

// However its time is written.
std::string expiry_name(const JsonTree& row) {
    return fmt::format("the expiry of {} at {}", row.at("underlying").text(), utc_text(expiry_of(row)));
}

void read_own(const JsonTree& root, const std::string& path, InputsBuilder& builder) {
    refuse_unless_market(root);
    if (const JsonTree* time = root.find("time")) builder.times().on_time(time_from(*time));
    const auto each = [&](std::string_view key, auto read) {
        if (const JsonTree* rows = root.find(key)) {
            for (const JsonTree& row : rows->array()) read(row, builder);
        }
    };
    refuse_twice(root.find("underlyings"), named_by("name"));
    refuse_twice(root.find("expiries"), expiry_name);
    refuse_twice(root.find("instruments"), named_by("name"));
    each("underlyings", read_underlying);
    each("expiries", read_expiry);
    each("instruments", read_instrument);
    if (const JsonTree* stables = root.find("stablecoins")) {
        for (std::size_t i = 0; i < stables->keys().size(); ++i) {
            read_stablecoin(stables->keys()[i], stables->items()[i], builder);
        }
    }
    if (const JsonTree* ages = root.find("ages_max_seconds")) {
        ages->refuse_unknown({"future", "option", "index", "history"});
        risk::InputAgesMax& most = builder.inputs().ages_max;
        most = {.future_seconds = positive_or(*ages, "future", most.future_seconds),
                .option_seconds = positive_or(*ages, "option", most.option_seconds),
                .index_seconds = positive_or(*ages, "index", most.index_seconds),
                .history_seconds = positive_or(*ages, "history", most.history_seconds)};
    }
    if (const JsonTree* windows = root.find("settlement_windows")) {
        for (std::size_t i = 0; i < windows->keys().size(); ++i) {
            builder.settlement_window(windows->keys()[i], minutes_from(windows->items()[i]));
        }
    }
    if (const JsonTree* rows = root.find("correlations")) read_correlations(root, *rows, builder);
    if (const JsonTree* tables = root.find("margin_tables")) {
        builder.margin_tables((std::filesystem::path{path}.parent_path() / tables->text()).string());
    }
}

// A fraction of the price that the contract's notional is counted at, an option's of its underlying: quoted in coin it
// stands there, a linear one's is over the forward. The mark, which may be far from the middle, has no part in it.
double relative_spread(const JsonTree& row, risk::ContractKind kind, double bid, double ask) {
    if (!risk::is_option(kind)) return (ask - bid) / (0.5 * (ask + bid));
    if (kind == risk::ContractKind::inverse_option) return ask - bid;
    const double forward = row.number_or("underlying_price", kNaN);
    return forward > 0.0 ? (ask - bid) / forward : kNaN;
}

// Answers to other questions are rows with names and times, too.
void refuse_unless_summary(const JsonTree& row) {
    const auto has = [&](std::string_view key) { return std::ranges::count(row.keys(), key) > 0; };
    if (has("direction")) row.refuse("is a position or an order, no row of a book summary: that is a --portfolio file");
    if (!has("mark_price")) row.refuse("is no row of a book summary: \"mark_price\" is missing");
}

// One row of public/get_book_summary_by_currency. Volatilities come in percent, an option's underlying_price is the
// forward of its expiry.
void read_summary(const JsonTree& row, InputsBuilder& builder) {
    const std::string name = row.at("instrument_name").text();
    const auto meaning = parse_contract_name(name);
    if (!meaning) return;  // combinations and kinds that no report holds
    risk::ReportInputs& inputs = builder.inputs();
    if (!builder.has_coin(meaning->underlying)) return;
    const risk::UnderlyingSlot underlying = builder.underlying(meaning->underlying);
    const double mark = quoted_price(row, "mark_price");
    const bool option = risk::is_option(meaning->kind);
    // Of a pair of coins (ETH_BTC) it is in the other coin.
    const bool is_usd = meaning->stable.empty() || is_dollar(meaning->stable);
    if (const double index = quoted_price(row, "estimated_delivery_price"); index > 0.0 && is_usd) {
        const Claim claim = builder.times().claim(Input::index, at(underlying));
        if (claim == Claim::newer) {
            inputs.market.underlyings[at(underlying)].index = index;
            forget_age(inputs.index_age_seconds, at(underlying));
        }
        if (claim == Claim::beside) builder.suggest_index(underlying, index);
    }
    const auto take_forward = [&](risk::ExpirySlot slot, double forward) {
        if (!(forward > 0.0)) return;
        const Claim claim = builder.times().claim(Input::forward, at(slot));
        if (claim == Claim::newer) {
            inputs.market.expiries[at(slot)].forward = forward;
            inputs.market.expiries[at(slot)].settlement_average = kNaN;
            forget_age(inputs.expiry_age_seconds, at(slot));
        }
        if (claim == Claim::beside) builder.suggest_forward(slot, forward);
    };
    if (option) {
        const risk::ExpirySlot slot = builder.expiry(underlying, meaning->expiry);
        inputs.market.expiries[at(slot)].settlement_window = kDeribitSettlementWindow;
        const double forward = quoted_price(row, "underlying_price");
        take_forward(slot, forward);
        const double mark_iv = row.number_or("mark_iv", kNaN) / 100.0;
        // Out of the money only: its twin in the money says the same with less noise.
        const bool outside = meaning->type == OptionType::call ? meaning->strike >= forward : meaning->strike < forward;
        if (outside && mark_iv > 0.0) {
            take_smile({.svi = {}, .quotes = {{.strike = meaning->strike, .mark = mark_iv}}}, slot, builder);
        }
    } else if (meaning->expiry != UnixNanos{}) {
        take_forward(builder.expiry(underlying, meaning->expiry), mark);
    }
    for (const std::size_t place : builder.rows_named(name)) {
        const double price = option ? row.number_or("mark_iv", kNaN) / 100.0 : mark;
        const Claim claim = price > 0.0 || mark > 0.0 ? claim_quote(place, builder) : Claim::beside;
        risk::ContractQuote& quote = inputs.market.quotes[place];
        if (price > 0.0 && claim != Claim::older) (option ? quote.volatility : quote.mark) = price;
        if (option && mark > 0.0 && claim != Claim::older) builder.suggest_option_price(place, mark);
        const double bid = quoted_price(row, "bid_price"), ask = quoted_price(row, "ask_price");
        const bool counts = claim != Claim::older;
        if (counts && (bid > 0.0) != (ask > 0.0)) builder.doubt(place, risk::InputDoubt::one_sided_quote);
        if (counts && ask > 0.0 && bid >= ask) builder.doubt(place, risk::InputDoubt::crossed_quote);
        take_funding(row, "current_funding", place, builder);
        const double volume = row.number_or("volume", kNaN);
        const bool both = bid > 0.0 && ask > bid;
        if (!both && !(volume > 0.0)) continue;
        const Claim traded = builder.times().claim(Input::liquidity, place);
        risk::ContractLiquidity& liquidity = inputs.liquidity[place];
        if (both) take(traded, relative_spread(row, meaning->kind, bid, ask), liquidity.spread);
        if (volume > 0.0) {
            const bool in_dollars = meaning->kind == risk::ContractKind::inverse_future;
            take(traded, in_dollars ? volume * mark : volume, liquidity.daily_volume);
        }
    }
}

}  // namespace

void read_market_file(const std::string& path, InputsBuilder& builder) {
    const JsonTree root = JsonTree::read(path);
    refuse_error(root);
    const JsonTree* result = root.is(JsonTree::Type::array) ? &root : root.find("result");
    builder.times().begin_file(path);
    if (result == nullptr) return read_own(root, path, builder);
    if (result->find("balance") != nullptr || result->find("summaries") != nullptr) {
        result->refuse("is an account summary, no book summary: that is a --portfolio file");
    }
    for (const JsonTree& row : result->array()) {
        refuse_unless_summary(row);
        if (const JsonTree* time = row.find("creation_timestamp")) builder.times().on_time(time_from(*time));
    }
    refuse_twice(result, named_by("instrument_name"));
    for (const JsonTree& row : result->array()) read_summary(row, builder);
}

}  // namespace keel::app
