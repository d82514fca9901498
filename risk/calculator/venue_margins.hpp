#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "risk/margin/matrix_chain.hpp"
#include "risk/margin/okx_margin.hpp"
#include "risk/margin/portfolio_revaluation.hpp"
#include "risk/margin/venue_account.hpp"
#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

// Initial and maintenance margin of every venue account kept current. Where holdings add up, each one's part of its
// currency's sum is replaced when it moved; under portfolio margin the cells of its expiry in the risk matrix of its
// pair are. Definition: venue_margin_usd() of the same holdings in the same market.
// Thread: core. Allocates: at construction only.
class VenueMargins {
public:
    // `models` by VenueSlot; a venue beyond them is not modelled. All of it outlives this; contracts never change.
    VenueMargins(const Book& book, const MarketState& market, std::span<const VenueMarginModel> models);
    VenueMargins(const VenueMargins&) = delete;
    VenueMargins& operator=(const VenueMargins&) = delete;

    // Price, volatility, time or holding of these contracts have moved; where another quantity is held of one, all
    // futures of its coin are among them, for OKX's tiers go by what is held of several. O(rows), under OKX each O(its
    // family), and under portfolio margin O(options of the expiry x cells) for each expiry that one of them is of.
    void refresh(std::span<const std::size_t> rows);
    // The index of the coin has moved.
    void refresh_index(UnderlyingSlot underlying);

    // In USD at the index and the stablecoins of the market. bad_input where a holding has no usable input or no table,
    // or the venue no model; the amounts are then what is known.
    [[nodiscard]] MarginAmount margin_usd(VenueSlot venue) const;

private:
    static constexpr std::uint32_t kNone = 0xffff'ffff;

    // What holdings of one venue ask for in one currency.
    struct Currency {
        VenueSlot venue{VenueSlot::none};
        std::size_t row{0};  // any contract that settles in it
        CompensatedSum initial{}, maintenance{};
        std::size_t held{0};     // holdings
        std::size_t unknown{0};  // of them
    };
    // The options of one pair and expiry at a venue.
    struct Chain {
        std::uint32_t pair{0};
        ExpirySlot expiry{ExpirySlot::none};
        std::vector<std::size_t> rows{};
        MatrixChain options{};
        UnitCells in{};  // what the matrix holds of it
        bool held{false};
        bool good{true};
        bool due{false};
        std::uint32_t slot{0};  // of the matrix
    };
    struct Pair {
        VenueSlot venue{VenueSlot::none};
        std::size_t row{0};  // any of its contracts
        DeribitRiskMatrix matrix;
        MatrixSlots slots{};
        std::size_t held{0};     // chains and futures
        std::size_t unknown{0};  // likewise
        bool indexed{false};
    };
    struct Row {
        std::uint32_t venue{kNone};     // modelled
        std::uint32_t currency{kNone};  // where holdings add up
        std::uint32_t pair{kNone};      // under portfolio margin
        std::uint32_t chain{kNone};     // likewise, of options
        std::uint32_t cells{kNone};     // likewise, of others: into future_cells_
        std::uint32_t slot{0};          // of the matrix
        MarginAmount in{};              // what the sums hold of it
        double quantity{0.0};           // what the matrix holds of it
        bool held{false};
        bool unknown{false};  // held, and could not be computed
    };

    void place(std::size_t row);
    [[nodiscard]] VenueAccount account(VenueSlot venue) const;
    void refresh_row(std::size_t row);
    void refresh_future(std::size_t row);
    void refresh_chain(Chain& chain);
    void set_index(Pair& pair);

    const Book& book_;
    const MarketState& market_;
    std::span<const VenueMarginModel> models_;
    std::vector<Row> rows_;
    std::vector<Currency> currencies_;
    std::vector<Pair> pairs_;
    std::vector<Chain> chains_;
    TierFamilies families_;  // under OKX
    std::vector<UnitCells> future_cells_;
    std::vector<std::uint32_t> due_;                    // chains, of the refresh under way
    std::vector<std::size_t> unknown_;                  // by VenueSlot: held rows without a table
    std::vector<std::vector<std::size_t>> index_rows_;  // by UnderlyingSlot: asked for by the index (Bybit's options)
};

}  // namespace keel::risk
