#include "app/config/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "app/config/file_checks.hpp"
#include "app/config/mapping.hpp"
#include "app/config/place.hpp"
#include "app/config/venue_checks.hpp"
#include "simulator/market/scenario.hpp"

namespace keel::app {

namespace {

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
    if (std::none_of(c.gate.instruments_allowed.begin(), c.gate.instruments_allowed.end(),
                     [&](const std::string& pattern) { return may_list(*venue, pattern); })) {
        document.key("gate").key("instruments_allowed").refuse("allows nothing that the venue's currencies list");
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
        return !coin.empty() && !is_known_coin(coin) && !may_trade(c, coin);
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
        const bool is_option = rule.kind >= 2;  // call, put
        if (by_name && !rule.underlying.empty()) at.key("underlying").refuse("give an instrument or a rule, not both");
        if (rule.quantity_coin == 0.0 && rule.quantity_usd == 0.0) {
            at.key("quantity_coin").refuse("of 0 is no holding");
        }
        if (!by_name && is_option && rule.quantity_usd != 0.0) {
            at.key("quantity_usd").refuse("an option is held in coin");
        }
        if (!by_name && !is_known_coin(rule.underlying) && !may_trade(c, rule.underlying)) {
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
    if (s.half_life_fast < s.sample_every) volatility.key("half_life_fast_s").refuse("is shorter than sample_every_ms");
    if (s.half_life_medium > s.half_life_slow)
        volatility.key("half_life_medium_s").refuse("must not exceed half_life_slow_s");
}

}  // namespace

bool may_trade(const Configuration& configuration, const std::string& coin) {
    return std::any_of(configuration.venues.begin(), configuration.venues.end(),
                       [&coin](const VenueSettings& venue) { return may_trade(venue, coin); });
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
