#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "risk/book/market_state.hpp"

namespace keel::risk {

// The grid of risk-model.md, "Stress": relative moves of spot (index, forwards and marks together) by
// relative moves of implied volatility with the power tenor law, strikes keeping their volatility.
inline constexpr std::array kGridSpotMoves{-0.50, -0.30, -0.20, -0.15, -0.10, -0.05, -0.02, 0.0,
                                           0.02,  0.05,  0.10,  0.15,  0.20,  0.30,  0.50};
inline constexpr std::array kGridVolatilityMoves{-0.30, -0.15, 0.0, 0.15, 0.30, 0.60};
inline constexpr std::size_t kGridCells = kGridSpotMoves.size() * kGridVolatilityMoves.size();

// What the options of one bucket (or the holdings of one whole underlying) are worth in each cell: rows of
// spot moves, columns of volatility moves. Coin and dollars apart, for they are converted at different prices.
struct StressCells {
    std::array<double, kGridCells> coin{};
    std::array<double, kGridCells> usd{};  // linear contracts, at their stablecoin's price
};

// The worst cell of a grid.
struct WorstCell {
    double pnl_usd{0.0};
    std::size_t spot{0};        // into kGridSpotMoves
    std::size_t volatility{0};  // into kGridVolatilityMoves
};

// Profit in USD and in coin of one underlying's holdings, per cell.
struct StressMatrix {
    std::array<double, kGridCells> pnl_usd{};
    std::array<double, kGridCells> pnl_coin{};  // of the coin ledger alone
    WorstCell worst{};
    std::size_t left_out{0};  // holdings that an input was missing for
};

// The definition: every holding of `underlying` revalued in each cell.
// Thread: any. Allocates: yes; for reports and tests.
[[nodiscard]] StressMatrix full_stress_matrix(const Book& book, const MarketState& market, UnderlyingSlot underlying,
                                              VolatilityTenor tenor = VolatilityTenor::power);

// Change of profit in one cell for one more contract held long, in USD: the gradient that a solver puts into
// its rows. NaN where the contract cannot be priced.
[[nodiscard]] double unit_cell_pnl_usd(const Contract& contract, const ContractQuote& quote, const MarketState& market,
                                       std::size_t spot, std::size_t volatility,
                                       VolatilityTenor tenor = VolatilityTenor::power);

// What is linear in 1/(1+spot move), or does not move at all: futures, perpetuals, spot and cash. Closed form
// per cell, so that a mark or a fill costs O(1) and needs no cell. What is not linear (options, shares in a pool) is
// not taken: it belongs into a bucket, by its contract_cells().
//   coin(s) = coin_fixed - coin_over_price / (1+s)      usd(s) = usd_fixed + usd_per_price (1+s)
struct LinearStress {
    double coin_fixed{0.0};       // cash + sum q c / entry
    double coin_over_price{0.0};  // sum q c / mark
    double usd_fixed{0.0};        // cash - sum q m entry, at the stablecoin's price
    double usd_per_price{0.0};    // sum q m mark, at the stablecoin's price

    void add(const Contract& contract, const Holding& holding, const ContractQuote& quote, double stable_usd);
};

// Coins or USD in one cell: what is beyond it, or not finite, is no worth of anything.
inline constexpr double kStressCellMax = 1e15;

// The same matrix kept current: the linear part in closed form and one block of cells per bucket of options,
// replaced when the bucket is rebuilt or moved along its ladder; a fill adds a multiple of a contract's own
// cells. Work per read O(cells), per bucket O(cells), whatever the portfolio holds.
// Invariant: every cell is finite, and the sum of the blocks as they stand to rounding: sums are compensated.
// Thread: core. Allocates: at construction only.
class StressGrid {
public:
    explicit StressGrid(std::size_t buckets_max);

    // `cells` of bucket `slot` (< buckets_max). False, and the old cells kept, where one is beyond kStressCellMax: the
    // grid then says stale until the bucket comes back.
    bool replace_bucket(std::size_t slot, const StressCells& cells);
    // quantity more contracts whose one-lot cells are `unit`.
    bool add_to_bucket(std::size_t slot, const StressCells& unit, double quantity);
    // The same for the linear part: false, stale and the old one kept where a member is beyond kStressCellMax.
    bool set_linear(const LinearStress& linear);
    [[nodiscard]] bool stale() const { return stale_count_ != 0 || linear_stale_; }
    // At today's index (USD per coin). At one that is not positive, or beyond 1e9, coin counts nothing.
    [[nodiscard]] StressMatrix read(double index) const;

private:
    std::vector<StressCells> buckets_;
    std::vector<std::uint8_t> stale_;
    std::size_t stale_count_{0};
    bool linear_stale_{false};
    StressCells sum_{};
    StressCells carry_{};  // what rounding dropped from it
    LinearStress linear_{};
};

// The cells of one contract (option, unit of liquidity in a pool) by full revaluation: what a bucket's block is the
// sum of. False where it cannot be priced.
[[nodiscard]] bool contract_cells(const Contract& contract, const ContractQuote& quote, const MarketState& market,
                                  StressCells& out, VolatilityTenor tenor = VolatilityTenor::power);

}  // namespace keel::risk
