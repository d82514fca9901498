#include "risk/calculator/risk_calculator.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "engine/core/assert.hpp"
#include "risk/book/accounts.hpp"
#include "risk/book/expiring_option.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/report/holding_profits.hpp"
#include "risk/tail/historical.hpp"

namespace keel::risk {
namespace {

// Of two prices that are not known nothing has moved.
bool is_same(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

double relative_difference(double published, double full) {
    return full == published ? 0.0 : std::abs(published - full) / std::max(std::abs(full), 1.0);
}

}  // namespace

RiskCalculator::RiskCalculator(const Book& book, const MarketState& market, ScenarioSet scenarios,
                               std::span<const VenueMarginModel> margins, const BookRules& rules,
                               const std::vector<StressDefinition>& stresses)
    : incremental_{book, market, rules},
      book_{book},
      market_{market},
      scenarios_{std::move(scenarios)},
      vector_{scenarios_, market.expiries.size() + market.underlyings.size()},
      contributions_{market, scenarios_.scenarios()},
      named_stresses_{book_, market_, stresses},
      margins_{book_, market_, margins},
      by_underlying_{market.underlyings.size()},
      by_venue_{book.venue_names.size()},
      first_accounts_(book.venue_names.size()),
      venue_gross_(book.venue_names.size()),
      options_(market.expiries.size()),
      pnl_(scenarios_.scenarios()),
      moves_(market.underlyings.size()),
      pending_(scenarios_.factors()),
      moved_rates_(market.expiries.size()),
      refused_buckets_(market.expiries.size() + market.underlyings.size()),
      refused_linear_(market.underlyings.size()),
      refused_factors_(scenarios_.factors()) {
    KEEL_ASSERT(scenarios_.factors() == 2 * market.underlyings.size());
    for (std::size_t v = 0; v < first_accounts_.size(); ++v) {
        first_accounts_[v] = at(first_account(book, VenueSlot(static_cast<std::uint16_t>(v))));
    }
    expiries_.reserve(market.expiries.size());
    for (std::size_t e = 0; e < market.expiries.size(); ++e) {
        expiries_.emplace_back(book_, market_, ExpirySlot(e), scenarios_.scenarios());
    }
    for (std::size_t u = 0; u < market.underlyings.size(); ++u) {
        underlyings_.push_back({.rows = {}, .revalued = {}, .grid = StressGrid{market.expiries.size() + 1}});
    }
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        const Contract& contract = book.contracts[i];
        if (is_option(contract.kind)) {
            options_[at(contract.expiry)].push_back(i);
        } else if (contract.underlying != UnderlyingSlot::none) {
            underlyings_[at(contract.underlying)].rows.push_back(i);
        } else {
            cash_.push_back(i);
        }
    }
    for (Underlying& underlying : underlyings_) underlying.revalued.reserve(underlying.rows.size());
    for (std::size_t e = 0; e < expiries_.size(); ++e) {
        for (const std::size_t row : options_[e]) take_row(row);
    }
    named_stresses_.refresh_cash(cash_);
    publish();
}

void RiskCalculator::set_volatility(std::size_t factor, double volatility_now) {
    KEEL_ASSERT(factor < pending_.size());
    pending_[factor] = volatility_now;
}

void RiskCalculator::take_volatilities() {
    for (std::size_t factor = 0; factor < pending_.size(); ++factor) {
        if (!pending_[factor]) continue;
        scenarios_.clear_refused();
        rescaled_ = scenarios_.set_volatility(factor, *pending_[factor]) || rescaled_;
        refused_factors_[factor] = static_cast<std::uint8_t>(scenarios_.refused());
        pending_[factor].reset();
    }
}

void RiskCalculator::publish() {
    take_market();
    take_volatilities();
    for (std::size_t e = 0; e < expiries_.size(); ++e) {
        if (incremental_.dirty(ExpirySlot(e)) || rescaled_ || refused_buckets_[e] != 0) {
            publish_expiry(e);
        } else if (moved_rates_[e] != 0) {
            publish_rates(e);
        }
    }
    for (std::size_t u = 0; u < underlyings_.size(); ++u) {
        if (incremental_.dirty(UnderlyingSlot(u)) || rescaled_) publish_underlying(u);
    }
    publish_cash();
    publish_margins();
    publish_concentration();
    publish_equity();
    if (rescaled_) vector_.rebuild();
    rescaled_ = false;
    incremental_.clear_dirty();
    version_ = incremental_.version();
    ++work_.publications;
}

void RiskCalculator::resync() {
    incremental_.resync();  // marks everything
    for (ExpiryScenarios& expiry : expiries_) expiry.forget();
    publish();
    vector_.rebuild();
}

void RiskCalculator::take_market() {
    const MarketState& now = incremental_.market();
    const bool stables = !std::ranges::equal(market_.stables, now.stables, is_same);
    market_.now = now.now;
    std::ranges::copy(now.stables, market_.stables.begin());
    for (std::size_t e = 0; e < expiries_.size(); ++e) {
        const std::size_t u = at(now.expiries[e].underlying);
        moved_rates_[e] =
            static_cast<std::uint8_t>(stables || !is_same(now.underlyings[u].index, market_.underlyings[u].index));
        if (!incremental_.dirty(ExpirySlot(e))) continue;
        market_.expiries[e] = now.expiries[e];
        for (const std::size_t row : options_[e]) take_row(row);
    }
    for (std::size_t u = 0; u < underlyings_.size(); ++u) {
        if (!incremental_.dirty(UnderlyingSlot(u))) continue;
        market_.underlyings[u] = now.underlyings[u];
        for (const std::size_t row : underlyings_[u].rows) take_row(row);
    }
}

void RiskCalculator::publish_margins() {
    for (std::size_t u = 0; u < underlyings_.size(); ++u) {
        if (!incremental_.dirty(UnderlyingSlot(u))) continue;
        margins_.refresh_index(UnderlyingSlot(u));
        margins_.refresh(underlyings_[u].rows);
    }
    for (std::size_t e = 0; e < expiries_.size(); ++e) {
        if (incremental_.dirty(ExpirySlot(e))) margins_.refresh(options_[e]);
    }
}

void RiskCalculator::publish_cash() {
    bool moved = false;
    for (const std::size_t row : cash_) {
        const double before = book_.holdings[row].quantity;
        take_row(row);
        moved = moved || book_.holdings[row].quantity != before;
    }
    if (moved) named_stresses_.refresh_cash(cash_);
}

void RiskCalculator::publish_concentration() {
    bool moved = false;
    for (std::size_t u = 0; u < underlyings_.size(); ++u) {
        if (!incremental_.dirty(UnderlyingSlot(u))) continue;
        moved = true;
        (void)by_underlying_.set(u, incremental_.underlying(UnderlyingSlot(u)).value.gross_usd);
    }
    if (!moved) return;
    std::ranges::fill(venue_gross_, 0.0);
    for (std::size_t v = 0; v < venue_gross_.size(); ++v) {
        venue_gross_[first_accounts_[v]] += incremental_.venue(VenueSlot(static_cast<std::uint16_t>(v))).value.gross;
    }
    for (std::size_t v = 0; v < venue_gross_.size(); ++v) {
        if (first_accounts_[v] == v) (void)by_venue_.set(v, venue_gross_[v]);
    }
}

void RiskCalculator::publish_equity() {
    // As a share of the equity that each flow met; one that left nothing begins anew, whatever others there were.
    const EquityPeak& peak = incremental_.equity_peak();
    const bool emptied = std::exchange(emptied_, peak.emptied()) != peak.emptied();
    const double flows = peak.log_flows() - std::exchange(log_flows_, peak.log_flows());
    if (emptied || flows != 0.0) drawdown_.on_flow(emptied ? -1.0 : std::expm1(flows), 1.0);
    drawdown_.on_equity(market_.now, incremental_.account().value.usd.equity);
}

void RiskCalculator::take_row(std::size_t row) {
    const ContractSlot slot{static_cast<std::uint32_t>(row)};
    book_.holdings[row] = incremental_.holding(slot);
    if (is_option(book_.contracts[row].kind)) {
        market_.quotes[row].volatility = incremental_.volatility(slot);
    } else {
        market_.quotes[row].mark = incremental_.market().quotes[row].mark;
    }
}

void RiskCalculator::publish_expiry(std::size_t expiry) {
    ExpiryScenarios& options = expiries_[expiry];
    const ExpiryScenarios::Moved moved = options.refresh();
    if (rescaled_) options.forget_scenarios();
    if (moved.scenarios || rescaled_) {
        options.scenario_pnl(scenarios_, pnl_);
        take_profits(expiry);
    }
    if (!moved.cells) return;
    publish_cells(expiry);
    named_stresses_.refresh(ExpirySlot(expiry), options_[expiry]);
}

void RiskCalculator::publish_rates(std::size_t expiry) {
    const ExpiryScenarios::Moved moved = expiries_[expiry].refresh_rates();
    if (moved.scenarios) {
        expiries_[expiry].rescaled_pnl(scenarios_, vector_.bucket_pnl_usd(expiry), pnl_);
        take_profits(expiry);
    }
    if (moved.cells) publish_cells(expiry);
}

void RiskCalculator::take_profits(std::size_t bucket) {
    refused_buckets_[bucket] = static_cast<std::uint8_t>(!vector_.replace_bucket(bucket, pnl_));
    ++work_.buckets;
}

void RiskCalculator::publish_cells(std::size_t expiry) {
    cells_ = {};
    if (!expiries_[expiry].empty()) expiries_[expiry].stress_cells(cells_);
    underlyings_[at(market_.expiries[expiry].underlying)].grid.replace_bucket(expiry, cells_);
    work_.cells += kGridCells;
}

bool RiskCalculator::is_linear(std::size_t row) const {
    const Contract& contract = book_.contracts[row];
    if (contract.kind == ContractKind::liquidity) return false;
    return contract.expiry == ExpirySlot::none ||
           !delivery_forward(market_.expiries[at(contract.expiry)], market_.now).averaging;
}

void RiskCalculator::publish_underlying(std::size_t slot) {
    Underlying& underlying = underlyings_[slot];
    const double index = market_.underlyings[slot].index;
    const bool had_revalued = !underlying.revalued.empty();
    LinearStress linear;
    underlying.revalued.clear();
    for (const std::size_t row : underlying.rows) {
        const Contract& contract = book_.contracts[row];
        if (book_.holdings[row].quantity == 0.0) continue;
        if (is_linear(row)) {
            linear.add(contract, book_.holdings[row], market_.quotes[row],
                       contract.stable == StableSlot::none ? 1.0 : market_.stables[at(contract.stable)]);
        } else if (std::isfinite(holding_value(contract, book_.holdings[row], market_.quotes[row], market_))) {
            underlying.revalued.push_back(row);
        }
    }
    const bool taken = vector_.set_exposure(slot, index * linear.coin_fixed + linear.usd_per_price);
    refused_linear_[slot] = static_cast<std::uint8_t>(!taken);
    underlying.grid.set_linear(linear);
    if (had_revalued || !underlying.revalued.empty() || refused_buckets_[expiries_.size() + slot] != 0) {
        publish_revalued(slot);
    }
    if (taken) underlying.matrix = underlying.grid.read(index);
    named_stresses_.refresh(UnderlyingSlot(slot), underlying.rows);
    ++work_.underlyings;
}

// What is revalued of the underlying, when its spot moves by the fraction `spot`.
RiskCalculator::Worth RiskCalculator::revalued(std::size_t slot, double spot) {
    moves_[slot] = {.spot = spot};
    const Shock shock{.underlyings = std::span{moves_}.first(slot + 1)};
    Worth out;
    for (const std::size_t row : underlyings_[slot].revalued) {
        const Contract& contract = book_.contracts[row];
        const double worth = holding_value(contract, book_.holdings[row], market_.quotes[row], market_, shock);
        if (settles_in_coin(contract.kind)) {
            out.coin += worth;
        } else {
            out.usd += worth * market_.stables[at(contract.stable)];
        }
    }
    moves_[slot] = {};
    return out;
}

void RiskCalculator::publish_revalued(std::size_t slot) {
    const std::size_t bucket = expiries_.size() + slot;
    const double index = market_.underlyings[slot].index;
    const auto moves = scenarios_.relative_moves(slot);
    const Worth before = revalued(slot, 0.0);
    for (std::size_t s = 0; s < pnl_.size(); ++s) {
        const Worth after = revalued(slot, moves[s]);
        pnl_[s] = after.usd - before.usd + index * (after.coin * (1.0 + moves[s]) - before.coin);
    }
    take_profits(bucket);
    constexpr std::size_t kColumns = kGridVolatilityMoves.size();
    for (std::size_t row = 0; row < kGridSpotMoves.size(); ++row) {
        const Worth there = revalued(slot, kGridSpotMoves[row]);  // whatever the volatility
        std::fill_n(cells_.coin.begin() + row * kColumns, kColumns, there.coin);
        std::fill_n(cells_.usd.begin() + row * kColumns, kColumns, there.usd);
    }
    underlyings_[slot].grid.replace_bucket(expiries_.size(), cells_);
    work_.cells += kGridCells;
}

std::uint8_t RiskCalculator::quality() const {
    std::uint8_t out = incremental_.quality();
    bool stale = named_stresses_.stale() ||
                 std::ranges::any_of(underlyings_, [](const Underlying& u) { return u.grid.stale(); });
    for (const auto* refused : {&refused_buckets_, &refused_linear_, &refused_factors_}) {
        stale = stale || std::ranges::find(*refused, 1) != refused->end();
    }
    if (stale) out |= kBookStale;
    return out;
}

CalculatorWork RiskCalculator::work() const {
    CalculatorWork out = work_;
    for (const ExpiryScenarios& expiry : expiries_) {
        out.ladders += expiry.builds();
        out.added += expiry.added();
    }
    return out;
}

std::optional<TailCheck> RiskCalculator::check(double alpha) {
    const auto published = tail(alpha);
    if (!published) return std::nullopt;
    HoldingProfits profits{book_, market_};
    const std::size_t n = market_.underlyings.size();
    std::vector<double> moves(2 * n);
    std::vector<double> pnl(scenarios_.scenarios());
    for (std::size_t s = 0; s < pnl.size(); ++s) {
        for (std::size_t f = 0; f < moves.size(); ++f) moves[f] = scenarios_.log_moves(f)[s];
        profits.move(std::span{moves}.first(n), std::span{moves}.subspan(n));
        for (std::size_t row = 0; row < book_.contracts.size(); ++row) {
            const double usd = profits.usd(row);
            if (std::isfinite(usd)) pnl[s] += usd;
        }
    }
    const TailMeasures full = *historical_tail(pnl, alpha);
    return TailCheck{.published = *published,
                     .full = full,
                     .drift = std::max(relative_difference(published->var_usd, full.var_usd),
                                       relative_difference(published->es_usd, full.es_usd))};
}

}  // namespace keel::risk
