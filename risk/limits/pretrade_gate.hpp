#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "engine/pipeline/ports.hpp"
#include "risk/config/gate_config.hpp"
#include "risk/limits/kill_switch.hpp"
#include "risk/limits/message_budget.hpp"
#include "risk/portfolio/risk_engine.hpp"

namespace keel::risk {

// The last word before an order exists (law 5). Every submit and replace passes every check; cancels
// always pass and only draw on the message budget. An order that provably reduces risk is excused
// from the limits on size, notional, position, delta and leverage, and from nothing else.
// Thread: core. Allocates: at construction only.
class PretradeGate {
public:
    PretradeGate(const GateConfig& config, const InstrumentTable& instruments);

    // Gate port. `check` takes the message token and remembers the order when it passes.
    void apply(const Event& event, const CoreView& view);
    [[nodiscard]] std::optional<Refusal> check(const OrderIntent& intent, const RiskEngine& risk, const CoreView& view);
    void hash_into(StateHash& hash) const;

    [[nodiscard]] KillLevel kill_level() const { return kill_switch_.level(); }
    void raise_kill_level(KillLevel level) { kill_switch_.raise(level); }
    [[nodiscard]] bool session_ready(VenueId venue) const;
    [[nodiscard]] bool journal_writable() const { return journal_writable_; }
    [[nodiscard]] const GateConfig& config() const { return config_; }
    // Refusals so far, by limit.
    [[nodiscard]] std::uint64_t refused(GateLimit limit) const { return refused_[static_cast<std::size_t>(limit)]; }
    [[nodiscard]] std::uint64_t passed() const { return passed_; }

    // Proven, with unknown orders counted: the holding shrinks without turning, and no magnitude of the
    // underlying's net delta, gamma or vega grows.
    [[nodiscard]] bool reduces_risk(const OrderIntent& intent, const RiskEngine& risk, const CoreView& view) const;

private:
    struct Probe;  // one order with everything that the checks look at
    struct Verdict {
        GateLimit limit{GateLimit::none};
        double value{0.0};
        double bound{0.0};
    };
    struct Recent {
        InstrumentId instrument{InstrumentId::none};
        Side side{Side::bid};
        Price price{};
        Quantity quantity{};
        UnixNanos time{};
    };
    static constexpr std::size_t kRecentMax = 64;  // orders within one duplicate window

    [[nodiscard]] Probe probe_of(const OrderIntent& intent, const RiskEngine& risk, const CoreView& view) const;
    [[nodiscard]] Verdict judge(const Probe& probe) const;
    [[nodiscard]] Verdict judge_permission(const Probe& probe) const;
    [[nodiscard]] Verdict judge_kill_level(const Probe& probe) const;
    [[nodiscard]] Verdict judge_inputs(const Probe& probe) const;
    [[nodiscard]] Verdict judge_price(const Probe& probe) const;
    [[nodiscard]] Verdict judge_size(const Probe& probe) const;
    [[nodiscard]] Verdict judge_portfolio(const Probe& probe) const;
    [[nodiscard]] Verdict judge_conflicts(const Probe& probe) const;
    [[nodiscard]] const InputAgeMax& ages_of(const Instrument& instrument) const;
    void remember(const OrderIntent& intent, UnixNanos now);

    GateConfig config_;
    std::vector<bool> allowed_;  // by InstrumentId slot
    KillSwitch kill_switch_;
    MessageBudget budget_;
    std::array<bool, MessageBudget::kVenuesMax> session_ready_{};
    bool journal_writable_{true};
    std::array<Recent, kRecentMax> recent_{};
    std::size_t recent_next_{0};
    std::array<std::uint64_t, static_cast<std::size_t>(GateLimit::count)> refused_{};
    std::uint64_t passed_{0};
};

}  // namespace keel::risk
