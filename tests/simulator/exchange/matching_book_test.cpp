#include "simulator/exchange/matching_book.hpp"

#include <map>

#include "simulator/market/catalogue.hpp"
#include "simulator/market/random.hpp"

namespace keel::simulator {
namespace {

// The rules written down as plainly as possible: one list, searched from end to end.
class NaiveBook {
public:
    struct Order {
        RestingOrder order;
        Side side;
    };

    const Order* front(Side taker, Price limit) const {
        const Order* best = nullptr;
        for (const Order& candidate : orders_) {
            if (candidate.side == taker) continue;
            const Price price = candidate.order.price;
            if (taker == Side::bid ? price > limit : price < limit) continue;
            const bool is_better =
                best == nullptr || (taker == Side::bid ? price < best->order.price : price > best->order.price);
            if (is_better) best = &candidate;
        }
        return best;
    }
    void rest(Side side, const RestingOrder& order) { orders_.push_back({order, side}); }
    void reduce(std::uint64_t number, Quantity lots) {
        const auto found =
            std::find_if(orders_.begin(), orders_.end(), [&](const Order& o) { return o.order.number == number; });
        ASSERT_NE(found, orders_.end());
        found->order.left -= lots;
        if (found->order.left.count() == 0) orders_.erase(found);
    }
    std::map<std::int64_t, std::int64_t> totals(Side side) const {
        std::map<std::int64_t, std::int64_t> sums;
        for (const Order& o : orders_) {
            if (o.side == side) sums[o.order.price.count()] += o.order.left.count();
        }
        return sums;
    }
    const std::vector<Order>& orders() const { return orders_; }

private:
    std::vector<Order> orders_;
};

Instrument perpetual() {
    Catalogue catalogue;
    catalogue.add_perpetual(Currency::btc, {});
    return catalogue.listings()[0].contract;
}

std::map<std::int64_t, std::int64_t> totals(const MatchingBook& book, Side side) {
    std::map<std::int64_t, std::int64_t> sums;
    for (const auto& [price, lots] : book.levels(side, SIZE_MAX)) sums[price.count()] = lots.count();
    return sums;
}

TEST(MatchingBookTest, FillsBestPriceFirstThenOldest) {
    MatchingBook book;
    book.rest(Side::ask, {.number = 1, .account = AccountId{5}, .price = Price{101}, .left = Quantity{3}});
    book.rest(Side::ask, {.number = 2, .account = AccountId{6}, .price = Price{100}, .left = Quantity{3}});
    book.rest(Side::ask, {.number = 3, .account = AccountId{7}, .price = Price{100}, .left = Quantity{3}});
    ASSERT_NE(book.front(Side::bid, Price{101}), nullptr);
    EXPECT_EQ(book.front(Side::bid, Price{101})->number, 2U);
    book.reduce(2, Quantity{1});  // a partial fill keeps the place
    EXPECT_EQ(book.front(Side::bid, Price{101})->number, 2U);
    book.reduce(2, Quantity{2});
    EXPECT_EQ(book.front(Side::bid, Price{101})->number, 3U);
    EXPECT_TRUE(book.remove(3));
    EXPECT_EQ(book.front(Side::bid, Price{101})->number, 1U);
    EXPECT_EQ(book.front(Side::bid, Price{100}), nullptr);
    EXPECT_FALSE(book.remove(3));
}

TEST(MatchingBookTest, PublishesTheNetChangeOfTouchedLevels) {
    const Instrument contract = perpetual();
    MatchingBook book;
    std::vector<LevelChange> changes;
    book.rest(Side::bid, {.number = 1, .account = AccountId{5}, .price = Price{100}, .left = Quantity{3}});
    book.rest(Side::bid, {.number = 2, .account = AccountId{5}, .price = Price{99}, .left = Quantity{1}});
    book.remove(2);
    book.collect(contract, changes);
    ASSERT_EQ(changes.size(), 1U);  // the level that came and went is silent
    EXPECT_EQ(changes[0].action, LevelAction::created);
    EXPECT_DOUBLE_EQ(changes[0].price, 50.0);
    EXPECT_DOUBLE_EQ(changes[0].amount, 30.0);
    changes.clear();
    book.reduce(1, Quantity{1});
    book.collect(contract, changes);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].action, LevelAction::changed);
    EXPECT_DOUBLE_EQ(changes[0].amount_before, 30.0);
    changes.clear();
    book.remove(1);
    book.collect(contract, changes);
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_EQ(changes[0].action, LevelAction::deleted);
    EXPECT_DOUBLE_EQ(changes[0].amount, 0.0);
}

TEST(MatchingBookTest, AgreesWithANaiveBookOnRandomStreams) {
    const Instrument contract = perpetual();
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        Random random{seed};
        MatchingBook book;
        NaiveBook naive;
        std::map<std::pair<Side, double>, double> followed;  // rebuilt from the published changes alone
        std::vector<LevelChange> changes;
        for (std::uint64_t number = 1; number <= 400; ++number) {
            const Side side = random.chance(0.5) ? Side::bid : Side::ask;
            const Price price{1'000 + static_cast<std::int64_t>(random.below(21)) - 10};
            Quantity left{1 + static_cast<std::int64_t>(random.below(20))};
            const AccountId account{static_cast<std::uint16_t>(random.below(3))};
            if (random.chance(0.25) && !naive.orders().empty()) {
                const auto picked = random.below(static_cast<std::uint32_t>(naive.orders().size()));
                const RestingOrder victim = naive.orders()[picked].order;
                ASSERT_TRUE(book.remove(victim.number));
                naive.reduce(victim.number, victim.left);
            } else {
                const Quantity available = book.available(side, price, Quantity{1'000'000}, AccountId::none);
                const Quantity wanted = left;
                while (left.count() > 0) {
                    const RestingOrder* maker = book.front(side, price);
                    const NaiveBook::Order* expected = naive.front(side, price);
                    ASSERT_EQ(maker == nullptr, expected == nullptr);
                    if (maker == nullptr) break;
                    ASSERT_EQ(maker->number, expected->order.number);
                    ASSERT_EQ(maker->left, expected->order.left);
                    const Quantity lots = std::min(left, maker->left);
                    const std::uint64_t taken = maker->number;
                    left -= lots;
                    book.reduce(taken, lots);
                    naive.reduce(taken, lots);
                }
                ASSERT_EQ(wanted - left, std::min(wanted, available));
                if (left.count() > 0) {
                    const RestingOrder order{.number = number, .account = account, .price = price, .left = left};
                    book.rest(side, order);
                    naive.rest(side, order);
                }
            }
            for (const Side each : {Side::bid, Side::ask}) ASSERT_EQ(totals(book, each), naive.totals(each));
            if (book.best(Side::bid) && book.best(Side::ask)) {
                ASSERT_LT(*book.best(Side::bid), *book.best(Side::ask));
            }
            changes.clear();
            book.collect(contract, changes);
            for (const LevelChange& change : changes) {
                ASSERT_EQ((followed[{change.side, change.price}]), change.amount_before);
                followed[{change.side, change.price}] = change.amount;
            }
        }
        std::erase_if(followed, [](const auto& level) { return level.second == 0.0; });
        std::map<std::pair<Side, double>, double> shown;
        for (const Side each : {Side::bid, Side::ask}) {
            for (const auto& [price, lots] : book.levels(each, SIZE_MAX)) {
                shown[{each, contract.price_value(price)}] = contract.amount_value(lots);
            }
        }
        EXPECT_FALSE(shown.empty());
        EXPECT_EQ(followed, shown);
    }
}

}  // namespace
}  // namespace keel::simulator
