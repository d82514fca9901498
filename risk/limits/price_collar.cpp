#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "risk/limits/order_probe.hpp"
#include "risk/options/black76.hpp"

namespace keel::risk {
namespace {

constexpr double kBpsPerUnit = 10'000.0;
constexpr double kPointsPerUnit = 100.0;

// The instrument's price as the index implies it. A perpetual tracks the index itself; a dated future
// keeps the basis of its last ticker; an option is priced anew on a forward moved like the index.
double index_based(const Instrument& instrument, const MarketInputs& inputs, double index) {
    if (instrument.kind == InstrumentKind::perpetual || instrument.kind == InstrumentKind::spot) return index;
    const double moved = index / inputs.index;
    if (!instrument.is_option()) return inputs.mark * moved;
    const OptionInputs option{.forward = inputs.forward * moved,
                              .strike = instrument.strike,
                              .years = years_between(inputs.time, instrument.expiry),
                              .volatility = inputs.volatility,
                              .type = instrument.option_type};
    const double price_usd = black76_price(option);
    return is_inverse(instrument) ? price_usd / option.forward : price_usd;
}

double own_mid(const Instrument& instrument, const OrderBook* book) {
    if (book == nullptr || !book->valid()) return std::numeric_limits<double>::quiet_NaN();
    const Top top = book->top();
    if (!top.two_sided() || top.crossed()) return std::numeric_limits<double>::quiet_NaN();
    return 0.5 * (instrument.price_value(top.bid.price) + instrument.price_value(top.ask.price));
}

double width_of(const Instrument& instrument, const Position& position, double reference, const GateConfig& config) {
    if (!instrument.is_option()) return reference * config.price_collar_bps / kBpsPerUnit;
    const double vega = is_inverse(instrument) ? position.unit.risk.vega_coin : position.unit.risk.vega;
    const double points = config.option_collar_vol_points / kPointsPerUnit * vega / lot_face(instrument);
    return std::max(points, config.option_collar_ticks * instrument.tick.to_double());
}

}  // namespace

PriceCollar price_collar(const Instrument& instrument, const Position& position, const RiskEngine& risk,
                         const CoreView& view, const GateConfig& config, const InputAgeMax& ages) {
    std::array<double, 3> found{};
    std::size_t count = 0;
    const auto use = [&](double price) {
        if (std::isfinite(price) && price >= 0.0) found[count++] = price;
    };
    const bool mark_fresh = position.valued && view.now - position.inputs.time <= ages.mark;
    if (mark_fresh) use(position.inputs.mark);
    if (mark_fresh && view.now - risk.index_time(instrument.underlying) <= ages.index) {
        use(index_based(instrument, position.inputs, risk.index(instrument.underlying)));
    }
    const OrderBook* book = view.books.find(instrument.id);
    if (book != nullptr && view.now - book->updated() <= ages.book) use(own_mid(instrument, book));

    PriceCollar out{.reference = std::numeric_limits<double>::quiet_NaN(), .references = static_cast<int>(count)};
    if (count < 2) return out;
    const auto [first, second, third] = found;
    out.reference = count == 2 ? 0.5 * (first + second)
                               : std::max(std::min(first, second), std::min(std::max(first, second), third));
    out.width = width_of(instrument, position, out.reference, config);
    return out;
}

}  // namespace keel::risk
