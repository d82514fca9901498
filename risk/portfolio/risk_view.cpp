// What the risk engine answers: metrics, snapshots and what-ifs. Nothing here changes state.
#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"
#include "risk/portfolio/risk_engine.hpp"
#include "risk/portfolio/risk_rows.hpp"

namespace keel::risk {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();
constexpr double kLeverageRuined = 1e6;  // holdings without equity: beyond any boundary, yet a number
constexpr double kDaysPerYear = 365.0;
constexpr double kPointsPerUnit = 100.0;

constexpr std::size_t at(Metric metric) { return static_cast<std::size_t>(metric); }

// Zero of a coin stays zero where the index is not known.
double times(double amount, double price) { return amount == 0.0 ? 0.0 : amount * price; }

double leverage(double gross_usd, double equity_usd) {
    if (!std::isfinite(equity_usd)) return kUnknown;
    if (equity_usd > 0.0) return gross_usd / equity_usd;
    return gross_usd == 0.0 ? 0.0 : kLeverageRuined;
}

// Lots that an order may still trade; of a replace in flight, the larger of both quantities.
Quantity lots_at_work(const Order& order) {
    const bool replacing = order.state == OrderState::pending_replace || order.state == OrderState::unknown_replace;
    const Quantity total = replacing ? std::max(order.quantity, order.quantity_pending) : order.quantity;
    return std::max(Quantity{}, total - order.filled);
}

// Calls `use(instrument, signed lots)` for each order of `underlying` that may still trade.
template <class Use>
void for_each_working(const CoreView& view, UnderlyingId underlying, Use use) {
    for (const ClientOrderId id : view.orders.live()) {
        const Order* order = view.orders.find(id);
        if (order == nullptr || is_terminal(order->state)) continue;
        if (view.instruments[order->instrument].underlying != underlying) continue;
        const Quantity lots = lots_at_work(*order);
        use(order->instrument, order->side == Side::bid ? lots : -lots);
    }
}

}  // namespace

double RiskEngine::index(UnderlyingId underlying) const {
    return slot(underlying) < underlyings_.size() ? underlyings_[slot(underlying)].index : kUnknown;
}

UnixNanos RiskEngine::index_time(UnderlyingId underlying) const {
    return slot(underlying) < underlyings_.size() ? underlyings_[slot(underlying)].index_time : UnixNanos{};
}

double RiskEngine::equity(CurrencyId currency) const {
    return slot(currency) < kCurrenciesMax ? ledger_.equity(currency) : kUnknown;
}

// USD per unit of a currency: the index of the coin, or of the stablecoin where one is published, else
// its configured rate.
double RiskEngine::usd_rate(CurrencyId currency) const {
    if (slot(currency) >= kCurrenciesMax) return kUnknown;
    const UnderlyingId coin = underlying_of_[slot(currency)];
    const double published = coin != UnderlyingId::none ? index(coin) : kUnknown;
    return is_dollar_[slot(currency)] && std::isnan(published) ? config_.stablecoin_usd : published;
}

double RiskEngine::equity_usd() const {
    double total = 0.0;
    bool any = false;
    for (std::size_t i = 0; i < instruments_.currencies_count(); ++i) {
        const double equity = ledger_.equity(CurrencyId(i));
        if (!ledger_.anchored(CurrencyId(i))) continue;
        any = true;
        total += times(equity, usd_rate(CurrencyId(i)));
    }
    return any ? total : kUnknown;
}

// Coins of linear contracts: delta times forward over index, in USD of their stablecoin.
double RiskEngine::linear_coins(const Sensitivities& sums, const Underlying& row) const {
    return sums.delta_linear_stable == 0.0 ? 0.0 : sums.delta_linear_stable * usd_rate(row.stable) / row.index;
}

// Stablecoins at par, as the gate's sizes: contracts of one coin may settle in several, and a sum has one price.
double RiskEngine::gross_notional(const Sensitivities& sums, const Underlying& row) {
    return sums.gross_usd + sums.gross_stable + times(sums.gross_coins, row.index);
}

double RiskEngine::net_notional(const Sensitivities& sums, const Underlying& row) {
    return sums.net_usd + sums.net_stable + times(sums.net_coins, row.index);
}

// (d USD equity / d lnS) / S: the coin equity itself moves with the index, inverse contracts by their
// delta_net, linear ones by delta times forward over index.
double RiskEngine::hedged_delta(const Sensitivities& sums, const Underlying& row) const {
    if (config_.hedge_numeraire == HedgeNumeraire::coin) return sums.delta_net;
    const bool anchored = row.coin != CurrencyId::none && ledger_.anchored(row.coin);
    if (!anchored && sums.delta_inverse != 0.0) return kUnknown;
    const double coin_equity = anchored ? ledger_.equity(row.coin) : 0.0;
    return coin_equity + sums.delta_inverse + linear_coins(sums, row);
}

MetricArray RiskEngine::metrics_of(const Sensitivities& sums, const Underlying& row, double gross_usd) const {
    MetricArray out;
    out[at(Metric::net_delta)] = hedged_delta(sums, row);
    out[at(Metric::gamma_1pct_usd)] = std::abs(times(sums.gamma, row.index * row.index / kPointsPerUnit));
    out[at(Metric::vega_usd)] = std::abs(sums.vega / kPointsPerUnit);
    out[at(Metric::leverage_gross)] = leverage(gross_usd, equity_usd());
    out[at(Metric::realised_vol)] = row.volatility.volatility(VolatilityHorizon::fast);
    out[at(Metric::implied_vol_change)] = std::abs(row.implied.change_points());
    return out;
}

AccountRisk RiskEngine::account() const {
    AccountRisk out;
    for (std::size_t i = 0; i < underlyings_.size(); ++i) {
        const Underlying& row = underlyings_[i];
        const Sensitivities sums = row.sums.value();
        out.gross_notional_usd += gross_notional(sums, row);
        out.net_notional_usd += net_notional(sums, row);
        out.gamma_1pct_usd += times(sums.gamma, row.index * row.index / kPointsPerUnit);
        out.vega_point_usd += sums.vega / kPointsPerUnit;
        out.theta_day_usd += sums.theta / kDaysPerYear;
        out.dollar_delta_usd += times(hedged_delta(sums, row), row.index);
        if (row.unvalued > 0) out.quality |= kQualityUnvalued;
        if (row.stale > 0) out.quality |= kQualityStale;
        if (row.mismatched > 0) out.quality |= kQualityMismatch;
        if (row.positions > 0 && !std::isfinite(row.index)) out.quality |= kQualityNoIndex;
    }
    for (std::size_t i = 0; i < instruments_.currencies_count(); ++i) {
        const CurrencyId currency{static_cast<std::uint8_t>(i)};
        const double rate = usd_rate(currency);
        out.realised_usd += times(ledger_.realised(currency), rate);
        out.unrealised_usd += times(ledger_.unrealised(currency), rate);
        out.fees_usd += times(static_cast<double>(ledger_.fees(currency).count()) * kMoneyUnit, rate);
    }
    out.equity_usd = equity_usd();
    out.leverage_gross = leverage(out.gross_notional_usd, out.equity_usd);
    if (!std::isfinite(out.equity_usd)) out.quality |= kQualityNoEquity;
    return out;
}

UnderlyingRisk RiskEngine::underlying(UnderlyingId underlying) const {
    UnderlyingRisk out;
    out.underlying = underlying;
    if (slot(underlying) >= underlyings_.size()) {
        out.quality = kQualityNoIndex | kQualityNoEquity;
        out.index = out.net_delta = kUnknown;
        return out;
    }
    const Underlying& row = underlyings_[slot(underlying)];
    out.sums = row.sums.value();
    out.positions = row.positions;
    out.index = row.index;
    out.delta_bs = out.sums.delta_bs;
    out.delta_net = out.sums.delta_net;
    out.net_delta = hedged_delta(out.sums, row);
    out.equity_coin = row.coin != CurrencyId::none ? ledger_.equity(row.coin) : kUnknown;
    const double coin_equity = std::isfinite(out.equity_coin) ? out.equity_coin : 0.0;
    out.delta_usd = coin_equity + out.sums.delta_inverse + linear_coins(out.sums, row);
    out.dollar_delta_usd = times(out.net_delta, row.index);
    out.gamma_1pct_usd = times(out.sums.gamma, row.index * row.index / kPointsPerUnit);
    out.vega_point_usd = out.sums.vega / kPointsPerUnit;
    out.theta_day_usd = out.sums.theta / kDaysPerYear;
    out.gross_notional_usd = gross_notional(out.sums, row);
    out.net_notional_usd = net_notional(out.sums, row);
    out.volatility_fast = row.volatility.volatility(VolatilityHorizon::fast);
    out.volatility_medium = row.volatility.volatility(VolatilityHorizon::medium);
    out.volatility_slow = row.volatility.volatility(VolatilityHorizon::slow);
    out.implied_volatility = row.implied.level();
    out.implied_change_points = row.implied.change_points();
    if (row.unvalued > 0) out.quality |= kQualityUnvalued;
    if (row.stale > 0 || (row.index_time.ns() != 0 && now_ - row.index_time > config_.index_age_max)) {
        out.quality |= kQualityStale;
    }
    if (row.mismatched > 0) out.quality |= kQualityMismatch;
    if (!std::isfinite(row.index)) out.quality |= kQualityNoIndex;
    if (!std::isfinite(out.equity_coin)) out.quality |= kQualityNoEquity;
    if (!row.volatility.warm(VolatilityHorizon::fast)) out.quality |= kQualityVolatilityCold;
    return out;
}

double RiskEngine::metric(Metric metric, UnderlyingId underlying) const {
    if (metric == Metric::leverage_gross) return account().leverage_gross;
    if (slot(underlying) >= underlyings_.size()) return kUnknown;
    const Underlying& row = underlyings_[slot(underlying)];
    switch (metric) {
        case Metric::net_delta: return hedged_delta(row.sums.value(), row);
        case Metric::gamma_1pct_usd:
            return std::abs(times(row.sums.value().gamma, row.index * row.index / kPointsPerUnit));
        case Metric::vega_usd: return std::abs(row.sums.value().vega / kPointsPerUnit);
        case Metric::realised_vol: return row.volatility.volatility(VolatilityHorizon::fast);
        case Metric::implied_vol_change: return std::abs(row.implied.change_points());
        case Metric::leverage_gross:
        case Metric::count: break;
    }
    return kUnknown;
}

// A holding without a price is missing from the sums: a boundary on them then has no value to judge
// (the gate refuses orders of that underlying for the same reason).
double RiskEngine::boundary_value(const BoundaryStatus& boundary) const {
    const double value = metric(boundary.metric, boundary.underlying);
    switch (boundary.metric) {
        case Metric::net_delta:
        case Metric::gamma_1pct_usd:
        case Metric::vega_usd:
            if (underlyings_[slot(boundary.underlying)].unvalued > 0) return kUnknown;
            return boundary.metric == Metric::net_delta ? std::abs(value - boundary.target) : value;
        case Metric::leverage_gross:
            for (const Underlying& row : underlyings_) {
                if (row.unvalued > 0) return kUnknown;
            }
            return value;
        case Metric::realised_vol:
        case Metric::implied_vol_change:
        case Metric::count: break;
    }
    return value;
}

MetricArray RiskEngine::metrics(UnderlyingId underlying) const { return metrics_after(underlying, {}); }

MetricArray RiskEngine::metrics_after(UnderlyingId underlying, std::span<const TradeWhatIf> trades) const {
    MetricArray unknown;
    unknown.fill(kUnknown);
    if (slot(underlying) >= underlyings_.size()) return unknown;
    const Underlying& row = underlyings_[slot(underlying)];
    SensitivitySum sums = row.sums;
    for (const TradeWhatIf& trade : trades) {
        const Position& position = positions_[slot(trade.instrument)];
        if (!position.valued || instruments_[trade.instrument].underlying != underlying) return unknown;
        const Quantity after = position.quantity + trade.quantity;
        sums.replace(scaled(position.unit.risk, static_cast<double>(position.quantity.count())),
                     scaled(position.unit.risk, static_cast<double>(after.count())));
    }
    const Sensitivities before = row.sums.value();
    const Sensitivities after = sums.value();
    const double gross_usd = account().gross_notional_usd + (gross_notional(after, row) - gross_notional(before, row));
    return metrics_of(after, row, gross_usd);
}

Sensitivities RiskEngine::expiry_sums(UnderlyingId underlying, UnixNanos expiry) const {
    for (const Bucket& bucket : buckets_) {
        if (bucket.underlying == underlying && bucket.expiry == expiry) return bucket.sums.value();
    }
    return {};
}

double RiskEngine::delta_per_lot(InstrumentId instrument) const {
    const Position& position = positions_[slot(instrument)];
    if (!position.valued) return kUnknown;
    const Sensitivities& unit = position.unit.risk;
    if (config_.hedge_numeraire == HedgeNumeraire::coin) return unit.delta_net;
    return unit.delta_inverse + linear_coins(unit, underlyings_[slot(instruments_[instrument].underlying)]);
}

double RiskEngine::delta_with_working(UnderlyingId underlying, const CoreView& view) const {
    double delta = metric(Metric::net_delta, underlying);
    for_each_working(view, underlying, [&](InstrumentId instrument, Quantity lots) {
        if (lots.count() != 0) delta += static_cast<double>(lots.count()) * delta_per_lot(instrument);
    });
    return delta;
}

DeltaRange RiskEngine::delta_worst_case(UnderlyingId underlying, const CoreView& view) const {
    const double delta = metric(Metric::net_delta, underlying);
    DeltaRange range{.low = delta, .high = delta};
    for_each_working(view, underlying, [&](InstrumentId instrument, Quantity lots) {
        if (lots.count() == 0) return;
        const double moved = static_cast<double>(lots.count()) * delta_per_lot(instrument);
        if (std::isnan(moved)) range.low = range.high = moved;
        (moved < 0.0 ? range.low : range.high) += moved;
    });
    return range;
}

double RiskEngine::breach_seconds(std::size_t slot_of, UnixNanos now) const {
    return std::chrono::duration<double>(triggers_.time_outside(slot_of, now)).count();
}

double RiskEngine::breach_seconds(Metric metric, UnixNanos now) const {
    double total = 0.0;
    for (std::size_t i = 0; i < triggers_.size(); ++i) {
        if (triggers_[i].metric == metric) total += breach_seconds(i, now);
    }
    return total;
}

RiskSnapshot RiskEngine::snapshot() const {
    RiskSnapshot out;
    out.version = version_;
    out.as_of = now_;
    out.input_age_ns_max = std::max(input_age_ns_max_, sweep_age_ns_);
    out.positions = static_cast<std::uint32_t>(held_.size());
    out.underlyings_count = static_cast<std::uint32_t>(underlyings_.size());
    out.boundaries_count = static_cast<std::uint32_t>(triggers_.size());
    out.account = account();
    for (std::size_t i = 0; i < underlyings_.size(); ++i) out.underlyings[i] = underlying(UnderlyingId(i));
    for (std::size_t i = 0; i < triggers_.size(); ++i) out.boundaries[i] = triggers_[i];
    return out;
}

void RiskEngine::hash_into(StateHash& hash) const {
    for (const Position& position : positions_) {
        if (!position.known && !position.valued) continue;
        hash.add(position.quantity);
        hash.add_real(position.average_price);
        hash.add_real(position.realised);
        hash.add(position.fees);
        hash.add(position.inputs.time);
        hash.add_real(position.unit.value);
        for (const double value : std::bit_cast<SensitivityArray>(position.unit.risk)) hash.add_real(value);
        hash.add(static_cast<std::uint8_t>(position.stale));
        hash.add(position.disagreements);
    }
    for (const Underlying& row : underlyings_) {
        for (const double value : std::bit_cast<SensitivityArray>(row.sums.value())) hash.add_real(value);
        hash.add_real(row.index);
        row.volatility.hash_into(hash);
        row.implied.hash_into(hash);
    }
    ledger_.hash_into(hash);
    triggers_.hash_into(hash);
    hash.add(version_);
}

}  // namespace keel::risk
