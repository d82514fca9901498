#pragma once

#include <cstdint>
#include <vector>

#include "app/config/configuration.hpp"
#include "engine/pipeline/engine_loop.hpp"
#include "risk/limits/pretrade_gate.hpp"
#include "risk/portfolio/risk_engine.hpp"
#include "strategies/hedge/risk_reading.hpp"
#include "strategies/rebalancer.hpp"

namespace keel::app {

// The deterministic core as this program runs it, with everything it owns. Live, replay, the unhedged
// twin and the tests all build this one type; only the meter differs.
// Thread: the core's after construction. Allocates: at construction only.
template <class Meter>
class Core {
public:
    using Loop = EngineLoop<risk::RiskEngine, strategies::Rebalancer, risk::PretradeGate, Meter>;

    // `instruments` must outlive the core and not grow any more. Orders are sent where the
    // configuration's mode is not observe. Throws ConfigError where a name of the configuration is not
    // in the table.
    Core(const Configuration& configuration, const InstrumentTable& instruments, std::uint32_t boot_epoch);
    Core(const Core&) = delete;
    Core& operator=(const Core&) = delete;

    [[nodiscard]] Loop& loop() { return loop_; }
    [[nodiscard]] const Loop& loop() const { return loop_; }
    [[nodiscard]] const risk::RiskEngine& risk() const { return risk_; }
    [[nodiscard]] const strategies::Rebalancer& strategy() const { return strategy_; }
    [[nodiscard]] const risk::PretradeGate& gate() const { return gate_; }
    [[nodiscard]] const OrderTable& orders() const { return orders_; }
    [[nodiscard]] const BookSet& books() const { return books_; }

private:
    BookSet books_;
    OrderTable orders_;
    risk::RiskEngine risk_;
    strategies::Rebalancer strategy_;
    risk::PretradeGate gate_;
    Loop loop_;
};

using ReplayCore = Core<NoMeter>;
using LiveCore = Core<CycleMeter>;
extern template class Core<NoMeter>;
extern template class Core<CycleMeter>;

// The instruments whose order books the configuration asks for, in table order: those that a venue's
// `instruments` patterns name, or every perpetual and future of its currencies; at most `books_max`.
// A replay opens the same books, because it has the same configuration and table.
[[nodiscard]] std::vector<InstrumentId> book_instruments(const Configuration& configuration,
                                                         const InstrumentTable& instruments);

}  // namespace keel::app
