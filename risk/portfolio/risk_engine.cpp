#include "risk/portfolio/risk_engine.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

#include "engine/core/assert.hpp"
#include "risk/portfolio/contract_pnl.hpp"
#include "risk/portfolio/risk_rows.hpp"

namespace keel::risk {
namespace {

constexpr std::uint32_t kNotHeld = 0xffff'ffff;
constexpr std::size_t kSweepPerTimer = 16;         // positions whose age is looked at per timer: 10,000 take 6 s
constexpr std::uint8_t kDisagreementsToAdopt = 2;  // the venue wins after saying it twice

template <class Id>
std::uint64_t bit_of(Id id) {
    return std::uint64_t{1} << (slot(id) & 63U);
}

ContractForm form_of(const Instrument& instrument) {
    return is_inverse(instrument) && !instrument.is_option() ? ContractForm::inverse : ContractForm::linear;
}

}  // namespace

RiskEngine::RiskEngine(const RiskConfig& config, const InstrumentTable& instruments)
    : config_{config}, instruments_{instruments}, triggers_{config, instruments} {
    KEEL_ASSERT(config.validate().empty());
    for (std::size_t i = 0; i < instruments.underlyings_count(); ++i) {
        underlyings_.emplace_back(config, instruments.find_currency(instruments.name_of(UnderlyingId(i))));
    }
    underlying_of_.fill(UnderlyingId::none);
    for (std::size_t i = 0; i < instruments.currencies_count(); ++i) {
        const std::string_view name = instruments.name_of(CurrencyId(i));
        underlying_of_[i] = instruments.find_underlying(name);
        is_dollar_[i] = name.find("USD") != std::string_view::npos;
    }
    positions_.resize(instruments.size());
    held_at_.assign(instruments.size(), kNotHeld);
    held_.reserve(instruments.size());
    bucket_of_.resize(instruments.size());
    std::map<std::pair<UnderlyingId, UnixNanos>, std::uint32_t> buckets;
    for (const Instrument& instrument : instruments) {
        const auto place = static_cast<std::uint32_t>(buckets_.size());
        const auto [found, added] = buckets.try_emplace({instrument.underlying, instrument.expiry}, place);
        if (added) buckets_.push_back({.underlying = instrument.underlying, .expiry = instrument.expiry});
        bucket_of_[slot(instrument.id)] = found->second;
        CurrencyId& stable = underlyings_[slot(instrument.underlying)].stable;
        if (!is_inverse(instrument) && stable == CurrencyId::none) stable = instrument.settlement;
    }
}

RiskEngine::~RiskEngine() = default;

void RiskEngine::apply(const Event& event, const CoreView& view) {
    now_ = std::max(now_, view.now);
    inside_report_ = false;
    switch (event.kind) {
        case EventKind::ticker: on_ticker(event, now_); break;
        case EventKind::trade: on_trade(event, now_); break;
        case EventKind::fill: on_fill(event); break;
        case EventKind::position: on_position(event); break;
        case EventKind::balance: on_balance(event); break;
        case EventKind::timer: on_timer(now_); break;
        case EventKind::index_price: {
            const auto index = event.as<IndexPrice>();
            if (slot(index.underlying) >= underlyings_.size()) break;
            underlyings_[slot(index.underlying)].index_published = true;
            on_index(index.underlying, index.price.value(), now_);
            break;
        }
        case EventKind::volatility_index: {
            const auto index = event.as<VolatilityIndex>();
            if (slot(index.underlying) >= underlyings_.size()) break;
            Underlying& row = underlyings_[slot(index.underlying)];
            if (row.implied_bucket != Underlying::kNoBucket) break;
            row.implied.on_level(index.volatility.value(), now_);
            touch(index.underlying);
            break;
        }
        case EventKind::session: {
            const auto report = event.as<SessionReport>();
            if (report.role == SessionRole::orders && slot(event.venue) < orders_ready_.size()) {
                orders_ready_[slot(event.venue)] = report.state == SessionState::ready;
            }
            break;
        }
        default: break;
    }
}

void RiskEngine::touch(UnderlyingId underlying) {
    dirty_ |= bit_of(underlying);
    account_dirty_ = true;
    ++version_;
}

void RiskEngine::on_ticker(const Event& event, UnixNanos now) {
    if (slot(event.instrument) >= positions_.size()) return;
    const Instrument& instrument = instruments_[event.instrument];
    const MarketInputs inputs = inputs_from(event.as<Ticker>(), instrument, now);
    Underlying& row = underlyings_[slot(instrument.underlying)];
    if (!row.index_published && std::isfinite(inputs.index)) on_index(instrument.underlying, inputs.index, now);
    revalue(event.instrument, inputs);
    if (instrument.is_option()) on_implied(instrument, inputs);
}

// Forwards drive options, so an index price changes no greek: it only rescales what is read in USD.
void RiskEngine::on_index(UnderlyingId underlying, double price, UnixNanos now) {
    if (!std::isfinite(price) || price <= 0.0) return;
    Underlying& row = underlyings_[slot(underlying)];
    row.index = price;
    row.index_time = now;
    row.volatility.on_price(price, now);
    ++work_;
    touch(underlying);
}

// Venues whose feed carries no index still have a realised volatility: that of their last trades.
void RiskEngine::on_trade(const Event& event, UnixNanos now) {
    if (slot(event.instrument) >= positions_.size()) return;
    const Instrument& instrument = instruments_[event.instrument];
    if (instrument.is_option()) return;
    Underlying& row = underlyings_[slot(instrument.underlying)];
    if (std::isfinite(row.index)) return;
    row.volatility.on_price(instrument.price_value(event.as<Trade>().price), now);
    ++work_;
    touch(instrument.underlying);
}

// Follows the nearest expiry beyond tenor_min through its option nearest to the forward.
void RiskEngine::on_implied(const Instrument& instrument, const MarketInputs& inputs) {
    const double deviation = inputs.volatility * std::sqrt(years_between(inputs.time, instrument.expiry));
    const double moneyness = std::abs(std::log(inputs.forward / instrument.strike)) / deviation;
    if (!std::isfinite(moneyness) || instrument.expiry - inputs.time < config_.implied_volatility.tenor_min) return;
    const std::uint32_t place = bucket_of_[slot(instrument.id)];
    Bucket& bucket = buckets_[place];
    if (bucket.at_the_money == instrument.id) {
        bucket.moneyness = moneyness;
    } else if (moneyness < bucket.moneyness) {
        bucket.at_the_money = instrument.id;
        bucket.moneyness = moneyness;
    }
    if (bucket.at_the_money != instrument.id || moneyness > config_.implied_volatility.moneyness_max) return;

    Underlying& row = underlyings_[slot(instrument.underlying)];
    if (row.implied_bucket != place) {
        const bool followed = row.implied_bucket != Underlying::kNoBucket;
        if (followed) {
            const UnixNanos expiry = buckets_[row.implied_bucket].expiry;
            const bool still_far = expiry - inputs.time >= config_.implied_volatility.tenor_min;
            if (still_far && expiry <= bucket.expiry) return;
        }
        row.implied.restart();
        row.implied_bucket = place;
    }
    row.implied.on_level(inputs.volatility, inputs.time);
    ++work_;
    touch(instrument.underlying);
}

void RiskEngine::set_stale(InstrumentId instrument, bool stale) {
    Position& position = positions_[slot(instrument)];
    if (position.stale == stale) return;
    position.stale = stale;
    if (position.quantity.count() == 0) return;
    Underlying& row = underlyings_[slot(instruments_[instrument].underlying)];
    stale ? ++row.stale : --row.stale;
}

// Unrealised profit, or the premium of an option, in the settlement currency; 0 where unvalued.
double RiskEngine::position_value(InstrumentId instrument) const {
    const Position& position = positions_[slot(instrument)];
    if (!position.valued || position.quantity.count() == 0) return 0.0;
    if (instruments_[instrument].is_option())
        return static_cast<double>(position.quantity.count()) * position.unit.value;
    return unrealised(instrument);
}

double RiskEngine::unrealised(InstrumentId instrument) const {
    const Position& position = positions_[slot(instrument)];
    if (!position.valued || position.quantity.count() == 0) return 0.0;
    const Instrument& row = instruments_[instrument];
    const double face = lot_face(row);
    const double mark = row.is_option() ? position.unit.value / face : position.inputs.mark;
    return contract_pnl(form_of(row), face, static_cast<double>(position.quantity.count()), position.average_price,
                        mark);
}

// The one place where a price moves risk: this instrument's contribution leaves, its new one enters.
void RiskEngine::revalue(InstrumentId instrument, const MarketInputs& inputs) {
    Position& position = positions_[slot(instrument)];
    const Instrument& row = instruments_[instrument];
    UnitValue unit;
    if (!value_unit(row, inputs, unit)) {
        if (position.valued) set_stale(instrument, true);  // the last good numbers stand, flagged
        return;
    }
    const auto lots = static_cast<double>(position.quantity.count());
    const bool first = !position.valued;
    const double value_before = position_value(instrument);
    const double unrealised_before = unrealised(instrument);
    const Sensitivities before = first ? Sensitivities{} : scaled(position.unit.risk, lots);
    position.inputs = inputs;
    position.unit = unit;
    position.valued = true;
    set_stale(instrument, false);
    ++work_;
    if (position.quantity.count() == 0) return;

    const Sensitivities after = scaled(unit.risk, lots);
    Underlying& underlying = underlyings_[slot(row.underlying)];
    buckets_[bucket_of_[slot(instrument)]].sums.replace(before, after);
    underlying.sums.replace(before, after);
    const double value_after = position_value(instrument);
    ledger_.replace_value(row.settlement, value_before, value_after);
    ledger_.replace_unrealised(row.settlement, unrealised_before, unrealised(instrument));
    if (first) {
        --underlying.unvalued;
        const bool since_anchor = position.anchor == ledger_.anchors(row.settlement);
        const double fresh = since_anchor ? static_cast<double>(position.filled_unvalued.count()) : 0.0;
        ledger_.absorb_value(row.settlement, value_after * (lots - fresh) / lots);
    }
    work_ += 3;
    touch(row.underlying);
}

// The one place where a holding changes: every sum moves by the difference.
void RiskEngine::hold(InstrumentId instrument, Quantity quantity, double average_price) {
    Position& position = positions_[slot(instrument)];
    const Instrument& row = instruments_[instrument];
    Underlying& underlying = underlyings_[slot(row.underlying)];
    const Quantity old = position.quantity;
    const double value_before = position_value(instrument);
    const double unrealised_before = unrealised(instrument);
    position.quantity = quantity;
    position.average_price = quantity.count() == 0 ? 0.0 : average_price;
    if (position.valued) {
        const Sensitivities before = scaled(position.unit.risk, static_cast<double>(old.count()));
        const Sensitivities after = scaled(position.unit.risk, static_cast<double>(quantity.count()));
        buckets_[bucket_of_[slot(instrument)]].sums.replace(before, after);
        underlying.sums.replace(before, after);
        ledger_.replace_value(row.settlement, value_before, position_value(instrument));
        ledger_.replace_unrealised(row.settlement, unrealised_before, unrealised(instrument));
    }
    const bool was_held = old.count() != 0;
    const bool is_held = quantity.count() != 0;
    if (is_held && !was_held) {
        held_at_[slot(instrument)] = static_cast<std::uint32_t>(held_.size());
        held_.push_back(instrument);
        ++underlying.positions;
        if (!position.valued) ++underlying.unvalued;
        if (position.stale) ++underlying.stale;
    } else if (was_held && !is_held) {
        const std::uint32_t place = held_at_[slot(instrument)];
        held_[place] = held_.back();
        held_at_[slot(held_[place])] = place;
        held_.pop_back();
        held_at_[slot(instrument)] = kNotHeld;
        --underlying.positions;
        if (!position.valued) --underlying.unvalued;
        if (position.stale) --underlying.stale;
        if (underlying.positions == 0) underlying.sums = {};  // exactly nothing
    }
    work_ += 3;
    touch(row.underlying);
}

void RiskEngine::on_fill(const Event& event) {
    if (slot(event.instrument) >= positions_.size()) return;
    const auto fill = event.as<FillReport>();
    const Instrument& row = instruments_[event.instrument];
    Position& position = positions_[slot(event.instrument)];
    const double price = row.price_value(fill.price);
    if (!(price > 0.0) || fill.quantity.count() <= 0) return;
    const Quantity lots = event.side() == Side::bid ? fill.quantity : -fill.quantity;
    const auto signed_lots = static_cast<double>(lots.count());
    const double face = lot_face(row);

    Holding holding{.quantity = static_cast<double>(position.quantity.count()), .entry = position.average_price};
    const double realised = apply_fill(holding, form_of(row), face, signed_lots, price);
    // Futures settle their profit, options their premium, at once.
    const double cash = row.is_option() ? -signed_lots * face * price : realised;
    ledger_.add_cash(row.settlement, money_from(cash));
    ledger_.add_realised(row.settlement, realised);
    const CurrencyId fee_currency = fill.fee_currency == CurrencyId::none ? row.settlement : fill.fee_currency;
    if (slot(fee_currency) < kCurrenciesMax) ledger_.add_fee(fee_currency, fill.fee);
    position.realised += realised;
    position.fees += fill.fee;
    position.known = true;
    if (!position.valued) {
        const std::uint32_t anchors = ledger_.anchors(row.settlement);
        if (std::exchange(position.anchor, anchors) != anchors) position.filled_unvalued = Quantity{};
        position.filled_unvalued += lots;
    }
    hold(event.instrument, position.quantity + lots, holding.entry);
}

// Takes the venue's word. Equity does not move: what the holding gains in value was in the venue's
// equity already.
void RiskEngine::adopt(InstrumentId instrument, Quantity quantity, double average_price) {
    Position& position = positions_[slot(instrument)];
    const double value_before = position_value(instrument);
    position.filled_unvalued = Quantity{};
    if (position.disagreements > 0) {
        position.disagreements = 0;
        --underlyings_[slot(instruments_[instrument].underlying)].mismatched;
    }
    const bool usable = std::isfinite(average_price) && average_price > 0.0;
    const double fallback = position.average_price > 0.0 ? position.average_price : position.inputs.mark;
    hold(instrument, quantity, usable ? average_price : fallback);
    ledger_.absorb_value(instruments_[instrument].settlement, position_value(instrument) - value_before);
}

// While the order session synchronises, or for a position never seen before, the venue's report is the
// truth. Afterwards fills are, and a report that disagrees must be said twice: it may have been on its
// way while a fill overtook it.
void RiskEngine::on_position(const Event& event) {
    const bool ready = slot(event.venue) < orders_ready_.size() && orders_ready_[slot(event.venue)];
    if (event.has(kFirst)) {
        ++reports_;
        report_open_ = true;
        reported_currencies_ = 0;
    }
    if (slot(event.instrument) < positions_.size()) {
        const auto report = event.as<PositionReport>();
        Position& position = positions_[slot(event.instrument)];
        Underlying& row = underlyings_[slot(instruments_[event.instrument].underlying)];
        const double average = report.average_price.value();
        const bool trusted = (report_open_ && !ready) || !position.known;
        position.report = reports_;
        reported_currencies_ |= bit_of(instruments_[event.instrument].settlement);
        position.known = true;
        if (trusted) {
            adopt(event.instrument, report.quantity, average);
        } else if (report.quantity == position.quantity) {
            if (std::exchange(position.disagreements, std::uint8_t{0}) > 0) --row.mismatched;
        } else {
            const bool same = position.disagreements > 0 && position.reported == report.quantity;
            if (position.disagreements == 0) ++row.mismatched;
            position.reported = report.quantity;
            position.disagreements = same ? static_cast<std::uint8_t>(position.disagreements + 1) : std::uint8_t{1};
            if (position.disagreements >= kDisagreementsToAdopt) adopt(event.instrument, report.quantity, average);
        }
        touch(instruments_[event.instrument].underlying);
    }
    if (event.has(kLast)) {
        if (report_open_ && !ready) forget_unreported(event.venue);
        report_open_ = false;
    }
    inside_report_ = report_open_;
}

// What a whole snapshot did not name is not held. Venues list one settlement currency at a time, so a
// snapshot speaks for the currencies it names only.
void RiskEngine::forget_unreported(VenueId venue) {
    for (std::size_t i = held_.size(); i-- > 0;) {  // backwards: hold() moves the last into the gap
        const InstrumentId instrument = held_[i];
        const Instrument& row = instruments_[instrument];
        if (row.venue != venue || positions_[slot(instrument)].report == reports_) continue;
        if ((reported_currencies_ & bit_of(row.settlement)) == 0) continue;
        adopt(instrument, Quantity{}, 0.0);
    }
}

void RiskEngine::on_balance(const Event& event) {
    const auto report = event.as<BalanceReport>();
    if (slot(report.currency) >= kCurrenciesMax) return;
    const double cash = static_cast<double>(report.cash.count()) * kMoneyUnit;
    const double equity = std::isfinite(report.equity.value()) ? report.equity.value() : cash;
    ledger_.anchor(report.currency, equity, report.cash);
    const UnderlyingId coin = underlying_of_[slot(report.currency)];
    ++work_;
    if (coin != UnderlyingId::none) return touch(coin);
    account_dirty_ = true;
    ++version_;
}

void RiskEngine::on_timer(UnixNanos now) {
    for (std::size_t i = 0; i < underlyings_.size(); ++i) {
        Underlying& row = underlyings_[i];
        row.implied.on_time(now);
        if (row.volatility.on_time(now)) ++version_;
    }
    sweep(now);
    sample_all_ = true;
}

// Looks at a bounded slice of the holdings: flags old inputs, settles what has expired.
void RiskEngine::sweep(UnixNanos now) {
    const std::size_t steps = std::min(kSweepPerTimer, held_.size());
    for (std::size_t k = 0; k < steps; ++k) {
        if (sweep_next_ >= held_.size()) {
            sweep_next_ = 0;
            input_age_ns_max_ = std::exchange(sweep_age_ns_, 0);
            if (held_.empty()) return;
        }
        const InstrumentId instrument = held_[sweep_next_++];
        const Position& position = positions_[slot(instrument)];
        ++work_;
        const UnixNanos expiry = instruments_[instrument].expiry;
        if (expiry.ns() != 0 && now >= expiry) {
            settle(instrument);
            continue;
        }
        if (!position.valued) continue;
        const auto age = now - position.inputs.time;
        sweep_age_ns_ = std::max(sweep_age_ns_, static_cast<std::int64_t>(age.count()));
        if (age > config_.ticker_age_max && !position.stale) {
            set_stale(instrument, true);
            ++version_;
        }
    }
}

// Cash settlement at expiry, on the index: the venue's delivery price follows with its own balance
// report. A contract without an index stays until there is one.
void RiskEngine::settle(InstrumentId instrument) {
    const Instrument& row = instruments_[instrument];
    const double delivery = underlyings_[slot(row.underlying)].index;
    if (!std::isfinite(delivery)) return;
    Position& position = positions_[slot(instrument)];
    const auto lots = static_cast<double>(position.quantity.count());
    const double face = lot_face(row);
    double price = delivery;
    if (row.is_option()) {
        const double theta = row.option_type == OptionType::put ? -1.0 : 1.0;
        const double payoff = std::max(theta * (delivery - row.strike), 0.0);
        price = is_inverse(row) ? payoff / delivery : payoff;
    }
    const double realised = contract_pnl(form_of(row), face, lots, position.average_price, price);
    ledger_.add_cash(row.settlement, money_from(row.is_option() ? lots * face * price : realised));
    ledger_.add_realised(row.settlement, realised);
    position.realised += realised;
    hold(instrument, Quantity{}, 0.0);
}

std::span<const FiredTrigger> RiskEngine::evaluate(const CoreView& view) {
    now_ = std::max(now_, view.now);
    triggers_.begin();
    if (dirty_ == 0 && !sample_all_ && !account_dirty_) return triggers_.finish();
    if (inside_report_) return triggers_.finish();  // half a position snapshot is no portfolio
    for (std::size_t i = 0; i < triggers_.size(); ++i) {
        const BoundaryStatus& boundary = triggers_[i];
        const bool account = boundary.underlying == UnderlyingId::none;
        const bool moved = account ? account_dirty_ : (dirty_ & bit_of(boundary.underlying)) != 0;
        if (!moved && !sample_all_) continue;
        triggers_.sample(i, boundary_value(boundary), now_, version_);
        ++work_;
    }
    dirty_ = 0;
    account_dirty_ = sample_all_ = false;
    return triggers_.finish();
}

}  // namespace keel::risk
