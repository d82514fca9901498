#include "risk/report/report_stress.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "risk/book/accounts.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/exposure/exposure_matrix.hpp"
#include "risk/exposure/leverage.hpp"
#include "risk/report/report_margin.hpp"
#include "risk/report/report_metrics.hpp"
#include "risk/stress/correlation_stress.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kZ99 = 2.3263478740408408;

// The report's inputs with what the venue's accounts hold, the first of which is `first`, or with all but that.
ReportInputs part_of(const ReportInputs& inputs, VenueSlot first, bool held_there) {
    ReportInputs out = inputs;
    for (std::size_t row = 0; row < out.book.contracts.size(); ++row) {
        const bool there = first_account(out.book, out.book.contracts[row].venue) == first;
        if (there != held_there) out.book.holdings[row] = {};
    }
    return out;
}

double var_without(const ReportInputs& inputs, const MarketState& market, VenueSlot venue) {
    const ReportInputs rest = part_of(inputs, venue, false);
    const bool any = std::ranges::any_of(rest.book.holdings, [](const Holding& held) { return held.quantity != 0.0; });
    return any ? report_var_99_usd(rest, market) : 0.0;
}

// The underlyings that the book is exposed to, in their order.
struct Exposed {
    std::vector<double> exposure_usd;    // per unit log return
    std::vector<double> covariance_day;  // of these, row by row
};

// Nothing where one of them has no volatility; `notes` then name it.
std::optional<Exposed> exposed_part(const ReportInputs& inputs, const TailReport& tail,
                                    std::vector<std::string>& notes) {
    const std::size_t n = tail.sigma_day.size();
    std::vector<std::size_t> held;
    std::string unknown;
    for (std::size_t u = 0; u < n; ++u) {
        if (tail.exposure_usd[u] == 0.0) continue;
        held.push_back(u);
        if (!(tail.sigma_day[u] > 0.0)) unknown += (unknown.empty() ? "" : ", ") + inputs.book.underlying_names[u];
    }
    if (!unknown.empty()) {
        notes.push_back("CORR1 and CORR_AGAINST are left out: neither daily returns nor a daily volatility of " +
                        unknown);
        return std::nullopt;
    }
    Exposed out;
    for (const std::size_t row : held) {
        out.exposure_usd.push_back(tail.exposure_usd[row]);
        for (const std::size_t column : held) out.covariance_day.push_back(tail.covariance_day[row * n + column]);
    }
    return out;
}

// Correlations pushed a part of the way towards one, and every position against us: told as a loss at 99 %.
void add_correlation_stress(const ReportInputs& inputs, const TailReport& tail, double equity_usd,
                            std::vector<StressResult>& out, std::vector<std::string>& notes) {
    if (tail.sigma_day.empty()) return;
    const std::optional<Exposed> part = exposed_part(inputs, tail, notes);
    if (!part) return;
    const auto add = [&](const char* id, double sigma) {
        out.push_back({.id = id,
                       .pnl_usd = -kZ99 * sigma,
                       .equity_usd = equity_usd - kZ99 * sigma,
                       .venues = {},
                       .delta_coin = {},
                       .var_99_usd = kZ99 * sigma,
                       .sigma_usd = sigma});
    };
    const auto towards_one = [&](double share) {
        return sigma_with_correlations_towards_one(part->covariance_day, part->exposure_usd, share);
    };
    add("CORR1:0.5", towards_one(0.5));
    add("CORR1:0.9", towards_one(0.9));
    add("CORR1", towards_one(1.0));
    add("CORR_AGAINST", sigma_with_worst_signs(part->covariance_day, part->exposure_usd));
}

MaintenanceMargin margin_of(const ReportInputs& inputs, const MarketState& market) {
    return [margins = std::make_shared<ReportMargins>(inputs, market)](const Book& book, VenueSlot venue,
                                                                       const MarketState&, const Shock& shock) {
        return margins->maintenance_usd(book, venue, shock);
    };
}

// Metrics that are sums over positions.
std::vector<ReportMetric> sums_of(ReportInputs inputs, const MarketState& market) {
    inputs.limits.clear();
    RiskReport bare;
    bare.exposures = exposure_matrix(inputs.book, market);
    bare.underlyings.resize(market.underlyings.size());
    return report_metrics(inputs, market, value_book(inputs.book, market), {}, bare);
}

constexpr std::array<std::string_view, 16> kSums{
    "equity_usd", "dollar_delta_usd", "gamma_1pct_usd", "vega_usd",   "theta_day_usd", "gross_notional_usd",
    "delta_bs",   "delta_net",        "delta_usd",      "gamma",      "vega_w30_usd",  "net_notional_usd",
    "vanna_coin", "volga_usd",        "charm_day",      "equity_coin"};

// The report's numbers for who believes one venue's moved prices.
class BelievedMetrics {
public:
    BelievedMetrics(const ReportInputs& inputs, const MarketState& market, VenueSlot venue, const StressMoves& moves,
                    const StressResult& stress)
        : inputs_{inputs}, accounts_{stress.venues}, first_{venue} {
        MarketState moved = market;
        for (std::size_t u = 0; u < moved.underlyings.size(); ++u) {
            moved.underlyings[u].index *= 1.0 + moves.underlyings[u].spot;
        }
        const auto factor = [&](UnderlyingSlot slot) {
            return slot == UnderlyingSlot::none ? 1.0 : 1.0 + moves.underlyings[static_cast<std::size_t>(slot)].spot;
        };
        for (ExpiryMarket& expiry : moved.expiries) {
            // Where the forward stands in for an average, what of it is fixed does not move.
            if (!(expiry.settlement_average > 0.0)) expiry.settlement_average = expiry.forward;
            expiry.forward *= factor(expiry.underlying);
        }
        for (std::size_t row = 0; row < moved.quotes.size(); ++row) {
            const Contract& contract = inputs.book.contracts[row];
            double& mark = moved.quotes[row].mark;
            mark = contract.kind == ContractKind::liquidity
                       ? mark * factor(contract.underlying)
                       : shocked_mark(contract, market.quotes[row], market, moves.shock());
        }
        add(sums_of(part_of(inputs, venue, true), moved));
        add(sums_of(part_of(inputs, venue, false), market));
    }

    // NaN: not judged.
    [[nodiscard]] double value(std::string_view metric, std::string_view scope) const {
        if (const VenueStress* account = account_named(scope)) {
            if (metric == "equity_usd") return account->equity_usd;
            if (metric == "margin_ratio") return account->margin_ratio;
            return metric == "maintenance_margin_usd" ? account->maintenance_usd : kNaN;
        }
        if (std::ranges::count(kSums, metric) > 0) return sum(metric, scope);
        if (!scope.empty()) return kNaN;
        const double equity = sum("equity_usd", "");
        if (metric == "drawdown") return 1.0 - equity / std::max(equity, inputs_.equity_peak_usd);
        const Leverage ratio = leverage({.equity_usd = equity,
                                         .gross_notional_usd = sum("gross_notional_usd", ""),
                                         .dollar_delta_usd = sum("dollar_delta_usd", "")});
        if (metric == "leverage_gross") return ratio.gross;
        return metric == "leverage_net" ? ratio.net : kNaN;
    }

private:
    // Of the venue that is believed; null: another's, or no account.
    [[nodiscard]] const VenueStress* account_named(std::string_view name) const {
        const auto& names = inputs_.book.venue_names;
        const auto place = static_cast<std::size_t>(std::ranges::find(names, name) - names.begin());
        if (place == names.size()) return nullptr;
        const bool there = first_account(inputs_.book, VenueSlot(static_cast<std::uint16_t>(place))) == first_;
        return there ? &accounts_[place] : nullptr;
    }
    // By name: a part of the book has not every row that the other has.
    void add(const std::vector<ReportMetric>& part) {
        for (const ReportMetric& row : part) sums_[{row.name, row.scope}] += row.value;
    }
    [[nodiscard]] double sum(std::string_view metric, std::string_view scope) const {
        const auto found = sums_.find({std::string{metric}, std::string{scope}});
        return found == sums_.end() ? kNaN : found->second;
    }

    const ReportInputs& inputs_;
    std::span<const VenueStress> accounts_;
    VenueSlot first_;
    std::map<std::pair<std::string, std::string>, double> sums_;  // by name and scope
};

int severity(LimitState state) { return state == LimitState::hard ? 2 : state == LimitState::soft ? 1 : 0; }

}  // namespace

std::vector<StressResult> report_stresses(const ReportInputs& inputs, const MarketState& market,
                                          std::span<const ContractLiquidity> liquidity, const TailReport& tail,
                                          double equity_usd, std::vector<std::string>& notes) {
    const StressInputs stress{.book = inputs.book,
                              .market = market,
                              .liquidity = liquidity,
                              .maintenance_margin = margin_of(inputs, market),
                              .var_99_usd = tail.var_99_usd,
                              .var_without_venue = [&](VenueSlot venue) { return var_without(inputs, market, venue); }};
    std::vector<StressResult> out = run_stresses(stress, inputs.stresses);
    add_correlation_stress(inputs, tail, equity_usd, out, notes);
    return out;
}

double report_reverse_crash(const ReportInputs& inputs, const MarketState& market,
                            std::span<const ContractLiquidity> liquidity) {
    return reverse_stress_scale({.book = inputs.book,
                                 .market = market,
                                 .liquidity = liquidity,
                                 .maintenance_margin = margin_of(inputs, market)},
                                *std::ranges::find(inputs.stresses, "CRASH", &StressDefinition::id));
}

void mark_fired_limits(const ReportInputs& inputs, const MarketState& market, RiskReport& report) {
    if (inputs.limits.empty()) return;
    for (const StressDefinition& definition : inputs.stresses) {
        if (definition.kind != StressDefinition::Kind::oracle) continue;
        const StressMoves moves = stress_moves(definition, inputs.book);
        for (std::size_t v = 0; v < inputs.book.venue_names.size(); ++v) {
            const auto venue = VenueSlot(static_cast<std::uint16_t>(v));
            if (first_account(inputs.book, venue) != venue) continue;
            const std::string name{venue_of_account(inputs.book.venue_names[v])};
            const auto found = std::ranges::find(report.stresses, definition.id + ":" + name, &StressResult::id);
            if (found == report.stresses.end()) continue;
            const BelievedMetrics believed{inputs, market, venue, moves, *found};
            for (const ReportLimit& limit : inputs.limits) {
                const LimitState state = limit_state(limit, believed.value(limit.metric, limit.scope));
                const ReportMetric* now = find_metric(report, limit.metric, limit.scope);
                if (now == nullptr || severity(state) <= severity(limit_state(limit, now->value))) continue;
                found->limits_fired.push_back(
                    {.metric = limit.metric, .scope = limit.scope, .hard = state == LimitState::hard});
            }
        }
    }
}

}  // namespace keel::risk
