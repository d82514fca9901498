#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "simulator/deribit/streams/publisher.hpp"

namespace keel::simulator::deribit {

// What one channel has to say next, and to whom.
struct Publisher::Stream {
    // Everything of one instrument that a user.changes message tells.
    struct Changes {
        std::string trades;
        std::string orders;
        std::string positions;
        std::uint64_t units{0};
    };
    struct Merged {
        double before{0.0};
        double after{0.0};
    };

    std::string name;
    Channel channel;
    AccountId account{AccountId::none};
    std::vector<ConnectionId> subscribers;
    bool dirty{false};
    std::uint64_t last_change_id{0};  // book: of the last message sent
    BookChange newest;                // book: change id and time of the newest merged change
    std::map<std::pair<Side, double>, Merged> levels;
    std::optional<TickerView> ticker;
    std::string items;  // elements of the array to come
    std::uint64_t items_count{0};
    std::string last_data;  // quote: what was said last
    std::map<InstrumentId, Changes> changes;
};

}  // namespace keel::simulator::deribit
