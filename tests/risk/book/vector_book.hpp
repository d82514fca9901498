#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "risk/book/revaluation.hpp"

namespace keel::risk::test {

// The book of portfolio_stress.json: one coin, one stablecoin, one venue; names, tenors and quantities come
// from the file. Futures enter at their mark, so that their profit is zero at the base.
struct VectorBook {
    Book book;
    MarketState market;
};

inline ContractKind contract_kind(const std::string& kind) {
    if (kind == "inverse_perp" || kind == "inverse_future") return ContractKind::inverse_future;
    if (kind == "linear_perp" || kind == "linear_future") return ContractKind::linear_future;
    if (kind == "inv_opt") return ContractKind::inverse_option;
    if (kind == "lin_opt") return ContractKind::linear_option;
    if (kind == "coin_cash") return ContractKind::coin_cash;
    if (kind == "usdc_cash") return ContractKind::stable_cash;
    throw std::invalid_argument{"unknown kind " + kind};
}

inline VectorBook vector_book(const nlohmann::json& file) {
    VectorBook out;
    const auto& market = file.at("market");
    out.market.now = unix_nanos_from_ms(1'767'225'600'000);
    out.market.underlyings = {{.index = market.at("index")}};
    out.market.stables = {market.at("usdc_usd")};
    std::vector<std::string> tenors;
    for (const auto& [tenor, forward] : market.at("forwards").items()) {
        const double nanos = market.at("T").at(tenor).get<double>() * 365.0 * 86'400e9;
        out.market.expiries.push_back({.underlying = UnderlyingSlot{0},
                                       .expiry = out.market.now + std::chrono::nanoseconds{std::llround(nanos)},
                                       .forward = forward});
        tenors.push_back(tenor);
    }
    out.book.underlying_names = {"COIN"};
    out.book.stable_names = {"USDC"};
    out.book.venue_names = {"venue"};
    for (const auto& row : file.at("instruments")) {
        Contract contract{.kind = contract_kind(row.at("kind")), .venue = VenueSlot{0}};
        contract.multiplier = row.value("face", row.value("mult", 1.0));
        contract.strike = row.value("K", 0.0);
        if (row.contains("th")) contract.type = row.at("th") == 1 ? OptionType::call : OptionType::put;
        if (row.contains("exp")) {
            const auto found = std::ranges::find(tenors, row.at("exp").get<std::string>());
            contract.expiry = ExpirySlot(static_cast<std::uint16_t>(found - tenors.begin()));
        }
        if (contract.kind != ContractKind::stable_cash) contract.underlying = UnderlyingSlot{0};
        if (!settles_in_coin(contract.kind)) contract.stable = StableSlot{0};
        ContractQuote quote;
        if (row.contains("mark")) quote.mark = row.at("mark");
        if (row.contains("iv")) quote.volatility = row.at("iv");
        out.book.contracts.push_back(contract);
        out.book.holdings.push_back({.quantity = row.at("qty"), .entry = row.value("mark", 0.0)});
        out.book.names.push_back(row.at("name"));
        out.market.quotes.push_back(quote);
    }
    return out;
}

}  // namespace keel::risk::test
