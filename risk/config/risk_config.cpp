#include "risk/config/risk_config.hpp"

#include <cmath>
#include <initializer_list>
#include <utility>

namespace keel::risk {
namespace {

using NamedSpan = std::pair<const char*, std::chrono::nanoseconds>;

void require_not_negative(const std::string& where, std::initializer_list<NamedSpan> spans, ConfigProblems& out) {
    for (const auto& [name, span] : spans) {
        if (span.count() < 0) out.push_back({where + name, "must not be negative"});
    }
}

void require_positive(const std::string& where, std::initializer_list<NamedSpan> spans, ConfigProblems& out) {
    for (const auto& [name, span] : spans) {
        if (span.count() <= 0) out.push_back({where + name, "must be longer than zero"});
    }
}

void check_boundary(const BoundaryConfig& boundary, const std::string& where, ConfigProblems& out) {
    const bool above = boundary.direction == BoundaryDirection::above;
    if (boundary.metric >= Metric::count) out.push_back({where + "metric", "is not a metric"});
    if (!std::isfinite(boundary.target)) out.push_back({where + "target", "must be a number"});
    if (boundary.target != 0.0 && boundary.metric != Metric::net_delta) {
        out.push_back({where + "target", "only net_delta has a target"});
    }
    if (!std::isfinite(boundary.soft) || boundary.soft <= 0.0)
        out.push_back({where + "soft", "must be a positive number"});
    if (!std::isfinite(boundary.hard) || boundary.hard <= 0.0)
        out.push_back({where + "hard", "must be a positive number"});
    if (above ? boundary.soft > boundary.hard : boundary.soft < boundary.hard) {
        out.push_back({where + "soft", "lies beyond hard: the soft boundary must be reached first"});
    }
    if (!std::isnan(boundary.clear) && (above ? boundary.clear >= boundary.soft : boundary.clear <= boundary.soft)) {
        out.push_back({where + "clear", "must lie strictly inside soft, or the trigger chatters"});
    }
    if (std::isinf(boundary.clear)) out.push_back({where + "clear", "must be a number"});
    require_not_negative(where,
                         {
                             {"debounce_soft",  boundary.debounce_soft },
                             {"debounce_hard",  boundary.debounce_hard },
                             {"cooldown",       boundary.cooldown      },
                             {"refire_hard",    boundary.refire_hard   },
                             {"escalate_after", boundary.escalate_after}
    },
                         out);
}

}  // namespace

ConfigProblems RiskConfig::validate() const {
    ConfigProblems out;
    if (!std::isfinite(stablecoin_usd) || stablecoin_usd <= 0.0)
        out.push_back({"stablecoin_usd", "must be a positive number"});
    require_positive("",
                     {
                         {"ticker_age_max", ticker_age_max},
                         {"index_age_max",  index_age_max }
    },
                     out);
    require_positive("volatility.",
                     {
                         {"sample_every",     volatility.sample_every    },
                         {"price_age_max",    volatility.price_age_max   },
                         {"half_life_fast",   volatility.half_life_fast  },
                         {"half_life_medium", volatility.half_life_medium},
                         {"half_life_slow",   volatility.half_life_slow  }
    },
                     out);
    if (volatility.half_life_fast > volatility.half_life_medium) {
        out.push_back({"volatility.half_life_fast", "is longer than half_life_medium"});
    }
    if (volatility.half_life_medium > volatility.half_life_slow) {
        out.push_back({"volatility.half_life_medium", "is longer than half_life_slow"});
    }
    if (volatility.seed_samples == 0) out.push_back({"volatility.seed_samples", "must be at least 1"});
    if (implied_volatility.window < std::chrono::milliseconds{1}) {
        out.push_back({"implied_volatility.window", "must be at least 1 ms"});
    }
    require_not_negative("implied_volatility.",
                         {
                             {"tenor_min", implied_volatility.tenor_min}
    },
                         out);
    if (!(implied_volatility.moneyness_max > 0.0)) {
        out.push_back({"implied_volatility.moneyness_max", "must be a positive number"});
    }
    if (boundaries.size() > kTriggersMax) out.push_back({"boundaries", "there are more than 64"});
    for (std::size_t i = 0; i < boundaries.size(); ++i) {
        check_boundary(boundaries[i], "boundaries[" + std::to_string(i) + "].", out);
    }
    return out;
}

}  // namespace keel::risk
