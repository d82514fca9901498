#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/book/incremental_book.hpp"

namespace keel::risk {
namespace {

constexpr double kNoEquityLeverage = 1e6;  // equity at or below zero

bool bit(const std::vector<std::uint64_t>& words, std::size_t at) {
    return at / 64 < words.size() && (words[at / 64] >> (at % 64) & 1U) != 0;
}

UnderlyingMetrics metrics_of(const RiskVector& risk, const UsdVector& usd, double index) {
    return {.greeks = risk.greeks,
            .equity_coin = risk.coin,
            .delta_usd = index > 0.0 ? usd.dollar_delta / index : 0.0,
            .dollar_delta_usd = usd.dollar_delta,
            .gamma_1pct_usd = usd.gamma_1pct,
            .gross_usd = usd.gross,
            .net_usd = usd.net,
            .margin_usd = usd.margin};
}

// |a/b - a'/b'| for a' within `a_bound` of a and b' within `b_bound` of b > b_bound.
double ratio_bound(double a, double a_bound, double b, double b_bound) {
    return (a_bound + std::abs(a / b) * b_bound) / (b - b_bound);
}

}  // namespace

IncrementalBook::IncrementalBook(const Book& book, const MarketState& market, const BookRules& rules)
    : rules_{rules}, market_{market} {
    KEEL_ASSERT(rules.price_jump > 1.0);
    KEEL_ASSERT(book.contracts.size() == book.holdings.size() && book.contracts.size() == market.quotes.size());
    std::size_t venues = book.venue_names.size();
    for (const Contract& contract : book.contracts) {
        if (contract.venue != VenueSlot::none) venues = std::max(venues, index_of(contract.venue) + 1);
    }
    underlyings_.resize(market.underlyings.size() + 1);
    venues_count_ = venues + 1;
    stable_sums_.resize(market.stables.size());
    stable_flags_.resize(market.stables.size());
    stable_suspicions_.resize(market.stables.size());
    expiries_.resize(market.expiries.size());
    const auto known = [&](double& price) {
        if (!usable(price)) price = std::numeric_limits<double>::quiet_NaN();
    };
    for (UnderlyingMarket& underlying : market_.underlyings) known(underlying.index);
    for (ExpiryMarket& expiry : market_.expiries) {
        known(expiry.forward);
        known(expiry.settlement_average);
    }
    for (std::size_t s = 0; s < market_.stables.size(); ++s) {
        known(market_.stables[s]);
        if (!usable(market_.stables[s])) set_flags(stable_flags_[s], kFlagRefused, underlyings_.size() - 1);
    }
    buckets_.reserve(market.expiries.size());
    for (const ExpiryMarket& expiry : market_.expiries) {
        KEEL_ASSERT(index_of(expiry.underlying) < market.underlyings.size());
        buckets_.emplace_back(rules.bucket, expiry, market.now);
    }
    dirty_expiries_.resize(expiries_.size() / 64 + 1);
    dirty_underlyings_.resize(underlyings_.size() / 64 + 1);
    cell_at_.assign(venues_count_ * underlyings_.size() * (stable_sums_.size() + 1), 0xffff'ffff);
    build_rows(book);
    resync();
    peak_.restart(account_.read(&UsdVector::equity));
    work_ = {};
}

// The cell that a contract adds to, made when it is first asked for.
std::uint32_t IncrementalBook::cell_of(const Contract& contract) {
    const bool in_coin = settles_in_coin(contract.kind);
    const std::size_t underlying =
        contract.underlying == UnderlyingSlot::none ? underlyings_.size() - 1 : index_of(contract.underlying);
    const std::size_t venue = contract.venue == VenueSlot::none ? venues_count_ - 1 : index_of(contract.venue);
    // Coin has members of its own in every cell: it goes with the first stablecoin, and a book with one has one cell
    // per underlying and venue.
    const std::size_t stable = in_coin ? 0 : index_of(contract.stable);
    KEEL_ASSERT(underlying < underlyings_.size() && (in_coin || stable < stable_sums_.size()));
    KEEL_ASSERT(in_coin == (contract.stable == StableSlot::none));
    std::uint32_t& cell = cell_at_[(venue * underlyings_.size() + underlying) * (stable_sums_.size() + 1) + stable];
    if (cell != 0xffff'ffff) return cell;
    cell = static_cast<std::uint32_t>(cells_.size());
    cells_.push_back({.venue = static_cast<std::uint16_t>(venue),
                      .underlying = static_cast<std::uint16_t>(underlying),
                      .stable = static_cast<std::uint16_t>(stable)});
    underlyings_[underlying].cells.push_back(cell);
    return cell;
}

void IncrementalBook::place_option(std::uint32_t index, double volatility) {
    Row& row = rows_[index];
    const std::size_t at = index_of(row.contract.expiry);
    KEEL_ASSERT(at < expiries_.size() && market_.expiries[at].underlying == row.contract.underlying);
    ExpiryLevel& level = expiries_[at];
    const auto found = std::ranges::find(level.lane_cells, row.cell);
    auto lane = static_cast<std::uint32_t>(found - level.lane_cells.begin());
    if (found == level.lane_cells.end()) {
        lane = buckets_[at].add_lane();
        level.lane_cells.push_back(row.cell);
    }
    const bool good = volatility >= rules_.bucket.volatility_floor && volatility <= rules_.bucket.volatility_cap;
    row.option =
        buckets_[at].add_option(lane, row.contract, good ? volatility : std::numeric_limits<double>::quiet_NaN());
}

void IncrementalBook::build_rows(const Book& book) {
    rows_.resize(book.contracts.size());
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
        Row& row = rows_[i];
        row.contract = book.contracts[i];
        KEEL_ASSERT(contract_problem(row.contract) == nullptr);
        row.cell = cell_of(row.contract);
        if (is_option(row.contract.kind)) place_option(i, market_.quotes[i].volatility);
        if (row.contract.expiry != ExpirySlot::none) expiries_[index_of(row.contract.expiry)].rows.push_back(i);
        if (!usable(market_.quotes[i].mark)) market_.quotes[i].mark = std::numeric_limits<double>::quiet_NaN();
    }
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
        const Contract& contract = rows_[i].contract;
        const auto pays = [&](const Row& cash) {
            return is_cash(cash.contract.kind) && cash.contract.venue == contract.venue &&
                   (settles_in_coin(contract.kind) ? cash.contract.kind == ContractKind::coin_cash &&
                                                         cash.contract.underlying == contract.underlying
                                                   : cash.contract.stable == contract.stable);
        };
        const auto cash = std::ranges::find_if(rows_, pays);
        KEEL_ASSERT(cash != rows_.end());  // every ledger has its row of cash at the venue
        rows_[i].cash = ContractSlot(static_cast<std::uint32_t>(cash - rows_.begin()));
    }
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
        rows_[i].holding = book.holdings[i];
        KEEL_ASSERT(std::abs(rows_[i].holding.quantity) <= rules_.quantity_max);
        if (is_option(rows_[i].contract.kind)) {
            const std::size_t at = index_of(rows_[i].contract.expiry);
            buckets_[at].set_quantity(rows_[i].option, rows_[i].holding.quantity);
        }
        if (is_cash(rows_[i].contract.kind)) rows_[i].cash_sum.add(rows_[i].holding.quantity);
    }
}

void IncrementalBook::resync() {
    sticky_quality_ = 0;
    for (std::size_t at = 0; at < buckets_.size(); ++at) {
        buckets_[at].clear_fault();
        if (!buckets_[at].at_anchor() && market_.expiries[at].forward > 0.0) buckets_[at].anchor();
        post_bucket(at);
    }
    rebuild_levels();
    finish();
}

// Every sum above the contributions from nothing, and how far the old ones had drifted.
void IncrementalBook::rebuild_levels() {
    const UsdVector old = account_.read().value;
    for (Cell& cell : cells_) {
        cell.sums = {};
        cell.posted = {};
    }
    account_ = {};
    for (auto& sum : stable_sums_) sum = {};
    for (std::uint32_t i = 0; i < rows_.size(); ++i) {
        if (is_option(rows_[i].contract.kind)) continue;
        rows_[i].posted = {};
        post_row(i);
    }
    for (std::size_t expiry = 0; expiry < expiries_.size(); ++expiry) {
        const std::vector<std::uint32_t>& cells = expiries_[expiry].lane_cells;
        for (std::size_t at = 0; at < cells.size(); ++at) apply(cells[at], {}, buckets_[expiry].lanes()[at].posted());
    }
    if (work_.events == 0) return;
    const UsdVector fresh = account_.read().value;
    const double scale = std::abs(fresh.equity) + fresh.gross;
    const double drift = std::max(std::abs(fresh.equity - old.equity), std::abs(fresh.gross - old.gross));
    if (drift > 1e-9 * scale) ++work_.drifts;
    if (drift > 1e-6 * scale) sticky_quality_ |= kBookFault;
}

Bounded<UnderlyingMetrics> IncrementalBook::underlying(UnderlyingSlot slot) const {
    KEEL_ASSERT(index_of(slot) < market_.underlyings.size());
    const UnderlyingLevel& level = underlyings_[index_of(slot)];
    const double index = market_.underlyings[index_of(slot)].index;
    Bounded<RiskVector> risk;
    Bounded<UsdVector> usd;
    for (const std::uint32_t cell : level.cells) {
        cells_[cell].sums.add_into(risk);
        add_to(usd, cells_[cell].posted);
    }
    return {metrics_of(risk.value, usd.value, index), metrics_of(risk.bound, usd.bound, index)};
}

Bounded<AccountMetrics> IncrementalBook::account() const {
    const Bounded<UsdVector> usd = account_.read();
    const double equity = usd.value.equity;
    const double doubt = std::abs(usd.bound.equity);
    Bounded<AccountMetrics> out;
    out.value.usd = usd.value;
    out.bound.usd = usd.bound;
    if (equity > doubt) {
        out.value.leverage_gross = usd.value.gross / equity;
        out.bound.leverage_gross = ratio_bound(usd.value.gross, usd.bound.gross, equity, doubt);
        out.value.leverage_net = std::abs(usd.value.dollar_delta) / equity;
        out.bound.leverage_net = ratio_bound(usd.value.dollar_delta, usd.bound.dollar_delta, equity, doubt);
    } else {
        out.value.leverage_gross = kNoEquityLeverage;
        out.value.leverage_net = kNoEquityLeverage;
    }
    out.value.drawdown = peak_.value(equity);
    out.bound.drawdown = peak_.value_bound(equity, doubt);
    return out;
}

Bounded<UsdVector> IncrementalBook::venue(VenueSlot slot) const {
    KEEL_ASSERT(index_of(slot) + 1 < venues_count_);
    Bounded<UsdVector> out;
    for (const Cell& cell : cells_) {
        if (cell.venue == index_of(slot)) add_to(out, cell.posted);
    }
    return out;
}

Bounded<double> IncrementalBook::equity_stable(StableSlot slot) const {
    KEEL_ASSERT(index_of(slot) < stable_sums_.size());
    const Bounded<CompensatedSum>& sum = stable_sums_[index_of(slot)];
    return {sum.value.value(), sum.bound.value()};
}

std::uint8_t IncrementalBook::quality(UnderlyingSlot slot) const {
    KEEL_ASSERT(index_of(slot) < market_.underlyings.size());
    const UnderlyingLevel& level = underlyings_[index_of(slot)];
    std::uint8_t out = sticky_quality_;
    if (level.unvalued > 0) out |= kBookUnvalued;
    if (level.refused > 0) out |= kBookRefused;
    if (level.stale > 0) out |= kBookStale;
    if (!usable(market_.underlyings[index_of(slot)].index)) out |= kBookNoIndex;
    return out;
}

std::uint8_t IncrementalBook::quality() const {
    std::uint8_t out = sticky_quality_;
    for (std::size_t i = 0; i + 1 < underlyings_.size(); ++i) out |= quality(UnderlyingSlot(i));
    const UnderlyingLevel& nowhere = underlyings_.back();
    if (nowhere.refused > 0) out |= kBookRefused;
    if (nowhere.stale > 0) out |= kBookStale;
    for (const OptionBucket& bucket : buckets_) {
        if (bucket.work().fault) out |= kBookFault;
    }
    return out;
}

BookWork IncrementalBook::work() const {
    BookWork out = work_;
    for (const OptionBucket& bucket : buckets_) {
        out.kernels += bucket.work().kernels;
        out.anchors += bucket.work().anchors;
        out.drifts += bucket.work().drifts;
    }
    return out;
}

void IncrementalBook::mark_stale(UnderlyingSlot slot) {
    if (index_of(slot) >= market_.underlyings.size()) return;
    UnderlyingLevel& level = underlyings_[index_of(slot)];
    set_flags(level.flags, level.flags | kFlagStale, index_of(slot));
}

void IncrementalBook::mark_stale(ExpirySlot slot) {
    if (index_of(slot) >= expiries_.size() || expiries_[index_of(slot)].settled) return;
    ExpiryLevel& level = expiries_[index_of(slot)];
    set_flags(level.flags, level.flags | kFlagStale, index_of(market_.expiries[index_of(slot)].underlying));
}

void IncrementalBook::mark_stale(ContractSlot slot) {
    if (index_of(slot) >= rows_.size() || rows_[index_of(slot)].settled) return;
    Row& row = rows_[index_of(slot)];
    set_flags(row.flags, row.flags | kFlagStale, underlying_of(row.cell));
}

bool IncrementalBook::dirty(ExpirySlot slot) const { return bit(dirty_expiries_, index_of(slot)); }
bool IncrementalBook::dirty(UnderlyingSlot slot) const { return bit(dirty_underlyings_, index_of(slot)); }

void IncrementalBook::clear_dirty() {
    std::ranges::fill(dirty_expiries_, 0);
    std::ranges::fill(dirty_underlyings_, 0);
}

void IncrementalBook::set_hedge_band(UnderlyingSlot slot, double coins) {
    KEEL_ASSERT(index_of(slot) < market_.underlyings.size());
    if (std::isfinite(coins) && coins > 0.0) underlyings_[index_of(slot)].band = coins;
}

Holding IncrementalBook::holding(ContractSlot slot) const {
    KEEL_ASSERT(index_of(slot) < rows_.size());
    return rows_[index_of(slot)].holding;
}

double IncrementalBook::volatility(ContractSlot slot) const {
    const Row& row = rows_[index_of(slot)];
    KEEL_ASSERT(is_option(row.contract.kind));
    return buckets_[index_of(row.contract.expiry)].volatility(row.option);
}

}  // namespace keel::risk
