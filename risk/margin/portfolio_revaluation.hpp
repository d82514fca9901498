#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "risk/margin/matrix_chain.hpp"
#include "risk/margin/venue_account.hpp"

namespace keel::risk {

// Numbers the expiries of one pair for its matrix: what has none is 0, the others follow as they come.
class MatrixSlots {
public:
    // kMatrixExpiriesMax: there is no room for another.
    [[nodiscard]] std::uint32_t of(ExpirySlot expiry);

private:
    std::array<ExpirySlot, kMatrixExpiriesMax> expiries_{};
    std::uint32_t count_{1};
};

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
        std::uint32_t slot{0};  // of the matrix
        std::vector<std::size_t> rows;
        std::vector<double> quantities;  // held of each
        MatrixChain options;
        std::vector<ChainWorld> worlds;
        std::vector<ChainCells> cells;  // by world
        std::size_t oldest{0};
    };
    struct Future {
        std::size_t row{0};
        std::uint32_t slot{0};
    };
    struct Pair {
        UnderlyingSlot underlying{UnderlyingSlot::none};
        StableSlot stable{StableSlot::none};
        DeribitRiskMatrix matrix;
        std::size_t row{0};  // any of its contracts
        MatrixSlots slots{};
        std::vector<Future> futures;
        std::vector<Chain> chains;
        double rate{0.0};  // USD per unit of what it settles in, in the world
        bool known{false};
    };

    [[nodiscard]] MatrixContract contract_at(std::size_t row, std::uint32_t slot, const Shock& shock) const;
    [[nodiscard]] Pair& pair_of(std::size_t row);
    void hold(std::span<const Holding> holdings, Chain& chain) const;
    [[nodiscard]] bool revalue(std::span<const Holding> holdings, const Shock& shock, Pair& pair) const;
    [[nodiscard]] bool add_future(const Future& future, double quantity, const Shock& shock, Pair& pair) const;
    [[nodiscard]] bool add_chain(const Shock& shock, Chain& chain, Pair& pair) const;
    [[nodiscard]] MarginAmount sum_usd() const;

    VenueAccount account_;
    std::vector<Pair> pairs_;
    std::vector<std::size_t> unknown_;  // rows without a usable table
};

}  // namespace keel::risk
