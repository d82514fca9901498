#include "risk/report/report_tail.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <numeric>
#include <optional>

#include "risk/book/revaluation.hpp"
#include "risk/report/factor_covariance.hpp"
#include "risk/report/factor_moves.hpp"
#include "risk/report/holding_profits.hpp"
#include "risk/report/passing_day.hpp"
#include "risk/report/scenario_valuer.hpp"
#include "risk/tail/contributions.hpp"
#include "risk/tail/delta_gamma.hpp"
#include "risk/tail/historical.hpp"
#include "risk/tail/liquidity_adjusted.hpp"
#include "risk/tail/parametric.hpp"
#include "risk/tail/scenario_set.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kStep = 0.01;  // of ln S and ln iv for the second-order book

bool is_held(const Book& book, std::size_t row) { return book.holdings[row].quantity != 0.0; }

// Factors of the report and how they move together.
struct Factors {
    FactorMoves history;
    FactorCovariance day;
    [[nodiscard]] std::size_t count() const { return history.count(); }
};

bool can_have_tails(std::size_t underlyings) {
    return underlyings > 0 && 2 * underlyings <= std::min(kQuadraticFactorsMax, kScenarioFactorsMax);
}

// First and second derivatives of the book in its factors by central differences of the full revaluation.
struct SecondOrder {
    std::vector<double> delta;
    std::vector<double> gamma;  // 2n x 2n; only a coin's own spot and volatility interact
};
SecondOrder second_order(const Book& book, const MarketState& market, const Factors& factors) {
    const std::size_t n = factors.history.underlyings;
    SecondOrder out{.delta = std::vector<double>(2 * n), .gamma = std::vector<double>(4 * n * n)};
    HoldingProfits profits{book, market};
    std::vector<double> log_returns(n);
    std::vector<double> log_volatilities(n);
    for (std::size_t u = 0; u < n; ++u) {
        // Everything of this underlying that can be valued, as a function of its two factors.
        const auto value = [&](double x, double v) {
            log_returns.assign(n, 0.0);
            log_volatilities.assign(n, 0.0);
            log_returns[u] = x * kStep;
            log_volatilities[u] = v * kStep;
            profits.move(log_returns, log_volatilities);
            double sum = 0.0;
            for (std::size_t row = 0; row < book.contracts.size(); ++row) {
                if (at(book.contracts[row].underlying) != u || !is_held(book, row)) continue;
                const double pnl = profits.usd(row);
                if (std::isfinite(pnl)) sum += pnl;
            }
            return sum;
        };
        const double up = value(1, 0), down = value(-1, 0), higher = value(0, 1), lower = value(0, -1);
        const double cross = value(1, 1) - value(1, -1) - value(-1, 1) + value(-1, -1);
        const std::size_t s = u, v = n + u;
        out.delta[s] = (up - down) / (2.0 * kStep);
        out.delta[v] = (higher - lower) / (2.0 * kStep);
        out.gamma[s * 2 * n + s] = (up + down) / (kStep * kStep);
        out.gamma[v * 2 * n + v] = (higher + lower) / (kStep * kStep);
        out.gamma[s * 2 * n + v] = out.gamma[v * 2 * n + s] = cross / (4.0 * kStep * kStep);
    }
    return out;
}

TailRow row_of(std::string method, double var_usd, double es_usd, std::string note = {}) {
    return {.method = std::move(method), .var_99_usd = var_usd, .es_975_usd = es_usd, .note = std::move(note)};
}

void parametric_rows(const SecondOrder& book, double still_day_usd, const Factors& factors,
                     std::vector<TailRow>& rows) {
    const std::size_t n = factors.count();
    double variance = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j)
            variance += book.delta[i] * factors.day.covariance[i * n + j] * book.delta[j];
    }
    const double sigma = std::sqrt(std::max(0.0, variance));
    rows.push_back(
        row_of("normal", normal_tail(kReportVarAlpha)->var * sigma, normal_tail(kReportEsAlpha)->es * sigma));
    rows.push_back(row_of("student_t", student_t_tail(kReportVarAlpha, kReportStudentFreedom)->var * sigma,
                          student_t_tail(kReportEsAlpha, kReportStudentFreedom)->es * sigma, "5 degrees of freedom"));
    const DeltaGammaBook quadratic{
        .theta = still_day_usd, .delta = book.delta, .gamma = book.gamma, .omega = factors.day.covariance};
    constexpr TailMeasures kNone{.var_usd = kNaN, .es_usd = kNaN};
    const DeltaGammaTail var = delta_gamma_tail(quadratic, kReportVarAlpha, kNone);
    const DeltaGammaTail es = delta_gamma_tail(quadratic, kReportEsAlpha, kNone);
    const char* method = var.method == DeltaGammaMethod::cornish_fisher ? "Cornish-Fisher"
                         : var.method == DeltaGammaMethod::saddlepoint  ? "saddlepoint"
                                                                        : "neither expansion is valid here";
    rows.push_back(row_of("delta_gamma", var.measures.var_usd, es.measures.es_usd, method));
}

// Filtered: prices at the volatility of now, changes of log volatility as they were (docs/risk-model.md, "Backtests").
// Rescaled here, to the forecast itself: the set would let a column stand within 2 % of it. The factor whose moves
// cannot be; none: the set is filled.
std::optional<std::size_t> fill_set(const Factors& factors, bool filtered, ScenarioSet& set) {
    const std::vector<double> still(factors.history.days);
    std::vector<double> then(factors.history.days);
    std::vector<double> scaled(factors.history.days);
    for (std::size_t f = 0; f < factors.count(); ++f) {
        std::span<const double> moves = factors.history.moves[f];
        if (moves.empty()) {
            moves = still;
        } else if (filtered && f < factors.history.underlyings) {
            const auto now = ewma_forecasts(moves, kReportEwmaDecay, kReportEwmaSeed, then);
            if (!now) return f;
            // The seed days have the first forecast for theirs.
            std::fill_n(then.begin(), kReportEwmaSeed, then[kReportEwmaSeed]);
            if (!rescale_returns(moves, then, *now, scaled)) return f;
            moves = scaled;
        }
        if (!set.set_factor(f, moves, {})) return f;
    }
    return std::nullopt;
}

// Which scenarios matter: the tail is revalued in full, position by position, so that components sum to the figure.
class TailParts {
public:
    TailParts(const Book& book, const MarketState& market, const ScenarioSet& set, const Factors& factors)
        : book_{book}, profits_{book, market}, set_{set}, factors_{factors} {}

    // Replaces the ladders' figures of the `worst` scenarios by full ones.
    void refine(std::vector<double>& pnl_usd, std::size_t worst) {
        std::vector<std::size_t> order(pnl_usd.size());
        std::iota(order.begin(), order.end(), 0U);
        worst = std::min(worst, order.size());
        std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(worst), {},
                                  [&](std::size_t s) { return pnl_usd[s]; });
        for (std::size_t i = 0; i < worst; ++i) {
            const std::size_t s = order[i];
            move(s);
            std::vector<double>& row = parts_[s];
            row.reserve(book_.contracts.size());
            double sum = 0.0;
            for (std::size_t c = 0; c < book_.contracts.size(); ++c) {
                const double pnl = is_held(book_, c) ? profits_.usd(c) : 0.0;
                row.push_back(std::isfinite(pnl) ? pnl : 0.0);
                sum += row.back();
            }
            pnl_usd[s] = sum;
        }
    }

    [[nodiscard]] std::vector<double> components(std::span<const double> weights) const {
        std::vector<double> out(book_.contracts.size());
        for (const auto& [s, row] : parts_) {
            for (std::size_t c = 0; c < out.size(); ++c) out[c] -= weights[s] * row[c];
        }
        return out;
    }

private:
    void move(std::size_t scenario) {
        const std::size_t n = factors_.history.underlyings;
        std::array<double, kScenarioFactorsMax> moves{};
        for (std::size_t f = 0; f < factors_.count(); ++f) moves[f] = set_.log_moves(f)[scenario];
        profits_.move(std::span{moves}.first(n), std::span{moves}.subspan(n, n));
    }

    const Book& book_;
    HoldingProfits profits_;
    const ScenarioSet& set_;
    const Factors& factors_;
    std::map<std::size_t, std::vector<double>> parts_;
};

// The scenarios that the ES looks at, and VaR's smoothing where components are wanted (contributions.hpp: 4 % of all
// around its rank), with room to spare for those that change places when they are revalued.
std::size_t worst_count(std::size_t scenarios, bool components) {
    constexpr std::size_t kSpare = 10;
    return tail_rank(scenarios, kReportEsAlpha).whole + kSpare + (components ? scenarios / 25 : 0);
}

// The day that the instantaneous shocks leave out.
struct PassingDay {
    MarketState later;
    double still_usd{0.0};  // of the whole book where nothing moves
};
PassingDay passing_day(const Book& book, const MarketState& market) {
    PassingDay day{.later = day_later(market)};
    for (const double gain : still_day_usd(book, market, day.later)) day.still_usd += gain;
    return day;
}

// The scenarios with the day behind them, chosen and revalued as those of now are.
TailRow one_day_row(const Book& book, const PassingDay& day, const ScenarioSet& set, const Factors& factors) {
    ScenarioValuer valuer{book, day.later};
    valuer.build_ladders();
    std::vector<double> pnl = valuer.pnl_usd(set);
    TailParts{book, day.later, set, factors}.refine(pnl, worst_count(pnl.size(), false));
    const auto var = historical_tail(pnl, kReportVarAlpha);
    const auto es = historical_tail(pnl, kReportEsAlpha);
    return row_of("filtered_historical_one_day", var ? var->var_usd - day.still_usd : kNaN,
                  es ? es->es_usd - day.still_usd : kNaN, "the same days, and one passes");
}

// Returns the row of what the day adds, which is no method of the headline; no name where there are no scenarios.
TailRow historical_rows(const ReportInputs& inputs, const MarketState& market, const PassingDay& day,
                        const Factors& factors, TailReport& out, std::vector<std::string>& notes) {
    TailRow one_day;
    ScenarioValuer valuer{inputs.book, market};
    valuer.build_ladders();
    for (const bool filtered : {false, true}) {
        const std::string method = filtered ? "filtered_historical" : "historical";
        ScenarioSet set{factors.history.days, factors.count()};
        if (const auto refused = fill_set(factors, filtered, set)) {
            out.rows.push_back(row_of(method, kNaN, kNaN, "a return is not usable"));
            out.doubts |= InputDoubt::days_unscaled;
            notes.push_back(inputs.book.underlying_names[*refused % factors.history.underlyings] +
                            ": a daily return cannot be rescaled to the volatility of now, " + method +
                            " is not known");
            continue;
        }
        std::vector<double> pnl = valuer.pnl_usd(set);
        TailParts parts{inputs.book, market, set, factors};
        parts.refine(pnl, worst_count(pnl.size(), filtered));
        std::vector<double> copy = pnl;
        const auto var = historical_tail(copy, kReportVarAlpha);
        const auto es = historical_tail(copy, kReportEsAlpha);
        if (!var || !es) continue;
        out.rows.push_back(row_of(method, var->var_usd, es->es_usd, std::to_string(factors.history.days) + " days"));
        if (!filtered) continue;
        one_day = one_day_row(inputs.book, day, set, factors);
        std::vector<std::size_t> order(pnl.size());
        std::vector<double> weights(pnl.size());
        if (!var_weights(pnl, kReportVarAlpha, order, weights)) continue;
        out.var_component_usd = parts.components(weights);
        if (!es_weights(pnl, kReportEsAlpha, order, weights)) continue;
        out.es_component_usd = parts.components(weights);
        out.scenario_pnl_usd = std::move(pnl);
        out.scenario_method = method;
    }
    return one_day;
}

// Where the headline, in which no time passes, leaves out what matters.
void note_decay(double still_usd, double var_99_usd, std::vector<std::string>& notes) {
    constexpr double kWorthTelling = 0.1;  // of the VaR
    if (!(std::abs(still_usd) > kWorthTelling * std::abs(var_99_usd))) return;
    std::string note = "a day on which nothing moves ";
    note += still_usd < 0.0 ? "costs " : "gains ";
    note += std::to_string(std::llround(std::abs(still_usd)));
    notes.push_back(note + " USD; var_99_usd lets no time pass, filtered_historical_one_day does");
}

// VaR of the scenarios, filtered where that can be; NaN where they cannot be made.
double scenario_var_usd(const ReportInputs& inputs, const MarketState& market, const Factors& factors) {
    ScenarioSet set{factors.history.days, factors.count()};
    if (fill_set(factors, true, set) && fill_set(factors, false, set)) return kNaN;
    ScenarioValuer valuer{inputs.book, market};
    valuer.build_ladders();
    std::vector<double> pnl = valuer.pnl_usd(set);
    TailParts{inputs.book, market, set, factors}.refine(pnl, worst_count(pnl.size(), false));
    const auto var = historical_tail(pnl, kReportVarAlpha);
    return var ? var->var_usd : kNaN;
}

// The best method comes last.
void take_best(TailReport& out) {
    for (const TailRow& row : out.rows) {
        if (!std::isfinite(row.var_99_usd) || !std::isfinite(row.es_975_usd)) continue;
        out.var_99_usd = row.var_99_usd;
        out.es_975_usd = row.es_975_usd;
    }
}

// What leaving everything costs beyond the price: spreads, and their deviations where those are given.
struct LiquidityCost {
    double usd{0.0};
    std::size_t with_spread{0};     // positions
    std::size_t with_deviation{0};  // of these
    std::size_t unknown{0};
};
LiquidityCost liquidity_cost(const ReportInputs& inputs, const MarketState& market) {
    LiquidityCost out;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        if (is_cash(contract.kind) || !is_held(inputs.book, row)) continue;
        Sensitivities unit;
        if (row >= inputs.liquidity.size() || !contract_sensitivities(contract, market.quotes[row], market, unit)) {
            ++out.unknown;
            continue;
        }
        const ContractLiquidity& liquidity = inputs.liquidity[row];
        const double notional = notional_usd(contract, inputs.book.holdings[row], market.quotes[row], market);
        const bool deviates = std::isfinite(liquidity.spread_deviation);
        const auto part = liquidity_cost_usd(notional, liquidity.spread, deviates ? liquidity.spread_deviation : 0.0);
        if (!part) {
            ++out.unknown;
            continue;
        }
        out.usd += *part;
        ++out.with_spread;
        if (deviates) ++out.with_deviation;
    }
    return out;
}

std::string liquidity_note(const LiquidityCost& cost) {
    const auto positions = [](std::size_t count) {
        return std::to_string(count) + (count == 1 ? " position" : " positions");
    };
    if (cost.with_spread == 0) return cost.unknown == 0 ? "nothing to leave" : "no spread is known";
    std::string note = cost.with_deviation == cost.with_spread ? "plus half of spreads and 3 deviations"
                       : cost.with_deviation == 0
                           ? "plus half spreads, their deviations not given"
                           : "plus half spreads, 3 deviations of " + positions(cost.with_deviation);
    return cost.unknown == 0 ? note : note + ", " + positions(cost.unknown) + " without a spread";
}

// On top of the best tail there is; no number where nothing is known of the cost.
void liquidity_row(const ReportInputs& inputs, const MarketState& market, TailReport& out) {
    const LiquidityCost cost = liquidity_cost(inputs, market);
    const double usd = cost.with_spread == 0 && cost.unknown > 0 ? kNaN : cost.usd;
    out.rows.push_back(row_of("liquidity_adjusted", out.var_99_usd + usd, out.es_975_usd + usd, liquidity_note(cost)));
}

}  // namespace

TailReport report_tail(const ReportInputs& inputs, const MarketState& market, std::vector<std::string>& notes) {
    TailReport out;
    if (!can_have_tails(market.underlyings.size())) {
        notes.push_back("tails are computed for 1 to 16 underlyings");
        return out;
    }
    Factors factors{.history = factor_moves(inputs, market, notes), .day = {}};
    out.doubts = factors.history.doubts;
    factors.day = factor_covariance(inputs, factors.history, notes);
    out.doubts |= factors.day.doubts;
    out.sigma_day = factors.day.sigma_day;
    for (std::size_t u = 0; u < factors.history.underlyings; ++u) {
        const auto row = factors.day.covariance.begin() + static_cast<std::ptrdiff_t>(u * factors.count());
        out.covariance_day.insert(out.covariance_day.end(), row,
                                  row + static_cast<std::ptrdiff_t>(factors.history.underlyings));
    }
    const SecondOrder book = second_order(inputs.book, market, factors);
    out.exposure_usd.assign(book.delta.begin(),
                            book.delta.begin() + static_cast<std::ptrdiff_t>(factors.history.underlyings));
    const bool any_sigma = std::ranges::any_of(factors.day.sigma_day, [](double sigma) { return sigma > 0.0; });
    if (!any_sigma) {
        notes.push_back("neither daily returns nor daily volatilities: no tail");
        return out;
    }
    const PassingDay day = passing_day(inputs.book, market);
    parametric_rows(book, day.still_usd, factors, out.rows);
    TailRow one_day;
    if (factors.history.days > 0) one_day = historical_rows(inputs, market, day, factors, out, notes);
    take_best(out);
    if (!one_day.method.empty()) {
        note_decay(day.still_usd, out.var_99_usd, notes);
        out.rows.push_back(std::move(one_day));
    }
    liquidity_row(inputs, market, out);
    return out;
}

double report_var_99_usd(const ReportInputs& inputs, const MarketState& market) {
    if (!can_have_tails(market.underlyings.size())) return kNaN;
    std::vector<std::string> said_before;
    Factors factors{.history = factor_moves(inputs, market, said_before), .day = {}};
    if (factors.history.days > 0) {
        const double var = scenario_var_usd(inputs, market, factors);
        if (std::isfinite(var)) return var;
    }
    factors.day = factor_covariance(inputs, factors.history, said_before);
    if (std::ranges::none_of(factors.day.sigma_day, [](double sigma) { return sigma > 0.0; })) return kNaN;
    TailReport out;
    parametric_rows(second_order(inputs.book, market, factors), passing_day(inputs.book, market).still_usd, factors,
                    out.rows);
    take_best(out);
    return out.var_99_usd;
}

}  // namespace keel::risk
