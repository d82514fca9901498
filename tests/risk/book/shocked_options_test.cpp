#include "risk/book/shocked_options.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "tests/risk/book/random_book.hpp"

namespace keel::risk {
namespace {

constexpr double kOfTheForward = 1e-14;

// Whatever the world does, each row is worth what holding_value() says; what is no option to the last bit.
void expect_same_values(const Book& book, const MarketState& market, const Shock& shock, ShockedOptions& options) {
    options.price(shock);
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        const Holding& holding = book.holdings[row];
        const double want = holding_value(contract, holding, market.quotes[row], market, shock);
        const double got = options.value_of(row, holding, shock);
        if (!is_option(contract.kind)) {
            EXPECT_TRUE(got == want || (std::isnan(got) && std::isnan(want))) << "row " << row;
            continue;
        }
        ASSERT_EQ(std::isnan(got), std::isnan(want)) << "row " << row;
        if (std::isnan(want)) continue;
        const double forward = market.expiries[static_cast<std::size_t>(contract.expiry)].forward;
        const double unit = contract.kind == ContractKind::inverse_option ? 1.0 : forward;
        const double spot = shock.underlyings.empty() ? 0.0 : std::max(0.0, shock.underlyings[0].spot);
        const double scale = std::abs(holding.quantity * contract.multiplier) * unit * (1.0 + spot);
        EXPECT_NEAR(got, want, kOfTheForward * scale) << "row " << row;
    }
}

class ShockedOptionsTest : public testing::TestWithParam<std::uint64_t> {
protected:
    ShockedOptionsTest() {
        for (Holding& holding : subject_.book.holdings) {
            if (holding.quantity == 0.0) holding = {subject_.uniform(-20.0, 20.0), subject_.uniform(1'000.0, 50'000.0)};
        }
    }
    std::vector<Shock> worlds() {
        std::vector<Shock> out{{}};
        for (const double spot : {-0.9, -0.3, 0.0, 0.02, 0.5}) {
            for (const double volatility : {-1.5, -0.3, 0.0, 1.0}) {
                for (const double years : {0.0, 0.01}) {
                    moves_.push_back({UnderlyingShock{.spot = spot, .volatility = volatility, .basis = 0.01},
                                      UnderlyingShock{.spot = -0.5 * spot, .volatility = 0.5 * volatility}});
                    out.push_back(
                        {.tenor = years > 0.0 ? VolatilityTenor::flat : VolatilityTenor::power, .years = years});
                }
            }
        }
        for (std::size_t i = 0; i < moves_.size(); ++i) out[i + 1].underlyings = moves_[i];
        return out;
    }

    test::RandomBook subject_{GetParam(), GetParam() % 2 == 1};
    std::vector<std::array<UnderlyingShock, 2>> moves_;
};

TEST_P(ShockedOptionsTest, SaysWhatFullRevaluationSays) {
    ShockedOptions options{subject_.book, subject_.market};
    for (const Shock& world : worlds()) expect_same_values(subject_.book, subject_.market, world, options);
}

// A volatility that is not known, one of zero, an expiry that has passed, numbers beyond the lanes' reach.
TEST_P(ShockedOptionsTest, DegenerateOptionsAreWhatTheyAreAlone) {
    std::size_t count = 0;
    for (std::size_t row = 0; row < subject_.book.contracts.size(); ++row) {
        if (!is_option(subject_.book.contracts[row].kind)) continue;
        double& volatility = subject_.market.quotes[row].volatility;
        switch (++count % 6) {
            case 0: volatility = std::numeric_limits<double>::quiet_NaN(); break;
            case 1: volatility = 0.0; break;
            case 2: volatility = -0.2; break;
            case 3: subject_.book.contracts[row].strike = 1e-95; break;
            case 4: subject_.book.contracts[row].type = OptionType::none; break;
            default: break;
        }
    }
    ASSERT_GT(count, 12U);
    subject_.market.expiries[1].expiry = subject_.market.now;
    ShockedOptions options{subject_.book, subject_.market};
    for (const Shock& world : worlds()) expect_same_values(subject_.book, subject_.market, world, options);
}

TEST_P(ShockedOptionsTest, TheBookIsTheSumThatItWas) {
    ShockedOptions options{subject_.book, subject_.market};
    for (const Shock& world : worlds()) {
        const BookValue want = value_book(subject_.book, subject_.market, world);
        const BookValue got = value_book(subject_.book, subject_.market, world, options);
        const double scale = std::abs(want.usd) + 1e7;
        EXPECT_NEAR(got.usd, want.usd, 1e-13 * scale);
        EXPECT_EQ(got.left_out, want.left_out);
        ASSERT_EQ(got.venue_usd.size(), want.venue_usd.size());
        for (std::size_t v = 0; v < want.venue_usd.size(); ++v) {
            EXPECT_NEAR(got.venue_usd[v], want.venue_usd[v], 1e-13 * scale);
        }
    }
}

// Where one coin moves and the other stands still, and where time alone passes, every price is that of options which
// were never in another world.
TEST_P(ShockedOptionsTest, NoWorldRemembersTheOneBefore) {
    ShockedOptions kept{subject_.book, subject_.market};
    const auto one_of = [&](std::initializer_list<double> values) {
        return *(values.begin() + static_cast<std::ptrdiff_t>(subject_.below(values.size())));
    };
    std::array<UnderlyingShock, 2> moves{};
    for (int world = 0; world < 200; ++world) {
        UnderlyingShock& moved = moves[subject_.below(2)];
        (subject_.one_in(2) ? moved.spot : moved.volatility) = one_of({-0.2, 0.0, 0.4});
        const Shock shock{.underlyings = moves,
                          .tenor = subject_.one_in(2) ? VolatilityTenor::flat : VolatilityTenor::power,
                          .years = one_of({0.0, 0.0, 0.001})};
        ShockedOptions fresh{subject_.book, subject_.market};
        kept.price(shock);
        fresh.price(shock);
        for (std::size_t row = 0; row < subject_.book.contracts.size(); ++row) {
            if (is_option(subject_.book.contracts[row].kind)) {
                ASSERT_EQ(kept.price_of(row), fresh.price_of(row)) << "world " << world << " row " << row;
            }
        }
    }
}

// Rows that were not asked for have no price; moves by expiry are those of a shock.
TEST_P(ShockedOptionsTest, PricesTheRowsAskedForByTheMovesOfTheirExpiry) {
    std::vector<std::size_t> rows;
    for (std::size_t row = 0; row < subject_.book.contracts.size(); row += 2) rows.push_back(row);
    ShockedOptions some{subject_.book, subject_.market, rows};
    ShockedOptions all{subject_.book, subject_.market};
    std::vector<ExpiryMove> moves(subject_.market.expiries.size());
    for (ExpiryMove& move : moves) move = {.spot = -0.1, .volatility = 0.2};
    some.price(moves);
    constexpr std::array kBoth{UnderlyingShock{.spot = -0.1, .volatility = 0.2},
                               UnderlyingShock{.spot = -0.1, .volatility = 0.2}};
    all.price(Shock{.underlyings = kBoth});
    std::size_t priced = 0;
    for (std::size_t row = 0; row < subject_.book.contracts.size(); ++row) {
        if (!is_option(subject_.book.contracts[row].kind) || row % 2 == 1) {
            EXPECT_TRUE(std::isnan(some.price_of(row)));
            continue;
        }
        EXPECT_EQ(some.price_of(row), all.price_of(row));
        ++priced;
    }
    EXPECT_GT(priced, 10U);
}

INSTANTIATE_TEST_SUITE_P(Seeds, ShockedOptionsTest, testing::Range<std::uint64_t>(1, 9));

}  // namespace
}  // namespace keel::risk
