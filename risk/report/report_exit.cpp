#include "risk/report/report_exit.hpp"

#include <cmath>
#include <limits>
#include <map>

#include "risk/book/revaluation.hpp"
#include "risk/report/factor_covariance.hpp"
#include "risk/report/report_doubts.hpp"

namespace keel::risk {
namespace {

bool leaves(const Book& book, std::size_t row) {
    return book.holdings[row].quantity != 0.0 && !is_cash(book.contracts[row].kind);
}

bool has_volatility(const ReportInputs& inputs, std::size_t row) {
    return row < inputs.liquidity.size() && inputs.liquidity[row].daily_volatility >= 0.0;
}

double daily_volatility_of(const ReportInputs& inputs, std::span<const double> sigma_day, std::size_t underlying) {
    if (underlying < sigma_day.size() && sigma_day[underlying] > 0.0) return sigma_day[underlying];
    return underlying < inputs.histories.size() ? own_daily_volatility(inputs.histories[underlying])
                                                : std::numeric_limits<double>::quiet_NaN();
}

// What of a move of its underlying a contract's price makes, both over the underlying's price.
double share_moved(const Contract& contract, const ContractQuote& quote, const MarketState& market) {
    if (!is_option(contract.kind)) return 1.0;
    Sensitivities unit;
    if (!contract_sensitivities(contract, quote, market, unit)) return std::numeric_limits<double>::quiet_NaN();
    return std::abs(unit.delta_bs) / contract.multiplier;
}

}  // namespace

std::vector<ContractLiquidity> exit_liquidity(const ReportInputs& inputs, const MarketState& market,
                                              std::span<const double> sigma_day) {
    std::vector<double> by_underlying;
    for (std::size_t u = 0; u < inputs.market.underlyings.size(); ++u) {
        by_underlying.push_back(daily_volatility_of(inputs, sigma_day, u));
    }
    std::vector<ContractLiquidity> out = inputs.liquidity;
    out.resize(inputs.book.contracts.size());
    for (std::size_t row = 0; row < out.size(); ++row) {
        const auto underlying = static_cast<std::size_t>(inputs.book.contracts[row].underlying);
        if (!has_volatility(inputs, row) && underlying < by_underlying.size()) {
            out[row].daily_volatility =
                by_underlying[underlying] * share_moved(inputs.book.contracts[row], market.quotes[row], market);
        }
    }
    return out;
}

bool leans_on_history(const ReportInputs& inputs) {
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        if (leaves(inputs.book, row) && !has_volatility(inputs, row)) return true;
    }
    return false;
}

InputDoubt exit_doubts(const ReportInputs& inputs) {
    InputDoubt out = InputDoubt::none;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        if (!leaves(inputs.book, row) || has_volatility(inputs, row)) continue;
        out |= closes_doubt(inputs, inputs.book.contracts[row].underlying);
    }
    return out;
}

std::vector<std::string> exit_notes(const ReportInputs& inputs, std::span<const ContractLiquidity> liquidity) {
    std::map<std::string, std::vector<std::string>> names;  // by what is missing
    for (std::size_t row = 0; row < liquidity.size(); ++row) {
        if (!leaves(inputs.book, row)) continue;
        std::string missing;
        const auto need = [&](double value, const char* field) {
            if (!std::isfinite(value)) missing += (missing.empty() ? "no " : ", no ") + std::string{field};
        };
        need(liquidity[row].spread, "spread");
        need(liquidity[row].daily_volume, "daily volume");
        need(liquidity[row].daily_volatility, "daily volatility");
        if (!missing.empty()) names[missing].push_back(inputs.book.names[row]);
    }
    std::vector<std::string> out;
    for (const auto& [missing, of] : names) {
        out.push_back(first_names(of) + ": " + missing +
                      ", so what leaving costs is not in exit_cost_usd, LIQUIDITY and COMBO");
    }
    return out;
}

}  // namespace keel::risk
