#include <map>

#include "simulator/market/random.hpp"
#include "tests/simulator/exchange/scripted_market.hpp"

namespace keel::simulator {
namespace {

using namespace std::chrono_literals;

// Three clients doing everything an order can do, at prices close enough to trade often.
class RandomClients {
public:
    explicit RandomClients(std::uint64_t seed) : random_{seed} {
        const AccountId carol =
            *venue_.exchange->open_account({.name = "carol", .client_id = "C", .balances = {10.0, 100.0, 100'000.0}});
        owners_ = {venue_.alice, venue_.bob, carol};
        venue_.exchange->set_self_trade_mode(carol, SelfTradeMode::reject_taker);
    }

    void act() {
        const AccountId owner = owners_[random_.below(3)];
        const auto picked = random_.below(6);
        const Listing& listing = exchange().listings()[picked];
        const double mark = venue_.market->marks[picked].mark_price;
        const double price =
            listing.contract.price_value(listing.contract.price_floor(mark * (0.998 + 0.004 * random_.uniform())));
        const double amount = listing.contract.amount_value(Quantity{1 + random_.below(40)});
        const std::vector<OrderView> open = exchange().open_orders(owner);
        const double choice = random_.uniform();
        if (choice < 0.15 && !open.empty()) {
            EXPECT_TRUE(exchange().cancel(owner, pick(open).order_id));
        } else if (choice < 0.35 && !open.empty()) {
            const OrderView& order = pick(open);
            EditRequest edit{.order_id = order.order_id};
            if (random_.chance(0.7)) edit.amount = order.amount * (random_.chance(0.5) ? 2.0 : 1.0);
            if (order.instrument == listing.id()) edit.price = price;
            edit.post_only = random_.chance(0.3);
            edit.reject_post_only = random_.chance(0.5);
            edit.reduce_only = random_.chance(0.2);
            done_ += exchange().edit(owner, edit) ? 1U : 0U;
        } else if (choice < 0.37) {
            exchange().cancel_all(owner, {.instrument = listing.id()});
        } else if (choice < 0.40) {
            done_ += exchange().close_position(owner, listing.name(), std::nullopt) ? 1U : 0U;
        } else {
            OrderRequest request{.instrument_name = std::string{listing.name()}, .amount = amount};
            request.side = random_.chance(0.5) ? Side::bid : Side::ask;
            request.price = price;
            request.type = OrderType{static_cast<std::uint8_t>(random_.below(8) == 0 ? 1 + random_.below(2) : 0)};
            request.time_in_force = TimeInForce{static_cast<std::uint8_t>(random_.chance(0.7) ? 0 : random_.below(4))};
            request.post_only = random_.chance(0.2);
            request.reject_post_only = random_.chance(0.3);
            request.reduce_only = random_.chance(0.15);
            done_ += exchange().submit(owner, request) ? 1U : 0U;
        }
        if (random_.chance(0.05)) {
            venue_.market->set_btc(60'000.0 * random_.lognormal(0.002), 0.02 + 0.002 * random_.uniform());
            venue_.pass(20ms);
        }
    }

    // What must hold after every request, seen from outside.
    void check() {
        std::map<std::pair<InstrumentId, std::pair<Side, double>>, double> expected;
        std::map<std::pair<AccountId, InstrumentId>, double> reducing;
        for (const AccountId owner : owners_) {
            for (const OrderView& order : exchange().open_orders(owner)) {
                ASSERT_EQ(order.state, OrderState::open);
                ASSERT_GT(order.amount, order.filled_amount);
                expected[{order.instrument, {order.side, order.price}}] += order.amount - order.filled_amount;
                if (!order.reduce_only) continue;
                const double size = exchange().position(owner, order.instrument).size;
                ASSERT_LT(size * sign(order.side), 0.0) << order.order_id;  // it reduces
                // One order never exceeds the position; several may together, until one of them fills.
                ASSERT_LE(order.amount - order.filled_amount, std::abs(size) + 1e-9);
            }
        }
        std::size_t levels = 0;
        for (const Listing& listing : exchange().listings()) {
            const BookView book = exchange().book(listing.id());
            if (!book.bids.empty() && !book.asks.empty()) {
                ASSERT_LT(book.bids[0].price, book.asks[0].price);
            }
            for (const Side side : {Side::bid, Side::ask}) {
                for (const BookLevel& level : side == Side::bid ? book.bids : book.asks) {
                    ASSERT_NEAR((expected[{listing.id(), {side, level.price}}]), level.amount, 1e-6);
                    ++levels;
                }
            }
            double sum = 0.0;
            for (const AccountId owner : owners_) sum += exchange().position(owner, listing.id()).size;
            ASSERT_NEAR(sum, 0.0, 1e-6);
        }
        ASSERT_EQ(levels, expected.size());
        levels_seen_ += levels;
    }

    [[nodiscard]] std::size_t done() const { return done_; }
    [[nodiscard]] std::size_t levels_seen() const { return levels_seen_; }
    [[nodiscard]] std::size_t trades() {
        std::size_t count = 0;
        for (const Listing& listing : exchange().listings())
            count += exchange().last_trades(listing.id(), 1'000).size();
        return count;
    }

private:
    Exchange& exchange() { return *venue_.exchange; }
    const OrderView& pick(const std::vector<OrderView>& open) {
        return open[random_.below(static_cast<std::uint32_t>(open.size()))];
    }

    ScriptedVenue venue_{};
    std::array<AccountId, 3> owners_{};
    Random random_;
    std::size_t done_{0};
    std::size_t levels_seen_{0};
};

TEST(OrderEntryPropertyTest, BooksAndOrdersAgreeAfterEveryRequest) {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        RandomClients clients{seed};
        for (int round = 0; round < 400; ++round) {
            clients.act();
            clients.check();
            if (testing::Test::HasFatalFailure()) {
                FAIL() << "seed " << seed << " round " << round;
            }
        }
        EXPECT_GT(clients.done(), 100U);
        EXPECT_GT(clients.trades(), 30U);
        EXPECT_GT(clients.levels_seen(), 400U);
    }
}

}  // namespace
}  // namespace keel::simulator
