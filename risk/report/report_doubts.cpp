#include "risk/report/report_doubts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "risk/book/expiring_option.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/options/implied_quote.hpp"
#include "risk/report/report_smiles.hpp"

namespace keel::risk {
namespace {

constexpr std::array<std::pair<InputDoubt, const char*>, 25> kWords{
    {{InputDoubt::mark_from_forward, "mark from the forward"},
     {InputDoubt::mark_from_index, "mark from the index"},
     {InputDoubt::mark_far, "mark far from the index"},
     {InputDoubt::forward_from_index, "forward from the index"},
     {InputDoubt::one_sided_quote, "one-sided quote"},
     {InputDoubt::crossed_quote, "crossed quote"},
     {InputDoubt::curve_arbitrage, "arbitrage in a curve"},
     {InputDoubt::curve_far, "quotes far from their curve"},
     {InputDoubt::beyond_quotes, "beyond the quoted strikes"},
     {InputDoubt::volatility_range, "volatility out of range"},
     {InputDoubt::settlement_unknown, "settlement average unknown"},
     {InputDoubt::volatility_still, "volatility stands still"},
     {InputDoubt::days_filled, "missing days filled"},
     {InputDoubt::price_still, "a price stands still"},
     {InputDoubt::model_value, "valued by the model"},
     {InputDoubt::price_far, "price far from its volatility"},
     {InputDoubt::expired, "expiry has passed"},
     {InputDoubt::peg_far, "stablecoin far from a dollar"},
     {InputDoubt::days_apart, "days end at different hours"},
     {InputDoubt::entry_far, "entry far from the mark"},
     {InputDoubt::volatility_far, "volatility far from its curve"},
     {InputDoubt::account_torn, "account of two moments"},
     {InputDoubt::closes_far, "closes far from the index"},
     {InputDoubt::account_newer, "account newer than the prices"},
     {InputDoubt::days_unscaled, "a return cannot be rescaled"}}};

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

InputDoubt doubt_of(const std::vector<InputDoubt>& doubts, std::size_t place) {
    return place < doubts.size() ? doubts[place] : InputDoubt::none;
}

// A forward that no carry explains: of a mark that was told wrongly it would confirm every price of the expiry.
InputDoubt of_forward(const ReportInputs& inputs, ExpirySlot slot) {
    const ExpiryMarket& expiry = inputs.market.expiries[at(slot)];
    const double index = inputs.market.underlyings[at(expiry.underlying)].index;
    const double years = std::max(0.0, years_between(inputs.market.now, expiry.expiry));
    return is_forward_explained(expiry.forward, index, years) ? InputDoubt::none : InputDoubt::mark_far;
}

// What a given mark should be near: what its expiry is delivered at as seen now (the forward, and what an averaging
// window has fixed) where there is a forward of its own, else the index. One in a stablecoin is compared in dollars.
InputDoubt of_mark(const ReportInputs& inputs, const Contract& contract, double mark) {
    const bool dated = contract.expiry != ExpirySlot::none;
    if (contract.stable != StableSlot::none) mark *= inputs.market.stables[at(contract.stable)];
    if (dated && has(doubt_of(inputs.expiry_doubts, at(contract.expiry)), InputDoubt::forward_from_index))
        return InputDoubt::none;  // how far a dated future should be from the index is not known
    const double near = dated ? delivery_forward(inputs.market.expiries[at(contract.expiry)], inputs.market.now).price
                              : inputs.market.underlyings[at(contract.underlying)].index;
    if (std::abs(mark / near - 1.0) > kMarkFarRatio) return InputDoubt::mark_far;
    return dated ? of_forward(inputs, contract.expiry) : InputDoubt::none;
}

bool is_quoted(const SmileReport& smile, double strike) {
    return std::ranges::any_of(smile.quotes, [&](const SmileQuote& quote) {
        return quote.strike == strike &&
               (std::isfinite(quote.bid) || std::isfinite(quote.ask) || std::isfinite(quote.mark));
    });
}

// More than `factor` apart, either way; what is not known is not.
bool is_far(double a, double b, double factor) { return a > factor * b || b > factor * a; }

// A price that says another thing than the volatility that the option is valued at.
InputDoubt of_price(const ReportInputs& inputs, std::size_t row, double volatility) {
    const double price = row < inputs.option_prices.size() ? inputs.option_prices[row] : kNaN;
    const Contract& contract = inputs.book.contracts[row];
    const double unit =
        contract.kind == ContractKind::inverse_option ? 1.0 : inputs.market.expiries[at(contract.expiry)].forward;
    const double value =
        holding_value(contract, {.quantity = 1.0}, {.volatility = volatility}, inputs.market) / contract.multiplier;
    const double most = std::fmax(kPriceFarShare * value, kPriceFarRatio * unit);
    return std::abs(price - value) > most ? InputDoubt::price_far : InputDoubt::none;
}

// `valued_at`: the volatility that it is valued at, its own or what stands in for it.
InputDoubt of_option(const ReportInputs& inputs, std::span<const SmileReport> smiles, std::size_t row,
                     double valued_at) {
    const Contract& contract = inputs.book.contracts[row];
    const double own = inputs.market.quotes[row].volatility;
    InputDoubt out = doubt_of(inputs.expiry_doubts, at(contract.expiry));
    if (contract.expiry != ExpirySlot::none) out |= of_forward(inputs, contract.expiry);
    out |= of_price(inputs, row, valued_at);
    const auto smile = std::ranges::find(smiles, at(contract.expiry), &SmileReport::expiry);
    const double on_curve = smile == smiles.end() ? kNaN : smile_volatility(*smile, contract.strike);
    if (is_market_volatility(own)) {
        const bool between =
            std::isfinite(on_curve) && !has(curve_doubts(*smile, contract.strike), InputDoubt::beyond_quotes);
        return between && is_far(own, on_curve, kVolatilityFarFactor) ? out | InputDoubt::volatility_far : out;
    }
    const double quoted =
        valued_at / index_volatility_ratio(inputs.market.expiries[at(contract.expiry)], inputs.market.now);
    const bool absurd = std::isfinite(quoted) && !is_market_volatility(quoted);
    if (std::isfinite(own) || absurd) out |= InputDoubt::volatility_range;
    if (!std::isfinite(on_curve)) return out;
    const InputDoubt of_curve = curve_doubts(*smile, contract.strike);
    out |= of_curve;
    if (has(of_curve, InputDoubt::beyond_quotes)) return out;
    // A curve that was given is the market; one that was fitted stands in for the quote that is missing.
    const bool missing = std::isnan(own) && smile->fitted && !is_quoted(*smile, contract.strike);
    return missing ? out | InputDoubt::model_value : out;
}

InputDoubt of_settlement(const MarketState& market, ExpirySlot slot) {
    if (slot == ExpirySlot::none) return InputDoubt::none;
    const ExpiryMarket& expiry = market.expiries[at(slot)];
    const bool unknown = expiry.expiry > market.now && !(expiry.settlement_average > 0.0) &&
                         delivery_forward(expiry, market.now).averaging;
    return unknown ? InputDoubt::settlement_unknown : InputDoubt::none;
}

}  // namespace

std::string doubt_words(InputDoubt doubts) {
    std::string out;
    for (const auto& [doubt, words] : kWords) {
        if (has(doubts, doubt)) out += (out.empty() ? "" : ", ") + std::string{words};
    }
    return out;
}

std::vector<InputDoubt> contract_doubts(const ReportInputs& inputs, std::span<const SmileReport> smiles,
                                        const MarketState& valued_at) {
    std::vector<InputDoubt> out(inputs.book.contracts.size());
    for (std::size_t row = 0; row < out.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        out[row] = doubt_of(inputs.contract_doubts, row) | of_settlement(inputs.market, contract.expiry);
        if (contract.expiry != ExpirySlot::none &&
            inputs.market.expiries[at(contract.expiry)].expiry <= inputs.market.now) {
            out[row] |= InputDoubt::expired;
        } else if (is_option(contract.kind)) {
            out[row] |= of_option(inputs, smiles, row, valued_at.quotes[row].volatility);
        } else if (contract.kind == ContractKind::linear_future || contract.kind == ContractKind::inverse_future ||
                   contract.kind == ContractKind::liquidity) {
            const double mark = inputs.market.quotes[row].mark;
            out[row] |= of_mark(inputs, contract, mark);
            const Holding& holding = inputs.book.holdings[row];
            const bool entered = holding.quantity != 0.0 && contract.kind != ContractKind::liquidity;
            if (entered && is_far(holding.entry, mark, kEntryFarFactor)) out[row] |= InputDoubt::entry_far;
        }
    }
    return out;
}

InputDoubt curve_doubts(const SmileReport& smile, double strike) {
    InputDoubt out = smile.doubts;
    if (!is_market_volatility(smile_volatility(smile, strike))) out |= InputDoubt::volatility_range;
    if (strike < smile.strike_min || strike > smile.strike_max) out |= InputDoubt::beyond_quotes;
    return out;
}

InputDoubt held_doubts(const Book& book, std::span<const InputDoubt> by_contract, UnderlyingSlot underlying,
                       VenueSlot venue) {
    InputDoubt out = InputDoubt::none;
    for (std::size_t row = 0; row < std::min(by_contract.size(), book.contracts.size()); ++row) {
        const Contract& contract = book.contracts[row];
        if (book.holdings[row].quantity == 0.0) continue;
        if (underlying != UnderlyingSlot::none && contract.underlying != underlying) continue;
        if (venue == VenueSlot::none || contract.venue == venue) out |= by_contract[row];
    }
    return out;
}

InputDoubt closes_doubt(const ReportInputs& inputs, UnderlyingSlot underlying) {
    if (at(underlying) >= inputs.histories.size()) return InputDoubt::none;
    const double close = inputs.histories[at(underlying)].last_close,
                 index = inputs.market.underlyings[at(underlying)].index;
    return is_far(close, index, kClosesFarFactor) ? InputDoubt::closes_far : InputDoubt::none;
}

InputDoubt closes_doubt(const ReportInputs& inputs) {
    InputDoubt out = InputDoubt::none;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        if (inputs.book.holdings[row].quantity != 0.0)
            out |= closes_doubt(inputs, inputs.book.contracts[row].underlying);
    }
    return out;
}

std::string first_names(std::span<const std::string> names) {
    constexpr std::size_t kShown = 3;
    std::string out;
    for (std::size_t i = 0; i < std::min(names.size(), kShown); ++i) {
        const bool last = i > 0 && i + 1 == names.size();
        out += (i == 0 ? "" : last ? " and " : ", ") + names[i];
    }
    return names.size() > kShown ? out + " and " + std::to_string(names.size() - kShown) + " more" : out;
}

std::vector<std::string> doubt_notes(const Book& book, std::span<const InputDoubt> by_contract) {
    std::vector<std::pair<InputDoubt, std::vector<std::string>>> reasons;  // in the order of the book
    for (std::size_t row = 0; row < by_contract.size(); ++row) {
        if (by_contract[row] == InputDoubt::none || book.holdings[row].quantity == 0.0) continue;
        auto same = std::ranges::find(reasons, by_contract[row], &decltype(reasons)::value_type::first);
        if (same == reasons.end()) same = reasons.insert(same, {by_contract[row], {}});
        same->second.push_back(book.names[row]);
    }
    std::vector<std::string> out;
    for (const auto& [doubts, names] : reasons) out.push_back(first_names(names) + ": " + doubt_words(doubts));
    return out;
}

}  // namespace keel::risk
