#include "risk/stress/stress_grid.hpp"

#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/book/shocked_options.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kVolatilities = kGridVolatilityMoves.size();
constexpr std::size_t kBaseRow = 7;  // spot move 0
constexpr std::size_t kBaseColumn = 2;
static_assert(kGridSpotMoves[kBaseRow] == 0.0 && kGridVolatilityMoves[kBaseColumn] == 0.0);
constexpr std::size_t kBaseCell = kBaseRow * kVolatilities + kBaseColumn;
constexpr double kIndexMax = 1e9;  // USD per coin

// A shock of one underlying alone; the array holds the others still.
constexpr std::size_t kUnderlyingsPerShock = 64;
class CellShock {
public:
    CellShock(UnderlyingSlot underlying, std::size_t cell, VolatilityTenor tenor) : tenor_{tenor} {
        KEEL_ASSERT(at(underlying) < kUnderlyingsPerShock);
        moves_[at(underlying)] = {.spot = kGridSpotMoves[cell / kVolatilities],
                                  .volatility = kGridVolatilityMoves[cell % kVolatilities]};
    }
    [[nodiscard]] Shock shock() const { return {.underlyings = moves_, .tenor = tenor_}; }

private:
    std::array<UnderlyingShock, kUnderlyingsPerShock> moves_{};
    VolatilityTenor tenor_;
};

void find_worst(StressMatrix& matrix) {
    matrix.worst = {.pnl_usd = matrix.pnl_usd[kBaseCell], .spot = kBaseRow, .volatility = kBaseColumn};
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        if (matrix.pnl_usd[cell] < matrix.worst.pnl_usd) {
            matrix.worst = {matrix.pnl_usd[cell], cell / kVolatilities, cell % kVolatilities};
        }
    }
}

bool is_worth(double amount) { return std::abs(amount) <= kStressCellMax; }

using Cells = std::array<double, kGridCells>;

// sum += after - before, and into `carry` what rounding drops of it (Knuth's two-sum).
void replace_cells(Cells& sum, Cells& carry, const Cells& before, const Cells& after) {
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        const double up = sum[cell] + after[cell];
        const double up_shift = up - sum[cell];
        const double up_lost = (sum[cell] - (up - up_shift)) + (after[cell] - up_shift);
        const double down = up - before[cell];
        const double down_shift = up - down;
        const double down_lost = (up - (down + down_shift)) + (down_shift - before[cell]);
        carry[cell] += up_lost + down_lost;
        sum[cell] = down;
    }
}

// Turns worth per cell into profit per cell.
StressMatrix matrix_of(const StressCells& cells, double index) {
    StressMatrix out;
    const double base_usd = cells.coin[kBaseCell] * index + cells.usd[kBaseCell];
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        const double price = index * (1.0 + kGridSpotMoves[cell / kVolatilities]);
        out.pnl_usd[cell] = cells.coin[cell] * price + cells.usd[cell] - base_usd;
        out.pnl_coin[cell] = cells.coin[cell] - cells.coin[kBaseCell];
    }
    find_worst(out);
    return out;
}

}  // namespace

StressMatrix full_stress_matrix(const Book& book, const MarketState& market, UnderlyingSlot underlying,
                                VolatilityTenor tenor) {
    std::vector<std::size_t> rows;
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        if (book.contracts[i].underlying == underlying && book.holdings[i].quantity != 0.0) rows.push_back(i);
    }
    ShockedOptions options{book, market, rows};
    options.price(Shock{});
    const std::size_t left_out =
        std::erase_if(rows, [&](std::size_t i) { return !std::isfinite(options.value_of(i, book.holdings[i], {})); });
    StressCells cells;
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        const CellShock moved{underlying, cell, tenor};
        options.price(moved.shock());
        for (const std::size_t i : rows) {
            const Contract& contract = book.contracts[i];
            const double worth = options.value_of(i, book.holdings[i], moved.shock());
            if (settles_in_coin(contract.kind)) {
                cells.coin[cell] += worth;
            } else {
                cells.usd[cell] += worth * market.stables[static_cast<std::size_t>(contract.stable)];
            }
        }
    }
    StressMatrix out = matrix_of(cells, market.underlyings[at(underlying)].index);
    out.left_out = left_out;
    return out;
}

bool contract_cells(const Contract& contract, const ContractQuote& quote, const MarketState& market, StressCells& out,
                    VolatilityTenor tenor) {
    const Holding one{.quantity = 1.0, .entry = quote.mark};
    const bool in_coin = settles_in_coin(contract.kind);
    const double rate = in_coin ? 1.0 : market.stables[static_cast<std::size_t>(contract.stable)];
    StressCells cells;
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        const CellShock moved{contract.underlying, cell, tenor};
        const double worth = rate * holding_value(contract, one, quote, market, moved.shock());
        if (!std::isfinite(worth)) return false;
        (in_coin ? cells.coin : cells.usd)[cell] = worth;
    }
    out = cells;
    return true;
}

double unit_cell_pnl_usd(const Contract& contract, const ContractQuote& quote, const MarketState& market,
                         std::size_t spot, std::size_t volatility, VolatilityTenor tenor) {
    KEEL_ASSERT(spot < kGridSpotMoves.size() && volatility < kVolatilities);
    const Holding one{.quantity = 1.0, .entry = quote.mark};
    const CellShock moved{contract.underlying, spot * kVolatilities + volatility, tenor};
    const double before = holding_value(contract, one, quote, market);
    const double after = holding_value(contract, one, quote, market, moved.shock());
    if (!settles_in_coin(contract.kind)) {
        return (after - before) * market.stables[static_cast<std::size_t>(contract.stable)];
    }
    const double index = market.underlyings[at(contract.underlying)].index;
    return index * (after * (1.0 + kGridSpotMoves[spot]) - before);
}

void LinearStress::add(const Contract& contract, const Holding& holding, const ContractQuote& quote,
                       double stable_usd) {
    if (!is_linear(contract.kind) || holding.quantity == 0.0) return;
    if (contract.kind == ContractKind::coin_cash) {
        coin_fixed += holding.quantity;
        return;
    }
    if (contract.kind == ContractKind::stable_cash) {
        usd_fixed += holding.quantity * stable_usd;
        return;
    }
    const double size = holding.quantity * contract.multiplier;
    const bool inverse = contract.kind == ContractKind::inverse_future;
    const double fixed = inverse ? size / holding.entry : -size * holding.entry * stable_usd;
    const double moving = inverse ? size / quote.mark : size * quote.mark * stable_usd;
    if (!std::isfinite(fixed) || !std::isfinite(moving)) return;
    (inverse ? coin_fixed : usd_fixed) += fixed;
    (inverse ? coin_over_price : usd_per_price) += moving;
}

StressGrid::StressGrid(std::size_t buckets_max) : buckets_(buckets_max), stale_(buckets_max) {}

bool StressGrid::replace_bucket(std::size_t slot, const StressCells& cells) {
    KEEL_ASSERT(slot < buckets_.size());
    bool good = true;
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        good = good && is_worth(cells.coin[cell]) && is_worth(cells.usd[cell]);
    }
    stale_count_ += static_cast<std::size_t>(!good) - stale_[slot];
    stale_[slot] = static_cast<std::uint8_t>(!good);
    if (!good) return false;
    StressCells& held = buckets_[slot];
    replace_cells(sum_.coin, carry_.coin, held.coin, cells.coin);
    replace_cells(sum_.usd, carry_.usd, held.usd, cells.usd);
    held = cells;
    return true;
}

bool StressGrid::set_linear(const LinearStress& linear) {
    linear_stale_ = !is_worth(linear.coin_fixed) || !is_worth(linear.coin_over_price) || !is_worth(linear.usd_fixed) ||
                    !is_worth(linear.usd_per_price);
    if (!linear_stale_) linear_ = linear;
    return !linear_stale_;
}

bool StressGrid::add_to_bucket(std::size_t slot, const StressCells& unit, double quantity) {
    KEEL_ASSERT(slot < buckets_.size());
    StressCells cells = buckets_[slot];
    for (std::size_t cell = 0; cell < kGridCells; ++cell) cells.coin[cell] += quantity * unit.coin[cell];
    for (std::size_t cell = 0; cell < kGridCells; ++cell) cells.usd[cell] += quantity * unit.usd[cell];
    const bool was_stale = stale_[slot] != 0;
    if (!replace_bucket(slot, cells)) return false;
    if (was_stale) {  // a fill mends nothing: the block still stands on old inputs
        stale_[slot] = 1;
        ++stale_count_;
    }
    return true;
}

StressMatrix StressGrid::read(double index) const {
    StressCells cells = sum_;
    for (std::size_t cell = 0; cell < kGridCells; ++cell) {
        const double factor = 1.0 + kGridSpotMoves[cell / kVolatilities];
        cells.coin[cell] += carry_.coin[cell] + (linear_.coin_fixed - linear_.coin_over_price / factor);
        cells.usd[cell] += carry_.usd[cell] + (linear_.usd_fixed + linear_.usd_per_price * factor);
    }
    return matrix_of(cells, index > 0.0 && index <= kIndexMax ? index : 0.0);
}

}  // namespace keel::risk
