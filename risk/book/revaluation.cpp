#include "risk/book/revaluation.hpp"

#include <algorithm>
#include <cmath>

#include "risk/book/expiring_option.hpp"
#include "risk/book/liquidity_position.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kDaysPerYear = 365.0;
constexpr double kTenorDays = 30.0;        // the tenor that a volatility shock is quoted for
constexpr double kTenorPowerShort = 0.30;  // below it
constexpr double kTenorPowerLong = 0.13;   // from it on

UnderlyingShock shock_of(const Shock& shock, UnderlyingSlot underlying) {
    return at(underlying) < shock.underlyings.size() ? shock.underlyings[at(underlying)] : UnderlyingShock{};
}

bool usable(double price) { return std::isfinite(price) && price > 0.0; }

double shocked_volatility(const Contract& contract, const ContractQuote& quote, const MarketState& market,
                          const Shock& shock) {
    const UnderlyingShock moved = shock_of(shock, contract.underlying);
    if (moved.volatility == 0.0) return quote.volatility;
    const double years = years_between(market.now, market.expiries[at(contract.expiry)].expiry);
    return std::max(0.0, quote.volatility * (1.0 + moved.volatility * tenor_weight(shock.tenor, years)));
}

double option_value(const Contract& contract, const ContractQuote& quote, const MarketState& market,
                    const Shock& shock) {
    if (contract.expiry == ExpirySlot::none || !std::isfinite(quote.volatility)) return kNaN;
    const DeliveryForward delivery = delivery_forward(market.expiries[at(contract.expiry)], market.now,
                                                      1.0 + shock_of(shock, contract.underlying).spot, shock.years);
    const double usd = black76_price({.forward = delivery.price,
                                      .strike = contract.strike,
                                      .years = delivery.years,
                                      .volatility = shocked_volatility(contract, quote, market, shock),
                                      .rate = 0.0,
                                      .type = contract.type});
    return contract.kind == ContractKind::inverse_option ? usd / delivery.price : usd;
}

// What of the delivery price is still open: 1 before its averaging window and where there is none.
double open_share(const Contract& contract, const MarketState& market) {
    if (contract.expiry == ExpirySlot::none) return 1.0;
    return delivery_forward(market.expiries[at(contract.expiry)], market.now).weight;
}

// What a pool asks for a coin: arbitrage keeps it at the index over the stablecoin's price, whatever futures trade at.
double pool_price(const Contract& contract, const ContractQuote& quote, const Shock& shock) {
    const std::size_t stable = at(contract.stable);
    const double depeg = stable < shock.stables.size() ? shock.stables[stable] : 0.0;
    return quote.mark * (1.0 + shock_of(shock, contract.underlying).spot) / (1.0 + depeg);
}

// Greeks of a share in a pool: its value moves with one price and with nothing else.
bool liquidity_sensitivities(const Contract& contract, const ContractQuote& quote, Sensitivities& out) {
    LiquidityGreeks pool;
    if (!liquidity_position({contract.strike, contract.upper}, quote.mark, pool)) return false;
    const double size = contract.multiplier;
    out = {.delta_bs = size * pool.delta,
           .delta_net = size * pool.delta,
           .delta_linear_stable = size * pool.delta * quote.mark,
           .gamma = size * pool.gamma,
           .gross_stable = size * pool.delta * quote.mark,
           .net_stable = size * pool.delta * quote.mark};
    return true;
}

}  // namespace

double tenor_weight(VolatilityTenor tenor, double years) {
    if (tenor == VolatilityTenor::flat) return 1.0;
    const double days = std::max(1.0, years * kDaysPerYear);
    return std::pow(kTenorDays / days, days < kTenorDays ? kTenorPowerShort : kTenorPowerLong);
}

double shocked_mark(const Contract& contract, const ContractQuote& quote, const MarketState& market,
                    const Shock& shock) {
    const UnderlyingShock moved = shock_of(shock, contract.underlying);
    const double basis = is_perpetual(contract) ? moved.basis : 0.0;
    const double move = moved.spot + basis + moved.spot * basis;
    const double left = open_share(contract, market);
    if (left == 1.0) return quote.mark * (1.0 + move);
    // Of an average what is fixed stands and the rest is the forward, whatever the mark of both is.
    const ExpiryMarket& expiry = market.expiries[at(contract.expiry)];
    const double dollars = contract.stable == StableSlot::none ? 1.0 : market.stables[at(contract.stable)];
    return quote.mark + left * move * expiry.forward / dollars;
}

double holding_value(const Contract& contract, const Holding& holding, const ContractQuote& quote,
                     const MarketState& market, const Shock& shock) {
    if (is_cash(contract.kind)) return holding.quantity;
    const double size = holding.quantity * contract.multiplier;
    if (is_option(contract.kind)) return size * option_value(contract, quote, market, shock);
    if (contract.kind == ContractKind::liquidity) {
        LiquidityGreeks pool;
        const double price = pool_price(contract, quote, shock);
        return liquidity_position({contract.strike, contract.upper}, price, pool) ? size * pool.value : kNaN;
    }
    const double mark = shocked_mark(contract, quote, market, shock);
    if (!usable(mark) || (holding.quantity != 0.0 && !usable(holding.entry))) return kNaN;
    if (holding.quantity == 0.0) return 0.0;
    return contract.kind == ContractKind::inverse_future ? size * (1.0 / holding.entry - 1.0 / mark)
                                                         : size * (mark - holding.entry);
}

bool contract_sensitivities(const Contract& contract, const ContractQuote& quote, const MarketState& market,
                            Sensitivities& out) {
    if (is_cash(contract.kind)) {
        out = {};
        return true;
    }
    if (contract.kind == ContractKind::liquidity) return liquidity_sensitivities(contract, quote, out);
    const double size = contract.multiplier;
    if (!is_option(contract.kind)) {
        if (!usable(quote.mark)) return false;
        const bool inverse = contract.kind == ContractKind::inverse_future;
        const double coins = inverse ? size / quote.mark : size;
        const double left = open_share(contract, market);
        const double face = inverse ? size : 0.0;
        const double stable = inverse ? 0.0 : coins * quote.mark;
        out = {.delta_bs = left * coins,
               .delta_net = left * coins,
               .delta_inverse = inverse ? left * coins : 0.0,
               .delta_linear_stable = left * stable,
               .gross_usd = face,
               .gross_stable = stable,
               .net_usd = face,
               .net_stable = stable};
        return true;
    }
    if (contract.expiry == ExpirySlot::none || !std::isfinite(quote.volatility)) return false;
    OptionGreeks usd;
    InverseGreeks coin;
    const OptionSpec spec{.strike = contract.strike, .type = contract.type, .volatility = quote.volatility};
    const ExpiryMarket& expiry = market.expiries[at(contract.expiry)];
    if (!expiring_option(spec, expiry, market.now, usd, coin)) return false;
    const bool inverse = contract.kind == ContractKind::inverse_option;
    out = option_sensitivities(usd, coin, inverse, size, expiry.forward);
    return true;
}

BookValue value_book(const Book& book, const MarketState& market, const Shock& shock) {
    std::vector<double> values;
    values.reserve(book.contracts.size());
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        values.push_back(holding_value(book.contracts[i], book.holdings[i], market.quotes[i], market, shock));
    }
    return value_book(book, market, shock, values);
}

BookValue value_book(const Book& book, const MarketState& market, const Shock& shock, std::span<const double> values) {
    BookValue out;
    out.coin.resize(market.underlyings.size());
    out.stable.resize(market.stables.size());
    out.venue_usd.resize(book.venue_names.size());
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        const Contract& contract = book.contracts[i];
        const double amount = values[i];
        const bool in_coin = settles_in_coin(contract.kind);
        const double rate =
            in_coin
                ? market.underlyings[at(contract.underlying)].index * (1.0 + shock_of(shock, contract.underlying).spot)
                : market.stables[at(contract.stable)] *
                      (at(contract.stable) < shock.stables.size() ? 1.0 + shock.stables[at(contract.stable)] : 1.0);
        if (!std::isfinite(amount * rate)) {
            out.left_out += book.holdings[i].quantity != 0.0 ? 1U : 0U;
            continue;
        }
        (in_coin ? out.coin[at(contract.underlying)] : out.stable[at(contract.stable)]) += amount;
        if (contract.venue != VenueSlot::none) out.venue_usd[at(contract.venue)] += amount * rate;
        out.usd += amount * rate;
    }
    return out;
}

DollarSums dollar_sums(const Contract& contract, const Sensitivities& held, const MarketState& market) {
    const std::size_t u = at(contract.underlying), s = at(contract.stable);
    const double coin = u < market.underlyings.size() ? market.underlyings[u].index : 0.0;
    const double stable = s < market.stables.size() ? market.stables[s] : 0.0;
    return {.gross = held.gross_usd + held.gross_stable * stable + held.gross_coins * coin,
            .net = held.net_usd + held.net_stable * stable + held.net_coins * coin,
            .delta_linear = held.delta_linear_stable * stable};
}

BookSensitivities book_sensitivities(const Book& book, const MarketState& market, UnderlyingSlot underlying) {
    BookSensitivities out;
    SensitivitySum sum;
    for (std::size_t i = 0; i < book.contracts.size(); ++i) {
        const double quantity = book.holdings[i].quantity;
        if (book.contracts[i].underlying != underlying || quantity == 0.0) continue;
        Sensitivities unit;
        if (contract_sensitivities(book.contracts[i], market.quotes[i], market, unit)) {
            const Sensitivities held = scaled(unit, quantity);
            const DollarSums dollars = dollar_sums(book.contracts[i], held, market);
            sum.replace({}, held);
            out.usd.gross += dollars.gross;
            out.usd.net += dollars.net;
            out.usd.delta_linear += dollars.delta_linear;
        } else {
            ++out.left_out;
        }
    }
    out.sums = sum.value();
    return out;
}

}  // namespace keel::risk
