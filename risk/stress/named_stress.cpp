#include "risk/stress/named_stress.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "risk/book/accounts.hpp"
#include "risk/book/shocked_options.hpp"
#include "risk/liquidity/impact.hpp"
#include "risk/stress/funding.hpp"
#include "risk/tail/liquidity_adjusted.hpp"

namespace keel::risk {
namespace {

using Kind = StressDefinition::Kind;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kSpotMin = -0.99;

bool is_major(const std::string& name) { return name == "BTC" || name == "ETH"; }
bool is_dollar(const std::string& name) { return name == "USD"; }

bool changes_liquidity(const StressDefinition& stress) {
    return stress.spread_factor != 1.0 || stress.depth_factor != 1.0 || stress.impact_factor != 1.0;
}

// Its VaR is that of today's prices.
bool moves_prices(const StressDefinition& stress) {
    return stress.spot != 0.0 || stress.volatility != 0.0 || stress.basis != 0.0 || stress.stable != 0.0;
}

ContractLiquidity liquidity_of(const StressInputs& inputs, std::size_t contract) {
    return contract < inputs.liquidity.size() ? inputs.liquidity[contract] : ContractLiquidity{};
}

// The book revalued in one world after another. What no world changes is found once: the greeks of each contract, and
// the margins of the whole book where the market stands still.
class Revaluation {
public:
    explicit Revaluation(const StressInputs& inputs)
        : inputs_{inputs}, options_{inputs.book, inputs.market}, base_{value_of(inputs.book, {})} {
        for (std::size_t i = 0; i < inputs.book.contracts.size(); ++i) {
            Sensitivities unit;
            const bool priced =
                contract_sensitivities(inputs.book.contracts[i], inputs.market.quotes[i], inputs.market, unit);
            unit_deltas_.push_back(priced ? unit.delta_bs : kNaN);
        }
        for (std::size_t v = 0; v < base_.venue_usd.size(); ++v) {
            still_margins_.push_back(maintenance(inputs.book, v, {}));
        }
    }

    [[nodiscard]] const BookValue& base() const { return base_; }
    [[nodiscard]] BookValue value_of(const Book& book, const Shock& shock) {
        return value_book(book, inputs_.market, shock, options_);
    }

    // Equities, margin ratios and the total of `book` under a shock.
    [[nodiscard]] StressResult judge(const Book& book, const Shock& shock, std::string id) {
        const BookValue value = value_of(book, shock);
        StressResult out{.id = std::move(id),
                         .pnl_usd = value.usd - base_.usd,
                         .equity_usd = value.usd,
                         .venues = {},
                         .delta_coin = deltas(book),
                         .left_out = value.left_out};
        const bool still = &book == &inputs_.book && shock.underlyings.empty() && shock.stables.empty();
        for (std::size_t v = 0; v < value.venue_usd.size(); ++v) {
            const double margin = still ? still_margins_[v] : maintenance(book, v, shock);
            out.venues.push_back({.equity_usd = value.venue_usd[v],
                                  .margin_ratio = margin > 0.0 ? value.venue_usd[v] / margin : kNaN,
                                  .maintenance_usd = margin});
        }
        return out;
    }

private:
    [[nodiscard]] double maintenance(const Book& book, std::size_t venue, const Shock& shock) const {
        if (!inputs_.maintenance_margin) return kNaN;
        return inputs_.maintenance_margin(book, VenueSlot(static_cast<std::uint16_t>(venue)), inputs_.market, shock);
    }

    [[nodiscard]] std::vector<double> deltas(const Book& book) const {
        std::vector<CompensatedSum> sums(inputs_.market.underlyings.size());
        for (std::size_t i = 0; i < book.contracts.size(); ++i) {
            const std::size_t u = at(book.contracts[i].underlying);
            const double quantity = book.holdings[i].quantity;
            if (u < sums.size() && quantity != 0.0 && !std::isnan(unit_deltas_[i])) {
                sums[u].add(quantity * unit_deltas_[i]);
            }
        }
        std::vector<double> out;
        for (const CompensatedSum& sum : sums) out.push_back(sum.value());
        return out;
    }

    const StressInputs& inputs_;
    ShockedOptions options_;
    BookValue base_;
    std::vector<double> unit_deltas_;    // delta_bs of one contract; NaN where it has no price
    std::vector<double> still_margins_;  // by venue
};

// Money that leaves the account at one venue.
void charge(StressResult& result, VenueSlot venue, double usd) {
    result.pnl_usd -= usd;
    result.equity_usd -= usd;
    if (venue == VenueSlot::none) return;
    VenueStress& account = result.venues[at(venue)];
    account.equity_usd -= usd;
    if (account.maintenance_usd > 0.0) account.margin_ratio = account.equity_usd / account.maintenance_usd;
}

// What perpetuals pay in the moved world, each at its venue; k times it.
void charge_funding(const StressInputs& inputs, const StressDefinition& stress, const Shock& shock,
                    StressResult& result, double k = 1.0) {
    if (stress.funding_8h == 0.0) return;
    for (std::size_t i = 0; i < inputs.book.contracts.size(); ++i) {
        const Contract& contract = inputs.book.contracts[i];
        const Holding& holding = inputs.book.holdings[i];
        if (!is_perpetual(contract) || holding.quantity == 0.0) continue;
        if (stress.funding_shorts && holding.quantity > 0.0) continue;
        const double notional = notional_usd(contract, holding, inputs.market.quotes[i], inputs.market, shock);
        if (!std::isfinite(notional)) continue;  // already counted as left out
        charge(result, contract.venue, k * notional * stress.funding_8h * kFundingsPerDay * stress.days);
    }
}

// Whether leaving costs more is all that it does.
bool only_exits(const StressDefinition& stress) {
    return changes_liquidity(stress) && !moves_prices(stress) && stress.funding_8h == 0.0;
}

// What leaving each position costs beyond what it costs today, at the venue that it is at; k times it. Where that is
// all that a stress does, and of nothing held at a venue, or at all, it is known, so is what the stress takes there.
void charge_exit(const StressInputs& inputs, const StressDefinition& stress, StressResult& result, double k = 1.0) {
    if (!changes_liquidity(stress)) return;
    struct Count {
        std::size_t known{0};
        std::size_t unknown{0};
        [[nodiscard]] bool lost() const { return known == 0 && unknown > 0; }
    };
    Count all;
    std::vector<Count> venues(result.venues.size());
    for (std::size_t i = 0; i < inputs.book.contracts.size(); ++i) {
        const Contract& contract = inputs.book.contracts[i];
        const Holding& holding = inputs.book.holdings[i];
        if (is_cash(contract.kind) || holding.quantity == 0.0) continue;
        const double value = holding_value(contract, holding, inputs.market.quotes[i], inputs.market) *
                             ledger_rate(contract, inputs.market, {});
        if (!std::isfinite(value)) continue;  // already counted as left out
        const double notional = notional_usd(contract, holding, inputs.market.quotes[i], inputs.market);
        const ContractLiquidity liquidity = liquidity_of(inputs, i);
        const double sold = exit_quantity(contract, holding, inputs.market.quotes[i]);
        const double cost =
            exit_cost_usd(notional, sold, liquidity, stress.spread_factor, stress.depth_factor, stress.impact_factor) -
            exit_cost_usd(notional, sold, liquidity, 1.0, 1.0, 1.0);
        const bool known = std::isfinite(cost);
        if (known) {
            charge(result, contract.venue, k * cost);
        } else {
            ++result.left_out;
        }
        const auto count = [known](Count& counted) { ++(known ? counted.known : counted.unknown); };
        count(all);
        if (contract.venue != VenueSlot::none) count(venues[at(contract.venue)]);
    }
    if (!only_exits(stress)) return;
    if (all.lost()) result.pnl_usd = result.equity_usd = kNaN;
    for (std::size_t v = 0; v < venues.size(); ++v) {
        if (venues[v].lost()) result.venues[v].equity_usd = result.venues[v].margin_ratio = kNaN;
    }
}

void add_shock(const StressInputs& inputs, const StressDefinition& stress, Revaluation& whole,
               std::vector<StressResult>& out) {
    const StressMoves moves = stress_moves(stress, inputs.book);
    StressResult result = whole.judge(inputs.book, moves.shock(), stress.id);
    charge_funding(inputs, stress, moves.shock(), result);
    charge_exit(inputs, stress, result);
    if (changes_liquidity(stress) && !moves_prices(stress)) {
        result.var_99_usd = stressed_liquidity_var(inputs, stress).usd;
    }
    out.push_back(std::move(result));
}

// Each venue by the first of its accounts, and what it is called.
template <class Visit>
void each_venue(const Book& book, Visit visit) {
    for (std::size_t v = 0; v < book.venue_names.size(); ++v) {
        const auto first = VenueSlot(static_cast<std::uint16_t>(v));
        if (first_account(book, first) == first) visit(first, std::string{venue_of_account(book.venue_names[v])});
    }
}

// Everything at the venue is gone, profits and hedge legs alike; a debt to it is not forgiven.
void add_venue_defaults(const StressInputs& inputs, const StressDefinition& stress, Revaluation& whole,
                        std::vector<StressResult>& out) {
    const BookValue& base = whole.base();
    each_venue(inputs.book, [&](VenueSlot first, const std::string& name) {
        const auto there = [&](VenueSlot account) { return first_account(inputs.book, account) == first; };
        Book left = inputs.book;
        for (std::size_t i = 0; i < left.contracts.size(); ++i) {
            if (there(left.contracts[i].venue)) left.holdings[i] = {};
        }
        StressResult result = whole.judge(left, {}, stress.id + ":" + name);
        for (std::size_t v = 0; v < base.venue_usd.size(); ++v) {
            if (!there(VenueSlot(static_cast<std::uint16_t>(v)))) continue;
            const double back = std::min(base.venue_usd[v], std::max(0.0, base.venue_usd[v]) * stress.recovery);
            result.pnl_usd += back;
            result.equity_usd += back;
            result.venues[v] = {.equity_usd = back, .margin_ratio = kNaN};
        }
        if (inputs.var_without_venue) result.var_99_usd = inputs.var_without_venue(first);
        out.push_back(std::move(result));
    });
}

// The venue marks its holdings at the moved prices while coin keeps its worth elsewhere: what counts is
// whether it would liquidate.
void add_oracle(const StressInputs& inputs, const StressDefinition& stress, Revaluation& whole,
                std::vector<StressResult>& out) {
    const StressMoves moves = stress_moves(stress, inputs.book);
    const StressResult moved = whole.judge(inputs.book, moves.shock(), "");
    const StressResult still = whole.judge(inputs.book, {}, "");
    each_venue(inputs.book, [&](VenueSlot first, const std::string& name) {
        StressResult result = still;
        result.id = stress.id + ":" + name;
        for (std::size_t v = 0; v < result.venues.size(); ++v) {
            if (first_account(inputs.book, VenueSlot(static_cast<std::uint16_t>(v))) != first) continue;
            result.pnl_usd += moved.venues[v].equity_usd - result.venues[v].equity_usd;
            result.venues[v] = moved.venues[v];
        }
        result.equity_usd = whole.base().usd + result.pnl_usd;
        out.push_back(std::move(result));
    });
}

void add_funding(const StressInputs& inputs, const StressDefinition& stress, Revaluation& whole,
                 std::vector<StressResult>& out) {
    StressResult result = whole.judge(inputs.book, {}, stress.id);
    charge_funding(inputs, stress, {}, result);
    out.push_back(std::move(result));
}

void add_deleverage(const StressInputs& inputs, const StressDefinition& stress, Revaluation& whole,
                    std::vector<StressResult>& out) {
    std::size_t leg = inputs.book.contracts.size();
    double largest = 0.0;
    for (std::size_t i = 0; i < inputs.book.contracts.size(); ++i) {
        const Contract& contract = inputs.book.contracts[i];
        if (contract.kind != ContractKind::linear_future && contract.kind != ContractKind::inverse_future) continue;
        const double profit = holding_value(contract, inputs.book.holdings[i], inputs.market.quotes[i], inputs.market);
        const double notional = notional_usd(contract, inputs.book.holdings[i], inputs.market.quotes[i], inputs.market);
        if (profit > 0.0 && notional > largest) {
            largest = notional;
            leg = i;
        }
    }
    Book left = inputs.book;
    double lost = 0.0;
    double kept = 0.0;
    if (leg < left.contracts.size()) {
        lost = largest * stress.deleverage_part * stress.bankruptcy_gap;
        kept = stress.deleverage_part *
               holding_value(left.contracts[leg], left.holdings[leg], inputs.market.quotes[leg], inputs.market) *
               ledger_rate(left.contracts[leg], inputs.market, {});  // realised at the mark, before what is lost
        left.holdings[leg].quantity *= 1.0 - stress.deleverage_part;
    }
    StressResult result = whole.judge(left, {}, stress.id);
    if (leg < left.contracts.size()) charge(result, left.contracts[leg].venue, lost - kept);
    out.push_back(std::move(result));
}

// The venues whose margin is known where nothing moves.
std::vector<VenueSlot> modelled_venues(const StressInputs& inputs) {
    std::vector<VenueSlot> out;
    for (std::size_t v = 0; v < inputs.book.venue_names.size(); ++v) {
        const auto venue = VenueSlot(static_cast<std::uint16_t>(v));
        if (std::isfinite(inputs.maintenance_margin(inputs.book, venue, inputs.market, {}))) out.push_back(venue);
    }
    return out;
}

// Of `venues`; NaN where one is not known in that world and no other is at 1 or below.
double worst_ratio(const StressInputs& inputs, const StressDefinition& stress, double k, ShockedOptions& options,
                   std::span<const VenueSlot> venues) {
    const StressMoves moves = stress_moves(stress, inputs.book, k);
    StressResult result;
    for (const double usd : value_book(inputs.book, inputs.market, moves.shock(), options).venue_usd) {
        result.venues.push_back({.equity_usd = usd});
    }
    charge_funding(inputs, stress, moves.shock(), result, k);
    charge_exit(inputs, stress, result, k);
    double worst = std::numeric_limits<double>::infinity();
    bool known = true;
    for (const VenueSlot venue : venues) {
        const double margin = inputs.maintenance_margin(inputs.book, venue, inputs.market, moves.shock());
        const double equity = result.venues[at(venue)].equity_usd;
        if (margin > 0.0 && equity / margin < worst) worst = equity / margin;
        known = known && std::isfinite(margin) && std::isfinite(equity);
    }
    return known || worst <= 1.0 ? worst : kNaN;
}

}  // namespace

std::vector<StressDefinition> default_stresses() {
    std::vector<StressDefinition> out;
    out.push_back({.id = "CRASH", .spot = -0.40, .alt_beta = 1.3, .volatility = 0.80, .basis = -0.02, .stable = -0.01});
    out.push_back({.id = "MELTUP",
                   .spot = 0.35,
                   .volatility = 0.30,
                   .funding_8h = kFundingCap8h,
                   .days = 1.0,
                   .funding_shorts = true});
    out.push_back({.id = "IVSPIKE", .volatility = 1.00});
    out.push_back({.id = "IVCRUSH", .volatility = -0.40});
    out.push_back({.id = "DEPEG", .stable = -0.12});
    out.push_back({.id = "VENUE", .kind = Kind::venue});
    out.push_back({.id = "FUNDING", .kind = Kind::funding, .funding_8h = kFundingCap8h, .days = 3.0});
    out.push_back({.id = "LIQUIDITY", .spread_factor = 5.0, .depth_factor = 0.2, .impact_factor = 3.0});
    out.push_back({.id = "ADL", .kind = Kind::deleverage, .deleverage_part = 0.5, .bankruptcy_gap = 0.02});
    out.push_back({.id = "ORACLE", .kind = Kind::oracle, .spot = -0.10});
    out.push_back(combined_stress(out));
    return out;
}

StressDefinition combined_stress(std::span<const StressDefinition> definitions) {
    const auto named = [&](const char* id) { return *std::ranges::find(definitions, id, &StressDefinition::id); };
    const StressDefinition liquidity = named("LIQUIDITY");
    StressDefinition out = named("CRASH");
    out.id = "COMBO";
    out.stable = named("DEPEG").stable;
    out.spread_factor = liquidity.spread_factor;
    out.depth_factor = liquidity.depth_factor;
    out.impact_factor = liquidity.impact_factor;
    return out;
}

StressMoves stress_moves(const StressDefinition& definition, const Book& book, double k) {
    StressMoves out;
    for (const std::string& name : book.underlying_names) {
        const double beta = is_major(name) ? 1.0 : definition.alt_beta;
        out.underlyings.push_back({.spot = std::max(kSpotMin, k * beta * definition.spot),
                                   .volatility = k * definition.volatility,
                                   .basis = std::max(kSpotMin, k * definition.basis)});
    }
    for (const std::string& name : book.stable_names) {
        out.stables.push_back(is_dollar(name) ? 0.0 : std::max(kSpotMin, k * definition.stable));
    }
    return out;
}

LiquidityVar stressed_liquidity_var(const StressInputs& inputs, const StressDefinition& definition) {
    LiquidityVar out;
    double cost = 0.0;
    double days = 0.0;
    std::size_t counted = 0;
    for (std::size_t i = 0; i < inputs.book.contracts.size(); ++i) {
        const Contract& contract = inputs.book.contracts[i];
        if (is_cash(contract.kind) || inputs.book.holdings[i].quantity == 0.0) continue;
        const double quantity = exit_quantity(contract, inputs.book.holdings[i], inputs.market.quotes[i]);
        const ContractLiquidity liquidity = liquidity_of(inputs, i);
        const double notional = notional_usd(contract, inputs.book.holdings[i], inputs.market.quotes[i], inputs.market);
        const double exit = exit_cost_usd(notional, quantity, liquidity, definition.spread_factor,
                                          definition.depth_factor, definition.impact_factor);
        if (!std::isfinite(exit)) {
            ++out.left_out;
            continue;
        }
        cost += exit;
        ++counted;
        days = std::max(days, days_to_exit(quantity, liquidity.daily_volume * definition.depth_factor));
    }
    if (counted > 0 || out.left_out == 0) out.usd = liquidation_var_usd(inputs.var_99_usd, days) + cost;
    return out;
}

std::vector<StressResult> run_stresses(const StressInputs& inputs, std::span<const StressDefinition> definitions) {
    Revaluation whole{inputs};
    std::vector<StressResult> out;
    for (const StressDefinition& stress : definitions) {
        const std::size_t first = out.size();
        switch (stress.kind) {
            case Kind::shock: add_shock(inputs, stress, whole, out); break;
            case Kind::venue: add_venue_defaults(inputs, stress, whole, out); break;
            case Kind::oracle: add_oracle(inputs, stress, whole, out); break;
            case Kind::funding: add_funding(inputs, stress, whole, out); break;
            case Kind::deleverage: add_deleverage(inputs, stress, whole, out); break;
        }
        for (std::size_t i = first; i < out.size(); ++i) out[i].kind = stress.kind;
    }
    return out;
}

double reverse_stress_scale(const StressInputs& inputs, const StressDefinition& definition, double k_max) {
    constexpr int kSteps = 48;
    constexpr double kTolerance = 1e-4;
    if (!inputs.maintenance_margin) return std::numeric_limits<double>::infinity();
    ShockedOptions options{inputs.book, inputs.market};
    const std::vector<VenueSlot> venues = modelled_venues(inputs);
    const auto ratio_at = [&](double k) { return worst_ratio(inputs, definition, k, options, venues); };
    double below = 0.0;
    for (int step = 1; step <= kSteps; ++step) {
        double above = k_max * step / kSteps;
        const double ratio = ratio_at(above);
        if (std::isnan(ratio)) return kNaN;
        if (ratio > 1.0) {
            below = above;
            continue;
        }
        while (above - below > kTolerance) {
            const double middle = 0.5 * (below + above);
            const double there = ratio_at(middle);
            if (std::isnan(there)) return kNaN;
            (there > 1.0 ? below : above) = middle;
        }
        return above;
    }
    return std::numeric_limits<double>::infinity();
}

}  // namespace keel::risk
