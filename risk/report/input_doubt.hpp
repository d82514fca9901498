#pragma once

#include <cmath>
#include <cstdint>
#include <string>

namespace keel::risk {

// What is doubtful about an input, as bits. They spread to every metric that the input is part of and move no boundary.
enum class InputDoubt : std::uint32_t {
    none = 0,
    mark_from_forward = 1,   // a future without a mark: the forward of its expiry stands in
    mark_from_index = 2,     // a perpetual, or a future without a forward: the index does
    mark_far = 4,            // a mark more than kMarkFarRatio from the forward or index that it should be at
    forward_from_index = 8,  // an expiry without a forward
    one_sided_quote = 16,
    crossed_quote = 32,
    curve_arbitrage = 64,       // in a given curve
    curve_far = 128,            // half of the quotes are not on the curve of their expiry
    beyond_quotes = 256,        // a strike outside those whose quotes its curve was fitted to
    volatility_range = 512,     // no market's (is_market_volatility()): a curve goes before it
    settlement_unknown = 1024,  // delivered on an average that has begun and is not known: the forward stands in
    volatility_still = 2048,    // a tail of options without a history of their volatility
    days_filled = 4096,         // a tail of days that were missing
    price_still = 8192,         // a tail of something whose price no history or volatility moves
    model_value = 16384,        // an option without a quote, between those that its curve was fitted to
    price_far = 32768,          // an option's price is not what its volatility makes of it (kPriceFarShare)
    expired = 65536,            // its expiry has passed: what it was delivered at is not known
    peg_far = 131072,           // a stablecoin of the dollar more than kMarkFarRatio off it
    days_apart = 262144,        // returns of days that do not end together (kDayEndSlack), in one number
    entry_far = 524288,         // an entry more than kEntryFarFactor from the mark, either way
    volatility_far = 1048576,   // an option's own volatility more than kVolatilityFarFactor from its curve
    account_torn = 2097152,     // positions and cash of an account are of different moments
    closes_far = 4194304,       // daily closes the last of which is more than kClosesFarFactor from the index
    account_newer = 8388608,    // held by an answer sent after the newest price
    days_unscaled = 16777216,   // a tail of days one of which cannot be brought to the volatility of now
};
constexpr InputDoubt operator|(InputDoubt a, InputDoubt b) {
    return static_cast<InputDoubt>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr InputDoubt& operator|=(InputDoubt& a, InputDoubt b) { return a = a | b; }
constexpr bool has(InputDoubt set, InputDoubt bit) {
    return (static_cast<unsigned>(set) & static_cast<unsigned>(bit)) != 0U;
}
constexpr InputDoubt without(InputDoubt set, InputDoubt bit) {
    return static_cast<InputDoubt>(static_cast<unsigned>(set) & ~static_cast<unsigned>(bit));
}

inline constexpr double kMarkFarRatio = 0.03;  // risk-model.md, "Names in `keel risk`"
inline constexpr double kEntryFarFactor = 5.0;
inline constexpr double kClosesFarFactor = 1.25;
inline constexpr double kVolatilityFarFactor = 1.5;
inline constexpr double kPriceFarShare = 0.25;  // of an option's value, and kPriceFarRatio of its forward at least
inline constexpr double kPriceFarRatio = 0.005;
inline constexpr double kCarryMax = 1.0;  // per year: what a forward may be off the index beside that

// A forward, so many years out, that some carry explains.
[[nodiscard]] inline bool is_forward_explained(double forward, double index, double years) {
    return std::abs(std::log(forward / index)) <= kMarkFarRatio + kCarryMax * years;
}

// "mark from the forward, crossed quote"; empty: nothing is doubtful.
[[nodiscard]] std::string doubt_words(InputDoubt doubts);

}  // namespace keel::risk
