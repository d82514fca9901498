#include <algorithm>

#include "connectors/deribit/parse_fields.hpp"

namespace keel::connectors::deribit {
namespace {

constexpr std::uint64_t kNeverMs = 32'503'680'000'000;  // year 3000: how the venue writes "no expiry"

// Results arrive as views into a frame; these answers are rare, so each is copied into padded bytes.
template <class Read>
bool with_value(std::string_view json, Read&& read) {
    const simdjson::padded_string text{json};
    ondemand::parser parser{kMessageBytesMax};
    ondemand::document document;
    ondemand::value value;
    if (parser.iterate(text).get(document) != simdjson::SUCCESS) return false;
    if (document.get_value().get(value) != simdjson::SUCCESS) return false;
    return read(value);
}

struct InstrumentFields {
    std::string_view name, kind, type, future_type, option_type, base, quote, counter, settlement, period, tick,
        contract_size, amount_min;
    std::vector<std::pair<std::string_view, std::string_view>> steps;  // above, step
    double strike{0.0}, taker{0.0}, maker{0.0}, leverage{0.0};
    std::uint64_t expiry_ms{0};
};

bool read_steps(ondemand::value value, InstrumentFields& out) {
    return each_item(value, [&](ondemand::value& row) {
        std::string_view above, step;
        const bool read = each_field(row, [&](std::string_view key, ondemand::value& field) {
            if (key == "above_price") return read_token(field, above);
            if (key == "tick_size") return read_token(field, step);
            return true;
        });
        if (!read || above.empty() || step.empty()) return false;
        out.steps.emplace_back(above, step);
        return true;
    });
}

bool read_instrument_field(std::string_view key, ondemand::value& value, InstrumentFields& out) {
    if (key == "instrument_name") return read_text(value, out.name);
    if (key == "kind") return read_text(value, out.kind);
    if (key == "instrument_type") return read_text(value, out.type);
    if (key == "future_type") return read_text(value, out.future_type);
    if (key == "option_type") return read_text(value, out.option_type);
    if (key == "base_currency") return read_text(value, out.base);
    if (key == "quote_currency") return read_text(value, out.quote);
    if (key == "counter_currency") return read_text(value, out.counter);
    if (key == "settlement_currency") return read_text(value, out.settlement);
    if (key == "settlement_period") return read_text(value, out.period);
    if (key == "tick_size") return read_token(value, out.tick);
    if (key == "tick_size_steps") return read_steps(value, out);
    if (key == "contract_size") return read_token(value, out.contract_size);
    if (key == "min_trade_amount") return read_token(value, out.amount_min);
    if (key == "strike") return read_double(value, out.strike);
    if (key == "taker_commission") return read_double(value, out.taker);
    if (key == "maker_commission") return read_double(value, out.maker);
    if (key == "max_leverage") return read_double(value, out.leverage);
    if (key == "expiration_timestamp") return read_unsigned(value, out.expiry_ms);
    return true;
}

bool ends_with_word(std::string_view name, std::string_view word) { return name.ends_with(word); }

// The 2021 protocol names neither the instrument's type nor its settlement: USDC and USDT contracts
// carry the quote in their name ("BTC_USDC-PERPETUAL"), everything else was coin-settled.
Payoff payoff_of(const InstrumentFields& fields) {
    const std::string_view type = fields.type.empty() ? fields.future_type : fields.type;
    if (!type.empty()) return type == "linear" ? Payoff::linear : Payoff::inverse;
    return fields.name.find("_USD") == std::string_view::npos ? Payoff::inverse : Payoff::linear;
}

bool kind_of(const InstrumentFields& fields, InstrumentKind& out) {
    if (fields.kind == "option") {
        out = InstrumentKind::option;
    } else if (fields.kind == "spot") {
        out = InstrumentKind::spot;
    } else if (fields.kind == "future") {
        const bool perpetual = fields.period == "perpetual" || ends_with_word(fields.name, "-PERPETUAL");
        out = perpetual ? InstrumentKind::perpetual : InstrumentKind::future;
    } else {
        return false;
    }
    return true;
}

// Finest tick and the coarser ones above it, in finest ticks.
bool set_ticks(const InstrumentFields& fields, Instrument& out) {
    const Result<Decimal> tick = parse_decimal(fields.tick);
    if (!tick || tick->mantissa <= 0) return false;
    out.tick = tick->normalised();
    for (const auto& [above, step] : fields.steps) {
        if (out.tick_steps_count == out.tick_steps.size()) return false;
        const Result<Decimal> above_price = parse_decimal(above);
        const Result<Decimal> step_price = parse_decimal(step);
        if (!above_price || !step_price) return false;
        const Result<std::int64_t> above_ticks = count_units(*above_price, out.tick, Errc::price_off_tick);
        const Result<std::int64_t> step_ticks = count_units(*step_price, out.tick, Errc::price_off_tick);
        if (!above_ticks || !step_ticks || *step_ticks <= 0) return false;
        out.tick_steps[out.tick_steps_count++] = TickStep{*above_ticks, *step_ticks};
    }
    std::sort(out.tick_steps.begin(), out.tick_steps.begin() + out.tick_steps_count,
              [](const TickStep& a, const TickStep& b) { return a.above < b.above; });
    return true;
}

// Amounts are multiples of the contract; options trade in tenths of theirs, so that the smaller of
// contract size and smallest trade is the lot.
bool set_lot(const InstrumentFields& fields, Instrument& out) {
    const Result<Decimal> least = parse_decimal(fields.amount_min);
    if (!least || least->mantissa <= 0) return false;
    Decimal lot = *least;
    if (!fields.contract_size.empty()) {
        const Result<Decimal> contract = parse_decimal(fields.contract_size);
        if (!contract || contract->mantissa <= 0) return false;
        if (contract->to_double() < lot.to_double()) lot = *contract;
    }
    out.lot = lot.normalised();
    const Result<std::int64_t> least_lots = count_units(*least, out.lot, Errc::quantity_off_lot);
    if (!least_lots) return false;
    out.quantity_min = Quantity{*least_lots};
    return true;
}

bool add_instrument(const InstrumentFields& fields, InstrumentTable& table, std::size_t& added) {
    Instrument out;
    // Combinations trade as one but are held as their legs; unknown kinds are not for us either.
    if (!kind_of(fields, out.kind)) return true;
    if (fields.name.empty() || fields.name.size() >= out.name.size()) return false;
    out.set_name(fields.name);
    out.venue = VenueId::deribit;
    out.payoff = out.kind == InstrumentKind::spot ? Payoff::linear : payoff_of(fields);
    if (out.is_option()) out.option_type = fields.option_type == "put" ? OptionType::put : OptionType::call;
    if (!set_ticks(fields, out) || !set_lot(fields, out)) return false;
    out.strike = std::isnan(fields.strike) ? 0.0 : fields.strike;
    const bool expires = out.kind == InstrumentKind::future || out.is_option();
    if (expires && fields.expiry_ms < kNeverMs) out.expiry = time_of_ms(fields.expiry_ms);
    out.taker_fee = fields.taker;
    out.maker_fee = fields.maker;
    out.leverage_max = fields.leverage;
    std::string_view settlement = fields.settlement;
    if (settlement.empty()) settlement = out.payoff == Payoff::inverse ? fields.base : fields.quote;
    const auto underlying = table.underlying(fields.base);
    const auto base = table.currency(fields.base);
    const auto quote = table.currency(fields.quote);
    const auto settled = table.currency(settlement);
    // A table that is full of underlyings or currencies leaves the instrument out; the count tells.
    if (!underlying || !base || !quote || !settled) return true;
    out.underlying = *underlying;
    out.base = *base;
    out.quote = *quote;
    out.settlement = *settled;
    if (!table.add(out)) return true;
    ++added;
    return true;
}

bool read_instrument(ondemand::value row, InstrumentTable& table, std::size_t& added) {
    InstrumentFields fields;
    const bool read = each_field(
        row, [&](std::string_view key, ondemand::value& value) { return read_instrument_field(key, value, fields); });
    return read && add_instrument(fields, table, added);
}

bool collect_texts(ondemand::value value, std::vector<std::string>& out) {
    return each_item(value, [&](ondemand::value& item) {
        std::string_view text;
        if (!read_text(item, text)) return false;
        out.emplace_back(text);
        return true;
    });
}

bool collect_expirations(ondemand::value value, std::vector<std::string>& out) {
    if (first_char(value) == '[') return collect_texts(value, out);
    return each_field(value, [&](std::string_view, ondemand::value& field) { return collect_expirations(field, out); });
}

}  // namespace

Result<AuthAnswer> parse_auth(std::string_view result) {
    AuthAnswer out;
    const bool read = with_value(result, [&](ondemand::value value) {
        return each_field(value, [&](std::string_view key, ondemand::value& field) {
            std::string_view text;
            if (key == "expires_in") return read_signed(field, out.expires_in_s);
            if (key != "access_token" && key != "refresh_token" && key != "scope") return true;
            if (!read_text(field, text)) return false;
            (key == "scope" ? out.scope : key == "access_token" ? out.access_token : out.refresh_token) = text;
            return true;
        });
    });
    if (!read || out.access_token.empty()) return fail(Errc::malformed_message);
    return out;
}

Result<std::vector<std::string>> parse_texts(std::string_view result) {
    std::vector<std::string> out;
    if (!with_value(result, [&](ondemand::value value) { return collect_texts(value, out); })) {
        return fail(Errc::malformed_message);
    }
    return out;
}

Result<std::int64_t> parse_integer(std::string_view result) {
    const Result<Decimal> value = parse_decimal(result);
    if (!value) return fail(value.error());
    return count_units(*value, Decimal{1, 0}, Errc::malformed_message);
}

Result<std::size_t> parse_instruments(std::string_view result, InstrumentTable& table) {
    std::size_t added = 0;
    const bool read = with_value(result, [&](ondemand::value value) {
        if (first_char(value) == '{') return read_instrument(value, table, added);
        return each_item(value, [&](ondemand::value& row) { return read_instrument(row, table, added); });
    });
    if (!read) return fail(Errc::malformed_message);
    return added;
}

Result<std::vector<std::string>> parse_expirations(std::string_view result) {
    std::vector<std::string> out;
    if (!with_value(result, [&](ondemand::value value) { return collect_expirations(value, out); })) {
        return fail(Errc::malformed_message);
    }
    return out;
}

Result<RateLimits> parse_rate_limits(std::string_view result) {
    RateLimits out;
    const auto read_total = [&](ondemand::value total) {
        return each_field(total, [&](std::string_view key, ondemand::value& field) {
            if (key == "rate") return read_double(field, out.matching_per_s);
            if (key == "burst") return read_double(field, out.matching_burst);
            return true;
        });
    };
    // limits, matching_engine, trading, total: each is one object on the way.
    const auto step = [](std::string_view name, auto&& inner) {
        return [name, inner](ondemand::value object) {
            return each_field(object, [&](std::string_view key, ondemand::value& field) {
                return key == name && first_char(field) == '{' ? inner(field) : true;
            });
        };
    };
    const auto read_account = step("limits", step("matching_engine", step("trading", step("total", read_total))));
    const auto read_answer = [&](ondemand::value answer) {
        std::string_view whole;
        if (!read_raw(answer, whole)) return false;
        const bool read = with_value(whole, [&](ondemand::value value) {
            return each_field(value, [&](std::string_view key, ondemand::value& field) {
                return key == "summaries" ? each_item(field, read_account) : true;
            });
        });
        return read && (out.matching_per_s > 0.0 || with_value(whole, read_account));
    };
    if (!with_value(result, read_answer)) return fail(Errc::malformed_message);
    if (!(out.matching_per_s > 0.0) || !(out.matching_burst > 0.0)) return fail(Errc::malformed_message);
    return out;
}

}  // namespace keel::connectors::deribit
