#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "engine/core/instrument.hpp"
#include "risk/margin/margin_amount.hpp"
#include "risk/margin/margin_parameters.hpp"

namespace keel::risk {

inline constexpr std::size_t kMatrixVolatilities = 3;  // down, same, up
inline constexpr std::size_t kMatrixMovesMax = 2 * kMatrixBucketsMax + 1;
inline constexpr std::size_t kMatrixStandardMax = kMatrixMovesMax * kMatrixVolatilities;  // 27
inline constexpr std::size_t kMatrixCellsMax = kMatrixStandardMax + kMatrixExtendedMax;   // 35
inline constexpr std::size_t kMatrixSpareCell = kMatrixCellsMax;  // of the lane that is left: the contract as it is
inline constexpr std::size_t kMatrixExpiriesMax = 32;  // expiries of one currency pair, the perpetual's slot included

// Profit in settlement currency, one number per cell. The standard cells come first, price moves
// ascending and per move volatility down, same, up; then the extended moves, volatility up only.
// Unused cells are zero. One lane more than there are cells, so that a row is whole vectors.
using MatrixCells = std::array<double, kMatrixCellsMax + 1>;

// What the risk matrix needs to know of one contract. Units: price and forward USD per coin.
struct MatrixContract {
    Payoff payoff{Payoff::inverse};
    OptionType type{OptionType::none};  // none: future or perpetual
    double multiplier{1.0};             // coin per contract; inverse futures: USD per contract
    double price{0.0};                  // mark of a future; forward of an option's expiry
    double strike{0.0};
    double years{0.0};  // to expiry; perpetual: 0
    double volatility{0.0};
    double unsettled_ratio{1.0};  // (1 - f): what the settlement window has not yet fixed
    std::uint32_t expiry{0};      // slot in the matrix; 0 is the perpetual's
};

// One contract's profit per cell, and its change of value per unit relative move of the price
// (`delta_net` of inverse contracts, F dV/dF of linear ones): what one more contract adds to the matrix.
struct UnitCells {
    MatrixCells cells{};
    double relative_delta{0.0};
    std::uint32_t expiry{0};
    MarginStatus status{MarginStatus::bad_input};
};

// What a world does to all options of one expiry.
struct ChainWorld {
    double price{0.0};  // forward, USD per coin
    double years{0.0};  // to expiry
    double volatility_factor{1.0};
    double unsettled_ratio{1.0};
    bool operator==(const ChainWorld&) const = default;
};

// What the options of a chain add to the matrix together; incomplete where one of them could not be computed, which is
// then in no sum.
struct ChainCells {
    UnitCells sum{.status = MarginStatus::ok};
    bool complete{true};
};

class MatrixChain;

// True where a matrix can be built from the table.
[[nodiscard]] bool is_valid(const DeribitMatrixParameters& parameters);

// (1 - f): the share of the delivery average that is still open, `years` before delivery. 1 outside of
// the window. Source: support.deribit.com, "Delta decay during settlement".
[[nodiscard]] double unsettled_ratio(double years, double window_years);

// The moves, volatilities and weights of one currency pair, worked out once from its parameters, and the
// revaluation of a contract on them. Extended cells carry their weight R/|move| and, for coin-settled
// contracts, the conversion (1 + move)/(1 +/- R) already; dampening applies to sums, not here.
// Formulas and their sources: docs/risk-model.md. The option part follows the venue's text and has not
// been checked against the venue.
// Thread: any. Allocates: never.
class DeribitGrid {
public:
    // `parameters` must be valid.
    explicit DeribitGrid(const DeribitMatrixParameters& parameters);

    // Full revaluation of one contract on every cell; options four cells at a time.
    [[nodiscard]] UnitCells unit_cells(const MatrixContract& contract) const;

    // Sum of quantity * unit_cells over a chain in a world, four options at a time. A cell agrees with that sum to
    // 1e-14 of the options' moved forwards and strikes. O(options * cells).
    [[nodiscard]] ChainCells chain_cells(const MatrixChain& chain, const ChainWorld& world) const;

    // The two shocked volatilities at a tenor.
    [[nodiscard]] double volatility_down(double volatility, double years) const {
        return shocked_down(volatility, tenor_scale(years));
    }
    [[nodiscard]] double volatility_up(double volatility, double years) const {
        return shocked_up(volatility, tenor_scale(years));
    }

    [[nodiscard]] const DeribitMatrixParameters& parameters() const { return parameters_; }
    [[nodiscard]] std::size_t moves_count() const { return moves_count_; }
    [[nodiscard]] std::size_t standard_count() const { return moves_count_ * kMatrixVolatilities; }
    [[nodiscard]] std::size_t cells_count() const { return standard_count() + parameters_.extended_count; }
    [[nodiscard]] double move(std::size_t index) const { return moves_[index]; }
    // What an extended cell may be dampened by, USD, before it is divided by the index.
    [[nodiscard]] double dampener_usd(std::size_t extended) const { return dampener_usd_[extended]; }
    // 1 +/- R on the move's own side: at which price, relative to the index, an extended cell is told.
    [[nodiscard]] double edge(std::size_t extended) const { return edge_[extended]; }

private:
    struct ChainSums;
    struct ChainBlock;

    void add_future(const MatrixContract& contract, UnitCells& out) const;
    // False where the option could not be priced.
    [[nodiscard]] bool add_option(const MatrixContract& contract, UnitCells& out) const;
    // Weights, conversions and the settled part of cells and delta. False where one is not finite.
    [[nodiscard]] bool finish(Payoff payoff, double unsettled_ratio, UnitCells& out) const;
    // Four options of a chain; `scale` is of its tenor.
    [[nodiscard]] ChainBlock block_of(const MatrixChain& chain, std::size_t first, const ChainWorld& world,
                                      double scale) const;
    void add_block(const ChainBlock& block, ChainSums& sums) const;
    [[nodiscard]] UnitCells total_of(const ChainSums& sums, Payoff payoff, const ChainWorld& world) const;
    [[nodiscard]] double tenor_scale(double years) const;
    [[nodiscard]] double shocked_down(double volatility, double scale) const;
    [[nodiscard]] double shocked_up(double volatility, double scale) const;

    DeribitMatrixParameters parameters_;
    std::size_t moves_count_;
    std::array<double, kMatrixMovesMax> moves_{};
    std::array<double, kMatrixExtendedMax> weight_{};
    std::array<double, kMatrixExtendedMax> edge_{};
    std::array<double, kMatrixExtendedMax> dampener_usd_{};
    // Per cell: 1 + move, and which of the three volatilities. Unused cells and the spare lane stand at no
    // move and the same volatility: the spare one prices the contract as it is.
    MatrixCells price_factor_{};
    MatrixCells log_factor_{};      // ln(1 + move)
    MatrixCells inverse_factor_{};  // 1 / (1 + move)
    std::array<std::uint8_t, kMatrixCellsMax + 1> volatility_{};
};

}  // namespace keel::risk
