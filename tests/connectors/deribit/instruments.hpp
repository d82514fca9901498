#pragma once

#include <gtest/gtest.h>

#include <string_view>

#include "engine/core/instrument_table.hpp"

namespace keel::connectors::deribit {

// A row of the table with the given grid: an inverse perpetual "BTC-PERPETUAL" unless the name says
// otherwise ("-C" and "-P" end options, "_USDC" is linear).
inline InstrumentId add_row(InstrumentTable& table, std::string_view name, Decimal tick, Decimal lot) {
    Instrument row;
    row.set_name(name);
    row.venue = VenueId::deribit;
    const std::string_view coin = name.substr(0, name.find_first_of("-_"));
    const bool option = name.ends_with("-C") || name.ends_with("-P");
    const bool linear = name.find("_USD") != std::string_view::npos;
    row.kind = option                         ? InstrumentKind::option
               : name.ends_with("-PERPETUAL") ? InstrumentKind::perpetual
                                              : InstrumentKind::future;
    row.payoff = linear ? Payoff::linear : Payoff::inverse;
    if (option) row.option_type = name.ends_with("-P") ? OptionType::put : OptionType::call;
    row.tick = tick;
    row.lot = lot;
    row.underlying = *table.underlying(coin);
    row.base = *table.currency(coin);
    row.settlement = linear ? *table.currency("USDC") : row.base;
    row.quote = linear ? row.settlement : *table.currency("USD");
    const auto id = table.add(row);
    EXPECT_TRUE(id.has_value());
    return *id;
}

}  // namespace keel::connectors::deribit
