#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "app/config/configuration.hpp"
#include "engine/core/instrument_table.hpp"
#include "engine/pipeline/link.hpp"
#include "engine/telemetry/latency_histogram.hpp"
#include "engine/telemetry/order_timings.hpp"

namespace keel::app {

// The update stream of one order book, counted by its feed.
struct DepthSummary {
    InstrumentId instrument{InstrumentId::none};
    std::uint64_t updates{0};
    std::uint64_t applied{0};
    std::uint64_t dropped{0};  // older than the snapshot
    std::uint64_t gaps{0};
    std::uint64_t last_id{0};  // the venue's id of the last update applied
};

// Where the time of an order goes after the core.
struct OrderStages {
    const LatencyHistogram& handover;  // decision to gateway: journal, and queue where there is one
    const LatencyHistogram& encode;
    const LatencyHistogram& sign;      // REST only
    const LatencyHistogram& write;
};

// A link with what the session asks of it beyond polling. Thread: the link's own, but for what is said
// to be for any.
class SessionLink {
public:
    virtual ~SessionLink() = default;
    [[nodiscard]] virtual Link& link() = 0;
    // The venue has closed for good (a recording ended). Any thread.
    [[nodiscard]] virtual bool has_ended() const { return false; }
    // The venue refused our key, and the link has ended for good: says which key, where it is configured, and the
    // venue's reason. Empty while it is accepted. Any thread.
    [[nodiscard]] virtual std::string key_refusal() const { return {}; }
    // Subscribed and in step; order sessions: reconciled. Any thread.
    [[nodiscard]] virtual bool is_ready() const = 0;
    // Order sessions: asks for the cancellation of every order of ours, and whether the venue has
    // confirmed that none is open. Others have nothing to cancel.
    virtual void request_cancel_all() {}
    [[nodiscard]] virtual bool cancel_all_confirmed() const { return true; }
    // Event received to order bytes written, in cycles; null where the link sends no orders. Any thread.
    [[nodiscard]] virtual const LatencyHistogram* tick_to_trade() const { return nullptr; }
    // The same, order by order; after the link's last poll.
    [[nodiscard]] virtual std::span<const OrderTiming> order_timings() const { return {}; }
    // The stages between core and socket, in cycles; null where the link sends no orders. Any thread.
    [[nodiscard]] virtual const OrderStages* order_stages() const { return nullptr; }
    // What became of each book's update stream; after the link's last poll.
    virtual void add_depth(std::vector<DepthSummary>&) const {}
    // Venue time passed over host time passed, first to last frame; 0 where unknown. After the last poll.
    [[nodiscard]] virtual double speed_ratio() const { return 0.0; }
    // One line for the end of the run: what was received, refused and lost.
    [[nodiscard]] virtual std::string summary() const = 0;
};

// Loads the reference data of every venue into the table. Blocks up to the venues' deadlines. Throws
// OutsideError with host and reason.
void load_reference_data(const Configuration& configuration, InstrumentTable& instruments);

// Makes the links: one market-data link per venue, and an order link where the venue has credentials.
// `allow_env_secrets` as on the command line. Throws OutsideError or ConfigError.
std::vector<std::unique_ptr<SessionLink>> make_links(const Configuration& configuration,
                                                     const InstrumentTable& instruments, bool allow_env_secrets);

}  // namespace keel::app
