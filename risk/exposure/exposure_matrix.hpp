#pragma once

#include <limits>
#include <vector>

#include "risk/book/revaluation.hpp"

namespace keel::risk {

// One cell of the matrix venue x underlying x expiry (perpetuals, spot and cash: expiry none).
struct ExposureRow {
    VenueSlot venue{VenueSlot::none};
    UnderlyingSlot underlying{UnderlyingSlot::none};
    ExpirySlot expiry{ExpirySlot::none};
    double delta_net{0.0};       // coin
    double gamma_1pct_usd{0.0};  // USD of delta per 1 %
    double vega_usd{0.0};        // USD per vol point
    double vega_w30_usd{0.0};    // the same times sqrt(30 / days to expiry), days at least 1
    double theta_day_usd{0.0};   // USD per day
    double notional_usd{0.0};    // gross
    std::size_t left_out{0};     // holdings that an input was missing for
    // Its part of the venue's initial margin; NaN where that is no sum over positions, or not known. Set by the report.
    double initial_margin_usd{std::numeric_limits<double>::quiet_NaN()};
};

// Every cell that holds something, in the order of venue, underlying, expiry.
// Allocates: yes; for reports and the publish clock.
[[nodiscard]] std::vector<ExposureRow> exposure_matrix(const Book& book, const MarketState& market);

// Worst case of one side's orders of one underlying filling in full, the other side's not at all: what limits
// are checked on.
struct OpenOrder {
    ContractSlot contract{ContractSlot::none};
    double quantity{0.0};  // contracts left, signed: positive buys
};
struct OpenOrderExposure {
    double delta_low{0.0};     // delta_net of the underlying, coin, if only the orders that lower it fill
    double delta_high{0.0};    // and if only those that raise it fill
    double notional_usd{0.0};  // of the costlier side alone
    std::size_t left_out{0};
};
[[nodiscard]] OpenOrderExposure open_order_exposure(const Book& book, const MarketState& market,
                                                    UnderlyingSlot underlying, std::span<const OpenOrder> orders);

}  // namespace keel::risk
