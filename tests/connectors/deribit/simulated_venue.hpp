#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "connectors/deribit/feed.hpp"
#include "connectors/deribit/gateway.hpp"
#include "engine/book/book_set.hpp"
#include "simulator/deribit/server.hpp"
#include "simulator/market/market_source.hpp"
#include "tests/connectors/net/loopback.hpp"

namespace keel::connectors::deribit {

// The simulated venue with one account, and what a client of it needs.
class SimulatedVenue {
public:
    explicit SimulatedVenue(simulator::DeribitServerConfig config = quiet()) {
        const auto files = simulator::write_certificates(scratch_.path());
        EXPECT_TRUE(files.has_value());
        config.certificate = files->certificate;
        config.key = files->key;
        simulator::AccountConfig account;
        account.name = "test";
        account.client_id = "AMANDA";
        account.client_secret = "AMANDASECRECT";
        account.balances = {100.0, 1'000.0, 1'000'000.0};
        account.positions = {
            {"BTC-PERPETUAL", 50'000.0, 0.0}
        };
        config.accounts = {account};
        auto market = simulator::make_generated_market({.scenario = "calm", .seed = 5, .seconds = 60.0});
        EXPECT_TRUE(market.has_value());
        auto server = simulator::DeribitServer::open(config, std::move(*market));
        EXPECT_TRUE(server.has_value());
        server_ = std::move(*server);
        server_->start();
        authority_ = files->authority.string();
    }

    // No request limits: tests of them switch them on.
    static simulator::DeribitServerConfig quiet() {
        simulator::DeribitServerConfig config;
        config.limits.enforced = false;
        return config;
    }

    [[nodiscard]] simulator::DeribitServer& server() { return *server_; }
    [[nodiscard]] net::TlsContext tls() const { return *net::TlsContext::create(authority_); }
    [[nodiscard]] Config config() const {
        Config out;
        out.host = "127.0.0.1";
        out.port = server_->port();
        out.currencies = {"BTC"};
        out.books = {"BTC-PERPETUAL"};
        out.trades = {"BTC-PERPETUAL"};
        out.tickers = {"BTC-PERPETUAL"};
        out.volatility_indices = {"btc_usd"};
        out.price_indices = {"btc_usd"};
        out.backoff_first = std::chrono::milliseconds{1};
        out.backoff_cap = std::chrono::milliseconds{20};
        return out;
    }

private:
    net::Scratch scratch_;
    std::string authority_;
    std::unique_ptr<simulator::DeribitServer> server_;
};

// Polls links, keeps every event, and applies books as the engine does.
class Collector {
public:
    explicit Collector(const InstrumentTable& table) {
        for (const Instrument& row : table) {
            if (row.kind == InstrumentKind::perpetual) books.open(row.id, 4'000);
        }
    }
    void poll(Link& link) {
        batch_.clear();
        link.poll(batch_);
        for (const Event& event : batch_.events()) take(event);
    }
    [[nodiscard]] std::size_t count(EventKind kind) const {
        std::size_t n = 0;
        for (const Event& event : events) n += event.kind == kind ? 1 : 0;
        return n;
    }
    [[nodiscard]] const Event* last(EventKind kind) const {
        for (std::size_t at = events.size(); at-- > 0;) {
            if (events[at].kind == kind) return &events[at];
        }
        return nullptr;
    }
    // Events of orders with this id, in order.
    [[nodiscard]] std::vector<EventKind> story(ClientOrderId id) const {
        std::vector<EventKind> out;
        for (const Event& event : events) {
            const bool fill = event.kind == EventKind::fill && event.as<FillReport>().client_order_id == id;
            const bool order = event.kind >= EventKind::order_acked && event.kind <= EventKind::cancel_rejected &&
                               event.as<OrderReport>().client_order_id == id;
            if (fill || order) out.push_back(event.kind);
        }
        return out;
    }

    std::vector<Event> events;
    BookSet books;
    std::size_t book_errors{0};

private:
    void take(const Event& event) {
        if (event.kind == EventKind::book_snapshot || event.kind == EventKind::level_update) {
            OrderBook* book = books.find(event.instrument);
            if (book != nullptr && !book->apply(event)) ++book_errors;
            if (!event.has(kLast)) return;  // levels are many; the last of each message stands for it
        } else if (event.kind == EventKind::book_stale) {
            books.find(event.instrument)->mark_stale();
        }
        events.push_back(event);
    }
    EventBatch batch_;
};

// A loaded table and a key, against the venue.
class SessionTest : public testing::Test {
protected:
    explicit SessionTest(const simulator::DeribitServerConfig& config = SimulatedVenue::quiet()) : venue_{config} {}

    void SetUp() override {
        const auto loaded = load_instruments(venue_.config(), venue_.tls(), table_);
        ASSERT_TRUE(loaded.has_value()) << errc_name(loaded.error().code);
        ASSERT_GT(*loaded, 10U);
        perpetual_ = table_.find(VenueId::deribit, "BTC-PERPETUAL");
        ASSERT_NE(perpetual_, InstrumentId::none);
        credentials_.key_id = "AMANDA";
        credentials_.secret = net::Secret{"AMANDASECRECT"};
    }

    // A limit order of `amount` USD of the perpetual at a price in USD.
    OrderCommand order(std::uint64_t id, Side side, double price, double amount) {
        const Instrument& row = table_[perpetual_];
        OrderCommand out;
        out.kind = CommandKind::submit;
        out.venue = VenueId::deribit;
        out.side = side;
        out.instrument = perpetual_;
        out.client_order_id = ClientOrderId{id};
        out.price = row.price_floor(price);
        out.quantity = row.quantity_floor(amount);
        return out;
    }
    double mark() {
        double out = 0.0;
        venue_.server().perform(
            [&](simulator::Exchange& exchange) { out = exchange.ticker(*exchange.find("BTC-PERPETUAL")).mark_price; });
        return out;
    }

    SimulatedVenue venue_;
    InstrumentTable table_;
    InstrumentId perpetual_{};
    net::Credentials credentials_;
    EdgeClock clock_{EdgeClock::Source::venue};
};

// A gateway that has read the account.
class GatewayTest : public SessionTest {
protected:
    using SessionTest::SessionTest;
    void begin(Config config) {
        gateway_ = std::make_unique<Gateway>(config, venue_.tls(), table_, clock_, credentials_);
        seen_ = std::make_unique<Collector>(table_);
        ASSERT_TRUE(net::until([&] { return gateway_->is_ready(); }, [&] { seen_->poll(*gateway_); }));
    }
    void begin() { begin(venue_.config()); }
    bool wait_for(ClientOrderId id, EventKind kind) {
        return net::until(
            [&] {
                const auto story = seen_->story(id);
                return std::ranges::find(story, kind) != story.end();
            },
            [&] { seen_->poll(*gateway_); });
    }
    std::unique_ptr<Gateway> gateway_;
    std::unique_ptr<Collector> seen_;
};

}  // namespace keel::connectors::deribit
