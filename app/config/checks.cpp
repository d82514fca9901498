#include "app/config/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>
#include <tuple>

#include "app/config/file_checks.hpp"
#include "app/config/mapping.hpp"
#include "app/failure.hpp"
#include "connectors/binance_usdm/config.hpp"
#include "connectors/net/credentials.hpp"
#include "engine/core/clock.hpp"
#include "engine/core/decimal.hpp"
#include "simulator/market/scenario.hpp"

namespace keel::app {

namespace {

// Where a key stands in the document: "venue", slot 1, "port". Falls back to the nearest that exists.
class Place {
public:
    explicit Place(const TomlValue& document) : at_{&document} {}
    Place key(const std::string& name) const {
        Place inner = *this;
        inner.path_ += (path_.empty() ? "" : ".") + name;
        if (const TomlValue* found = at_->find(name)) inner.at_ = found;
        return inner;
    }
    Place slot(std::size_t i) const {
        Place inner = *this;
        inner.path_ += fmt::format("[{}]", i);
        if (at_->type == TomlValue::Type::array && i < at_->items.size()) inner.at_ = &at_->items[i];
        return inner;
    }
    [[noreturn]] void refuse(const std::string& reason) const {
        throw ConfigError{at_->file, at_->line, path_, reason};
    }

private:
    const TomlValue* at_;
    std::string path_;
};

// What Deribit lists contracts by. Those of the stable coins are on many a coin.
constexpr std::array<std::string_view, 5> kDeribitCurrencies{"BTC", "ETH", "USDC", "USDT", "EURR"};
constexpr std::array<std::string_view, 3> kDeribitStableCoins{"USDC", "USDT", "EURR"};
constexpr std::int64_t kExpiryMinMs = 1'230'768'000'000;  // 2009: no coin is older; less is a time in seconds

template <class Range>
bool holds(const Range& range, std::string_view wanted) {
    return std::find(std::begin(range), std::end(range), wanted) != std::end(range);
}

bool venue_may_trade(const VenueSettings& venue, const std::string& coin) {
    if (venue.venue == VenueId::deribit) {
        return holds(venue.currencies, coin) ||
               std::any_of(kDeribitStableCoins.begin(), kDeribitStableCoins.end(),
                           [&venue](std::string_view stable) { return holds(venue.currencies, stable); });
    }
    if (!venue.definitions.empty()) {
        return std::any_of(venue.definitions.begin(), venue.definitions.end(),
                           [&coin](const InstrumentSettings& defined) { return defined.base == coin; });
    }
    return std::any_of(venue.instruments.begin(), venue.instruments.end(),
                       [&coin](const std::string& name) { return name.starts_with(coin); });
}

void check_decimal(const Place& place, const std::string& text) {
    const Result<Decimal> value = parse_decimal(text);
    if (!value || value->mantissa <= 0) place.refuse(fmt::format("\"{}\" is not a positive decimal", text));
}

// A dated contract needs its date; a recorded one may lie in the past, where the venue's clock is followed.
void check_expiry(const Place& at, const InstrumentSettings& instrument, bool in_the_past_too) {
    const bool dated = static_cast<InstrumentKind>(instrument.kind) == InstrumentKind::future;
    const Place expiry = at.key("expiry_unix_ms");
    if (!dated && instrument.expiry_unix_ms != 0) expiry.refuse("only a future expires");
    if (!dated) return;
    if (instrument.expiry_unix_ms == 0) expiry.refuse("a future needs its expiry");
    if (instrument.expiry_unix_ms < kExpiryMinMs) expiry.refuse("lies before 2009; milliseconds since 1970 are meant");
    if (!in_the_past_too && instrument.expiry_unix_ms <= wall_now().ms()) expiry.refuse("lies in the past");
}

void check_definition(const Place& at, const InstrumentSettings& instrument, bool in_the_past_too) {
    if (static_cast<InstrumentKind>(instrument.kind) == InstrumentKind::option) {
        at.key("kind").refuse("an option has no place for its strike here");
    }
    check_expiry(at, instrument, in_the_past_too);
    const bool inverse = static_cast<Payoff>(instrument.payoff) == Payoff::inverse;
    if (inverse && instrument.settlement != instrument.base) {
        at.key("settlement").refuse("an inverse contract settles in its base");
    }
    if (!inverse && instrument.settlement == instrument.base) {
        at.key("settlement").refuse("a linear contract does not settle in its base");
    }
}

void check_definitions(const Place& place, const VenueSettings& venue) {
    std::set<std::string> names;
    for (std::size_t i = 0; i < venue.definitions.size(); ++i) {
        const InstrumentSettings& instrument = venue.definitions[i];
        const Place at = place.key("instrument").slot(i);
        if (!names.insert(instrument.name).second) at.key("name").refuse("is defined twice");
        if (instrument.name.size() >= sizeof(Name)) at.key("name").refuse("is longer than 39 characters");
        check_decimal(at.key("tick"), instrument.tick);
        check_decimal(at.key("lot"), instrument.lot);
    }
}

void check_deribit(const Place& place, const VenueSettings& venue) {
    for (const std::string& currency : venue.currencies) {
        if (holds(kDeribitCurrencies, currency)) continue;
        place.key("currencies")
            .refuse(fmt::format("deribit lists nothing by \"{}\"; it does by: {}", currency,
                                fmt::join(kDeribitCurrencies, ", ")));
    }
    if (!venue.definitions.empty()) place.key("instrument").refuse("deribit lists its contracts itself");
    if (venue.read_deadline < std::chrono::seconds{venue.heartbeat_s}) {
        place.key("read_deadline_ms").refuse("is shorter than heartbeat_s: a quiet connection would be given up");
    }
}

void check_binance(const Place& place, const VenueSettings& venue) {
    const Place instruments = place.key("instruments");
    for (const std::string& name : venue.instruments) {
        if (name.find('*') != std::string::npos) instruments.refuse("binance needs exact names, without *");
        const bool defined = std::any_of(venue.definitions.begin(), venue.definitions.end(),
                                         [&name](const InstrumentSettings& each) { return each.name == name; });
        if (venue.definitions.empty() || defined) continue;
        instruments.refuse(fmt::format("\"{}\" is none of the [[venue.instrument]]", name));
    }
    const connectors::binance::Config fallback;
    const std::size_t streams = venue.streams.empty() ? fallback.streams.size() : venue.streams.size();
    if (venue.instruments.size() * streams > connectors::binance::kStreamsMax) {
        instruments.refuse(fmt::format("{} streams are more than the {} of one connection",
                                       venue.instruments.size() * streams, connectors::binance::kStreamsMax));
    }
}

// What people paste into a host that belongs elsewhere.
void check_host(const Place& place, const std::string& host) {
    if (host.find_first_of(" \t/@") != std::string::npos) {
        place.refuse("must be a name or an address alone, without scheme or path");
    }
    if (std::count(host.begin(), host.end(), ':') == 1)
        place.refuse("must stand without a port, which has its own key");
}

// What asks more than an older journal's text was asked: it is replayed as it ran.
void check_venue_as_given(const Place& place, const VenueSettings& venue, bool in_the_past_too) {
    check_host(place.key("host"), venue.host);
    check_host(place.key("rest_host"), venue.rest_host);
    check_host(place.key("server_name"), venue.server_name);
    if (!venue.ws_path.empty() && venue.ws_path.front() != '/') place.key("ws_path").refuse("must begin with /");
    if (venue.venue == VenueId::deribit) {
        check_deribit(place, venue);
    } else {
        check_binance(place, venue);
    }
    for (std::size_t i = 0; i < venue.definitions.size(); ++i) {
        check_definition(place.key("instrument").slot(i), venue.definitions[i], in_the_past_too);
    }
}

void check_files(const Place& place, const Configuration& c, const VenueSettings& venue, bool live) {
    const auto check = [&](const char* key, const std::string& name, std::string (*problem_of)(const std::string&)) {
        if (name.empty()) return;
        const std::string path = resolved_path(c, name);
        std::string problem = problem_of(path);
        // A simulated venue may write it yet; a real one will not.
        if (problem.empty() && live && !std::filesystem::exists(path)) problem = path + ": does not exist";
        if (!problem.empty()) place.key(key).refuse(problem);
    };
    check("credentials_file", venue.credentials_file, &secret_file_problem);
    check("ca_file", venue.ca_file, &ca_file_problem);
}

void check_venue(const Place& place, const VenueSettings& venue, const ConfigurationOptions& options) {
    const bool deribit = venue.venue == VenueId::deribit;
    if (deribit && venue.currencies.empty()) place.key("currencies").refuse("deribit needs at least one currency");
    if (!deribit && venue.instruments.empty()) {
        place.key("instruments").refuse("binance needs the instruments to subscribe");
    }
    const bool has_key = !venue.credentials_file.empty() || options.allow_env_secrets || options.for_replay;
    if (!has_key && deribit && venue.book_interval == BookInterval::raw) {
        place.key("book_interval").refuse("raw needs an account: name a credentials_file, or take \"100ms\"");
    }
    if (!deribit && venue.transport == Transport::rest) place.key("transport").refuse("binance carries no orders here");
    check_definitions(place, venue);
}

void check_venues(const Place& place, const Configuration& c, const ConfigurationOptions& options) {
    std::set<VenueId> seen;
    if (c.venues.empty()) place.refuse("at least one [[venue]] is required");
    for (std::size_t i = 0; i < c.venues.size(); ++i) {
        const VenueSettings& venue = c.venues[i];
        const Place at = place.slot(i);
        if (!seen.insert(venue.venue).second) at.key("name").refuse("is configured twice");
        check_venue(at, venue, options);
        if (options.for_replay) continue;
        check_venue_as_given(at, venue, c.engine.clock == EdgeClock::Source::venue);
        check_files(at, c, venue, c.engine.mode == Mode::live);
        const bool from_environment = options.allow_env_secrets && venue.credentials_file.empty();
        if (from_environment && venue.venue == VenueId::deribit &&
            !connectors::net::credentials_from_environment("KEEL_DERIBIT", true)) {
            at.key("credentials_file")
                .refuse("is not given, and KEEL_DERIBIT_KEY_ID and KEEL_DERIBIT_SECRET hold no key");
        }
    }
}

void check_mode(const Place& document, const Configuration& c, const ConfigurationOptions& options) {
    const Place mode = document.key("engine").key("mode");
    if (c.engine.mode == Mode::observe || options.for_replay) return;
    const auto trades = [](const VenueSettings& venue) { return venue.venue == VenueId::deribit; };
    const auto venue = std::find_if(c.venues.begin(), c.venues.end(), trades);
    if (venue == c.venues.end()) mode.refuse("no venue of this configuration takes orders; observe is all it can do");
    if (venue->credentials_file.empty() && !options.allow_env_secrets) {
        mode.refuse("sending orders needs a credentials_file of the venue");
    }
    if (c.engine.mode == Mode::live && c.engine.clock == EdgeClock::Source::venue) {
        document.key("engine").key("clock").refuse("live needs the host's clock: the venue's is for simulations");
    }
    if (c.gate.instruments_allowed.empty()) {
        document.key("gate").key("instruments_allowed").refuse("allows nothing, so no order could ever pass");
    }
    if (c.gate.order_coins_max == 0.0) document.key("gate").key("order_coin_max").refuse("of 0 lets no order pass");
    if (c.gate.orders_open_max == 0) document.key("gate").key("orders_open_max").refuse("of 0 lets no order pass");
}

void check_cores(const Place& engine, const EngineSettings& s) {
    std::set<std::int64_t> used;
    if (s.core != kNoCore) used.insert(s.core);
    for (const std::int64_t core : s.connection_cores) {
        if (!used.insert(core).second) {
            engine.key("connection_cores").refuse(fmt::format("processor {} is given to two threads", core));
        }
    }
}

void check_boundaries(const Place& place, const Configuration& c) {
    std::set<std::pair<Metric, std::string>> seen;
    for (std::size_t i = 0; i < c.risk.boundaries.size(); ++i) {
        const risk::BoundaryConfig& boundary = c.risk.boundaries[i];
        if (seen.insert({boundary.metric, boundary.underlying}).second) continue;
        place.slot(i).key("metric").refuse(
            fmt::format("a second boundary of {} for the same underlying", metric_name(boundary.metric)));
    }
}

// A name that nobody has heard of is a slip, and its boundary would watch nothing.
void check_coins(const Place& document, const Configuration& c) {
    const auto is_unknown = [&c](const std::string& coin) {
        return !coin.empty() && !holds(kDeribitCurrencies, coin) && !may_trade(c, coin);
    };
    for (std::size_t i = 0; i < c.risk.boundaries.size(); ++i) {
        const risk::BoundaryConfig& boundary = c.risk.boundaries[i];
        const Place place = document.key("boundary").slot(i).key("underlying");
        if (boundary.metric == Metric::leverage_gross && !boundary.underlying.empty()) {
            place.refuse("leverage_gross is the whole account's; it holds for no single coin");
        }
        if (is_unknown(boundary.underlying)) place.refuse(boundary.underlying + " is traded by no venue here");
    }
    for (std::size_t i = 0; i < c.hedge.targets.size(); ++i) {
        if (may_trade(c, c.hedge.targets[i].underlying)) continue;
        document.key("hedge")
            .key("target")
            .slot(i)
            .key("underlying")
            .refuse(c.hedge.targets[i].underlying + " is traded by no venue here");
    }
}

void check_portfolio(const Place& document, const Configuration& c) {
    const Place positions = document.key("portfolio").key("position");
    std::set<std::tuple<std::string, std::string, std::size_t, double, double>> seen;
    for (std::size_t i = 0; i < c.portfolio.positions.size(); ++i) {
        const PositionRule& rule = c.portfolio.positions[i];
        const Place at = positions.slot(i);
        const bool by_name = !rule.instrument.empty();
        if (!by_name && !holds(kDeribitCurrencies, rule.underlying) && !may_trade(c, rule.underlying)) {
            at.key("underlying").refuse(rule.underlying + " is traded by no venue here");
        }
        if (by_name ? seen.insert({rule.instrument, "", 0, 0.0, 0.0}).second
                    : seen.insert({"", rule.underlying, rule.kind, rule.moneyness_ratio, rule.expiry_days}).second) {
            continue;
        }
        at.key(by_name ? "instrument" : "underlying").refuse("the same holding stands there twice: give it once");
    }
}

// What the strategy asks for must be what the gate lets through, else every hedge is refused when it matters.
void check_hedge(const Place& document, const Configuration& c) {
    const Place hedge = document.key("hedge");
    const strategies::HedgeConfig& h = c.hedge.config;
    if (h.collar_bps > c.gate.price_collar_bps) {
        hedge.key("collar_bps")
            .refuse(fmt::format("{} lies beyond gate.price_collar_bps ({})", h.collar_bps, c.gate.price_collar_bps));
    }
    if (h.time_in_force == TimeInForce::fill_or_kill) {
        hedge.key("time_in_force").refuse("fill_or_kill would leave a hedge undone where the book is thin");
    }
    if (h.deadline < h.reprice_after) hedge.key("deadline_ms").refuse("lies before hedge.reprice_after_ms");
    if (h.cross_bps > h.collar_bps) hedge.key("cross_bps").refuse("lies beyond hedge.collar_bps");
    if (h.order_notional_max_usd > c.gate.order_notional_usd_max) {
        hedge.key("order_notional_max_usd").refuse("lies beyond gate.order_notional_max_usd");
    }
    const double position = std::min(c.gate.position_long_usd_max, c.gate.position_short_usd_max);
    if (h.position_notional_max_usd > position) {
        hedge.key("position_notional_max_usd").refuse("lies beyond the gate's position limits");
    }
    for (const std::string& name : c.hedge.instruments) {
        const auto allows = [&name](const std::string& pattern) { return matches_pattern(pattern, name); };
        const std::vector<std::string>& allowed = c.gate.instruments_allowed;
        if (allowed.empty() || name.find('*') != std::string::npos) continue;  // observed only; or known at the venue
        if (std::any_of(allowed.begin(), allowed.end(), allows)) continue;
        hedge.key("instruments").refuse(fmt::format("gate.instruments_allowed does not allow \"{}\"", name));
    }
    std::set<std::string> seen;
    for (std::size_t i = 0; i < c.hedge.targets.size(); ++i) {
        if (!seen.insert(c.hedge.targets[i].underlying).second) {
            hedge.key("target").slot(i).key("underlying").refuse("has two targets");
        }
    }
}

void check_simulator(const Place& place, const Configuration& c) {
    if (simulator::find_scenario(c.simulator.scenario)) return;
    place.key("scenario")
        .refuse(
            fmt::format("\"{}\" is none of: {}", c.simulator.scenario, fmt::join(simulator::scenario_names(), ", ")));
}

void check_state(const Place& directory, const Configuration& c) {
    if (c.state_dir.empty()) return;
    const std::string path = resolved_path(c, c.state_dir);
    for (const std::string& each : {path, path + "/journals", path + "/logs"}) {
        const std::string problem = directory_problem(each);
        if (!problem.empty()) directory.refuse(problem);
    }
}

void check_half_lives(const Place& volatility, const risk::VolatilityConfig& s) {
    if (s.half_life_fast > s.half_life_medium)
        volatility.key("half_life_fast_s").refuse("must not exceed half_life_medium_s");
    if (s.half_life_medium > s.half_life_slow)
        volatility.key("half_life_medium_s").refuse("must not exceed half_life_slow_s");
}

}  // namespace

bool may_trade(const Configuration& configuration, const std::string& coin) {
    return std::any_of(configuration.venues.begin(), configuration.venues.end(),
                       [&coin](const VenueSettings& venue) { return venue_may_trade(venue, coin); });
}

void check_configuration(const TomlValue& document, const Configuration& configuration,
                         const ConfigurationOptions& options) {
    const Place place{document};
    check_venues(place.key("venue"), configuration, options);
    check_mode(place, configuration, options);
    check_cores(place.key("engine"), configuration.engine);
    check_boundaries(place.key("boundary"), configuration);
    check_half_lives(place.key("risk").key("volatility"), configuration.risk.volatility);
    check_hedge(place, configuration);
    check_simulator(place.key("simulator"), configuration);
    if (options.for_replay) return;
    check_coins(place, configuration);
    check_portfolio(place, configuration);
    check_state(place.key("state").key("directory"), configuration);
}

}  // namespace keel::app
