#include "app/config/mapping.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "app/failure.hpp"
#include "engine/core/decimal.hpp"

namespace keel::app {

namespace {

[[noreturn]] void refuse(const Configuration& configuration, const std::string& key, const std::string& reason) {
    throw ConfigError{configuration.file, 0, key, reason};
}

bool is_kind(const Instrument& instrument, std::size_t kind) {
    switch (kind) {
        case 0: return instrument.kind == InstrumentKind::perpetual;
        case 1: return instrument.kind == InstrumentKind::future;
        case 2: return instrument.is_option() && instrument.option_type == OptionType::call;
        default: return instrument.is_option() && instrument.option_type == OptionType::put;
    }
}

// How far an instrument lies from what a rule wants, expiry before strike; coin-settled contracts are
// preferred to others of the same kind, as portfolios here are written for them.
struct Distance {
    double days{std::numeric_limits<double>::infinity()};
    double strike_ratio{std::numeric_limits<double>::infinity()};
    bool linear{true};
    friend auto operator<=>(const Distance&, const Distance&) = default;
};

Distance distance_of(const Instrument& instrument, const PositionRule& rule, UnixNanos now, double price_usd) {
    Distance distance;
    const bool dated = instrument.kind != InstrumentKind::perpetual;
    distance.days = dated ? std::abs(years_between(now, instrument.expiry) * 365.0 - rule.expiry_days) : 0.0;
    distance.strike_ratio =
        instrument.is_option() ? std::abs(instrument.strike / price_usd - rule.moneyness_ratio) : 0.0;
    distance.linear = instrument.payoff == Payoff::linear;
    return distance;
}

InstrumentId find_by_rule(const PositionRule& rule, const InstrumentTable& instruments, UnixNanos now,
                          double price_usd) {
    const UnderlyingId underlying = instruments.find_underlying(rule.underlying);
    InstrumentId best = InstrumentId::none;
    Distance least;
    for (const Instrument& instrument : instruments) {
        if (underlying == UnderlyingId::none || instrument.underlying != underlying) continue;
        if (!is_kind(instrument, rule.kind)) continue;
        if (instrument.kind != InstrumentKind::perpetual && instrument.expiry <= now) continue;
        if (instrument.is_option() && !std::isfinite(price_usd)) continue;  // no strike can be told from another
        const Distance distance = distance_of(instrument, rule, now, price_usd);
        if (best != InstrumentId::none && !(distance < least)) continue;
        best = instrument.id;
        least = distance;
    }
    return best;
}

InstrumentId find_by_name(const std::string& name, const InstrumentTable& instruments) {
    for (const Instrument& instrument : instruments) {
        if (instrument.name_view() == name) return instrument.id;
    }
    return InstrumentId::none;
}

// Signed lots of a rule's holding; the venue's amount is USD for inverse perpetuals and futures, coin else.
Quantity quantity_of(const PositionRule& rule, const Instrument& instrument, std::size_t slot) {
    const bool in_usd = instrument.payoff == Payoff::inverse && !instrument.is_option();
    const double amount = in_usd ? rule.quantity_usd : rule.quantity_coin;
    const double other = in_usd ? rule.quantity_coin : rule.quantity_usd;
    const std::string key = fmt::format("portfolio.position[{}]", slot);
    if (other != 0.0) {
        throw ConfigError{"portfolio", 0, key,
                          fmt::format("{} is held in {}: give quantity_{}", instrument.name_view(),
                                      in_usd ? "USD" : "coin", in_usd ? "usd" : "coin")};
    }
    const double units = std::abs(amount) / instrument.multiplier;
    const Quantity lots = instrument.quantity_floor(units);
    return amount < 0.0 ? -lots : lots;
}

Decimal decimal_of(const std::string& text) { return parse_decimal(text).value_or(Decimal{1, 0}); }

template <class Id>
Id interned(const Result<Id>& id) {
    if (!id) throw OutsideError{"too many currencies or underlyings"};
    return *id;
}

}  // namespace

bool matches_pattern(std::string_view pattern, std::string_view name) {
    std::size_t p = 0;
    std::size_t n = 0;
    std::size_t star = std::string_view::npos;
    std::size_t resume = 0;
    while (n < name.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            resume = n;
        } else if (p < pattern.size() && pattern[p] == name[n]) {
            ++p;
            ++n;
        } else if (star != std::string_view::npos) {
            p = star + 1;
            n = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.size() && pattern[p] == '*') ++p;
    return p == pattern.size();
}

strategies::HedgeConfig hedge_config(const Configuration& configuration, const InstrumentTable& instruments) {
    strategies::HedgeConfig config = configuration.hedge.config;
    config.send_orders = configuration.engine.mode != Mode::observe;
    config.order_coins_max = configuration.gate.order_coins_max;  // more would only be refused
    config.numeraire = configuration.risk.hedge_numeraire == risk::HedgeNumeraire::coin
                           ? strategies::HedgeNumeraire::coin
                           : strategies::HedgeNumeraire::usd;
    for (const HedgeSettings::Target& target : configuration.hedge.targets) {
        const UnderlyingId underlying = instruments.find_underlying(target.underlying);
        if (underlying == UnderlyingId::none)
            refuse(configuration, "hedge.target", target.underlying + " is not traded here");
        if (!config.targets.push({underlying, target.delta_target_coin})) {
            refuse(configuration, "hedge.target", "names more than 32 underlyings");
        }
    }
    for (const std::string& pattern : configuration.hedge.instruments) {
        std::size_t found = 0;
        for (const Instrument& instrument : instruments) {
            if (!instrument.is_delta_one() || !matches_pattern(pattern, instrument.name_view())) continue;
            ++found;
            if (!config.instruments.push(instrument.id)) {
                refuse(configuration, "hedge.instruments", "names more than 64 instruments");
            }
        }
        if (found == 0) refuse(configuration, "hedge.instruments", pattern + " matches no perpetual or future");
    }
    return config;
}

risk::RiskConfig risk_config(const Configuration& configuration) {
    risk::RiskConfig config = configuration.risk;
    // A boundary on net delta stands around what the hedge aims at, unless it names a target of its own.
    for (risk::BoundaryConfig& boundary : config.boundaries) {
        if (boundary.metric != Metric::net_delta || boundary.target != 0.0) continue;
        for (const HedgeSettings::Target& target : configuration.hedge.targets) {
            if (target.underlying == boundary.underlying) boundary.target = target.delta_target_coin;
        }
    }
    return config;
}

void check_boundary_count(const Configuration& configuration, const InstrumentTable& instruments) {
    std::size_t count = 0;
    for (const risk::BoundaryConfig& boundary : configuration.risk.boundaries) {
        const bool of_one = boundary.metric == Metric::leverage_gross || !boundary.underlying.empty();
        count += of_one ? 1 : instruments.underlyings_count();
    }
    if (count <= kTriggersMax) return;
    refuse(configuration, "boundary",
           fmt::format("on {} coins they are {}, more than {}: name the underlyings that matter",
                       instruments.underlyings_count(), count, kTriggersMax));
}

void add_defined_instruments(const VenueSettings& venue, InstrumentTable& instruments) {
    for (const InstrumentSettings& settings : venue.definitions) {
        Instrument instrument;
        instrument.set_name(settings.name);
        instrument.venue = venue.venue;
        instrument.kind = static_cast<InstrumentKind>(settings.kind);
        instrument.payoff = static_cast<Payoff>(settings.payoff);
        instrument.underlying = interned(instruments.underlying(settings.base));
        instrument.base = interned(instruments.currency(settings.base));
        instrument.quote = interned(instruments.currency(settings.quote));
        instrument.settlement = interned(instruments.currency(settings.settlement));
        instrument.tick = decimal_of(settings.tick);
        instrument.lot = decimal_of(settings.lot);
        instrument.multiplier = settings.multiplier;
        instrument.taker_fee = settings.taker_fee_ratio;
        instrument.maker_fee = settings.maker_fee_ratio;
        instrument.expiry = unix_nanos_from_ms(settings.expiry_unix_ms);
        if (!instruments.add(instrument)) throw OutsideError{"too many instruments"};
    }
}

std::vector<ResolvedPosition> resolve_portfolio(const PortfolioSettings& portfolio, const InstrumentTable& instruments,
                                                UnixNanos now, const std::function<double(UnderlyingId)>& price_usd) {
    std::vector<ResolvedPosition> out;
    for (std::size_t i = 0; i < portfolio.positions.size(); ++i) {
        const PositionRule& rule = portfolio.positions[i];
        InstrumentId id = InstrumentId::none;
        if (!rule.instrument.empty()) {
            id = find_by_name(rule.instrument, instruments);
        } else {
            const UnderlyingId underlying = instruments.find_underlying(rule.underlying);
            id = find_by_rule(rule, instruments, now,
                              underlying == UnderlyingId::none ? std::nan("") : price_usd(underlying));
        }
        if (id == InstrumentId::none) {
            throw ConfigError{"portfolio", 0, fmt::format("portfolio.position[{}]", i),
                              "no listed instrument satisfies it"};
        }
        out.push_back({id, quantity_of(rule, instruments[id], i)});
    }
    return out;
}

}  // namespace keel::app
