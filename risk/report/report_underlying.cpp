#include "risk/report/report_underlying.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "risk/book/expiring_option.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/exposure/exposure_matrix.hpp"
#include "risk/portfolio/contract_pnl.hpp"
#include "risk/report/report_doubts.hpp"
#include "risk/stress/funding.hpp"
#include "risk/surface/smile_dynamics.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// d sigma/dk at the strike of an option, adding what is doubtful about it; none where its expiry has no curve.
std::optional<double> skew_of(const Contract& contract, std::span<const SmileReport> smiles, InputDoubt& doubts) {
    const auto smile = std::ranges::find(smiles, at(contract.expiry), &SmileReport::expiry);
    if (smile == smiles.end() || !smile->svi || !(smile->years > 0.0)) return std::nullopt;
    const double skew = svi_skew(*smile->svi, std::log(contract.strike / smile->forward), smile->years);
    if (!std::isfinite(skew)) return std::nullopt;
    doubts |= curve_doubts(*smile, contract.strike);
    return skew;
}

// "2 orders not priced"; empty: none.
std::string counted(std::size_t count, const char* one, const char* many) {
    return count == 0 ? "" : std::to_string(count) + " " + (count == 1 ? one : many);
}
std::string joined(const std::string& a, const std::string& b) { return a.empty() || b.empty() ? a + b : a + ", " + b; }

double told(const std::vector<double>& values, std::size_t row) { return row < values.size() ? values[row] : kNaN; }

// What is held of a contract at its venue: two rows where it is long and short at once.
double net_quantity(const Book& book, std::size_t row) {
    double sum = 0.0;
    for (std::size_t other = 0; other < book.contracts.size(); ++other) {
        const bool same = book.names[other] == book.names[row] &&
                          book.contracts[other].venue == book.contracts[row].venue &&
                          !is_cash(book.contracts[other].kind);
        if (same) sum += book.holdings[other].quantity;
    }
    return sum;
}

struct FundingRate {
    double value{0.0};  // what is counted on, within the cap; not known: half of the cap against the position
    bool known{false};
    bool beyond{false};  // what was given
};
FundingRate rate_of(const ReportInputs& inputs, std::size_t row) {
    const double given = told(inputs.funding_caps, row), rate = told(inputs.funding_rates, row);
    const double cap = std::isnan(given) ? kFundingCap8h : given;
    const bool known = std::isfinite(rate) && !(told(inputs.funding_age_seconds, row) > 2.0 * kFundingIntervalSeconds);
    if (!known) return {.value = std::copysign(0.5 * cap, net_quantity(inputs.book, row))};
    return {.value = std::clamp(rate, -cap, cap), .known = true, .beyond = std::abs(rate) > cap};
}

}  // namespace

std::vector<UnderlyingMetric> funding_metrics(const ReportInputs& inputs, const MarketState& market,
                                              UnderlyingSlot underlying) {
    UnderlyingMetric out{.name = "funding_8h_usd", .value = 0.0, .unit = "USD per 8 h"};
    std::size_t perpetuals = 0, assumed = 0, beyond = 0;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        const double quantity = inputs.book.holdings[row].quantity;
        if (!is_perpetual(contract) || quantity == 0.0) continue;
        if (underlying != UnderlyingSlot::none && contract.underlying != underlying) continue;
        const FundingRate rate = rate_of(inputs, row);
        const bool inverse = contract.kind == ContractKind::inverse_future;
        const double cash = funding_cash(inverse ? ContractForm::inverse : ContractForm::linear, contract.multiplier,
                                         quantity, market.quotes[row].mark, rate.value);
        if (!std::isfinite(cash)) continue;  // no price: the scope says how many
        ++perpetuals;
        assumed += rate.known ? 0U : 1U;
        beyond += rate.beyond ? 1U : 0U;
        out.value +=
            cash * (inverse ? market.underlyings[at(contract.underlying)].index : market.stables[at(contract.stable)]);
        const double seconds = told(inputs.funding_age_seconds, row);
        if (rate.known)
            out.age = older(out.age, {.oldest_seconds = seconds, .stale = seconds > kFundingIntervalSeconds});
    }
    if (perpetuals == 0) return {};
    out.lack = joined(counted(assumed, "rate not known: half the cap", "rates not known: half the cap"),
                      counted(beyond, "rate beyond its cap", "rates beyond their cap"));
    return {out};
}

std::vector<UnderlyingMetric> order_metrics(const ReportInputs& inputs, const MarketState& market,
                                            std::span<const InputDoubt> doubts, UnderlyingSlot underlying) {
    std::vector<OpenOrder> live;
    std::vector<std::size_t> rows;
    InputDoubt doubtful = InputDoubt::none;
    std::size_t passed = 0;
    for (const OpenOrder& order : inputs.open_orders) {
        const std::size_t row = at(order.contract);
        const Contract& contract = inputs.book.contracts[row];
        if (contract.underlying != underlying) continue;
        if (contract.expiry != ExpirySlot::none && market.expiries[at(contract.expiry)].expiry <= market.now) {
            ++passed;
            continue;
        }
        live.push_back(order);
        rows.push_back(row);
        doubtful |= row < doubts.size() ? doubts[row] : InputDoubt::none;
    }
    const auto unknown =
        static_cast<std::size_t>(std::ranges::count_if(inputs.orders_left_out, [&](const LeftOutOrder& order) {
            return std::ranges::count(order.coins, inputs.book.underlying_names[at(underlying)]) > 0;
        }));
    if (live.empty() && passed == 0 && unknown == 0) return {};
    const OpenOrderExposure worst = open_order_exposure(inputs.book, market, underlying, live);
    const std::size_t without = worst.left_out - book_sensitivities(inputs.book, market, underlying).left_out;
    std::string lack = counted(without, "order not priced", "orders not priced");
    lack = joined(lack, counted(passed, "order of a passed expiry", "orders of passed expiries"));
    lack = joined(lack, counted(unknown, "order left out", "orders left out"));
    const auto row = [&](const char* name, double value, const char* unit) -> UnderlyingMetric {
        return {.name = name,
                .value = value,
                .unit = unit,
                .lack = lack,
                .age = input_age(inputs, rows),
                .doubts = doubtful};
    };
    return {row("order_delta_low", worst.delta_low, "coin"), row("order_delta_high", worst.delta_high, "coin"),
            row("order_notional_usd", worst.notional_usd, "USD")};
}

std::vector<UnderlyingMetric> smile_deltas(const ReportInputs& inputs, const MarketState& market,
                                           std::span<const SmileReport> smiles, UnderlyingSlot underlying) {
    const double given =
        at(underlying) < inputs.histories.size() ? inputs.histories[at(underlying)].skew_stickiness : kNaN;
    const double stickiness = std::isnan(given) ? kStickinessDefault : given;
    const std::array<std::pair<const char*, double>, 4> kinds{
        {{"delta_net_smile", stickiness}, {"delta_net_r0", 0.0}, {"delta_net_r05", 0.5}, {"delta_net_r15", 1.5}}};
    std::array<double, 4> deltas{};
    std::size_t options = 0, without = 0;
    InputDoubt doubts = InputDoubt::none;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        const double quantity = inputs.book.holdings[row].quantity;
        Sensitivities unit;
        if (contract.underlying != underlying || quantity == 0.0 ||
            !contract_sensitivities(contract, market.quotes[row], market, unit)) {
            continue;
        }
        std::optional<double> skew;
        if (is_option(contract.kind)) {
            ++options;
            skew = skew_of(contract, smiles, doubts);
            without += skew ? 0U : 1U;
        }
        // The curve is as quoted, the vega of the index's volatility.
        if (skew) *skew *= index_volatility_ratio(market.expiries[at(contract.expiry)], market.now);
        for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
            const double moved = skew ? smile_delta(unit.delta_net, unit.vega, *skew,
                                                    market.expiries[at(contract.expiry)].forward, kinds[kind].second)
                                      : unit.delta_net;
            deltas[kind] += quantity * moved;
        }
    }
    std::vector<UnderlyingMetric> out;
    if (options == 0) return out;
    const std::string lack = counted(without, "option without a curve", "options without a curve");
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        out.push_back(
            {.name = kinds[kind].first, .value = deltas[kind], .unit = "coin", .lack = lack, .doubts = doubts});
    }
    if (std::isnan(given)) out[0].lack = joined(lack, "stickiness not given: 1");
    return out;
}

}  // namespace keel::risk
