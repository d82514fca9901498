#include "connectors/binance_usdm/reference.hpp"

#include <simdjson.h>

#include <algorithm>
#include <utility>

#include "connectors/binance_usdm/parse.hpp"

namespace keel::connectors::binance {
namespace {

namespace ondemand = simdjson::ondemand;

// One entry of `symbols`, as far as it is read.
struct Listing {
    std::string symbol, base, quote, margin, contract_type;
    std::string tick, lot, quantity_min;
    std::int64_t delivery_ms{0};
    std::int64_t price_precision{0};
    double contract_size{1.0};
};

Error malformed(simdjson::error_code code, std::source_location where = std::source_location::current()) {
    return Error{Errc::malformed_message, static_cast<std::uint64_t>(code), where};
}

Result<void> text_into(ondemand::value value, std::string& out) {
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return fail(malformed(error));
    out = text;
    return {};
}

// One filter. Which one it is may stand behind its numbers, so that they wait for it.
Result<void> read_filter(ondemand::object object, Listing& listing) {
    std::string type, tick, step, quantity_min;
    for (auto item : object) {
        ondemand::field field;
        if (const auto error = std::move(item).get(field)) return fail(malformed(error));
        std::string_view key;
        if (const auto error = field.unescaped_key().get(key)) return fail(malformed(error));
        std::string* const out = key == "filterType" ? &type
                                 : key == "tickSize" ? &tick
                                 : key == "stepSize" ? &step
                                 : key == "minQty"   ? &quantity_min
                                                     : nullptr;
        if (out == nullptr) continue;
        if (const Result<void> read = text_into(field.value(), *out); !read) return fail(read.error());
    }
    if (type == "PRICE_FILTER") listing.tick = tick;
    if (type == "LOT_SIZE") {
        listing.lot = step;
        listing.quantity_min = quantity_min;
    }
    return {};
}

Result<void> read_listing_field(std::string_view key, ondemand::value value, Listing& listing) {
    if (key == "symbol") return text_into(value, listing.symbol);
    if (key == "baseAsset") return text_into(value, listing.base);
    if (key == "quoteAsset") return text_into(value, listing.quote);
    if (key == "marginAsset") return text_into(value, listing.margin);
    if (key == "contractType") return text_into(value, listing.contract_type);
    if (key == "deliveryDate") {
        if (const auto error = value.get_int64().get(listing.delivery_ms)) return fail(malformed(error));
    } else if (key == "pricePrecision") {
        if (const auto error = value.get_int64().get(listing.price_precision)) return fail(malformed(error));
    } else if (key == "contractSize") {
        if (const auto error = value.get_double().get(listing.contract_size)) return fail(malformed(error));
    } else if (key == "filters") {
        ondemand::array filters;
        if (const auto error = value.get_array().get(filters)) return fail(malformed(error));
        for (auto item : filters) {
            ondemand::object filter;
            if (const auto error = item.get_object().get(filter)) return fail(malformed(error));
            if (const Result<void> read = read_filter(filter, listing); !read) return fail(read.error());
        }
    }
    return {};
}

Result<Listing> read_listing(ondemand::object object) {
    Listing listing;
    for (auto item : object) {
        ondemand::field field;
        if (const auto error = std::move(item).get(field)) return fail(malformed(error));
        std::string_view key;
        if (const auto error = field.unescaped_key().get(key)) return fail(malformed(error));
        if (const Result<void> read = read_listing_field(key, field.value(), listing); !read) {
            return fail(read.error());
        }
    }
    return listing;
}

// Perpetuals carry a delivery date in the next century, and some kinds of them have longer names.
InstrumentKind kind_of(std::string_view contract_type) {
    return contract_type.find("PERPETUAL") != std::string_view::npos ? InstrumentKind::perpetual
                                                                     : InstrumentKind::future;
}

// The finest grid on which prices of this contract may be met: orders placed before the venue made its
// tick coarser stay in the book, on the grid of the precision. New orders keep to the tick.
Decimal finest_of(const Decimal& tick, std::int64_t price_precision) {
    constexpr std::int64_t kPrecisionMax = 12;
    if (price_precision <= 0 || price_precision > kPrecisionMax) return tick;
    const Decimal finer{1, -static_cast<std::int32_t>(price_precision)};
    const bool divides = count_units(tick, finer, Errc::price_off_tick).has_value();
    return divides && finer.exponent < tick.exponent ? finer : tick;
}

Result<InstrumentDefinition> definition_of(const Listing& listing) {
    const Result<Decimal> tick = parse_decimal(listing.tick);
    if (!tick) return fail(tick.error());
    const Result<Decimal> lot = parse_decimal(listing.lot);
    if (!lot) return fail(lot.error());
    if (tick->mantissa <= 0 || lot->mantissa <= 0) return fail(Errc::number_out_of_range);
    constexpr std::int64_t kMsMax = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    if (listing.delivery_ms < 0 || listing.delivery_ms > kMsMax) return fail(Errc::number_out_of_range);
    InstrumentDefinition out;
    out.symbol = listing.symbol;
    out.base = listing.base;
    out.quote = listing.quote;
    out.settlement = listing.margin;
    out.order_tick = tick->normalised();
    out.tick = finest_of(out.order_tick, listing.price_precision);
    out.lot = lot->normalised();
    out.contract_size = listing.contract_size;
    out.kind = kind_of(listing.contract_type);
    if (out.kind == InstrumentKind::future) out.expiry = unix_nanos_from_ms(listing.delivery_ms);
    return out;
}

Result<void> add(const InstrumentDefinition& definition, ContractFamily family, const Fees& fees, Quantity quantity_min,
                 InstrumentTable& table) {
    Instrument row;
    if (definition.symbol.empty() || definition.symbol.size() >= row.name.size()) return fail(Errc::config_invalid);
    if (definition.tick.mantissa <= 0 || definition.lot.mantissa <= 0) return fail(Errc::config_invalid);
    if (!(definition.contract_size > 0.0)) return fail(Errc::config_invalid);
    row.set_name(definition.symbol);
    row.venue = venue_of(family);
    row.kind = definition.kind;
    row.payoff = family == ContractFamily::usdm ? Payoff::linear : Payoff::inverse;
    const Result<UnderlyingId> underlying = table.underlying(definition.base);
    if (!underlying) return fail(underlying.error());
    row.underlying = *underlying;
    const std::pair<const std::string*, CurrencyId*> currencies[] = {
        {&definition.base,       &row.base      },
        {&definition.quote,      &row.quote     },
        {&definition.settlement, &row.settlement}
    };
    for (const auto& [name, id] : currencies) {
        const Result<CurrencyId> currency = table.currency(*name);
        if (!currency) return fail(currency.error());
        *id = *currency;
    }
    row.tick = definition.tick;
    if (definition.order_tick.mantissa > 0) {
        const Result<std::int64_t> step = count_units(definition.order_tick, definition.tick, Errc::config_invalid);
        if (!step || *step < 1) return fail(Errc::config_invalid);
        row.tick_steps[0] = TickStep{.above = 0, .step = *step};
        row.tick_steps_count = 1;
    }
    row.lot = definition.lot;
    row.quantity_min = quantity_min;
    row.multiplier = definition.contract_size;
    row.expiry = definition.expiry;
    row.taker_fee = fees.taker_ratio;
    row.maker_fee = fees.maker_ratio;
    const Result<InstrumentId> id = table.add(row);
    if (!id) return fail(id.error());
    return {};
}

}  // namespace

Result<std::size_t> read_exchange_info(std::string_view body, const Config& config, InstrumentTable& table) {
    ondemand::parser parser;
    ondemand::document document;
    const simdjson::padded_string_view padded{body.data(), body.size(), body.size() + kPaddingBytes};
    if (const auto error = parser.iterate(padded).get(document)) return fail(malformed(error));
    ondemand::object object;
    if (const auto error = document.get_object().get(object)) return fail(malformed(error));
    std::size_t added = 0;
    for (auto item : object) {
        ondemand::field field;
        if (const auto error = std::move(item).get(field)) return fail(malformed(error));
        std::string_view key;
        if (const auto error = field.unescaped_key().get(key)) return fail(malformed(error));
        if (key != "symbols") continue;
        ondemand::array symbols;
        if (const auto error = field.value().get_array().get(symbols)) return fail(malformed(error));
        for (auto entry : symbols) {
            ondemand::object row;
            if (const auto error = entry.get_object().get(row)) return fail(malformed(error));
            const Result<Listing> listing = read_listing(row);
            if (!listing) return fail(listing.error());
            if (!config.symbols.empty() && std::ranges::find(config.symbols, listing->symbol) == config.symbols.end())
                continue;
            const Result<InstrumentDefinition> definition = definition_of(*listing);
            if (!definition) return fail(definition.error());
            Result<Decimal> least = parse_decimal(listing->quantity_min);
            if (!least) return fail(least.error());
            const Result<std::int64_t> lots = count_units(*least, definition->lot, Errc::quantity_off_lot);
            if (!lots) return fail(lots.error());
            if (const Result<void> done = add(*definition, config.family, config.fees, Quantity{*lots}, table); !done) {
                return fail(done.error());
            }
            ++added;
        }
    }
    if (added < config.symbols.size()) return fail(Errc::unknown_instrument, added);
    return added;
}

Result<std::size_t> define_instruments(const Config& config, InstrumentTable& table) {
    for (const InstrumentDefinition& definition : config.instruments) {
        const Result<void> done = add(definition, config.family, config.fees, Quantity{1}, table);
        if (!done) return fail(done.error());
    }
    return config.instruments.size();
}

}  // namespace keel::connectors::binance
