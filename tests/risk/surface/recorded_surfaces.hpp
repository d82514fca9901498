#pragma once

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "risk/options/black76.hpp"
#include "risk/surface/surface_quote.hpp"
#include "tests/support/csv_rows.hpp"

namespace keel::test {

// Volatility of an option's undiscounted price by bisection on Black's formula (slow, certain, and independent of the
// engine's solver). NaN outside the bounds of no arbitrage or of [0.1 %, 1000 %].
inline double volatility_by_bisection(risk::OptionInputs inputs, double price) {
    double low = 0.001;
    double high = 10.0;
    const auto priced = [&](double volatility) {
        inputs.volatility = volatility;
        return risk::black76_price(inputs);
    };
    if (!(price > priced(low)) || !(price < priced(high))) return std::numeric_limits<double>::quiet_NaN();
    for (int step = 0; step < 40; ++step) {
        const double middle = 0.5 * (low + high);
        (priced(middle) < price ? low : high) = middle;
    }
    return 0.5 * (low + high);
}

// "2026-01-16T21:18:32.113246+00:00" to whole seconds.
inline UnixNanos time_of(const std::string& text) {
    const auto part = [&](std::size_t at, std::size_t length) { return std::stoi(text.substr(at, length)); };
    const std::chrono::year_month_day day{std::chrono::year{part(0, 4)},
                                          std::chrono::month{static_cast<unsigned>(part(5, 2))},
                                          std::chrono::day{static_cast<unsigned>(part(8, 2))}};
    const auto time = std::chrono::sys_days{day} + std::chrono::hours{part(11, 2)} + std::chrono::minutes{part(14, 2)} +
                      std::chrono::seconds{part(17, 2)};
    return UnixNanos{std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count()};
}

// One expiry of one snapshot.
struct RecordedSlice {
    std::string name;  // "BTC 2026-01-16T08:00:00+00:00"
    double years{0.0};
    std::vector<risk::SurfaceQuote> quotes;  // out of the money only
    std::size_t rows{0};                     // all, in the money ones too
    std::size_t two_sided{0};                // of any moneyness: a bid, and an ask above it
};

// The slices of one currency in one snapshot, by expiry.
struct RecordedSurface {
    std::string time;
    std::string currency;
    std::map<std::string, RecordedSlice> slices;
};

inline risk::SurfaceQuote quote_of(const CsvRow& row, double years) {
    const auto number_or_nan = [&](const char* column) {
        return row.text(column).empty() ? std::numeric_limits<double>::quiet_NaN() : row.number(column);
    };
    const double forward = row.number("underlying");
    risk::SurfaceQuote quote{.strike = row.number("strike"),
                             .forward = forward,
                             .bid = number_or_nan("bid_price"),
                             .ask = number_or_nan("ask_price"),
                             .volatility_mark = row.number("implied_volatility"),
                             .type = row.text("option_type") == "call" ? OptionType::call : OptionType::put};
    // Deribit's ticks for options that settle in coin: 0.0001 below 0.005, then 0.0005.
    quote.tick = quote.bid >= 0.005 ? 0.0005 : 0.0001;
    const risk::OptionInputs inputs{.forward = forward, .strike = quote.strike, .years = years, .type = quote.type};
    quote.volatility_bid = volatility_by_bisection(inputs, quote.bid * forward);
    quote.volatility_ask = volatility_by_bisection(inputs, quote.ask * forward);
    return quote;
}

// Every `stride`-th snapshot of one month's file, in the order of the file.
inline std::vector<RecordedSurface> recorded_surfaces(const CsvRows& rows, std::size_t stride) {
    std::vector<RecordedSurface> out;
    std::map<std::string, std::size_t> place;  // time and currency to `out`
    std::map<std::string, std::size_t> order;  // of snapshots
    for (const CsvRow& row : rows) {
        const std::string& time = row.text("timestamp");
        const std::size_t number = order.try_emplace(time, order.size()).first->second;
        if (number % stride != 0) continue;
        const std::string& currency = row.text("currency");
        const auto [at, is_new] = place.try_emplace(time + currency, out.size());
        if (is_new) out.push_back({.time = time, .currency = currency, .slices = {}});
        const double years = row.number("time_to_maturity");
        const std::string& expiry = row.text("expiry_datetime");
        RecordedSlice& slice = out[at->second].slices[expiry];
        slice.name = currency + " " + expiry;
        slice.years = years;
        ++slice.rows;
        if (!row.text("bid_price").empty() && !row.text("ask_price").empty()) {
            const double bid = row.number("bid_price");
            slice.two_sided += bid > 0.0 && row.number("ask_price") > bid ? 1U : 0U;
        }
        const bool is_call = row.text("option_type") == "call";
        if ((row.number("strike") >= row.number("underlying")) != is_call) continue;
        slice.quotes.push_back(quote_of(row, years));
    }
    return out;
}

inline constexpr double kWithinHalfSpreadMin = 0.95;  // share of slices

inline double median(std::vector<double> values) {
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    std::nth_element(values.begin(), middle, values.end());
    return *middle;
}

// Two-sided with a volatility on both sides: what the criterion counts. Wide and far-out ones are in it.
inline bool is_two_sided(const risk::JudgedQuote& quote) {
    return !risk::has(quote.flaws, risk::QuoteFlaw::bad_input | risk::QuoteFlaw::one_sided | risk::QuoteFlaw::crossed |
                                       risk::QuoteFlaw::out_of_range);
}

struct Measured {
    double error{0.0};
    double half_spread{0.0};
};

// Errors of one slice over its two-sided quotes: median of |fit - mid|, median half-spread.
inline Measured measure(const RecordedSlice& slice, const risk::SviParameters& svi) {
    std::vector<double> errors;
    std::vector<double> half_spreads;
    for (const risk::SurfaceQuote& quote : slice.quotes) {
        const risk::JudgedQuote judged = risk::judge_quote(quote, slice.years);
        if (!is_two_sided(judged)) continue;
        const double middle = 0.5 * (quote.volatility_bid + quote.volatility_ask);
        errors.push_back(std::abs(std::sqrt(risk::svi_total_variance(svi, judged.point.k) / slice.years) - middle));
        half_spreads.push_back(0.5 * (quote.volatility_ask - quote.volatility_bid));
    }
    return {.error = median(errors), .half_spread = median(half_spreads)};
}

}  // namespace keel::test
