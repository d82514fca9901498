#pragma once

#include <vector>

#include "risk/book/revaluation.hpp"

namespace keel::risk {

// The same market a day later: indices, forwards, marks and volatilities stand. What expires on the way pays on the
// forward, whatever average it would be delivered on; an expiry whose averaging has begun stands as it is.
[[nodiscard]] MarketState day_later(const MarketState& market);

// USD that each holding gains on the way there, by row: time value that is won or lost and nothing else. 0 where a
// holding has no value.
[[nodiscard]] std::vector<double> still_day_usd(const Book& book, const MarketState& now, const MarketState& later);

}  // namespace keel::risk
