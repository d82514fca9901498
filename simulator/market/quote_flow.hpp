#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "engine/core/fixed_vector.hpp"
#include "simulator/market/market_source.hpp"
#include "simulator/market/random.hpp"

namespace keel::simulator {

// How thickly and how often one instrument is quoted and traded.
struct QuoteStyle {
    std::uint32_t levels{5};           // per side, at most QuoteFlow::kLevelsMax
    double spacing_ratio{0.0005};      // between the levels below the best, fraction of the price
    double quantity_lots{1'000.0};     // mean size of the best level; deeper ones grow
    double replace_probability{0.05};  // per level and refresh: a standing order is renewed
    double takes_per_second{1.0};
    double take_lots{100.0};  // mean size of a taker's order
};

// The makers and takers of one instrument. Makers keep a ladder around a bid and an ask that they are
// told; the levels below the best stand on a fixed grid, so that a small move renews few of them.
// Cancels come before adds, and both sides follow one pair of prices: the ladder never crosses itself.
// It never looks at the book; that is what keeps the flow the same whatever else is traded.
// Thread: one. Allocates: only what `out` needs.
class QuoteFlow {
public:
    static constexpr std::size_t kLevelsMax = 8;

    QuoteFlow(const Instrument& contract, const QuoteStyle& style, std::uint64_t seed);

    // Moves the ladder to a best bid and ask (price units; 0 or less: no quote on that side).
    void refresh(double bid, double ask, std::vector<FlowAction>& out);
    // Lets takers arrive during `seconds`; each takes up to 1 % (options: 10 %) beyond `fair`.
    void arrive(double fair, double seconds, std::vector<FlowAction>& out);

    // Best quote now standing, price units; 0: none.
    [[nodiscard]] double bid() const;
    [[nodiscard]] double ask() const;

private:
    struct Quote {
        Price price{};
        std::uint32_t maker_order{0};
    };
    using Ladder = FixedVector<Quote, kLevelsMax>;
    using Targets = FixedVector<Price, kLevelsMax>;

    [[nodiscard]] Targets targets(Side side, double best) const;
    void withdraw(Side side, const Targets& wanted, std::vector<FlowAction>& out);
    void place(Side side, const Targets& wanted, std::vector<FlowAction>& out);

    Instrument contract_;
    QuoteStyle style_;
    Random random_;
    std::array<Ladder, 2> ladders_{};  // by Side, best first
    std::array<bool, 2> best_taken_{};
    std::int64_t spacing_ticks_{0};  // fixed by the first refresh
    std::uint32_t last_maker_order_{0};
};

}  // namespace keel::simulator
