#include "risk/calculator/tail_contributions.hpp"

#include "risk/tail/contributions.hpp"

namespace keel::risk {

ContributionReader::ContributionReader(const MarketState& market, std::size_t scenarios)
    : order_(scenarios),
      weights_(scenarios),
      options_usd_(market.expiries.size()),
      others_usd_(market.underlyings.size()),
      underlyings_usd_(market.underlyings.size()) {
    for (const ExpiryMarket& expiry : market.expiries) {
        underlying_of_.push_back(static_cast<std::size_t>(expiry.underlying));
    }
    tail_.reserve(scenarios);
}

std::optional<TailContributions> ContributionReader::var(const ScenarioVector& vector, const ScenarioSet& set,
                                                         double alpha) {
    if (!var_weights(vector.pnl_usd(), alpha, order_, weights_)) return std::nullopt;
    return read(vector, set);
}

std::optional<TailContributions> ContributionReader::es(const ScenarioVector& vector, const ScenarioSet& set,
                                                        double alpha) {
    if (!es_weights(vector.pnl_usd(), alpha, order_, weights_)) return std::nullopt;
    return read(vector, set);
}

// contribution_usd() over the few scenarios that have a weight.
double ContributionReader::weighted(std::span<const double> pnl_usd) const {
    double sum = 0.0;
    for (const std::size_t s : tail_) sum += weights_[s] * pnl_usd[s];
    return -sum;
}

TailContributions ContributionReader::read(const ScenarioVector& vector, const ScenarioSet& set) {
    tail_.clear();
    for (std::size_t s = 0; s < weights_.size(); ++s) {
        if (weights_[s] != 0.0) tail_.push_back(s);
    }
    const std::size_t expiries = options_usd_.size();
    for (std::size_t u = 0; u < others_usd_.size(); ++u) {
        others_usd_[u] =
            vector.exposure_usd(u) * weighted(set.relative_moves(u)) + weighted(vector.bucket_pnl_usd(expiries + u));
        underlyings_usd_[u] = others_usd_[u];
    }
    for (std::size_t e = 0; e < expiries; ++e) {
        options_usd_[e] = weighted(vector.bucket_pnl_usd(e));
        underlyings_usd_[underlying_of_[e]] += options_usd_[e];
    }
    return {.total_usd = weighted(vector.pnl_usd()),
            .options_usd = options_usd_,
            .others_usd = others_usd_,
            .underlyings_usd = underlyings_usd_};
}

}  // namespace keel::risk
