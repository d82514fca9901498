#include "risk/margin/portfolio_revaluation.hpp"

#include <gtest/gtest.h>

#include <array>
#include <map>

#include "risk/book/expiring_option.hpp"
#include "risk/margin/book_margin.hpp"
#include "tests/risk/book/random_book.hpp"
#include "tests/risk/margin/margin_tables.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kWorlds = 300;

// The margin by its definition: every holding's own cells into the matrix of its pair, pairs of one currency together.
MarginAmount plain_margin(const VenueAccount& account, const std::vector<Holding>& holdings, const Shock& shock) {
    const MarketState& market = account.market;
    std::map<std::pair<UnderlyingSlot, StableSlot>, DeribitRiskMatrix> pairs;
    std::map<std::pair<UnderlyingSlot, StableSlot>, double> rates;
    for (std::size_t row = 0; row < account.book.contracts.size(); ++row) {
        const Contract& contract = account.book.contracts[row];
        const double quantity = holdings[row].quantity;
        if (contract.venue != account.venue || !is_margined(contract.kind) || quantity == 0.0) continue;
        const std::pair key{contract.underlying, contract.stable};
        const UnderlyingShock moved = shock.underlyings[static_cast<std::size_t>(contract.underlying)];
        auto& matrix = pairs.try_emplace(key, *account.model.matrices[row], payoff_of(contract)).first->second;
        const double index = market.underlyings[static_cast<std::size_t>(contract.underlying)].index;
        if (matrix.set_index(index * (1.0 + moved.spot)) != MarginStatus::ok) return kMarginUnknown;
        rates[key] = settlement_rate(contract, market, shock);
        MatrixContract unit{.payoff = payoff_of(contract),
                            .type = is_option(contract.kind) ? contract.type : OptionType::none,
                            .multiplier = contract.multiplier,
                            .strike = contract.strike};
        if (contract.expiry != ExpirySlot::none) {
            const ExpiryMarket& expiry = market.expiries[static_cast<std::size_t>(contract.expiry)];
            const double years = years_between(market.now, expiry.expiry);
            unit.price = expiry.forward * (1.0 + moved.spot);
            unit.years = std::max(0.0, years - shock.years);
            const double factor = (1.0 + moved.volatility * tenor_weight(shock.tenor, years)) /
                                  index_volatility_ratio(expiry, market.now);
            unit.volatility = std::max(0.0, market.quotes[row].volatility * factor);
            unit.unsettled_ratio = unsettled_ratio(unit.years, account.model.portfolio.delivery_window_years);
            unit.expiry = static_cast<std::uint32_t>(contract.expiry) + 1;
        }
        if (!is_option(contract.kind)) unit.price = shocked_mark(contract, market.quotes[row], market, shock);
        if (matrix.set_expiry(unit.expiry, unit.years) != MarginStatus::ok ||
            matrix.add(quantity, matrix.grid().unit_cells(unit)) != MarginStatus::ok) {
            return kMarginUnknown;
        }
    }
    using Currency = std::pair<UnderlyingSlot, StableSlot>;
    std::map<Currency, std::vector<const DeribitRiskMatrix*>> groups;
    std::map<Currency, double> usd;
    for (const auto& [key, matrix] : pairs) {
        const Currency currency = key.second == StableSlot::none ? key : Currency{UnderlyingSlot::none, key.second};
        groups[currency].push_back(&matrix);
        usd[currency] = rates[key];
    }
    MarginAmount sum;
    for (const auto& [currency, group] : groups) {
        const MarginAmount own = combined_margin(group, account.model.portfolio, {}).margin;
        sum = sum + finite_margin(own.initial * usd[currency], own.maintenance * usd[currency]);
    }
    return sum;
}

// Worlds in which a coin often stands still, and which come back; between them worlds that never do.
class RandomWorlds {
public:
    explicit RandomWorlds(test::RandomBook& random) : random_{random} {}

    Shock next() {
        for (UnderlyingShock& move : moves_) {
            if (random_.one_in(3)) continue;  // as before
            move = {.spot = value_of({-0.9, -0.3, 0.0, 0.02, 0.7}),
                    .volatility = value_of({-0.5, 0.0, 0.0, 0.8}),
                    .basis = value_of({0.0, -0.02})};
            if (random_.one_in(2)) move.spot = random_.uniform(-0.9, 2.0);
        }
        stables_[0] = value_of({0.0, -0.1});
        return {.underlyings = moves_,
                .stables = stables_,
                .tenor = random_.one_in(2) ? VolatilityTenor::flat : VolatilityTenor::power,
                .years = value_of({0.0, 0.0, 0.003})};
    }

private:
    double value_of(std::initializer_list<double> values) {
        return *(values.begin() + static_cast<std::ptrdiff_t>(random_.below(values.size())));
    }

    test::RandomBook& random_;
    std::array<UnderlyingShock, 2> moves_{};
    std::array<double, 2> stables_{};
};

class PortfolioRevaluationTest : public testing::TestWithParam<std::uint64_t> {
protected:
    PortfolioRevaluationTest() {
        const test::DeribitTables tables = test::deribit_tables();
        parameters_ = {tables.matrices.at("btc_usd"), tables.matrices.at("eth_usd")};
        for (std::size_t row = 0; row < subject_.book.contracts.size(); ++row) {
            const auto underlying = static_cast<std::size_t>(subject_.book.contracts[row].underlying);
            matrices_.push_back(underlying < 2 ? &parameters_[underlying] : nullptr);
            Holding& holding = subject_.book.holdings[row];
            if (holding.quantity == 0.0) holding = {subject_.uniform(-20.0, 20.0), subject_.uniform(1e3, 5e4)};
        }
        model_ = {.law = MarginLaw::deribit_portfolio, .matrices = matrices_, .portfolio = tables.portfolio};
        model_.portfolio.worst_case_decimals = 0;  // nothing hides a difference
    }

    // The book's own, or what a stress leaves of them.
    std::vector<Holding> holdings() {
        std::vector<Holding> out = subject_.book.holdings;
        if (!subject_.one_in(3)) return out;
        for (Holding& holding : out) {
            if (subject_.one_in(20)) holding.quantity *= 0.5;
            if (subject_.one_in(20)) holding = {};
        }
        return out;
    }

    test::RandomBook subject_{GetParam(), GetParam() % 2 == 1};
    std::array<DeribitMatrixParameters, 2> parameters_;
    std::vector<const DeribitMatrixParameters*> matrices_;
    VenueMarginModel model_;
    VenueAccount account_{subject_.book, subject_.market, VenueSlot{0}, model_};
};

TEST_P(PortfolioRevaluationTest, EveryWorldIsTheSumOfItsHoldings) {
    VenueRevaluation kept{account_};
    RandomWorlds worlds{subject_};
    for (std::size_t i = 0; i < kWorlds; ++i) {
        const Shock world = worlds.next();
        const std::vector<Holding> held = holdings();
        const MarginAmount want = plain_margin(account_, held, world);
        const MarginAmount got = kept.margin_usd(held, world);
        ASSERT_EQ(want.status, MarginStatus::ok);
        ASSERT_EQ(got.status, MarginStatus::ok);
        ASSERT_GT(want.maintenance, 0.0);
        EXPECT_NEAR(got.initial, want.initial, 1e-11 * want.initial) << "world " << i;
        EXPECT_NEAR(got.maintenance, want.maintenance, 1e-11 * want.maintenance) << "world " << i;
    }
}

// To the last bit what it is without a memory.
TEST_P(PortfolioRevaluationTest, WhatIsKeptIsWhatIsComputed) {
    VenueRevaluation kept{account_};
    RandomWorlds worlds{subject_};
    const std::array betas{1.0, 1.3};
    for (std::size_t i = 0; i < kWorlds; ++i) {
        const Shock world = worlds.next();
        const std::vector<Holding> held = holdings();
        const MarginAmount want = VenueRevaluation{account_}.margin_usd(held, world);
        const MarginAmount got = kept.margin_usd(held, world);
        EXPECT_EQ(got.initial, want.initial) << "world " << i;
        EXPECT_EQ(got.maintenance, want.maintenance) << "world " << i;
        const double move = std::clamp(world.underlyings[0].spot, -0.7, 3.0);
        const auto slot = UnderlyingSlot(static_cast<std::uint16_t>(i % 2));
        const std::span<const double> follow = i % 4 < 2 ? std::span<const double>{betas} : std::span<const double>{};
        const double gap = kept.gap_usd(slot, move, follow);
        ASSERT_TRUE(std::isfinite(gap));
        EXPECT_EQ(gap, venue_margin_gap_usd(account_, slot, move, follow)) << "world " << i;
    }
}

// Two rounds of a search that sees more worlds than are kept, then one that finds the last of them.
TEST_P(PortfolioRevaluationTest, MoreWorldsThanAreKept) {
    VenueRevaluation kept{account_};
    const auto expect_gap_at = [&](int step) {
        const double move = 0.01 * step - 0.9;
        EXPECT_EQ(kept.gap_usd(UnderlyingSlot{0}, move, {}),
                  venue_margin_gap_usd(account_, UnderlyingSlot{0}, move, {}))
            << "step " << step;
    };
    for (int step = 0; step < 300; ++step) expect_gap_at(step % 150);
    for (int step = 149; step > 0; step -= 7) expect_gap_at(step);
}

// A row that has no table, and one that has no volatility, are no matter until they are held.
TEST_P(PortfolioRevaluationTest, WhatIsUnknownIsAskedOfWhatIsHeld) {
    std::vector<Holding> held = subject_.book.holdings;
    std::vector<std::size_t> unknown;
    for (std::size_t row = 0; row < held.size() && unknown.size() < 2; ++row) {
        const Contract& contract = subject_.book.contracts[row];
        if (contract.venue != VenueSlot{0} || !is_option(contract.kind)) continue;
        if (unknown.empty()) matrices_[row] = nullptr;
        if (!unknown.empty()) subject_.market.quotes[row].volatility = keel::test::kNaN;
        unknown.push_back(row);
        held[row] = {};
    }
    ASSERT_EQ(unknown.size(), 2U);
    RandomWorlds worlds{subject_};
    VenueRevaluation kept{account_};
    const Shock world = worlds.next();
    const MarginAmount without = kept.margin_usd(held, world);
    EXPECT_EQ(without.status, MarginStatus::ok);
    for (const std::size_t row : unknown) {
        std::vector<Holding> more = held;
        more[row].quantity = 1.0;
        const MarginAmount got = kept.margin_usd(more, world);
        EXPECT_EQ(got.status, MarginStatus::bad_input);
        EXPECT_NEAR(got.maintenance, without.maintenance, 1e-11 * without.maintenance);  // of what is known
    }
    EXPECT_EQ(kept.margin_usd(held, world).status, MarginStatus::ok);
    EXPECT_EQ(kept.margin_usd(std::vector<Holding>(held.size()), world).maintenance, 0.0);
}

INSTANTIATE_TEST_SUITE_P(Seeds, PortfolioRevaluationTest, testing::Range<std::uint64_t>(1, 7));

// Slots of the matrix are those of the pair, however many expiries the whole book has.
TEST(MatrixSlotsTest, ArePerPairAndHaveAnEnd) {
    MatrixSlots slots;
    EXPECT_EQ(slots.of(ExpirySlot::none), 0U);
    EXPECT_EQ(slots.of(ExpirySlot{90}), 1U);
    EXPECT_EQ(slots.of(ExpirySlot{0}), 2U);
    EXPECT_EQ(slots.of(ExpirySlot{90}), 1U);
    for (std::uint16_t expiry = 100; expiry < 100 + kMatrixExpiriesMax - 3; ++expiry) {
        EXPECT_LT(slots.of(ExpirySlot{expiry}), kMatrixExpiriesMax);
    }
    EXPECT_EQ(slots.of(ExpirySlot{300}), kMatrixExpiriesMax);
    EXPECT_EQ(slots.of(ExpirySlot{100}), 3U);
}

}  // namespace
}  // namespace keel::risk
