#include "strategies/rebalance/cost_model.hpp"

#include <algorithm>
#include <cmath>

namespace keel::strategies {
namespace {

constexpr double kBps = 1e-4;

}  // namespace

TradingCost CostModel::price(const Instrument& instrument, const OrderBook* book, double mark_price,
                             double underlying_price_usd, UnixNanos now) const {
    TradingCost out;
    if (book == nullptr || !book->valid() || !(mark_price > 0.0)) return out;
    if (now - book->updated() > config_.book_age_max) return out;
    const Top top = book->top();
    if (top.crossed()) return out;
    const double mid = top.two_sided()
                           ? 0.5 * (instrument.price_value(top.bid.price) + instrument.price_value(top.ask.price))
                           : mark_price;
    const Quantity one{1};
    out.notional_usd = instrument.notional_usd(one, mid, underlying_price_usd);
    if (!(out.notional_usd > 0.0)) return out;
    const Walk asked{instrument, *book, mid, mark_price, out.notional_usd};
    out.buy_lots_max = walk(asked, Side::ask, out.buy);
    out.sell_lots_max = walk(asked, Side::bid, out.sell);
    const double fallback = config_.half_spread_fallback_bps * kBps;
    out.bid = top.bid.quantity.count() > 0 ? top.bid.price : instrument.price_floor(mark_price * (1.0 - fallback));
    out.ask = top.ask.quantity.count() > 0 ? top.ask.price : instrument.price_ceil(mark_price * (1.0 + fallback));
    const std::int64_t smallest = std::max<std::int64_t>(1, instrument.quantity_min.count());
    const double thin_usd = out.notional_usd * (fallback + instrument.taker_fee);
    const auto fall_back = [&](TradeCost& cost, std::int64_t& lots_max) {
        if (lots_max >= smallest) return;
        out.thin = true;
        cost = TradeCost{};
        static_cast<void>(cost.push({smallest, std::max(thin_usd, 0.0)}));
        lots_max = smallest;
    };
    fall_back(out.buy, out.buy_lots_max);
    fall_back(out.sell, out.sell_lots_max);
    out.usable = true;
    return out;
}

// The first levels are priced one by one, the rest within the collar together at their average: deep
// books stay usable, and the marginal cost keeps rising.
std::int64_t CostModel::walk(const Walk& asked, Side taken, TradeCost& cost) const {
    const double outwards = taken == Side::ask ? 1.0 : -1.0;
    const double collar = asked.mark * (1.0 + outwards * config_.collar_bps * kBps);
    const auto levels = asked.book.levels(taken);
    double visible = 0.0;    // lots up to here, the configured share of them
    double rest_lots = 0.0;  // of the levels that share the last step
    double rest_cost_usd = 0.0;
    std::int64_t until = 0;
    for (std::size_t at = 0; at < levels.size(); ++at) {
        const PriceLevel& level = levels[levels.size() - 1 - at];  // best first
        const double price = asked.instrument.price_value(level.price);
        if ((price - collar) * outwards > 0.0) break;
        const double lots = config_.book_share_ratio * static_cast<double>(level.quantity.count());
        const double slippage = (price - asked.mid) * outwards / asked.mid;
        const double usd_per_lot = std::max(0.0, asked.notional_usd * (slippage + asked.instrument.taker_fee));
        visible += lots;
        const auto whole = static_cast<std::int64_t>(std::floor(visible));
        if (at + 1 < kCostStepsMax) {
            if (whole > until && !cost.push({whole, usd_per_lot})) break;
        } else {
            rest_lots += lots;
            rest_cost_usd += lots * usd_per_lot;
        }
        until = std::max(until, whole);
    }
    if (rest_lots > 0.0) {
        const auto whole = static_cast<std::int64_t>(std::floor(visible));
        if (!cost.push({std::max(whole, until) + 1, rest_cost_usd / rest_lots})) return until;
    }
    return until;
}

}  // namespace keel::strategies
