#include "risk/margin/matrix_chain.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>

#include "tests/risk/margin/margin_tables.hpp"
#include "tests/risk/margin/random_books.hpp"
#include "tests/support/not_a_number.hpp"

namespace keel::risk {
namespace {

using keel::test::kNaN;
constexpr double kOfTheForward = 1e-14;

struct Held {
    double quantity{0.0};
    MatrixContract option{};
};

// Sum of quantity * unit_cells, one after another; `gross` in the currency of the cells.
struct Sum {
    UnitCells cells{};
    bool complete{true};
    double gross{0.0};
};
Sum one_by_one(const DeribitGrid& grid, const std::vector<Held>& held, const ChainWorld& world) {
    Sum out;
    for (const auto& [quantity, option] : held) {
        MatrixContract moved = option;
        moved.price = world.price;
        moved.years = world.years;
        moved.volatility = option.volatility * world.volatility_factor;
        moved.unsettled_ratio = world.unsettled_ratio;
        const UnitCells unit = grid.unit_cells(moved);
        if (unit.status != MarginStatus::ok) {
            out.complete = false;
            continue;
        }
        for (std::size_t i = 0; i < unit.cells.size(); ++i) out.cells.cells[i] += quantity * unit.cells[i];
        out.cells.relative_delta += quantity * unit.relative_delta;
        // A put in coin is worth K/F - 1 at most.
        const double most = option.payoff == Payoff::linear ? 6.0 * world.price + option.strike
                                                            : 1.0 + option.strike / (0.3 * world.price);
        out.gross += std::abs(quantity) * option.multiplier * most;
    }
    return out;
}

class MatrixChainTest : public testing::TestWithParam<std::uint64_t> {
protected:
    std::vector<Held> random_chain(Payoff payoff, std::size_t options) {
        std::vector<Held> out(options);
        for (Held& held : out) {
            held.quantity = test::uniform(random_, -50.0, 50.0);
            held.option = {.payoff = payoff,
                           .type = test::uniform(random_, 0.0, 1.0) < 0.5 ? OptionType::call : OptionType::put,
                           .multiplier = payoff == Payoff::linear ? 0.1 : 1.0,
                           .strike = test::kSpot * test::uniform(random_, 0.3, 2.5),
                           .volatility = test::uniform(random_, 0.2, 1.5),
                           .expiry = 3};
        }
        return out;
    }
    void expect_sum(const std::vector<Held>& held, const ChainWorld& world) {
        MatrixChain chain;
        for (const auto& [quantity, option] : held) chain.add(quantity, option);
        const ChainCells got = grid_.chain_cells(chain, world);
        const Sum want = one_by_one(grid_, held, world);
        EXPECT_EQ(got.complete, want.complete);
        EXPECT_EQ(got.sum.status, MarginStatus::ok);
        EXPECT_EQ(got.sum.expiry, 3U);
        const double room = kOfTheForward * want.gross;
        for (std::size_t i = 0; i < want.cells.cells.size(); ++i) {
            EXPECT_NEAR(got.sum.cells[i], want.cells.cells[i], room) << "cell " << i;
        }
        EXPECT_NEAR(got.sum.relative_delta, want.cells.relative_delta, room);
    }

    std::mt19937_64 random_{GetParam()};
    DeribitGrid grid_{test::deribit_tables().matrices.at("btc_usd")};
};

TEST_P(MatrixChainTest, IsTheSumOfItsOptions) {
    for (const Payoff payoff : {Payoff::inverse, Payoff::linear}) {
        for (const std::size_t options : {1UL, 4UL, 7UL, 60UL}) {
            const std::vector<Held> held = random_chain(payoff, options);
            for (const double spot : {-0.95, -0.3, 0.0, 0.02, 3.0}) {
                for (const double days : {0.02, 1.0, 29.0, 31.0, 400.0}) {
                    expect_sum(held, {.price = test::kSpot * (1.0 + spot),
                                      .years = days / 365.0,
                                      .volatility_factor = test::uniform(random_, 0.2, 3.0),
                                      .unsettled_ratio = test::uniform(random_, 0.0, 1.0)});
                }
            }
        }
    }
}

// Among others, each in its own block and several in one: no volatility, a strike beyond the lanes, one that nothing
// is known of. The last is in no sum, and the answer says so.
TEST_P(MatrixChainTest, DegenerateOptionsAreWhatTheyAreAlone) {
    std::vector<Held> held = random_chain(Payoff::inverse, 40);
    held[5].option.volatility = 0.0;
    held[6].option.volatility = 1e-14;
    held[14].option.strike = 1e-95;
    const ChainWorld world{.price = test::kSpot, .years = 0.1, .volatility_factor = 1.2};
    expect_sum(held, world);
    expect_sum(held, {.price = test::kSpot, .years = 0.0});
    expect_sum(held, {.price = 1e-95, .years = 0.1});
    expect_sum(held, {.price = test::kSpot, .years = 0.1, .volatility_factor = 0.0});
    for (const std::size_t unknown : {0UL, 21UL, 39UL}) held[unknown].option.volatility = kNaN;
    expect_sum(held, world);
    held[11].option.strike = -1.0;
    held[12].option.multiplier = 0.0;
    held[13].option.type = OptionType::none;
    held[13].option.price = kNaN;
    MatrixChain chain;
    for (const auto& [quantity, option] : held) chain.add(quantity, option);
    EXPECT_FALSE(grid_.chain_cells(chain, world).complete);
}

TEST_P(MatrixChainTest, AWorldThatIsNoneHasNoSum) {
    const std::vector<Held> held = random_chain(Payoff::linear, 9);
    MatrixChain chain;
    for (const auto& [quantity, option] : held) chain.add(quantity, option);
    const ChainWorld good{.price = test::kSpot, .years = 0.1};
    ASSERT_TRUE(grid_.chain_cells(chain, good).complete);
    for (const double bad : {kNaN, std::numeric_limits<double>::infinity(), -1.0}) {
        std::array worlds{good, good, good, good};
        worlds[0].price = bad;
        worlds[1].years = bad;
        worlds[2].unsettled_ratio = bad;
        worlds[3].volatility_factor = std::abs(bad) == 1.0 ? kNaN : bad;
        for (const ChainWorld& world : worlds) {
            const ChainCells got = grid_.chain_cells(chain, world);
            EXPECT_FALSE(got.complete);
            for (const double cell : got.sum.cells) EXPECT_EQ(cell, 0.0);
        }
    }
    chain.clear();
    EXPECT_TRUE(chain.empty());
    EXPECT_TRUE(grid_.chain_cells(chain, good).complete);
}

TEST_P(MatrixChainTest, AnAmountThatIsNoneIsInNoSum) {
    std::vector<Held> held = random_chain(Payoff::inverse, 8);
    const ChainWorld world{.price = test::kSpot, .years = 0.1};
    MatrixChain chain;
    for (std::size_t i = 0; i < held.size(); ++i) chain.add(i == 2 ? kNaN : held[i].quantity, held[i].option);
    const ChainCells got = grid_.chain_cells(chain, world);
    EXPECT_FALSE(got.complete);
    held.erase(held.begin() + 2);
    const Sum want = one_by_one(grid_, held, world);
    for (std::size_t i = 0; i < want.cells.cells.size(); ++i) {
        EXPECT_NEAR(got.sum.cells[i], want.cells.cells[i], kOfTheForward * want.gross);
    }
}

INSTANTIATE_TEST_SUITE_P(Seeds, MatrixChainTest, testing::Range<std::uint64_t>(1, 7));

}  // namespace
}  // namespace keel::risk
