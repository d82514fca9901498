#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "risk/margin/deribit_matrix.hpp"
#include "risk/margin/margin_amount.hpp"
#include "risk/margin/margin_parameters.hpp"

namespace keel::risk {

// What the venue adds to the risk matrix, settlement currency. Given, never modelled.
struct MatrixAddOns {
    double correlation_contingency{0.0};  // enters maintenance too
    double spot{0.0};
    double market_maker_protection{0.0};
    double open_orders{0.0};
};

// The decomposition that the venue's simulator prints, settlement currency.
struct DeribitPortfolioMargin {
    double worst_case{0.0};  // positive, not rounded
    std::uint32_t worst_cell{0};
    double roll_shock{0.0};
    double delta_shock{0.0};
    double risk_matrix_margin{0.0};  // of the rounded worst case, both shocks and the contingency
    MarginAmount margin{};
};

// Part of a what-if: so many contracts of a unit more (or fewer).
struct MatrixTrade {
    double quantity{0.0};
    const UnitCells* unit{nullptr};
};

// The running sums of one currency pair's risk matrix. A trade adds quantity * unit cells, O(cells), and
// is exact: cells are linear in quantity, and each sum keeps what rounding drops. Dampening, offsets and
// the minimum are taken when the margin is read.
// Thread: core. Allocates: never.
class DeribitRiskMatrix {
public:
    // `settlement` says whether cells are coin (inverse) or the stablecoin (linear). The table must be valid.
    DeribitRiskMatrix(const DeribitMatrixParameters& parameters, Payoff settlement);

    [[nodiscard]] const DeribitGrid& grid() const { return grid_; }

    // Index price, USD per coin. Refused, and the old one kept, where it is not a positive number.
    MarginStatus set_index(double index);
    MarginStatus set_expiry(std::size_t slot, double years);
    // Refuses a quantity that is not finite, a unit that could not be computed, and a sum that overflows.
    MarginStatus add(double quantity, const UnitCells& unit);
    void clear();

    // Sums before dampening and offset.
    [[nodiscard]] MatrixCells sums() const;
    // Sums after both: what the worst case is taken from.
    [[nodiscard]] MatrixCells adjusted() const { return adjusted(sums()); }

    // bad_input until an index is set. `add_ons` that are not finite or negative are bad input too.
    [[nodiscard]] DeribitPortfolioMargin margin(const DeribitPortfolioParameters& general,
                                                const MatrixAddOns& add_ons) const;
    // The same after `trades`, which change nothing here.
    [[nodiscard]] DeribitPortfolioMargin margin_after(std::span<const MatrixTrade> trades,
                                                      const DeribitPortfolioParameters& general,
                                                      const MatrixAddOns& add_ons) const;

private:
    struct Deltas {
        std::array<double, kMatrixExpiriesMax> by_expiry{};
        double total{0.0};
    };
    friend DeribitPortfolioMargin combined_margin(std::span<const DeribitRiskMatrix* const> pairs,
                                                  const DeribitPortfolioParameters& general,
                                                  const MatrixAddOns& add_ons);

    [[nodiscard]] MatrixCells adjusted(const MatrixCells& sums) const;
    [[nodiscard]] Deltas deltas() const;
    [[nodiscard]] double roll_shock(const Deltas& deltas) const;
    [[nodiscard]] double delta_shock(const Deltas& deltas) const;

    DeribitGrid grid_;
    bool coin_settled_;
    double index_{0.0};  // 0: not known yet
    MatrixCells sum_{};
    MatrixCells carry_{};
    std::array<double, kMatrixExpiriesMax> delta_{};
    std::array<double, kMatrixExpiriesMax> delta_carry_{};
    std::array<double, kMatrixExpiriesMax> roll_rate_{};
};

// Several pairs that settle in one currency: their adjusted cells are summed before the worst is taken,
// and their shocks are added. All grids must have the same shape.
[[nodiscard]] DeribitPortfolioMargin combined_margin(std::span<const DeribitRiskMatrix* const> pairs,
                                                     const DeribitPortfolioParameters& general,
                                                     const MatrixAddOns& add_ons);

}  // namespace keel::risk
