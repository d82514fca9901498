#include "risk/book/incremental_book.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace keel::risk {
namespace {

void set_bit(std::vector<std::uint64_t>& words, std::size_t bit) { words[bit / 64] |= std::uint64_t{1} << (bit % 64); }

}  // namespace

bool IncrementalBook::usable(double price) const { return price >= rules_.price_min && price <= rules_.price_max; }

bool IncrementalBook::near(double price, double other) const {
    return price <= other * rules_.price_jump && price * rules_.price_jump >= other;
}

// Usable, and near the last good price where there is one.
bool IncrementalBook::acceptable(double price, double last, Suspicion& suspicion) {
    if (!usable(price)) {
        suspicion.count = 0;
        return false;
    }
    if (!near(price, last) && usable(last)) return confirmed(price, suspicion);
    suspicion.count = 0;
    return true;
}

// Cold: a jump of half the price in one update is a mistake, unless the next ones say so too.
bool IncrementalBook::confirmed(double price, Suspicion& suspicion) const {
    const bool agrees = suspicion.count > 0 && near(price, suspicion.price);
    suspicion = agrees ? Suspicion{suspicion.price, suspicion.count + 1} : Suspicion{price, 1};
    if (suspicion.count < rules_.jump_confirmations) return false;
    suspicion.count = 0;
    return true;
}

BookStatus IncrementalBook::refuse(std::uint8_t& flags, std::size_t underlying) {
    ++work_.refused;
    set_flags(flags, flags | kFlagRefused, underlying);
    return BookStatus::refused;
}

void IncrementalBook::set_flags(std::uint8_t& flags, std::uint8_t after, std::size_t underlying) {
    if (flags == after) return;
    UnderlyingLevel& level = underlyings_[underlying];
    if ((flags & kFlagRefused) != 0) --level.refused;
    if ((flags & kFlagStale) != 0) --level.stale;
    if ((after & kFlagRefused) != 0) ++level.refused;
    if ((after & kFlagStale) != 0) ++level.stale;
    flags = after;
}

BucketTolerance IncrementalBook::tolerance(std::size_t underlying) const {
    const double equity = std::abs(account_.read(&UsdVector::equity));
    return {.value_usd = std::max(rules_.value_floor_usd, rules_.value_share * equity),
            .delta_coin = rules_.delta_share * underlyings_[underlying].band};
}

// Where every contribution enters and leaves.
void IncrementalBook::apply(std::uint32_t cell, const Bounded<RiskVector>& before, const Bounded<RiskVector>& after) {
    Cell& row = cells_[cell];
    row.sums.replace(before, after);
    if (row.stable < stable_sums_.size()) {
        Bounded<CompensatedSum>& sum = stable_sums_[row.stable];
        sum.value.add(after.value.stable);
        sum.value.add(-before.value.stable);
        sum.bound.add(after.bound.stable);
        sum.bound.add(-before.bound.stable);
    }
    post_usd(row);
}

// What the cell is worth in USD, at the prices of its coin and its stablecoin.
void IncrementalBook::post_usd(Cell& cell) {
    const double index =
        cell.underlying < market_.underlyings.size() ? market_.underlyings[cell.underlying].index : 0.0;
    const double coin = usable(index) ? index : 0.0;
    const double stable = cell.stable < market_.stables.size() ? market_.stables[cell.stable] : 0.0;
    const double dollar = usable(stable) ? stable : 0.0;
    const auto in_usd = [&](const RiskVector& risk) {
        const Sensitivities& g = risk.greeks;
        return UsdVector{.equity = risk.coin * coin + risk.stable * dollar,
                         .gross = g.gross_usd + g.gross_stable * dollar + g.gross_coins * coin,
                         .net = g.net_usd + g.net_stable * dollar + g.net_coins * coin,
                         .dollar_delta = (risk.coin + g.delta_inverse) * coin + g.delta_linear_stable * dollar,
                         .gamma_1pct = g.gamma * coin * coin / 100.0,
                         .vega = g.vega,
                         .theta = g.theta,
                         .margin = risk.margin_usd + risk.margin_stable * dollar + risk.margin_coins * coin};
    };
    Bounded<UsdVector> after{in_usd(cell.sums.sum().value), in_usd(cell.sums.sum().bound)};
    add_to(after.value, in_usd(cell.sums.carry().value));
    add_to(after.bound, in_usd(cell.sums.carry().bound));
    account_.replace(cell.posted, after);
    cell.posted = after;
}

void IncrementalBook::post_bucket(std::size_t expiry) {
    ExpiryLevel& level = expiries_[expiry];
    OptionBucket& bucket = buckets_[expiry];
    const std::size_t underlying = index_of(bucket.market().underlying);
    for (std::size_t at = 0; at < level.lane_cells.size(); ++at) {
        const OptionBucket::Lane& lane = bucket.lanes()[at];
        if (!lane.moved) continue;
        apply(level.lane_cells[at], lane.posted(), lane.risk());
        bucket.take_posted(at);
    }
    underlyings_[underlying].unvalued += bucket.unvalued() - level.unvalued;
    level.unvalued = bucket.unvalued();
    set_bit(dirty_expiries_, expiry);
    touch(underlying);
}

// A contract that is not an option: its whole contribution, from its latest inputs.
void IncrementalBook::post_row(std::uint32_t index) {
    Row& row = rows_[index];
    const ContractQuote& quote = market_.quotes[index];
    const double quantity = row.holding.quantity;
    Bounded<RiskVector> out;
    RiskVector& after = out.value;
    bool valued = true;
    if (quantity != 0.0) {
        const double value = holding_value(row.contract, row.holding, quote, market_);
        Sensitivities unit;
        valued = std::isfinite(value) && contract_sensitivities(row.contract, quote, market_, unit);
        if (valued) {
            after.greeks = scaled(unit, quantity);
            after.margin_usd = after.greeks.gross_usd * row.contract.margin_rate;
            after.margin_stable = after.greeks.gross_stable * row.contract.margin_rate;
            (settles_in_coin(row.contract.kind) ? after.coin : after.stable) = value;
        }
    }
    if (valued != row.valued) {
        UnderlyingLevel& level = underlyings_[underlying_of(row.cell)];
        valued ? --level.unvalued : ++level.unvalued;
        row.valued = valued;
    }
    apply(row.cell, row.posted, out);
    row.posted = out;
    touch(underlying_of(row.cell));
}

// Whatever an event was, this is its end: one look at equity, one version.
BookStatus IncrementalBook::finish() {
    ++work_.events;
    peak_.on_equity(account_.read(&UsdVector::equity), account_.read_bound(&UsdVector::equity));
    return BookStatus::applied;
}

BookStatus IncrementalBook::on_index(UnderlyingSlot slot, double price) {
    const std::size_t at = index_of(slot);
    if (at >= market_.underlyings.size()) return BookStatus::unknown_row;
    UnderlyingLevel& level = underlyings_[at];
    if (!acceptable(price, market_.underlyings[at].index, level.suspicion)) return refuse(level.flags, at);
    accept(level.flags, at);
    market_.underlyings[at].index = price;
    // Forwards drive options: an index rescales what is read in USD, and no greek.
    for (const std::uint32_t cell : level.cells) post_usd(cells_[cell]);
    touch(at);
    return finish();
}

BookStatus IncrementalBook::on_forward(ExpirySlot slot, double price) {
    const std::size_t at = index_of(slot);
    if (at >= buckets_.size()) return BookStatus::unknown_row;
    ExpiryLevel& level = expiries_[at];
    if (level.settled) return BookStatus::settled;
    OptionBucket& bucket = buckets_[at];
    const std::size_t underlying = index_of(bucket.market().underlying);
    if (!acceptable(price, market_.expiries[at].forward, level.suspicion)) return refuse(level.flags, underlying);
    accept(level.flags, underlying);
    market_.expiries[at].forward = price;
    bucket.set_forward(price, tolerance(underlying));
    post_bucket(at);
    return finish();
}

BookStatus IncrementalBook::on_mark(ContractSlot slot, double price) {
    const std::size_t at = index_of(slot);
    if (at >= rows_.size() || is_option(rows_[at].contract.kind) || is_cash(rows_[at].contract.kind)) {
        return BookStatus::unknown_row;
    }
    Row& row = rows_[at];
    if (row.settled) return BookStatus::settled;
    if (!acceptable(price, market_.quotes[at].mark, row.suspicion)) return refuse(row.flags, underlying_of(row.cell));
    accept(row.flags, underlying_of(row.cell));
    market_.quotes[at].mark = price;
    if (row.holding.quantity != 0.0) post_row(static_cast<std::uint32_t>(at));
    return finish();
}

BookStatus IncrementalBook::on_volatility(ContractSlot slot, double volatility) {
    const std::size_t at = index_of(slot);
    if (at >= rows_.size() || !is_option(rows_[at].contract.kind)) return BookStatus::unknown_row;
    Row& row = rows_[at];
    if (row.settled) return BookStatus::settled;
    if (!(volatility >= rules_.bucket.volatility_floor && volatility <= rules_.bucket.volatility_cap)) {
        return refuse(row.flags, underlying_of(row.cell));
    }
    accept(row.flags, underlying_of(row.cell));
    const std::size_t expiry = index_of(row.contract.expiry);
    buckets_[expiry].set_volatility(row.option, volatility);
    if (row.holding.quantity != 0.0) post_bucket(expiry);
    set_bit(dirty_expiries_, expiry);
    return finish();
}

BookStatus IncrementalBook::on_volatility_shift(ExpirySlot slot, double shift) {
    const std::size_t at = index_of(slot);
    if (at >= buckets_.size()) return BookStatus::unknown_row;
    ExpiryLevel& level = expiries_[at];
    if (level.settled) return BookStatus::settled;
    OptionBucket& bucket = buckets_[at];
    const std::size_t underlying = index_of(bucket.market().underlying);
    if (!std::isfinite(shift) || bucket.refuses_shift(shift)) return refuse(level.flags, underlying);
    bucket.shift_volatility(shift, tolerance(underlying));
    post_bucket(at);
    return finish();
}

BookStatus IncrementalBook::on_stable(StableSlot slot, double price) {
    const std::size_t at = index_of(slot);
    if (at >= market_.stables.size()) return BookStatus::unknown_row;
    const std::size_t nowhere = underlyings_.size() - 1;
    if (!acceptable(price, market_.stables[at], stable_suspicions_[at])) return refuse(stable_flags_[at], nowhere);
    accept(stable_flags_[at], nowhere);
    market_.stables[at] = price;
    for (Cell& cell : cells_) {
        if (cell.stable == at) {
            post_usd(cell);
            touch(cell.underlying);
        }
    }
    return finish();
}

BookStatus IncrementalBook::on_settlement_average(ExpirySlot slot, double average) {
    const std::size_t at = index_of(slot);
    if (at >= buckets_.size()) return BookStatus::unknown_row;
    ExpiryLevel& level = expiries_[at];
    if (level.settled) return BookStatus::settled;
    const std::size_t underlying = index_of(buckets_[at].market().underlying);
    const ExpiryMarket& market = market_.expiries[at];
    const double last = usable(market.settlement_average) ? market.settlement_average : market.forward;
    if (!acceptable(average, last, level.average_suspicion)) return refuse(level.flags, underlying);
    accept(level.flags, underlying);
    market_.expiries[at].settlement_average = average;
    buckets_[at].set_settlement_average(average);
    post_bucket(at);
    return finish();
}

BookStatus IncrementalBook::on_clock(UnixNanos now) {
    if (now < market_.now) {
        sticky_quality_ |= kBookClock;
        ++work_.refused;
        return BookStatus::refused;
    }
    const bool jumped = now - market_.now > rules_.clock_jump;
    market_.now = now;
    for (std::size_t at = 0; at < buckets_.size(); ++at) {
        if (expiries_[at].settled) continue;
        OptionBucket& bucket = buckets_[at];
        bucket.set_time(now, tolerance(index_of(bucket.market().underlying)));
        if (jumped && !bucket.at_anchor()) bucket.anchor();
        post_bucket(at);
        const ExpiryMarket& market = market_.expiries[at];
        if (market.settlement_window.count() == 0 || market.expiry - now > market.settlement_window) continue;
        for (const std::uint32_t row : expiries_[at].rows) {
            if (!is_option(rows_[row].contract.kind) && rows_[row].holding.quantity != 0.0) post_row(row);
        }
    }
    return finish();
}

}  // namespace keel::risk
