#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "connectors/binance_usdm/config.hpp"
#include "connectors/binance_usdm/depth_chain.hpp"
#include "connectors/net/reconnect_backoff.hpp"
#include "connectors/net/tls_context.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/events/event_batch.hpp"

namespace keel::connectors::binance {

// What one link has seen. Host times are CLOCK_MONOTONIC; the span between first and last frame against
// the span of exchange times is the speed at which a recording was taken in.
struct FeedCounters {
    std::uint64_t frames{0};
    std::uint64_t bytes{0};
    std::uint64_t events{0};
    std::uint64_t connects{0};
    std::uint64_t refused_unsupported{0};  // kinds that the README lists as not read
    std::uint64_t refused_unknown{0};      // symbols that nobody asked for
    std::uint64_t refused_malformed{0};    // everything else
    std::int64_t first_frame_ns{0};        // host, monotonic
    std::int64_t last_frame_ns{0};
    UnixNanos first_exchange_time{};
    UnixNanos last_exchange_time{};
};

// The public market-data link of one venue: one combined-stream connection (two where the venue routes
// its streams apart), and one REST connection for depth snapshots, all polled. It subscribes, joins each
// depth stream to a snapshot, and asks for a new one after a gap or a reconnect, within the venue's
// request weight. A session event tells each change of state; books go stale with the connection.
// Thread: the one that polls. Allocates: while connecting and while books are joined.
class Feed {
public:
    // Holds those of the table's instruments that `config.symbols` names.
    Feed(const Config& config, net::TlsContext context, const InstrumentTable& instruments, net::ConnectBudget& budget);
    ~Feed();
    Feed(const Feed&) = delete;
    Feed& operator=(const Feed&) = delete;

    // Reads what has arrived, up to a part of the batch, and appends its events. Returns work done.
    std::size_t poll(EventBatch& out);

    // The venue has closed and the configuration does not reconnect.
    [[nodiscard]] bool has_ended() const;
    // Every subscribed book follows its stream.
    [[nodiscard]] bool is_ready() const;
    [[nodiscard]] const FeedCounters& counters() const;
    // Instruments with a depth stream, in the configuration's order.
    [[nodiscard]] std::span<const DepthChain> depth() const;

private:
    struct Core;
    std::unique_ptr<Core> core_;
};

}  // namespace keel::connectors::binance
