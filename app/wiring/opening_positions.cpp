#include "app/wiring/opening_positions.hpp"

#include <limits>
#include <string>

#include "app/config/mapping.hpp"
#include "app/failure.hpp"

namespace keel::app {
namespace {

using simulator::Exchange;
using simulator::Listing;

// The simulated market's listings as the engine would see them; row n is listing n.
InstrumentTable table_of(const Exchange& exchange) {
    InstrumentTable table;
    for (const Listing& listing : exchange.listings()) {
        Instrument instrument = listing.contract;
        instrument.venue = VenueId::deribit;
        const auto underlying = table.underlying(simulator::currency_name(listing.base));
        if (!underlying) throw OutsideError{"the simulated market has too many underlyings"};
        instrument.underlying = *underlying;
        if (!table.add(instrument)) throw OutsideError{"the simulated market has too many instruments"};
    }
    return table;
}

double index_price(const Exchange& exchange, std::string_view underlying) {
    for (const simulator::Currency currency : simulator::kCurrencies) {
        if (simulator::currency_name(currency) == underlying) return exchange.index_price(currency);
    }
    return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace

std::vector<simulator::InitialPosition> opening_positions(const PortfolioSettings& portfolio,
                                                          const Exchange& exchange) {
    const InstrumentTable table = table_of(exchange);
    const auto price_usd = [&](UnderlyingId id) { return index_price(exchange, table.name_of(id)); };
    std::vector<simulator::InitialPosition> positions;
    for (const ResolvedPosition& held : resolve_portfolio(portfolio, table, exchange.now(), price_usd)) {
        const Instrument& instrument = table[held.instrument];
        positions.push_back({std::string{instrument.name_view()}, instrument.amount_value(held.quantity), 0.0});
    }
    return positions;
}

}  // namespace keel::app
