#include "simulator/market/catalogue.hpp"

#include <array>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::simulator {

namespace {

constexpr std::size_t kListingsReserved = 4'096;  // a recorded month lists about 3,000

CurrencyId currency_slot(Currency currency) { return CurrencyId{static_cast<std::uint8_t>(currency)}; }
// The slot after the settlement currencies: USD, which nothing settles in.
constexpr CurrencyId kUsdSlot{static_cast<std::uint8_t>(kCurrencyCount)};

Listing inverse_listing(Currency base, UnixNanos created) {
    Listing listing;
    listing.created = created;
    listing.base = base;
    listing.settlement = base;
    Instrument& contract = listing.contract;
    contract.venue = VenueId::deribit;
    contract.payoff = Payoff::inverse;
    contract.underlying = UnderlyingId{static_cast<std::uint8_t>(base)};
    contract.base = currency_slot(base);
    contract.quote = kUsdSlot;
    contract.settlement = currency_slot(base);
    contract.taker_fee = 0.0005;
    contract.maker_fee = 0.0;
    contract.leverage_max = 50.0;
    return listing;
}

void set_face(Listing& listing, std::int64_t usd) {
    listing.contract_size = static_cast<double>(usd);
    listing.contract.lot = Decimal{usd, 0}.normalised();
    listing.contract.quantity_min = Quantity{1};
    listing.contract.multiplier = 1.0;
}

}  // namespace

std::string venue_date(std::chrono::sys_days day) {
    static constexpr std::array<std::string_view, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                              "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
    const std::chrono::year_month_day date{day};
    std::string text = std::to_string(static_cast<unsigned>(date.day()));
    text += kMonths[static_cast<unsigned>(date.month()) - 1];
    const int year = static_cast<int>(date.year()) % 100;
    text += static_cast<char>('0' + year / 10);
    text += static_cast<char>('0' + year % 10);
    return text;
}

UnixNanos expiry_time(std::chrono::sys_days day) {
    const std::chrono::nanoseconds since_epoch = day.time_since_epoch() + std::chrono::hours{8};
    return UnixNanos{since_epoch.count()};
}

Catalogue::Catalogue() { listings_.reserve(kListingsReserved); }

InstrumentId Catalogue::append(Listing listing, std::string_view name) {
    constexpr std::uint64_t kFirstVenueNumber = 124'972;
    const auto slot_number = static_cast<std::uint32_t>(listings_.size());
    KEEL_ASSERT(slot_number < kInstrumentsMax);
    listing.contract.id = InstrumentId{slot_number};
    listing.contract.set_name(name);
    listing.venue_number = kFirstVenueNumber + slot_number;
    listings_.push_back(listing);
    return listing.contract.id;
}

InstrumentId Catalogue::add_perpetual(Currency base, UnixNanos created) {
    Listing listing = inverse_listing(base, created);
    listing.contract.kind = InstrumentKind::perpetual;
    listing.contract.tick = base == Currency::btc ? Decimal{5, -1} : Decimal{5, -2};
    set_face(listing, base == Currency::btc ? 10 : 1);
    return append(listing, std::string{currency_name(base)} + "-PERPETUAL");
}

InstrumentId Catalogue::add_linear_perpetual(Currency base, UnixNanos created) {
    Listing listing = inverse_listing(base, created);
    Instrument& contract = listing.contract;
    contract.kind = InstrumentKind::perpetual;
    contract.payoff = Payoff::linear;
    listing.settlement = Currency::usdc;
    contract.quote = currency_slot(Currency::usdc);
    contract.settlement = currency_slot(Currency::usdc);
    contract.tick = base == Currency::btc ? Decimal{1, -1} : Decimal{5, -2};
    contract.lot = Decimal{1, -3};
    listing.contract_size = 0.001;
    return append(listing, std::string{currency_name(base)} + "_USDC-PERPETUAL");
}

InstrumentId Catalogue::add_future(Currency base, std::chrono::sys_days expiry_day, UnixNanos created) {
    Listing listing = inverse_listing(base, created);
    listing.contract.kind = InstrumentKind::future;
    listing.contract.expiry = expiry_time(expiry_day);
    listing.contract.tick = base == Currency::btc ? Decimal{25, -1} : Decimal{25, -2};
    set_face(listing, base == Currency::btc ? 10 : 1);
    return append(listing, std::string{currency_name(base)} + "-" + venue_date(expiry_day));
}

InstrumentId Catalogue::add_option(Currency base, std::chrono::sys_days expiry_day, double strike, OptionType type,
                                   UnixNanos created) {
    Listing listing = inverse_listing(base, created);
    Instrument& contract = listing.contract;
    contract.kind = InstrumentKind::option;
    contract.option_type = type;
    contract.strike = strike;
    contract.expiry = expiry_time(expiry_day);
    contract.quote = currency_slot(base);  // the premium is in coin
    contract.tick = Decimal{1, -4};
    contract.tick_steps[0] = TickStep{.above = 50, .step = 5};  // 0.0005 from 0.005 coin on
    contract.tick_steps_count = 1;
    contract.lot = base == Currency::btc ? Decimal{1, -1} : Decimal{1, 0};
    contract.quantity_min = Quantity{1};
    contract.taker_fee = 0.0003;
    contract.maker_fee = 0.0003;
    contract.leverage_max = 1.0;
    listing.contract_size = 1.0;
    const std::string text = std::string{currency_name(base)} + "-" + venue_date(expiry_day) + "-" +
                             std::to_string(std::llround(strike)) + (type == OptionType::call ? "-C" : "-P");
    return append(listing, text);
}

}  // namespace keel::simulator
