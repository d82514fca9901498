#include "app/config/keys.hpp"

namespace keel::app {

namespace {

constexpr const char* kIdleWords[] = {"spin", "yield", "park"};
constexpr const char* kClockWords[] = {"host", "venue"};
constexpr const char* kIntervalWords[] = {"raw", "100ms"};
constexpr const char* kTransportWords[] = {"ws", "rest"};
constexpr const char* kKindWords[] = {"spot", "perpetual", "future", "option"};
constexpr const char* kPayoffWords[] = {"linear", "inverse"};

constexpr double kCoresMax = 1'023;  // what Linux's fixed-size processor sets hold
constexpr double kDayMs = 86'400'000;
constexpr double kPortMax = 65'535;

using std::chrono::milliseconds;

void visit_engine(KeyVisitor& v, EngineSettings& s) {
    v.word("mode", s.mode, kModeWords,
           {"What may be sent: nothing, orders to a simulated account, orders to a real one (also --mode live)"});
    v.word("layout", s.layout, kLayoutWords, {"One thread that does everything, or one per connection and one core"});
    v.word("idle", s.idle, kIdleWords, {"What a thread does when there is nothing to do"});
    v.integer("core", s.core, {"Processor that the core's thread is pinned to; -1: none", kNoCore, kCoresMax});
    v.integers("connection_cores", s.connection_cores,
               {"Processors of the connection threads, in order of the venues", 0, kCoresMax});
    v.word("clock", s.clock, kClockWords, {"This host's clock, or the venue's (simulated and replayed venues)"});
    v.duration<milliseconds>("valid_for_ms", s.valid_for,
                             {"The venue must not match an order later than this", 100, 3'600'000});
    v.duration<milliseconds>("unknown_after_ms", s.unknown_after,
                             {"An order without an answer for so long is unknown", 50, 3'600'000});
    v.duration<milliseconds>("startup_deadline_ms", s.startup_deadline,
                             {"Sessions that are not ready by then end the run", 1'000, 600'000});
    v.integer("book_levels_max", s.book_levels_max, {"Levels a side that one book may hold", 10, 65'536});
}

void visit_instrument(KeyVisitor& v, InstrumentSettings& s) {
    v.text("name", s.name, {"The venue's name of the contract", -kNoBound, kNoBound, true});
    v.choice("kind", s.kind, kKindWords, {"What it is"});
    v.choice("payoff", s.payoff, kPayoffWords, {"Settles in the quote currency, or in the coin"});
    v.text("base", s.base, {"Coin", -kNoBound, kNoBound, true});
    v.text("quote", s.quote, {"Currency of the price", -kNoBound, kNoBound, true});
    v.text("settlement", s.settlement, {"Currency of profit and loss", -kNoBound, kNoBound, true});
    v.text("tick", s.tick, {"Finest price step, an exact decimal as text"});
    v.text("lot", s.lot, {"Smallest quantity step, an exact decimal as text"});
    v.number("multiplier", s.multiplier, {"Coin per unit (linear) or USD per contract (inverse)", 1e-9, 1e9});
    v.number("taker_fee_ratio", s.taker_fee_ratio, {"Fee for taking liquidity, of the notional", -0.01, 0.05});
    v.number("maker_fee_ratio", s.maker_fee_ratio, {"Fee for making liquidity, of the notional", -0.01, 0.05});
    v.integer("expiry_unix_ms", s.expiry_unix_ms, {"Expiry; 0: never", 0, 4e12});
}

void visit_venue_transport(KeyVisitor& v, VenueSettings& s) {
    v.text("host", s.host, {"Name or address to connect to", -kNoBound, kNoBound, true});
    v.integer("port", s.port, {"TCP port of the WebSocket", 1, kPortMax});
    v.text("rest_host", s.rest_host, {"Host of the REST interface; empty: host"});
    v.integer("rest_port", s.rest_port, {"Port of the REST interface; 0: port", 0, kPortMax});
    v.text("server_name", s.server_name, {"Name that the certificate must carry; empty: host"});
    v.text("ws_path", s.ws_path, {"Path of the WebSocket; empty: the venue's own"});
    v.text("ca_file", s.ca_file, {"PEM file of the certificate authority; empty: the system's store"});
    v.text("credentials_file", s.credentials_file, {"File of mode 0600 with key and secret; empty: public data only"});
    v.word("transport", s.transport, kTransportWords, {"How orders travel"});
    v.integer("heartbeat_s", s.heartbeat_s, {"Heartbeat interval asked of the venue", 10, 300});
    v.duration<milliseconds>("connect_deadline_ms", s.connect_deadline,
                             {"Resolve, connect and TLS together", 100, 120'000});
    v.duration<milliseconds>("read_deadline_ms", s.read_deadline,
                             {"Silence after which a connection is dead", 1'000, 600'000});
    v.boolean("cancel_on_disconnect", s.cancel_on_disconnect,
              {"The venue cancels our orders when the connection dies"});
    v.boolean("reconnect", s.reconnect, {"False: the run ends with the connection, as a recording does"});
}

void visit_venue(KeyVisitor& v, VenueSettings& s) {
    auto slot = static_cast<std::size_t>(s.venue) - 1;
    v.choice("name", slot, kVenueWords, {"Which venue's protocol is spoken", -kNoBound, kNoBound, true});
    s.venue = static_cast<VenueId>(slot + 1);
    visit_venue_transport(v, s);
    v.word("book_interval", s.book_interval, kIntervalWords,
           {"deribit: every change (needs an account), or every 100 ms"});
    v.texts("currencies", s.currencies, {"deribit: currencies whose instruments are loaded, e.g. BTC"});
    v.texts("instruments", s.instruments, {"Instruments to subscribe, names or patterns with *; empty: see books_max"});
    v.texts("streams", s.streams, {"binance: streams of each symbol; empty: depth, best quote, trades, mark"});
    v.boolean("option_tickers", s.option_tickers, {"deribit: follow the tickers of held and near-the-money options"});
    v.integer("books_max", s.books_max, {"Order books subscribed at most", 1, 1'024});
    v.boolean("routed", s.routed, {"binance: order flow and the rest on the venue's two routed paths"});
    v.list("instrument", s.definitions, &visit_instrument,
           {"Contracts of a venue that serves no reference data", -kNoBound, kInstrumentsMax});
}

void visit_position(KeyVisitor& v, PositionRule& s) {
    v.text("instrument", s.instrument, {"Exact name; or empty, and the rule below finds one"});
    v.text("underlying", s.underlying, {"Coin, e.g. BTC"});
    v.choice("kind", s.kind, kPositionKinds, {"What is held"});
    v.number("moneyness_ratio", s.moneyness_ratio,
             {"Wanted strike over underlying price; the nearest is taken", 0.01, 100});
    v.number("expiry_days", s.expiry_days, {"Wanted days to expiry; the nearest is taken", 0, 3'650});
    v.number("quantity_coin", s.quantity_coin, {"Signed holding; options and linear contracts", -1e6, 1e6});
    v.number("quantity_usd", s.quantity_usd, {"Signed holding; inverse perpetuals and futures", -1e11, 1e11});
    const bool by_name = v.given("instrument");
    if (!by_name && !v.given("underlying")) v.refuse("underlying", "is required where no instrument is named");
    if (v.given("quantity_coin") == v.given("quantity_usd")) {
        v.refuse("quantity_coin", "give exactly one of quantity_coin and quantity_usd");
    }
}

void visit_portfolio(KeyVisitor& v, PortfolioSettings& s) {
    v.text("file", s.file, {"File with [[position]] tables; they are taken into the configuration"});
    v.list("position", s.positions, &visit_position, {"Holdings", -kNoBound, kPositionRulesMax});
}

void visit_simulator(KeyVisitor& v, SimulatorSettings& s) {
    v.text("scenario", s.scenario, {"Scenario of the generated market"});
    v.integer("seed", s.seed, {"Seed of the generated market", 0, 9e15});
    v.number("speed_ratio", s.speed_ratio, {"Simulated seconds per second; 0: as fast as it goes", 0, 1e6});
    v.text("data", s.data, {"Recorded data to serve instead of a generated market"});
    v.boolean("interpolate", s.interpolate, {"Recorded chains: interpolate marks between snapshots"});
}

void visit_report(KeyVisitor& v, ReportSettings& s) {
    v.duration<milliseconds>("sample_interval_ms", s.sample_interval, {"Spacing of the plotted series", 10, kDayMs});
    v.boolean("html", s.html, {"Write the HTML page beside text and JSON"});
    v.text("note", s.note, {"What a reader of the report must know of the market"});
}

}  // namespace

void visit_keys(KeyVisitor& v, Configuration& c) {
    v.section("engine", [&c](KeyVisitor& s) { visit_engine(s, c.engine); });
    v.section("state", [&c](KeyVisitor& s) {
        s.text("directory", c.state_dir, {"Journals, lock and logs; --state wins; empty: $XDG_STATE_HOME/keel"});
    });
    v.list("venue", c.venues, &visit_venue, {"At least one venue", -kNoBound, kVenuesMax, true});
    v.section("portfolio", [&c](KeyVisitor& s) { visit_portfolio(s, c.portfolio); });
    v.section("risk", [&c](KeyVisitor& s) { visit_risk(s, c.risk); });
    v.list("boundary", c.risk.boundaries, &visit_boundary, {"Boundaries of the metrics", -kNoBound, kTriggersMax});
    v.section("gate", [&c](KeyVisitor& s) { visit_gate(s, c.gate); });
    v.section("hedge", [&c](KeyVisitor& s) { visit_hedge(s, c.hedge); });
    v.section("simulator", [&c](KeyVisitor& s) { visit_simulator(s, c.simulator); });
    v.section("report", [&c](KeyVisitor& s) { visit_report(s, c.report); });
}

}  // namespace keel::app
