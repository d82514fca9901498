#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "risk/margin/matrix_chain.hpp"
#include "risk/margin/venue_account.hpp"

namespace keel::risk {

// The risk matrix of one pair, and what its settlement currency is worth.
struct PricedMatrix {
    UnderlyingSlot underlying{UnderlyingSlot::none};
    StableSlot stable{StableSlot::none};
    const DeribitRiskMatrix* matrix{nullptr};  // null: nothing is held of it
    double rate{0.0};                          // USD per unit
};
inline constexpr std::size_t kMatrixPairsMax = 64;

// Each currency's pairs (at most kMatrixPairsMax in all) are summed before the worst case; currencies are added in USD.
// Thread: any. Allocates: never.
[[nodiscard]] MarginAmount pairs_margin_usd(std::span<const PricedMatrix> pairs,
                                            const DeribitPortfolioParameters& general);

// Deribit's portfolio margin of one account in one world after another. The options of a pair and expiry are revalued
// together, and what they come to in a world is kept: the coins that stand still while another moves, and the worlds
// that two searches share, cost nothing again. Contracts and market stand still meanwhile; holdings may change.
// Thread: one. Allocates: in the constructor, and where the holdings change.
class PortfolioRevaluation {
public:
    // `rows` are the account's. Account and market outlive this.
    PortfolioRevaluation(const VenueAccount& account, std::span<const std::size_t> rows);

    // In USD, of what `holdings`, by contract, has at the venue. Each currency's pairs are summed before the worst
    // case; currencies are added. bad_input where a holding has no usable input or no table; the amounts are then what
    // is known.
    [[nodiscard]] MarginAmount margin_usd(std::span<const Holding> holdings, const Shock& shock);

private:
    static constexpr std::size_t kWorldsKept = 64;  // a search for liquidation prices sees about forty

    // The options of one pair and expiry.
    struct Chain {
        ExpirySlot expiry{ExpirySlot::none};
        std::vector<std::size_t> rows;
        std::vector<double> quantities;  // held of each
        MatrixChain options;
        std::vector<ChainWorld> worlds;
        std::vector<ChainCells> cells;  // by world
        std::size_t oldest{0};
    };
    struct Pair {
        UnderlyingSlot underlying{UnderlyingSlot::none};
        StableSlot stable{StableSlot::none};
        DeribitRiskMatrix matrix;
        std::size_t row{0};  // any of its contracts
        std::vector<std::size_t> futures;
        std::vector<Chain> chains;
        double rate{0.0};  // USD per unit of what it settles in, in the world
        bool known{false};
    };

    [[nodiscard]] MatrixContract contract_at(std::size_t row, const Shock& shock) const;
    [[nodiscard]] Pair& pair_of(std::size_t row);
    void hold(std::span<const Holding> holdings, Chain& chain) const;
    [[nodiscard]] bool revalue(std::span<const Holding> holdings, const Shock& shock, Pair& pair) const;
    [[nodiscard]] bool add_future(std::size_t row, double quantity, const Shock& shock, Pair& pair) const;
    [[nodiscard]] bool add_chain(const Shock& shock, Chain& chain, Pair& pair) const;
    [[nodiscard]] MarginAmount sum_usd() const;

    VenueAccount account_;
    std::vector<Pair> pairs_;
    std::vector<std::size_t> unknown_;  // rows without a usable table
};

}  // namespace keel::risk
