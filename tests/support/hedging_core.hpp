#pragma once

#include <chrono>
#include <cstdint>

#include "engine/pipeline/engine_loop.hpp"
#include "risk/limits/pretrade_gate.hpp"
#include "risk/portfolio/risk_engine.hpp"
#include "strategies/hedge/risk_reading.hpp"
#include "strategies/rebalancer.hpp"
#include "tests/support/seeded_market.hpp"

namespace keel::test {

// The core as it ships (risk engine, rebalancer, pre-trade gate) on the instruments of a SeededMarket,
// with limits wide enough that it trades about three times a second.
template <class Meter = NoMeter>
struct HedgingCore {
    using Loop = EngineLoop<risk::RiskEngine, strategies::Rebalancer, risk::PretradeGate, Meter>;

    explicit HedgingCore(strategies::HedgeConfig hedge =
                             {
    },
                         std::uint32_t epoch = 9)
        : instruments{SeededMarket::instruments()},
          orders{epoch},
          risk{risk_config(), instruments},
          strategy{hedge, instruments},
          gate{gate_config(), instruments},
          loop{{instruments, opened(books), orders, risk, strategy, gate}, settings()} {}

    static risk::RiskConfig risk_config() {
        risk::RiskConfig config;
        config.hedge_numeraire = risk::HedgeNumeraire::coin;
        risk::BoundaryConfig delta;
        delta.metric = Metric::net_delta;
        delta.soft = 0.5;
        delta.hard = 1.0;
        delta.debounce_soft = std::chrono::milliseconds{50};
        delta.cooldown = std::chrono::milliseconds{200};
        delta.refire_hard = std::chrono::milliseconds{200};
        config.boundaries.push_back(delta);
        return config;
    }
    static risk::GateConfig gate_config() {
        risk::GateConfig config;
        config.instruments_allowed = {"*"};
        config.messages_per_second_max = 100.0;
        config.messages_burst_max = 100.0;
        config.order_coins_max = 100.0;
        config.order_notional_usd_max = 10e6;
        config.position_long_usd_max = 50e6;
        config.position_short_usd_max = 50e6;
        config.portfolio_delta_usd_max = 50e6;
        return config;
    }
    static BookSet& opened(BookSet& books) {
        books.open(SeededMarket::kPerpetualId, 4'096);
        books.open(SeededMarket::kFutureId, 4'096);
        return books;
    }
    static LoopSettings settings() {
        LoopSettings settings;
        settings.send_orders = true;
        return settings;
    }

    InstrumentTable instruments;
    BookSet books;
    OrderTable orders;
    risk::RiskEngine risk;
    strategies::Rebalancer strategy;
    risk::PretradeGate gate;
    Loop loop;
};

}  // namespace keel::test
