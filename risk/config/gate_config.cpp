#include "risk/config/gate_config.hpp"

#include <cmath>
#include <utility>

namespace keel::risk {
namespace {

void check_ages(const InputAgeMax& ages, const std::string& where, ConfigProblems& out) {
    if (ages.book.count() <= 0) out.push_back({where + ".book", "must be longer than zero"});
    if (ages.mark.count() <= 0) out.push_back({where + ".mark", "must be longer than zero"});
    if (ages.index.count() <= 0) out.push_back({where + ".index", "must be longer than zero"});
}

}  // namespace

ConfigProblems GateConfig::validate() const {
    ConfigProblems out;
    check_ages(perpetual_age_max, "perpetual_age_max", out);
    check_ages(future_age_max, "future_age_max", out);
    check_ages(option_age_max, "option_age_max", out);
    const std::pair<const char*, double> limits[] = {
        {"price_collar_bps",         price_collar_bps        },
        {"option_collar_vol_points", option_collar_vol_points},
        {"option_collar_ticks",      option_collar_ticks     },
        {"order_coins_max",          order_coins_max         },
        {"order_notional_usd_max",   order_notional_usd_max  },
        {"position_long_usd_max",    position_long_usd_max   },
        {"position_short_usd_max",   position_short_usd_max  },
        {"portfolio_delta_usd_max",  portfolio_delta_usd_max },
        {"leverage_gross_max",       leverage_gross_max      },
        {"messages_per_second_max",  messages_per_second_max },
        {"messages_burst_max",       messages_burst_max      },
    };
    for (const auto& [key, value] : limits) {
        if (!std::isfinite(value) || value < 0.0) out.push_back({key, "must be a number that is not negative"});
    }
    if (!(cancel_reserve_ratio >= 0.0 && cancel_reserve_ratio < 1.0)) {
        out.push_back({"cancel_reserve_ratio", "must lie in [0, 1)"});
    }
    if (price_collar_bps >= 10'000.0) out.push_back({"price_collar_bps", "is 100 % or more: that is no collar"});
    if (duplicate_window.count() < 0) out.push_back({"duplicate_window", "must not be negative"});
    if (expiry_guard.count() < 0) out.push_back({"expiry_guard", "must not be negative"});
    return out;
}

}  // namespace keel::risk
