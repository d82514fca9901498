#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "simulator/exchange/exchange.hpp"

namespace keel::simulator {

// A pool of credits: requests cost one, it refills at `per_s` up to `burst`.
struct RatePool {
    double per_s{0.0};
    double burst{0.0};
};

// The venue's limits per account (per connection before login), in requests. Defaults: its lowest tier.
struct RateLimits {
    bool enforced{true};
    RatePool matching{5.0, 20.0};        // buy, sell, edit, cancel
    RatePool cancel_all{5.0, 20.0};      // cancel_all*, cancel_by_label
    RatePool non_matching{20.0, 100.0};  // everything else
    RatePool subscribe{10.0 / 3.0, 10.0};
    RatePool instruments{1.0, 50.0};  // public/get_instruments
};

// A simulated Deribit. Times named wall are of this host, all others of the simulation.
struct DeribitServerConfig {
    std::uint16_t port{0};  // 0: any free one
    std::filesystem::path certificate;
    std::filesystem::path key;
    std::vector<AccountConfig> accounts;
    ExchangeConfig exchange;
    RateLimits limits;

    // Simulated seconds per wall second. 0: as fast as the clients read. Above 1, and at 0, time waits
    // while any client has more than `backlog_bytes_max` unread; at 1 and below it waits for nobody.
    double speed{1.0};
    double span_s{0.0};  // simulated time stops that long after the market's start; 0: never
    bool start_at_first_subscription{false};
    std::size_t backlog_bytes_max{256 * 1024};

    double token_lifetime_wall_s{900.0};
    double idle_close_wall_s{60.0};                 // neither heartbeat nor subscription nor request for so long: cut
    double heartbeat_second_s{1.0};                 // wall length of one heartbeat second; tests shorten it
    std::size_t queue_bytes_max{64 * 1024 * 1024};  // a client further behind than this is cut
    std::size_t sessions_max{32};                   // the venue's limit per address
    bool allow_control{false};                      // simulator/state and simulator/inject answer; never to strangers
};

}  // namespace keel::simulator
