#pragma once

#include <array>
#include <cstdint>
#include <type_traits>

#include "engine/events/command.hpp"
#include "engine/events/event.hpp"

namespace keel {

// The metrics that boundaries stand on. Scope: one underlying, except where said (account).
enum class Metric : std::uint8_t {
    net_delta,           // coin; which of the three deltas is the policy's hedge_numeraire
    gamma_1pct_usd,      // USD of delta per 1 % move
    vega_usd,            // USD per vol point, absolute
    leverage_gross,      // account: sum |notional| / equity
    realised_vol,        // fast EWMA, fraction per sqrt(year)
    implied_vol_change,  // |change of at-the-money iv over the window|, vol points
    count,
};
[[nodiscard]] const char* metric_name(Metric metric);

enum class TriggerSignal : std::uint8_t { none, soft, hard, hard_repeat, escalate, clear };
[[nodiscard]] const char* signal_name(TriggerSignal signal);

inline constexpr std::size_t kTriggersMax = 64;  // ~6 metrics x a handful of underlyings

// One boundary that spoke, with the numbers it spoke on.
struct FiredTrigger {
    std::uint32_t trigger{0};  // slot in the trigger set
    Metric metric{Metric::net_delta};
    TriggerSignal signal{TriggerSignal::none};
    UnderlyingId underlying{UnderlyingId::none};
    std::uint8_t unused8{0};
    Real value{};
    Real soft{};
    Real hard{};
    std::uint64_t risk_version{0};  // version of the snapshot it was judged on
    UnixNanos first_seen{};         // when the metric first left the boundary
};
static_assert(std::has_unique_object_representations_v<FiredTrigger>);

enum class SolveStatus : std::uint8_t { none, nothing_to_do, optimal, infeasible, work_limit };
// Which limit keeps an infeasible problem from a solution, or caps a candidate.
enum class Binding : std::uint8_t { none, position, order_size, depth, lot, no_candidate, band };
[[nodiscard]] const char* solve_status_name(SolveStatus status);
[[nodiscard]] const char* binding_name(Binding binding);

enum class DecisionOutcome : std::uint8_t {
    none,
    traded,
    observed,
    no_trade_band,
    infeasible,
    refused,
    in_flight,
    blocked
};
[[nodiscard]] const char* outcome_name(DecisionOutcome outcome);

inline constexpr std::size_t kCandidatesMax = 16;  // perpetual and futures of one underlying

// One instrument that the solver weighed: its cost for what was needed, and how much it was given.
struct CandidateRecord {
    InstrumentId instrument{InstrumentId::none};
    Side side{Side::bid};
    Binding binding{Binding::none};
    std::array<std::uint8_t, 2> unused8{};
    Real unit_cost_usd{};   // USD per coin of delta moved: half spread + fee + impact
    Real cost_alone_usd{};  // cost of meeting the whole need with this instrument alone; NaN = it cannot
    Real chosen_cost_usd{};
    Quantity quantity_max{};
    Quantity chosen{};  // lots, unsigned
    Price reference{};  // touch price the cost was taken from
};
static_assert(std::has_unique_object_representations_v<CandidateRecord>);

inline constexpr std::uint8_t kDecisionVersion = 1;

// Why: the record behind `keel explain`. Which trigger, on which numbers, what the solver was asked,
// what it chose and what that does to each metric. Latency of the decision is in the commands.
struct DecisionRecord {
    DecisionId id{DecisionId::none};
    std::uint64_t event_sequence{0};
    UnixNanos time{};
    FiredTrigger trigger{};
    std::uint8_t version{kDecisionVersion};
    DecisionOutcome outcome{DecisionOutcome::none};
    SolveStatus status{SolveStatus::none};
    Binding binding{Binding::none};
    UnderlyingId underlying{UnderlyingId::none};
    std::uint8_t candidates_count{0};
    std::array<std::uint8_t, 2> unused8{};
    Real delta_now{};     // coin, the hedged delta, working orders included
    Real delta_target{};  // centre of the band
    Real band_low{};      // coin, no-trade band around the target
    Real band_high{};
    Real need{};      // coin to trade: to the edge or to the centre
    Real cost_usd{};  // of the chosen trades
    Real underlying_price{};
    Real realised_vol{};
    std::array<Real, static_cast<std::size_t>(Metric::count)> before{};  // every metric of the scope
    std::array<Real, static_cast<std::size_t>(Metric::count)> after{};   // with the chosen trades filled
    std::array<CandidateRecord, kCandidatesMax> candidates{};
};
static_assert(std::is_trivially_copyable_v<DecisionRecord>);
static_assert(std::has_unique_object_representations_v<DecisionRecord>);

// Limits of the pre-trade gate; one name each, shown and counted.
enum class GateLimit : std::uint8_t {
    none = 0,
    kill_level,
    session_not_ready,
    journal_unwritable,
    instrument_not_allowed,
    stale_input,
    off_grid,  // tick, lot or venue minimum
    price_collar,
    price_band,  // the venue's own band
    order_quantity,
    order_notional,
    position_quantity,
    portfolio_delta,
    leverage,
    message_rate,
    orders_open,
    duplicate_order,
    self_match,
    reduce_only,
    count,
};
[[nodiscard]] const char* gate_limit_name(GateLimit limit);

// A refused order is a business fact, not an error: counted, journalled, shown.
struct Refusal {
    std::uint64_t event_sequence{0};
    UnixNanos time{};
    DecisionId decision{DecisionId::none};
    InstrumentId instrument{InstrumentId::none};
    Side side{Side::bid};
    CommandKind kind{CommandKind::none};
    GateLimit limit{GateLimit::none};
    std::uint8_t unused8{0};
    Price price{};
    Quantity quantity{};
    Real value{};  // what was measured
    Real bound{};  // what was allowed
};
static_assert(std::is_trivially_copyable_v<Refusal> && std::has_unique_object_representations_v<Refusal>);

}  // namespace keel
