#include "app/config/checks.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>

#include "app/failure.hpp"
#include "engine/core/decimal.hpp"

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

void check_decimal(const Place& place, const std::string& text) {
    const Result<Decimal> value = parse_decimal(text);
    if (!value || value->mantissa <= 0) place.refuse(fmt::format("\"{}\" is not a positive decimal", text));
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

void check_venue(const Place& place, const VenueSettings& venue, const ConfigurationOptions& options) {
    const bool deribit = venue.venue == VenueId::deribit;
    if (deribit && venue.currencies.empty()) place.key("currencies").refuse("deribit needs at least one currency");
    if (!deribit && venue.instruments.empty() && venue.definitions.empty()) {
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
        if (options.for_replay || venue.credentials_file.empty()) continue;
        const std::string problem = secret_file_problem(resolved_path(c, venue.credentials_file));
        if (!problem.empty()) at.key("credentials_file").refuse(problem);
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
    std::set<std::string> seen;
    for (std::size_t i = 0; i < c.hedge.targets.size(); ++i) {
        if (!seen.insert(c.hedge.targets[i].underlying).second) {
            hedge.key("target").slot(i).key("underlying").refuse("has two targets");
        }
    }
}

void check_half_lives(const Place& volatility, const risk::VolatilityConfig& s) {
    if (s.half_life_fast > s.half_life_medium)
        volatility.key("half_life_fast_s").refuse("must not exceed half_life_medium_s");
    if (s.half_life_medium > s.half_life_slow)
        volatility.key("half_life_medium_s").refuse("must not exceed half_life_slow_s");
}

}  // namespace

std::string secret_file_problem(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        return errno == ENOENT ? "" : path + ": cannot be examined";
    }
    if (!S_ISREG(status.st_mode)) return path + ": must be a regular file, not a link or directory";
    if (status.st_uid != ::geteuid()) return path + ": must belong to the user who runs keel";
    const unsigned mode = status.st_mode & 07777U;
    if (mode == 0600U || mode == 0400U) return "";
    return fmt::format("{}: mode {:04o} lets others read a secret; it must be 0600", path, mode);
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
}

}  // namespace keel::app
