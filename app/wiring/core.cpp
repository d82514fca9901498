#include "app/wiring/core.hpp"

#include <algorithm>

#include "app/config/mapping.hpp"

namespace keel::app {
namespace {

LoopSettings loop_settings(const Configuration& configuration) {
    return {.send_orders = configuration.engine.mode != Mode::observe,
            .valid_for = configuration.engine.valid_for,
            .unknown_after = configuration.engine.unknown_after};
}

BookSet opened_books(const Configuration& configuration, const InstrumentTable& instruments) {
    BookSet books;
    const auto levels_max = static_cast<std::size_t>(configuration.engine.book_levels_max);
    for (const InstrumentId id : book_instruments(configuration, instruments)) books.open(id, levels_max);
    return books;
}

bool wants_book(const VenueSettings& venue, const Instrument& instrument, const InstrumentTable& instruments) {
    if (!venue.instruments.empty()) {
        return std::ranges::any_of(venue.instruments, [&](const std::string& pattern) {
            return matches_pattern(pattern, instrument.name_view());
        });
    }
    if (!instrument.is_delta_one() || instrument.payoff != Payoff::inverse) return false;
    return venue.currencies.empty() ||
           std::ranges::find(venue.currencies, instruments.name_of(instrument.base)) != venue.currencies.end();
}

}  // namespace

template <class Meter>
Core<Meter>::Core(const Configuration& configuration, const InstrumentTable& instruments, std::uint32_t boot_epoch)
    : books_{opened_books(configuration, instruments)},
      orders_{boot_epoch},
      risk_{risk_config(configuration), instruments},
      strategy_{hedge_config(configuration, instruments), instruments},
      gate_{configuration.gate, instruments},
      loop_{typename Loop::Parts{instruments, books_, orders_, risk_, strategy_, gate_},
            loop_settings(configuration)} {}

template class Core<NoMeter>;
template class Core<CycleMeter>;

std::vector<InstrumentId> book_instruments(const Configuration& configuration, const InstrumentTable& instruments) {
    std::vector<InstrumentId> out;
    for (const VenueSettings& venue : configuration.venues) {
        std::int64_t taken = 0;
        for (const Instrument& instrument : instruments) {
            if (taken == venue.books_max) break;
            if (instrument.venue != venue.venue || !wants_book(venue, instrument, instruments)) continue;
            out.push_back(instrument.id);
            ++taken;
        }
    }
    return out;
}

}  // namespace keel::app
