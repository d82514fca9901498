#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "connectors/deribit/config.hpp"
#include "connectors/deribit/errors.hpp"
#include "connectors/deribit/parse.hpp"
#include "connectors/deribit/rest_orders.hpp"
#include "connectors/deribit/rpc_session.hpp"
#include "engine/core/clock.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/events/event_batch.hpp"
#include "engine/pipeline/link.hpp"
#include "engine/telemetry/latency_histogram.hpp"
#include "engine/telemetry/order_timings.hpp"

namespace keel::connectors::deribit {

struct GatewayCounts {
    std::uint64_t frames{0};
    std::uint64_t events{0};  // of the venue; reports of ours are not counted
    std::uint64_t frames_refused{0};
    std::uint64_t commands{0};
    std::uint64_t not_sent{0};         // refused here: no byte left
    std::uint64_t budget_refusals{0};  // of those, by the message budget
    std::uint64_t venue_errors{0};
    std::uint64_t unknown{0};      // orders whose fate an error left open
    std::uint64_t sync_rounds{0};  // readings of the account until two agreed
    std::uint64_t connects{0};
    std::uint64_t throttled{0};  // 10028: our budget was too generous
    std::uint64_t blocked{0};    // the account or the session may not trade
};

// In cycles of this host.
struct GatewayLatency {
    LatencyHistogram handover;  // the core's decision → this gateway: journal, and queue where there is one
    LatencyHistogram encode;
    LatencyHistogram sign;  // REST only
    LatencyHistogram write;
    LatencyHistogram tick_to_trade;  // frame received that caused the order → its bytes handed over
    LatencyHistogram acknowledge;    // bytes handed over → answer read
    OrderTimings orders;             // tick to trade once more, order by order
};

// Private order session on a connection of its own: logs in, arms cancel-on-disconnect, subscribes to
// the account, then reads it (positions, open orders, balances, trades since the last cut) until two
// readings of the positions agree; only then is it ready and takes new orders. Orders of others are
// shown and never touched. A command that cannot leave is reported not sent, one whose answer leaves
// its fate open is reported unknown and asked for by its label; nothing is ever sent twice.
// Thread: the one that polls. Allocates: when connecting, and never to send an order over WebSocket.
class Gateway final : public OrderLink {
public:
    // `credentials` and `instruments` must outlive the gateway.
    Gateway(const Config& config, net::TlsContext tls, const InstrumentTable& instruments, EdgeClock& clock,
            const net::Credentials& credentials, net::ConnectBudget* budget = nullptr);

    std::size_t poll(EventBatch& batch) override;
    [[nodiscard]] VenueId venue() const override { return VenueId::deribit; }
    void send(const OrderCommand& command) override;

    // The orderly end: cancels every open order of ours and lists again until none is left. Keep polling;
    // `ours_left` says how many the last listing showed, or nothing before the first. Both from any
    // thread.
    void cancel_ours();
    [[nodiscard]] std::optional<std::size_t> ours_left() const;
    void close() { session_.close(); }

    [[nodiscard]] bool is_ready() const { return sync_ == Sync::ready; }
    [[nodiscard]] const GatewayCounts& counts() const { return counts_; }
    [[nodiscard]] const GatewayLatency& latency() const { return *latency_; }
    [[nodiscard]] const RpcSession& session() const { return session_; }
    [[nodiscard]] const DecoderCounts& decoder_counts() const { return decoder_.counts(); }
    // Action that the venue's last error asked for.
    [[nodiscard]] ErrorAction last_action() const { return last_action_; }

private:
    enum class Sync : std::uint8_t { down, arming, reading, pausing, ready };
    struct InFlight {
        std::uint64_t id{0};      // of the request; 0: free
        std::uint64_t number{0};  // of the message in its connection
        OrderCommand command{};
        std::uint64_t written_cycles{0};
    };
    static constexpr std::size_t kInFlightMax = 1'024;  // far above what any message budget lets through

    void turn(RpcSession::Turn turn, EventBatch& batch);
    void went_down(EventBatch& batch);
    void flush_local(EventBatch& batch);
    void take(const net::Frame& frame, EventBatch& batch);
    void on_message(const Message& message, EventBatch& batch);
    void on_error(const Message& message, EventBatch& batch);
    void on_order_error(const Message& message, EventBatch& batch);
    void stamp(std::size_t begin, std::uint64_t receive_cycles, EventBatch& batch);
    void report(SessionState state, EventBatch& batch);
    [[nodiscard]] net::RateLimiter::Budget message_budget() const;

    void write(const OrderCommand& command);
    void write_cancel_all(const OrderCommand& command);
    void encode(std::string& out, std::uint64_t id, RequestKind kind, const OrderCommand& command);
    [[nodiscard]] RequestKind kind_of(const OrderCommand& command) const;
    [[nodiscard]] bool may_send(const OrderCommand& command);
    void not_sent(const OrderCommand& command, Errc reason);
    void tell(EventKind kind, const OrderCommand& command, std::int64_t reason);
    void ask_for(const OrderCommand& command);
    InFlight& in_flight(std::uint64_t id) { return in_flight_[(id >> kRequestKindBits) % kInFlightMax]; }
    void poll_rest(EventBatch& batch);
    void handed_over(const OrderCommand& command, std::uint64_t now_cycles);

    // gateway_sync.cpp
    void arm();
    void begin_reading();
    void request(RequestKind kind, std::string_view method, std::string_view params = {});
    void on_sync_answer(const Message& message, EventBatch& batch);
    void ask_trades(std::string_view currency, std::int64_t since_ms);
    void on_trades(const Message& message, const EventBatch& batch);
    void on_positions(const Message& message, EventBatch& batch);
    void on_open_orders(const Message& message, EventBatch& batch);
    void finish_reading(EventBatch& batch);
    void pump_sync(net::Monotonic now);
    void pump_cancels(net::Monotonic now);
    void note_trade_times(std::span<const Event> events);

    Config config_;
    const InstrumentTable& instruments_;
    EdgeClock& clock_;
    RpcSession session_;
    VenueOrderIds order_ids_;
    Decoder decoder_;
    std::optional<RateLimits> granted_;  // none where the account does not tell: the configured rate alone binds
    net::RateLimiter budget_;
    std::unique_ptr<RestOrders> rest_;  // null: orders go over this session
    std::unique_ptr<InFlight[]> in_flight_;
    std::vector<Event> local_;          // facts of ours, for the next poll
    std::vector<OrderCommand> doubts_;  // to be asked for by label once connected

    Sync sync_{Sync::down};
    unsigned answers_left_{0};
    // Pages of trades asked for: which currency, and from when.
    struct TradePage {
        std::uint64_t id{0};
        std::string currency;
        std::int64_t since_ms{0};
    };
    std::vector<TradePage> trade_pages_;
    std::uint64_t positions_first_id_{0};
    std::uint64_t positions_second_id_{0};
    std::vector<std::pair<InstrumentId, Quantity>> positions_first_;
    bool positions_agree_{false};
    std::vector<InstrumentId> held_;  // instruments that ever had a position here
    net::Monotonic next_reading_{};
    std::int64_t last_trade_ms_{0};  // trades after this are asked for after a cut

    static constexpr std::int64_t kNotListed = -1;
    std::atomic<bool> cancel_asked_{false};
    std::atomic<std::int64_t> ours_left_{kNotListed};
    bool canceling_{false};
    bool listing_{false};
    std::vector<OrderCommand> to_cancel_;
    net::Monotonic next_listing_{};

    ErrorAction last_action_{ErrorAction::unknown};
    GatewayCounts counts_;
    std::unique_ptr<GatewayLatency> latency_;
};

}  // namespace keel::connectors::deribit
