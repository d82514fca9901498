#pragma once

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

// One expiry of one snapshot.
struct RecordedSlice {
    std::string name;  // "BTC 2026-01-16T08:00:00+00:00"
    double years{0.0};
    std::vector<risk::SurfaceQuote> quotes;  // out of the money only
    std::size_t rows{0};                     // all, in the money ones too
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
        const bool is_call = row.text("option_type") == "call";
        if ((row.number("strike") >= row.number("underlying")) != is_call) continue;
        slice.quotes.push_back(quote_of(row, years));
    }
    return out;
}

}  // namespace keel::test
