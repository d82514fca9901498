#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "connectors/deribit/config.hpp"
#include "connectors/deribit/parse.hpp"
#include "connectors/deribit/rpc_session.hpp"
#include "engine/core/clock.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/events/event_batch.hpp"
#include "engine/pipeline/link.hpp"

namespace keel::connectors::deribit {

// Fills the table with the configured currencies' instruments over REST; blocks up to the deadlines.
// Returns how many there are. Errors: those of RestClient::call, http_status, malformed_message.
Result<std::size_t> load_instruments(const Config& config, const net::TlsContext& tls, InstrumentTable& table);

struct FeedCounts {
    std::uint64_t frames{0};
    std::uint64_t events{0};
    std::uint64_t frames_refused{0};  // discarded whole
    std::uint64_t gaps{0};            // breaks in a book's chain
    std::uint64_t resubscribed{0};    // books asked for again
    std::uint64_t channels_subscribed{0};
    std::uint64_t channels_dropped{0};  // asked for, not acknowledged: an alarm
    std::uint64_t connects{0};
};

// Market data session: one connection, its subscriptions restored after each cut. Every book's chain of
// change ids is checked here: at the very message that breaks it the book is declared stale, its levels
// are withheld, and a new snapshot is asked for.
// Thread: the one that polls. Allocates: when connecting and subscribing.
class Feed final : public Link {
public:
    // `instruments` is complete before and constant after construction. `clock` belongs to the polling
    // thread. `credentials` are needed for raw channels only; null otherwise.
    Feed(const Config& config, net::TlsContext tls, const InstrumentTable& instruments, EdgeClock& clock,
         net::ConnectBudget* budget = nullptr, const net::Credentials* credentials = nullptr);

    // Reads what has arrived, appends its events, keeps the session alive. Returns the frames read.
    std::size_t poll(EventBatch& batch) override;
    void close() { session_.close(); }

    // Connected, and every channel acknowledged or known to be refused.
    [[nodiscard]] bool is_ready() const { return ready_; }
    [[nodiscard]] const FeedCounts& counts() const { return counts_; }
    [[nodiscard]] const std::vector<std::string>& channels() const { return channels_; }
    // Channels that the venue silently left out of its acknowledgement.
    [[nodiscard]] const std::vector<std::string>& dropped_channels() const { return dropped_; }
    [[nodiscard]] const RpcSession& session() const { return session_; }
    [[nodiscard]] const DecoderCounts& decoder_counts() const { return decoder_.counts(); }

private:
    struct Chain {
        std::uint64_t change_id{0};
        bool waiting{true};  // for a snapshot
        bool queued{false};  // to be subscribed again
        net::Monotonic asked{};
    };
    struct Request {
        std::uint64_t id{0};
        std::vector<std::string> channels;
    };

    void turn(RpcSession::Turn turn, EventBatch& batch);
    void take(const net::Frame& frame, EventBatch& batch);
    void check_book(const Message& message, EventBatch& batch);
    void mark_stale(InstrumentId instrument, const Level& level, UnixNanos exchange_time, EventBatch& batch);
    void stamp(std::size_t begin, const net::Frame& frame, EventBatch& batch);
    void report(SessionState state, EventBatch& batch);
    void begin_subscribing();
    void pump_requests(net::Monotonic now);
    void resubscribe(net::Monotonic now);
    void on_subscribed(const Message& message);
    void expect_snapshot(std::string_view channel);
    void on_subscribe_error(const Message& message);
    void retry_silent_books(net::Monotonic now);

    Config config_;
    const InstrumentTable& instruments_;
    EdgeClock& clock_;
    RpcSession session_;
    Decoder decoder_;
    net::RateLimiter subscribe_budget_;
    std::vector<std::string> channels_;
    std::vector<std::string> dropped_;
    std::deque<Request> to_send_;
    std::vector<Request> in_flight_;
    std::vector<Chain> chains_;              // by instrument slot
    std::vector<InstrumentId> stale_books_;  // to be subscribed again
    net::Monotonic next_retry_{};
    bool ready_{false};
    bool ready_reported_{false};
    FeedCounts counts_;
};

}  // namespace keel::connectors::deribit
