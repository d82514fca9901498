#pragma once

#include <cstddef>
#include <vector>

#include "risk/margin/deribit_matrix.hpp"

namespace keel::risk {

// What is held of the options of one pair and expiry, as columns: what DeribitGrid::chain_cells() reads.
// Thread: one. Allocates: in add().
class MatrixChain {
public:
    void clear();
    // Payoff, multiplier and expiry are the same for all. Volatility is that before any world; price, years and what is
    // unsettled are the world's and are not read here.
    void add(double quantity, const MatrixContract& option);

    [[nodiscard]] bool empty() const { return options_.empty(); }

private:
    friend class DeribitGrid;

    std::vector<MatrixContract> options_;
    std::vector<double> quantity_;
    // Padded to whole lanes with nothing held of the last block's first option. A strike that is none keeps its block
    // out of the lanes.
    std::vector<double> strike_, volatility_, sign_, coins_;
};

}  // namespace keel::risk
