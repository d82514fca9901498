#include "risk/book/shocked_options.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "risk/book/expiring_option.hpp"
#include "risk/options/price_lanes.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
const double kAllBits = std::bit_cast<double>(~std::uint64_t{0});

std::vector<std::size_t> all_rows(const Book& book) {
    std::vector<std::size_t> rows(book.contracts.size());
    std::iota(rows.begin(), rows.end(), std::size_t{0});
    return rows;
}

bool is_between(double value, double low, double high) { return value >= low && value <= high; }

}  // namespace

ShockedOptions::ShockedOptions(const Book& book, const MarketState& market)
    : ShockedOptions{book, market, all_rows(book)} {}

ShockedOptions::ShockedOptions(const Book& book, const MarketState& market, std::span<const std::size_t> rows)
    : book_{book}, market_{market}, slot_(book.contracts.size()) {
    const auto chain_of = [&](std::size_t row) {
        return std::pair{book.contracts[row].expiry, book.contracts[row].underlying};
    };
    std::vector<std::size_t> options;
    for (const std::size_t row : rows) {
        const Contract& contract = book.contracts[row];
        const bool priced = is_option(contract.kind) && contract.expiry != ExpirySlot::none;
        if (priced && std::isfinite(market.quotes[row].volatility)) options.push_back(row);
    }
    std::ranges::stable_sort(options, {}, chain_of);
    row_.resize(kLanes);  // slot 0 is that of every row without a price
    for (auto* column : {&strike_, &volatility_, &sign_, &in_coin_, &price_}) column->resize(kLanes, kNaN);
    for (auto first = options.begin(); first != options.end();) {
        const auto [expiry, underlying] = chain_of(*first);
        const auto end =
            std::find_if(first, options.end(), [&](std::size_t row) { return chain_of(row) != chain_of(*first); });
        add({.expiry = expiry, .underlying = underlying}, std::span{first, end});
        first = end;
    }
}

void ShockedOptions::add(Chain chain, std::span<const std::size_t> rows) {
    const double years = years_between(market_.now, market_.expiries[at(chain.expiry)].expiry);
    chain.tenor_weight = tenor_weight(VolatilityTenor::power, years);
    chain.first = row_.size();
    const std::size_t padded = (rows.size() + kLanes - 1) / kLanes * kLanes;
    for (std::size_t i = 0; i < padded; ++i) {
        const std::size_t row = rows[std::min(i, rows.size() - 1)];
        const Contract& contract = book_.contracts[row];
        if (i < rows.size()) slot_[row] = static_cast<std::uint32_t>(row_.size());
        // A volatility that is none keeps the lane out of the kernel.
        const bool regular =
            is_between(contract.strike, kLanePriceMin, kLanePriceMax) && contract.type != OptionType::none;
        row_.push_back(row);
        strike_.push_back(contract.strike);
        volatility_.push_back(regular ? market_.quotes[row].volatility : kNaN);
        sign_.push_back(contract.type == OptionType::put ? -1.0 : 1.0);
        in_coin_.push_back(contract.kind == ContractKind::inverse_option ? kAllBits : 0.0);
        price_.push_back(kNaN);
    }
    chain.end = row_.size();
    chains_.push_back(chain);
}

void ShockedOptions::price(const Shock& shock) {
    for (Chain& chain : chains_) {
        const std::size_t u = at(chain.underlying);
        const UnderlyingShock moved = u < shock.underlyings.size() ? shock.underlyings[u] : UnderlyingShock{};
        const double weight = shock.tenor == VolatilityTenor::power ? chain.tenor_weight : 1.0;
        price(chain, {.spot = moved.spot, .volatility = moved.volatility * weight}, shock.years);
    }
}

void ShockedOptions::price(std::span<const ExpiryMove> moves) {
    for (Chain& chain : chains_) price(chain, moves[at(chain.expiry)], 0.0);
}

void ShockedOptions::price(Chain& chain, ExpiryMove move, double years_passed) {
    if (move == chain.move && years_passed == chain.years_passed) return;  // of NaN never
    chain.move = move;
    chain.years_passed = years_passed;
    const DeliveryForward delivery =
        delivery_forward(market_.expiries[at(chain.expiry)], market_.now, 1.0 + move.spot, years_passed);
    const bool regular = is_between(delivery.price, kLanePriceMin, kLanePriceMax);
    const Lanes forward{delivery.price};
    const Lanes factor{1.0 + move.volatility};
    const Lanes root_years{regular ? std::sqrt(delivery.years) : kNaN};
    for (std::size_t i = chain.first; i < chain.end; i += kLanes) {
        const Lanes deviation = Lanes::load(&volatility_[i]) * factor * root_years;
        const LaneMask usable =
            (Lanes{kLaneDeviationMin} <= deviation) & (deviation <= Lanes{kLaneDeviationMax});  // false for NaN
        const Lanes usd = price_lanes(forward, Lanes::load(&strike_[i]), Lanes::load(&sign_[i]), deviation);
        const Lanes unit = select(LaneMask{Lanes::load(&in_coin_[i]).value}, forward, Lanes{1.0});
        (usd / unit).store(&price_[i]);
        if (usable.bits() == kAllLanes) continue;
        for (std::size_t lane = 0; lane < kLanes; ++lane) {
            if ((usable.bits() >> lane & 1U) == 0U) price_one(i + lane, move, delivery.price, delivery.years);
        }
    }
}

// As holding_value() does it; cold.
void ShockedOptions::price_one(std::size_t at, ExpiryMove move, double forward, double years) {
    const Contract& contract = book_.contracts[row_[at]];
    const double given = market_.quotes[row_[at]].volatility;
    const double usd =
        black76_price({.forward = forward,
                       .strike = contract.strike,
                       .years = years,
                       .volatility = move.volatility == 0.0 ? given : std::max(0.0, given * (1.0 + move.volatility)),
                       .type = contract.type});
    price_[at] = contract.kind == ContractKind::inverse_option ? usd / forward : usd;
}

double ShockedOptions::value_of(std::size_t row, const Holding& holding, const Shock& shock) const {
    const Contract& contract = book_.contracts[row];
    if (is_option(contract.kind)) return holding.quantity * contract.multiplier * price_of(row);
    return holding_value(contract, holding, market_.quotes[row], market_, shock);
}

BookValue value_book(const Book& book, const MarketState& market, const Shock& shock, ShockedOptions& options) {
    options.price(shock);
    std::vector<double> values;
    values.reserve(book.contracts.size());
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        values.push_back(options.value_of(row, book.holdings[row], shock));
    }
    return value_book(book, market, shock, values);
}

}  // namespace keel::risk
