#pragma once

#include <limits>

#include "risk/portfolio/risk_engine.hpp"

namespace keel::risk {

// All contracts of one underlying that expire together (expiry 0: perpetuals and spot).
struct RiskEngine::Bucket {
    UnderlyingId underlying{UnderlyingId::none};
    UnixNanos expiry{};
    SensitivitySum sums{};
    InstrumentId at_the_money{InstrumentId::none};              // option last seen nearest to the forward
    double moneyness{std::numeric_limits<double>::infinity()};  // its |ln(F/K)| in standard deviations
};

// One coin: what its expiries add up to and the market numbers that turn them into metrics.
struct RiskEngine::Underlying {
    Underlying(const RiskConfig& config, CurrencyId coin_currency)
        : coin{coin_currency}, volatility{config.volatility}, implied{config.implied_volatility.window} {}

    static constexpr std::uint32_t kNoBucket = 0xffff'ffff;

    SensitivitySum sums{};
    double index{std::numeric_limits<double>::quiet_NaN()};  // USD per coin
    UnixNanos index_time{};
    bool index_published{false};  // by an index channel: tickers' copies are then ignored
    CurrencyId coin{CurrencyId::none};
    CurrencyId stable{CurrencyId::none};  // what its linear contracts settle in; the first one's, should they differ
    EwmaVolatility volatility;
    ImpliedVolatilityChange implied;
    std::uint32_t implied_bucket{kNoBucket};  // expiry that `implied` follows; kNoBucket: volatility index
    std::uint32_t positions{0};
    std::uint32_t unvalued{0};
    std::uint32_t stale{0};
    std::uint32_t mismatched{0};
};

}  // namespace keel::risk
