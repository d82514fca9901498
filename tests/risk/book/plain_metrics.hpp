#pragma once

#include <cmath>
#include <vector>

#include "risk/book/book_metrics.hpp"
#include "risk/book/revaluation.hpp"

namespace keel::risk::test {

// A sum with the magnitudes of its terms, which is what its rounding is relative to.
template <class Vector>
struct PlainSum {
    Vector value{};
    Vector size{};

    void add(const Vector& term) {
        for (std::size_t i = 0; i < sizeof(Vector) / sizeof(double); ++i) {
            doubles(value)[i] += doubles(term)[i];
            doubles(size)[i] += std::abs(doubles(term)[i]);
        }
    }
};

// Every number that a book publishes, the plain way: one pass over the holdings with the definitions of a holding's
// value and of a contract's greeks. Nothing is kept from one event to the next.
struct PlainMetrics {
    PlainSum<UsdVector> account{};
    std::vector<PlainSum<UsdVector>> underlyings, venues;
    std::vector<PlainSum<Sensitivities>> greeks;  // by UnderlyingSlot
    std::vector<double> coin, stable;
    std::vector<std::size_t> left_out;  // by UnderlyingSlot
    std::size_t options{0};             // priced

    PlainMetrics(const Book& book, const MarketState& market)
        : underlyings(market.underlyings.size()),
          venues(book.venue_names.size()),
          greeks(market.underlyings.size()),
          coin(market.underlyings.size()),
          stable(market.stables.size()),
          left_out(market.underlyings.size()) {
        for (std::size_t i = 0; i < book.contracts.size(); ++i) {
            if (book.holdings[i].quantity != 0.0) {
                take(book.contracts[i], book.holdings[i], market.quotes[i], market);
            }
        }
    }

private:
    void take(const Contract& contract, const Holding& holding, const ContractQuote& quote, const MarketState& market) {
        const auto u = static_cast<std::size_t>(contract.underlying);
        const auto s = static_cast<std::size_t>(contract.stable);
        const bool in_coin = settles_in_coin(contract.kind);
        const double value = holding_value(contract, holding, quote, market);
        Sensitivities unit;
        if (!contract_sensitivities(contract, quote, market, unit) || !std::isfinite(value)) {
            ++left_out.at(u);
            return;
        }
        const Sensitivities g = scaled(unit, holding.quantity);
        const bool nowhere = contract.underlying == UnderlyingSlot::none;  // cash that is no coin
        const double index = nowhere ? 0.0 : market.underlyings[u].index;
        const double dollar = in_coin ? 0.0 : market.stables[s];
        UsdVector usd;
        usd.equity = value * (in_coin ? index : dollar);
        usd.gross = g.gross_usd + g.gross_stable * dollar + g.gross_coins * index;
        usd.net = g.net_usd + g.net_stable * dollar + g.net_coins * index;
        usd.dollar_delta = g.delta_inverse * index + g.delta_linear_stable * dollar + (in_coin ? usd.equity : 0.0);
        usd.gamma_1pct = g.gamma * index * index / 100.0;
        usd.vega = g.vega;
        usd.theta = g.theta;
        usd.margin = usd.gross * contract.margin_rate;
        account.add(usd);
        venues[static_cast<std::size_t>(contract.venue)].add(usd);
        (in_coin ? coin[u] : stable[s]) += value;
        options += is_option(contract.kind) ? 1U : 0U;
        if (nowhere) return;
        underlyings[u].add(usd);
        greeks[u].add(g);
    }
};

}  // namespace keel::risk::test
