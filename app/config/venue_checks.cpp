#include "app/config/venue_checks.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <set>
#include <string_view>

#include "app/config/file_checks.hpp"
#include "connectors/binance_usdm/config.hpp"
#include "connectors/net/credentials.hpp"
#include "engine/core/clock.hpp"
#include "engine/core/decimal.hpp"

namespace keel::app {

namespace {

// What Deribit lists contracts by. Those of the stable coins are on many a coin.
constexpr std::array<std::string_view, 5> kDeribitCurrencies{"BTC", "ETH", "USDC", "USDT", "EURR"};
constexpr std::array<std::string_view, 3> kDeribitStableCoins{"USDC", "USDT", "EURR"};
constexpr std::array<std::string_view, 6> kBinanceStreams{"depth",    "rpiDepth", "bookTicker",
                                                          "aggTrade", "trade",    "markPrice"};
constexpr std::int64_t kExpiryMinMs = 1'230'768'000'000;  // 2009: no coin is older; less is a time in seconds

template <class Range>
bool holds(const Range& range, std::string_view wanted) {
    return std::find(std::begin(range), std::end(range), wanted) != std::end(range);
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
    if (!venue.streams.empty()) place.key("streams").refuse("are binance's");
    if (venue.read_deadline <= std::chrono::seconds{venue.heartbeat_s}) {
        place.key("read_deadline_ms").refuse("is not longer than heartbeat_s: a quiet connection would be given up");
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
    if (!venue.currencies.empty()) place.key("currencies").refuse("are deribit's; binance takes instruments");
    for (const std::string& stream : venue.streams) {
        if (holds(kBinanceStreams, stream.substr(0, stream.find('@')))) continue;
        place.key("streams").refuse(fmt::format("\"{}\" is none of: {}", stream, fmt::join(kBinanceStreams, ", ")));
    }
    const connectors::binance::Config fallback;
    const std::size_t streams = venue.streams.empty() ? fallback.streams.size() : venue.streams.size();
    if (venue.instruments.size() * streams > connectors::binance::kStreamsMax) {
        instruments.refuse(fmt::format("{} streams are more than the {} of one connection",
                                       venue.instruments.size() * streams, connectors::binance::kStreamsMax));
    }
}

// An address, or a name of labels; what people paste beside it (scheme, port, path) belongs elsewhere.
bool is_host(const std::string& host) {
    std::array<unsigned char, sizeof(in6_addr)> address{};
    if (::inet_pton(AF_INET, host.c_str(), address.data()) == 1) return true;
    if (::inet_pton(AF_INET6, host.c_str(), address.data()) == 1) return true;
    const auto is_name_character = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
               c == '.';
    };
    return std::all_of(host.begin(), host.end(), is_name_character) && !host.starts_with('.') &&
           host.find("..") == std::string::npos && host.find_first_not_of("0123456789.") != std::string::npos;
}

void check_host(const Place& place, const std::string& host) {
    if (!host.empty() && !is_host(host))
        place.refuse("must be a name or an address alone, without scheme, port or path");
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

}  // namespace

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

bool may_trade(const VenueSettings& venue, const std::string& coin) {
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

bool may_list(const VenueSettings& venue, const std::string& pattern) {
    const std::string begin = pattern.substr(0, pattern.find('*'));
    return std::any_of(venue.currencies.begin(), venue.currencies.end(), [&begin](const std::string& currency) {
        return holds(kDeribitStableCoins, currency) || begin.starts_with(currency) || currency.starts_with(begin);
    });
}

bool is_known_coin(const std::string& coin) { return holds(kDeribitCurrencies, coin); }

}  // namespace keel::app
