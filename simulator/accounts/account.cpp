#include "simulator/accounts/account.hpp"

#include <algorithm>
#include <cstdlib>

namespace keel::simulator {

double Holding::fill(const Listing& listing, Quantity fill_lots, double price, double index_usd) {
    const bool is_adding = lots.count() == 0 || (lots.count() > 0) == (fill_lots.count() > 0);
    const double added = listing.contract.amount_value(fill_lots);
    if (is_adding) {
        const double held = amount(listing);
        average_price = averaged_price(listing, held, average_price, added, price);
        session_price = averaged_price(listing, held, session_price, added, price);
        if (listing.contract.is_option()) {
            average_price_usd = (held * average_price_usd + added * price * index_usd) / (held + added);
        }
        lots += fill_lots;
        return 0.0;
    }
    const std::int64_t closed_count = std::min(std::abs(lots.count()), std::abs(fill_lots.count()));
    const Quantity closed{lots.count() > 0 ? closed_count : -closed_count};
    const double realised = holding_profit(listing, listing.contract.amount_value(closed), session_price, price);
    session_realised += realised;
    lots += fill_lots;
    const bool is_flipped = std::abs(fill_lots.count()) > closed_count;
    if (is_flipped || lots.count() == 0) {
        average_price = is_flipped ? price : 0.0;
        session_price = average_price;
        average_price_usd = listing.contract.is_option() ? average_price * index_usd : 0.0;
    }
    return realised;
}

void Holding::accrue_funding(const Listing& listing, double cumulative) {
    const double paid = amount(listing) * (cumulative - funding_seen);
    session_funding -= paid;
    session_realised -= paid;
    funding_seen = cumulative;
}

double Holding::settle(const Listing& listing, double price) {
    double cash = 0.0;
    if (!listing.contract.is_option()) {
        cash = session_realised + holding_profit(listing, amount(listing), session_price, price);
    }
    session_realised = 0.0;
    session_funding = 0.0;
    session_price = lots.count() != 0 ? price : 0.0;
    return cash;
}

Quantity Account::lots(InstrumentId instrument) const {
    const auto found = holdings.find(instrument);
    return found == holdings.end() ? Quantity{} : found->second.lots;
}

double Account::book_fill(const Listing& listing, double funding_cumulative, Quantity fill_lots, double price,
                          double index_usd, double fee) {
    const auto [entry, is_new] = holdings.try_emplace(listing.id());
    Holding& holding = entry->second;
    if (is_new) holding.funding_seen = funding_cumulative;
    holding.accrue_funding(listing, funding_cumulative);
    const double realised = holding.fill(listing, fill_lots, price, index_usd);
    double& cash = balance(listing.settlement);
    if (listing.contract.is_option()) cash -= listing.contract.amount_value(fill_lots) * price;
    cash -= fee;
    fees_paid[static_cast<std::size_t>(listing.settlement)] += fee;
    return realised;
}

}  // namespace keel::simulator
