#include "risk/report/report_underlying.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "risk/book/revaluation.hpp"
#include "risk/surface/smile_dynamics.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

template <class Slot>
std::size_t at(Slot slot) {
    return static_cast<std::size_t>(slot);
}

// d sigma/dk at the strike of an option; none where its expiry has no curve.
std::optional<double> skew_of(const Contract& contract, std::span<const SmileReport> smiles) {
    const auto smile = std::ranges::find(smiles, at(contract.expiry), &SmileReport::expiry);
    if (smile == smiles.end() || !smile->svi || !(smile->years > 0.0)) return std::nullopt;
    const double skew = svi_skew(*smile->svi, std::log(contract.strike / smile->forward), smile->years);
    return std::isfinite(skew) ? std::optional{skew} : std::nullopt;
}

}  // namespace

std::vector<UnderlyingMetric> smile_deltas(const ReportInputs& inputs, const MarketState& market,
                                           std::span<const SmileReport> smiles, UnderlyingSlot underlying) {
    const double given =
        at(underlying) < inputs.histories.size() ? inputs.histories[at(underlying)].skew_stickiness : kNaN;
    const double stickiness = std::isnan(given) ? kStickinessDefault : given;
    const std::array<std::pair<const char*, double>, 4> kinds{
        {{"delta_net_smile", stickiness}, {"delta_net_r0", 0.0}, {"delta_net_r05", 0.5}, {"delta_net_r15", 1.5}}};
    std::array<double, 4> deltas{};
    std::size_t options = 0, without = 0;
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
            skew = skew_of(contract, smiles);
            without += skew ? 0U : 1U;
        }
        for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
            const double moved = skew ? smile_delta(unit.delta_net, unit.vega, *skew,
                                                    market.expiries[at(contract.expiry)].forward, kinds[kind].second)
                                      : unit.delta_net;
            deltas[kind] += quantity * moved;
        }
    }
    std::vector<UnderlyingMetric> out;
    if (options == 0) return out;
    const std::string lack =
        without == 0 ? "" : std::to_string(without) + (without == 1 ? " option" : " options") + " without a curve";
    for (std::size_t kind = 0; kind < kinds.size(); ++kind) {
        out.push_back({.name = kinds[kind].first, .value = deltas[kind], .unit = "coin", .lack = lack});
    }
    if (std::isnan(given)) out[0].lack = (lack.empty() ? "" : lack + ", ") + std::string{"stickiness not given: 1"};
    return out;
}

}  // namespace keel::risk
