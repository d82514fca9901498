#include "risk/options/perpetual_fair.hpp"

#include <cmath>

namespace keel::risk {
namespace {

// Fair price over spot where the spot grows at `drift` a year. g - 1 goes through expm1: it is a small difference.
std::optional<double> ratio_of(const PerpetualTerms& terms, double drift) {
    const bool continuous = terms.convention == FundingConvention::continuous;
    for (const double input : {terms.spot, drift, terms.kappa, terms.iota, continuous ? 0.0 : terms.period_years}) {
        if (!std::isfinite(input)) return {};
    }
    if (terms.spot <= 0.0 || (!continuous && terms.period_years <= 0.0)) return {};
    const double growth = continuous ? drift : std::expm1(drift * terms.period_years);  // g - 1
    const double paid_on = terms.convention == FundingConvention::current_spot ? 1.0 + growth : 1.0;
    const double pull = terms.kappa * paid_on - growth;
    const double ratio = (terms.kappa - terms.iota) * paid_on / pull;
    if (!(pull > 0.0) || !(ratio > 0.0) || !std::isnormal(ratio)) return {};
    return ratio;
}

}  // namespace

std::optional<double> linear_perpetual_fair(const PerpetualTerms& terms) {
    const std::optional<double> ratio = ratio_of(terms, terms.rate - terms.asset_yield);
    if (!ratio) return {};
    return terms.spot * *ratio;
}

std::optional<double> inverse_perpetual_fair(const PerpetualTerms& terms) {
    const std::optional<double> ratio = ratio_of(terms, terms.asset_yield - terms.rate);
    if (!ratio) return {};
    return terms.spot / *ratio;
}

}  // namespace keel::risk
