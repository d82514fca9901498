#pragma once

#include <cstdint>

#include "engine/book/order_book.hpp"
#include "engine/core/instrument.hpp"
#include "strategies/hedge/hedge_config.hpp"
#include "strategies/rebalance/trade_cost.hpp"

namespace keel::strategies {

// What trading one instrument costs now, in both directions.
struct TradingCost {
    bool usable{false};        // false: no fresh valid book, or no mark
    bool thin{false};          // a side shows less than one order: priced from the mark instead
    double notional_usd{0.0};  // of one lot
    Price bid{};               // touch; the mark's neighbours where the book is thin
    Price ask{};
    TradeCost buy;
    TradeCost sell;
    std::int64_t buy_lots_max{0};  // what the visible book within the collar lets us take
    std::int64_t sell_lots_max{0};
};

// Prices a trade from its book: half spread and fee, then level by level within the
// collar around the mark, of each level the configured share. Costs are in USD against the middle of
// the book. A side that shows less than the smallest order is priced at the mark plus the configured
// half spread, for one smallest order.
// Thread: core. Allocates: never.
class CostModel {
public:
    explicit CostModel(const HedgeConfig& config) : config_{config} {}
    // `mark_price` in price units of the instrument; `book` may be null.
    [[nodiscard]] TradingCost price(const Instrument& instrument, const OrderBook* book, double mark_price,
                                    double underlying_price_usd, UnixNanos now) const;

private:
    struct Walk {
        const Instrument& instrument;
        const OrderBook& book;
        double mid{0.0};
        double mark{0.0};
        double notional_usd{0.0};
    };
    // Lots that may be taken from the side `taken`; fills `cost`.
    [[nodiscard]] std::int64_t walk(const Walk& walk, Side taken, TradeCost& cost) const;

    HedgeConfig config_;
};

}  // namespace keel::strategies
