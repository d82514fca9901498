#include "app/commands/flatten.hpp"

#include <algorithm>
#include <cmath>
#include <thread>

#include "app/config/mapping.hpp"
#include "app/wiring/core.hpp"
#include "app/wiring/venue_links.hpp"
#include "engine/pipeline/core_host.hpp"
#include "engine/pipeline/engine_loop.hpp"
#include "engine/pipeline/runner.hpp"
#include "risk/limits/pretrade_gate.hpp"
#include "risk/portfolio/risk_engine.hpp"

namespace keel::app {

namespace {

// A strategy with one thought: every perpetual and future that is held is closed, a slice at a time.
// Thread: core. Allocates: never.
class Flattener {
public:
    Flattener(double collar_bps, double slice_usd) : collar_ratio_{collar_bps * 1e-4}, slice_usd_{slice_usd} {}

    void react(const Event& event, std::span<const FiredTrigger>, const risk::RiskEngine& risk, const CoreView& view,
               StrategyOutput& out) {
        if (event.kind != EventKind::timer || view.now - last_turn_ < kTurnEvery) return;
        last_turn_ = view.now;
        for (const InstrumentId id : risk.held()) {
            if (view.instruments[id].is_delta_one() && view.orders.live_count(id) == 0) close(id, risk, view, out);
        }
    }
    void hash_into(StateHash& hash) const { hash.add(last_turn_); }

private:
    static constexpr std::chrono::milliseconds kTurnEvery{300};  // past the gate's window for duplicate orders

    void close(InstrumentId id, const risk::RiskEngine& risk, const CoreView& view, StrategyOutput& out) const {
        const Quantity held = risk.position(id).quantity;
        const OrderBook* book = view.books.find(id);
        if (held.count() == 0 || book == nullptr || !book->valid() || !book->top().two_sided()) return;
        const Instrument& instrument = view.instruments[id];
        OrderIntent intent;
        intent.instrument = id;
        intent.side = held.count() > 0 ? Side::ask : Side::bid;
        intent.time_in_force = TimeInForce::immediate_or_cancel;
        intent.reduce_only = true;
        const Top top = book->top();
        const double middle = (instrument.price_value(top.bid.price) + instrument.price_value(top.ask.price)) / 2;
        intent.price = intent.side == Side::ask ? instrument.price_ceil(middle * (1.0 - collar_ratio_))
                                                : instrument.price_floor(middle * (1.0 + collar_ratio_));
        const double lot_usd = instrument.notional_usd(Quantity{1}, middle, middle);
        const auto slice = static_cast<std::int64_t>(std::max(1.0, std::floor(slice_usd_ / lot_usd)));
        intent.quantity = Quantity{std::min(std::abs(held.count()), slice)};
        (void)out.intents.push(intent);  // full: the rest has its turn next time
    }

    double collar_ratio_;
    double slice_usd_;
    UnixNanos last_turn_{};
};

using Loop = EngineLoop<risk::RiskEngine, Flattener, risk::PretradeGate>;
using Host = CoreHost<Loop, NoRecorder>;

// It flattens whatever the boundaries say; and one per coin of what the venue lists by now may be more than they hold.
risk::RiskConfig without_boundaries(const Configuration& configuration) {
    risk::RiskConfig out = risk_config(configuration);
    out.boundaries.clear();
    return out;
}

// Parts of one flattening, in the order in which they must be made.
struct Machine {
    Machine(const Configuration& configuration, bool allow_env_secrets)
        : links{(load_reference_data(configuration, instruments),
                 make_links(configuration, instruments, allow_env_secrets))},
          orders{static_cast<std::uint32_t>(wall_now().ns() / 1'000'000'000)},
          risk{without_boundaries(configuration), instruments},
          flattener{std::min(configuration.hedge.config.collar_bps, configuration.gate.price_collar_bps),
                    configuration.gate.order_notional_usd_max},
          gate{configuration.gate, instruments},
          loop{Loop::Parts{instruments, books, orders, risk, flattener, gate},
               LoopSettings{true, configuration.engine.valid_for, configuration.engine.unknown_after}},
          host{loop, recorder} {
        const auto levels = static_cast<std::size_t>(configuration.engine.book_levels_max);
        for (const InstrumentId id : book_instruments(configuration, instruments)) books.open(id, levels);
    }

    [[nodiscard]] bool ready() const {
        return std::ranges::all_of(links, [](const auto& link) { return link->is_ready(); });
    }
    [[nodiscard]] std::vector<std::string> held(bool options) const {
        std::vector<std::string> names;
        for (const InstrumentId id : risk.held()) {
            const Instrument& instrument = instruments[id];
            if (risk.position(id).quantity.count() == 0 || instrument.is_option() != options) continue;
            names.emplace_back(instrument.name_view());
        }
        return names;
    }

    InstrumentTable instruments;
    std::vector<std::unique_ptr<SessionLink>> links;
    BookSet books;
    OrderTable orders;
    risk::RiskEngine risk;
    Flattener flattener;
    risk::PretradeGate gate;
    Loop loop;
    NoRecorder recorder;
    Host host;
};

}  // namespace

FlattenResult flatten(const Configuration& configuration, bool allow_env_secrets, std::chrono::milliseconds deadline) {
    using Clock = std::chrono::steady_clock;
    const auto machine = std::make_unique<Machine>(configuration, allow_env_secrets);
    std::vector<Link*> polled;
    for (const auto& link : machine->links) polled.push_back(&link->link());
    RunnerOptions options;
    options.clock = configuration.engine.clock;
    InlineRunner<Host> runner{machine->host, polled, options};
    const Clock::time_point until = Clock::now() + deadline;
    const auto done = [&] {
        return machine->ready() && machine->held(false).empty() && machine->orders.live().empty();
    };
    while (Clock::now() < until && !done()) {
        if (runner.turn() == 0) std::this_thread::sleep_for(std::chrono::microseconds{200});
    }
    FlattenResult result;
    result.orders_sent = machine->loop.counts().commands;
    result.fills = machine->orders.counts().fills;
    result.refused_by_gate = machine->loop.counts().refusals;
    result.left = machine->held(false);
    result.options = machine->held(true);
    if (!machine->ready()) result.left.emplace_back("unknown: the sessions were not ready in time");
    return result;
}

}  // namespace keel::app
