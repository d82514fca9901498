#include "simulator/market/quote_flow.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::simulator {

namespace {

constexpr double kDepthGrowth = 0.6;  // each level below the best holds this much more of the mean
constexpr double kSizeSpread = 0.5;   // log standard deviation of quantities
constexpr double kTakeReach = 0.01;   // of the price: beyond this a taker stops
constexpr double kTakeReachOption = 0.1;

std::size_t side_slot(Side side) { return side == Side::bid ? 0 : 1; }

std::int64_t floor_div(std::int64_t a, std::int64_t b) { return a >= 0 ? a / b : -((-a + b - 1) / b); }

}  // namespace

QuoteFlow::QuoteFlow(const Instrument& contract, const QuoteStyle& style, std::uint64_t seed)
    : contract_{contract}, style_{style}, random_{seed, 1'000 + slot(contract.id)} {
    KEEL_ASSERT(style_.levels <= kLevelsMax);
}

QuoteFlow::Targets QuoteFlow::targets(Side side, double best) const {
    Targets prices;
    if (!(best > 0.0) || style_.levels == 0) return prices;
    const bool is_bid = side == Side::bid;
    const Price top = is_bid ? contract_.price_floor(best) : contract_.price_ceil(best);
    if (top.count() <= 0) return prices;
    KEEL_ASSERT(prices.push(top));
    const std::int64_t grid_start =
        is_bid ? floor_div(top.count() - 1, spacing_ticks_) : floor_div(top.count(), spacing_ticks_) + 1;
    for (std::uint32_t level = 1; level < style_.levels; ++level) {
        const auto away = static_cast<std::int64_t>(level) - 1;
        const std::int64_t ticks = (is_bid ? grid_start - away : grid_start + away) * spacing_ticks_;
        if (ticks <= 0) break;
        // The grid may fall between the coarser ticks of higher prices.
        const double value = contract_.price_value(Price{ticks});
        const Price price = is_bid ? contract_.price_floor(value) : contract_.price_ceil(value);
        const bool is_beyond = is_bid ? price < prices.back() : price > prices.back();
        if (is_beyond && price.count() > 0) KEEL_ASSERT(prices.push(price));
    }
    return prices;
}

void QuoteFlow::withdraw(Side side, const Targets& wanted, std::vector<FlowAction>& out) {
    Ladder& ladder = ladders_[side_slot(side)];
    Ladder kept;
    for (std::size_t i = 0; i < ladder.size(); ++i) {
        const bool is_wanted = std::find(wanted.begin(), wanted.end(), ladder[i].price) != wanted.end();
        const bool is_spent = i == 0 && best_taken_[side_slot(side)];
        const bool is_renewed = random_.chance(style_.replace_probability);
        if (is_wanted && !is_spent && !is_renewed) {
            KEEL_ASSERT(kept.push(ladder[i]));
        } else {
            out.push_back(FlowAction{.instrument = contract_.id,
                                     .kind = FlowKind::cancel,
                                     .side = side,
                                     .maker_order = ladder[i].maker_order,
                                     .price = ladder[i].price});
        }
    }
    ladder = kept;
    best_taken_[side_slot(side)] = false;
}

void QuoteFlow::place(Side side, const Targets& wanted, std::vector<FlowAction>& out) {
    Ladder& ladder = ladders_[side_slot(side)];
    Ladder placed;
    for (std::size_t level = 0; level < wanted.size(); ++level) {
        const Price price = wanted[level];
        const auto* standing =
            std::find_if(ladder.begin(), ladder.end(), [&](const Quote& q) { return q.price == price; });
        if (standing != ladder.end()) {
            KEEL_ASSERT(placed.push(*standing));
            continue;
        }
        const double mean = style_.quantity_lots * (1.0 + kDepthGrowth * static_cast<double>(level));
        const auto lots = std::max<std::int64_t>(1, std::llround(mean * random_.lognormal(kSizeSpread)));
        ++last_maker_order_;
        out.push_back(FlowAction{.instrument = contract_.id,
                                 .kind = FlowKind::add,
                                 .side = side,
                                 .maker_order = last_maker_order_,
                                 .price = price,
                                 .quantity = Quantity{std::max(lots, contract_.quantity_min.count())}});
        KEEL_ASSERT(placed.push(Quote{price, last_maker_order_}));
    }
    ladder = placed;
}

void QuoteFlow::refresh(double bid, double ask, std::vector<FlowAction>& out) {
    if (spacing_ticks_ == 0) {
        const double tick = contract_.tick.to_double();
        const double reference = std::max(bid, ask) / tick;
        spacing_ticks_ = std::max<std::int64_t>(1, std::llround(reference * style_.spacing_ratio));
    }
    const Targets bids = targets(Side::bid, bid);
    const Targets asks = targets(Side::ask, ask);
    withdraw(Side::bid, bids, out);
    withdraw(Side::ask, asks, out);
    place(Side::bid, bids, out);
    place(Side::ask, asks, out);
}

void QuoteFlow::arrive(double fair, double seconds, std::vector<FlowAction>& out) {
    // One arrival at most: the caller's interval is short against the rate.
    if (!random_.chance(style_.takes_per_second * seconds)) return;
    const Side side = random_.chance(0.5) ? Side::bid : Side::ask;
    const double size = style_.take_lots * random_.lognormal(1.0);
    if (!(fair > 0.0)) return;
    const double reach = contract_.is_option() ? kTakeReachOption : kTakeReach;
    const Price price =
        side == Side::bid ? contract_.price_ceil(fair * (1.0 + reach)) : contract_.price_floor(fair * (1.0 - reach));
    if (price.count() <= 0) return;
    out.push_back(FlowAction{
        .instrument = contract_.id,
        .kind = FlowKind::take,
        .side = side,
        .price = price,
        .quantity = Quantity{std::max(static_cast<std::int64_t>(std::llround(size)), contract_.quantity_min.count())}});
    best_taken_[side_slot(opposite(side))] = true;
}

double QuoteFlow::bid() const { return ladders_[0].empty() ? 0.0 : contract_.price_value(ladders_[0][0].price); }

double QuoteFlow::ask() const { return ladders_[1].empty() ? 0.0 : contract_.price_value(ladders_[1][0].price); }

}  // namespace keel::simulator
