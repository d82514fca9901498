#include "strategies/hedge/delta_hedge.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"
#include "strategies/hedge/no_trade_band.hpp"

namespace keel::strategies {
namespace {

constexpr std::chrono::minutes kExpiryGuard{10};  // nearer to expiry, delivery averaging has begun or is about to
constexpr double kFallbackFeeRatio = 5e-4;        // the dearest taker fee of the venues, where nothing can be priced
constexpr double kBps = 1e-4;
constexpr std::size_t kHedgeNodesMax = 1'000;  // the worst solve stays at a few milliseconds

bool is_allowed(const HedgeConfig& config, InstrumentId id) {
    return config.instruments.empty() ||
           std::find(config.instruments.begin(), config.instruments.end(), id) != config.instruments.end();
}

// Perpetuals (no expiry) first, then the nearest.
bool before(const Instrument& a, const Instrument& b) {
    if (a.expiry != b.expiry) return a.expiry < b.expiry;
    return slot(a.id) < slot(b.id);
}

}  // namespace

DeltaHedge::DeltaHedge(const HedgeConfig& config, const InstrumentTable& instruments)
    : config_{config}, instruments_{instruments}, cost_model_{config} {
    for (const Instrument& instrument : instruments) {
        if (!instrument.is_delta_one() || instrument.underlying == UnderlyingId::none) continue;
        if (!is_allowed(config_, instrument.id)) continue;
        auto& list = allowed_[slot(instrument.underlying)];
        if (list.full()) {
            if (!before(instrument, instruments[list.back()])) continue;
            list.erase_unordered(list.size() - 1);
        }
        KEEL_ASSERT(list.push(instrument.id));
        for (std::size_t at = list.size() - 1; at > 0 && before(instruments[list[at]], instruments[list[at - 1]]);
             --at) {
            std::swap(list[at], list[at - 1]);
        }
    }
}

double DeltaHedge::target_of(UnderlyingId underlying) const {
    for (const HedgeTarget& target : config_.targets) {
        if (target.underlying == underlying) return target.delta_target_coin;
    }
    return 0.0;
}

void DeltaHedge::list_instruments(UnderlyingId underlying, UnixNanos now, HedgeView& hedge) const {
    hedge.underlying = underlying;
    hedge.instruments.clear();
    for (const InstrumentId id : allowed_[slot(underlying)]) {
        const Instrument& instrument = instruments_[id];
        const bool expiring = instrument.expiry.ns() != 0 && instrument.expiry - now < kExpiryGuard;
        if (!expiring) KEEL_ASSERT(hedge.instruments.push(HedgeInstrument{.instrument = id}));
    }
}

void DeltaHedge::price_candidates(const HedgeView& hedge, bool delta_rises, const CoreView& view) {
    priced_.clear();
    for (const HedgeInstrument& seen : hedge.instruments) {
        if (!std::isfinite(seen.delta_per_lot) || seen.delta_per_lot == 0.0) continue;
        const Instrument& instrument = instruments_[seen.instrument];
        Priced priced;
        priced.seen = &seen;
        priced.cost = cost_model_.price(instrument, view.books.find(seen.instrument), seen.mark.mark,
                                        hedge.underlying_price_usd, view.now);
        if (!priced.cost.usable) continue;
        const std::int64_t smallest = std::max<std::int64_t>(1, instrument.quantity_min.count());
        priced.smallest_coin = std::abs(seen.delta_per_lot) * static_cast<double>(smallest);
        const bool buys = (seen.delta_per_lot > 0.0) == delta_rises;
        const TradeCost& cost = buys ? priced.cost.buy : priced.cost.sell;
        priced.unit_cost_usd = cost.cost_usd(smallest) / priced.smallest_coin;
        KEEL_ASSERT(priced_.push(priced));
    }
}

Candidate DeltaHedge::candidate_of(const Priced& priced, bool reduce_only, const CoreView& view) const {
    const Instrument& instrument = instruments_[priced.seen->instrument];
    const auto lots_for = [&](double usd) {
        return static_cast<std::int64_t>(std::floor(std::min(usd / priced.cost.notional_usd, 9e15)));
    };
    const double coins_max = config_.order_coins_max / std::abs(priced.seen->delta_per_lot);
    const std::int64_t order_max =
        std::min(lots_for(config_.order_notional_max_usd), static_cast<std::int64_t>(std::min(coins_max, 9e15)));
    const std::int64_t position_max = lots_for(config_.position_notional_max_usd);
    const std::int64_t held = priced.seen->position.count();
    const Reserved reserved = view.orders.reserved(instrument.id);
    Candidate out;
    out.instrument = instrument.id;
    out.effect[0] = priced.seen->delta_per_lot;
    out.buy = priced.cost.buy;
    out.sell = priced.cost.sell;
    out.lots_min = std::max<std::int64_t>(1, instrument.quantity_min.count());
    const auto least = [](std::int64_t& bound, Binding& binding, std::int64_t limit, Binding named) {
        limit = std::max<std::int64_t>(limit, 0);
        if (limit < bound) {
            bound = limit;
            binding = named;
        }
    };
    std::int64_t buys = order_max;
    std::int64_t sells = order_max;
    least(buys, out.high_binding, priced.cost.buy_lots_max, Binding::depth);
    least(sells, out.low_binding, priced.cost.sell_lots_max, Binding::depth);
    const std::int64_t long_max = reduce_only ? 0 : position_max;
    const std::int64_t short_max = reduce_only ? 0 : position_max;
    least(buys, out.high_binding, long_max - held - reserved.bids.count(), Binding::position);
    least(sells, out.low_binding, short_max + held - reserved.asks.count(), Binding::position);
    out.lots_high = buys;
    out.lots_low = -sells;
    return out;
}

void DeltaHedge::decide(const HedgeView& hedge, HedgeDepth depth, double leave_ratio, const CoreView& view,
                        DecisionRecord& record, HedgeTrades& trades) {
    trades.clear();
    record.underlying = hedge.underlying;
    record.underlying_price = hedge.underlying_price_usd;
    record.realised_vol = hedge.realised_vol;
    record.delta_target = target_of(hedge.underlying);
    record.delta_now = hedge.delta_coin;
    for (std::size_t at = 0; at < hedge.metrics.size(); ++at) {
        record.before[at] = hedge.metrics[at];
        record.after[at] = hedge.metrics[at];
    }
    if (!hedge.valid) {
        record.outcome = DecisionOutcome::blocked;
        return;
    }
    const double target = record.delta_target.value();
    const double distance = hedge.delta_coin - target;
    price_candidates(hedge, distance < 0.0, view);
    const Priced* cheapest = nullptr;
    for (const Priced& priced : priced_) {
        if (cheapest == nullptr || priced.unit_cost_usd < cheapest->unit_cost_usd) cheapest = &priced;
    }
    BandInputs band{.cost_ratio = config_.half_spread_fallback_bps * kBps + kFallbackFeeRatio,
                    .underlying_price_usd = hedge.underlying_price_usd,
                    .gamma_coin_per_usd = hedge.gamma_coin_per_usd,
                    .volatility = std::max(hedge.realised_vol, hedge.implied_vol),
                    .soft_distance_coin = hedge.soft_distance_coin};
    if (cheapest != nullptr) {
        band.cost_ratio = cheapest->unit_cost_usd / hedge.underlying_price_usd;
        band.lot_coin = cheapest->smallest_coin;
    }
    const double half_width = band_half_width(band, config_);
    record.band_low = target - half_width;
    record.band_high = target + half_width;
    if (std::abs(distance) <= half_width * leave_ratio) {
        record.outcome = DecisionOutcome::no_trade_band;
        record.status = SolveStatus::nothing_to_do;
        record.binding = Binding::band;
        return;
    }
    // To the centre means to within half of the smallest order of the cheapest.
    const double aim =
        depth == HedgeDepth::edge ? half_width : std::min(half_width, 0.5 * band.lot_coin * (1.0 + 1e-9));
    record.need = distance > 0.0 ? aim - distance : -aim - distance;
    problem_ = RebalanceProblem{};
    for (const Priced& priced : priced_)
        KEEL_ASSERT(problem_.candidates.push(candidate_of(priced, hedge.reduce_only, view)));
    KEEL_ASSERT(problem_.rows.push(MetricRow{.now = hedge.delta_coin, .low = target - aim, .high = target + aim}));
    // Proving that no other rounding saves the price of one smallest order would cost milliseconds.
    problem_.tolerance_usd = cheapest != nullptr ? cheapest->unit_cost_usd * cheapest->smallest_coin : 0.0;
    problem_.nodes_max = kHedgeNodesMax;
    solver_.solve(problem_, solution_);
    record.status = solution_.status;
    record.binding = solution_.binding;
    record.cost_usd = solution_.cost_usd;
    record_candidates(solution_, record.need.value(), 2.0 * aim, record);
    choose(solution_, record, trades);
}

void DeltaHedge::record_candidates(const RebalanceSolution& solution, double need_coin, double room_coin,
                                   DecisionRecord& record) const {
    const double unknown = std::numeric_limits<double>::quiet_NaN();
    record.candidates_count = static_cast<std::uint8_t>(priced_.size());
    for (std::size_t at = 0; at < priced_.size(); ++at) {
        const Priced& priced = priced_[at];
        const Candidate& asked = problem_.candidates[at];
        const bool buys = (asked.effect[0] > 0.0) == (need_coin > 0.0);
        const std::int64_t lots_max = buys ? asked.lots_high : -asked.lots_low;
        const std::int64_t chosen = std::abs(solution.lots[at]);
        const double effect = std::abs(asked.effect[0]);
        const double alone = std::ceil(std::abs(need_coin) / effect * (1.0 - 1e-12));
        const std::int64_t lots_alone = std::max(static_cast<std::int64_t>(std::min(alone, 9e15)), asked.lots_min);
        const bool can = lots_alone <= lots_max &&
                         static_cast<double>(lots_alone) * effect <= std::abs(need_coin) + room_coin * (1.0 + 1e-9);
        CandidateRecord& row = record.candidates[at];
        row.instrument = asked.instrument;
        row.side = buys ? Side::bid : Side::ask;
        row.binding =
            chosen > 0 && chosen == lots_max ? (buys ? asked.high_binding : asked.low_binding) : Binding::none;
        row.unit_cost_usd = priced.unit_cost_usd;
        row.cost_alone_usd = can ? asked.cost_usd(buys ? lots_alone : -lots_alone) : unknown;
        row.chosen_cost_usd = asked.cost_usd(solution.lots[at]);
        row.quantity_max = Quantity{lots_max};
        row.chosen = Quantity{chosen};
        row.reference = buys ? priced.cost.ask : priced.cost.bid;
    }
}

void DeltaHedge::choose(const RebalanceSolution& solution, DecisionRecord& record, HedgeTrades& trades) const {
    for (std::size_t at = 0; at < priced_.size(); ++at) {
        const std::int64_t lots = solution.lots[at];
        if (lots == 0) continue;
        KEEL_ASSERT(trades.push(HedgeTrade{.instrument = problem_.candidates[at].instrument,
                                           .side = lots > 0 ? Side::bid : Side::ask,
                                           .quantity = Quantity{std::abs(lots)}}));
    }
    record.outcome = trades.empty() ? DecisionOutcome::infeasible : DecisionOutcome::traded;
}

}  // namespace keel::strategies
