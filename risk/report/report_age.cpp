#include "risk/report/report_age.hpp"

#include <cmath>

namespace keel::risk {
namespace {

template <class Slot>
double age_of(const std::vector<double>& ages, Slot slot) {
    return at(slot) < ages.size() ? ages[at(slot)] : std::numeric_limits<double>::quiet_NaN();
}

void take(double seconds, double allowed_seconds, InputAge& out) {
    if (!std::isfinite(seconds)) return;
    out.oldest_seconds = std::fmax(out.oldest_seconds, seconds);
    out.stale = out.stale || seconds > allowed_seconds;
}

double allowed_seconds(const ReportInputs& inputs, ContractKind kind) {
    return is_option(kind) ? inputs.ages_max.option_seconds : inputs.ages_max.future_seconds;
}

// What of the tables some contracts depend on.
struct Needed {
    explicit Needed(const ReportInputs& inputs)
        : contracts(inputs.book.contracts.size()),
          expiries(inputs.market.expiries.size()),
          underlyings(inputs.market.underlyings.size()),
          stables(inputs.market.stables.size()) {}
    void add(const Book& book, std::size_t row) {
        const Contract& contract = book.contracts[row];
        contracts[row] = !is_cash(contract.kind);
        if (contract.expiry != ExpirySlot::none) expiries[at(contract.expiry)] = true;
        if (contract.underlying != UnderlyingSlot::none) underlyings[at(contract.underlying)] = true;
        if (contract.stable != StableSlot::none) stables[at(contract.stable)] = true;
    }
    std::vector<bool> contracts, expiries, underlyings, stables;
};

Needed needed_by(const ReportInputs& inputs, UnderlyingSlot underlying, VenueSlot venue) {
    const Book& book = inputs.book;
    Needed out{inputs};
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        if (book.holdings[row].quantity == 0.0) continue;
        if (underlying != UnderlyingSlot::none && contract.underlying != underlying) continue;
        if (venue != VenueSlot::none && contract.venue != venue) continue;
        out.add(book, row);
    }
    return out;
}

InputAge age_of(const ReportInputs& inputs, const Needed& needed) {
    InputAge out;
    for (std::size_t row = 0; row < needed.contracts.size(); ++row) {
        if (!needed.contracts[row]) continue;
        take(age_of(inputs.input_age_seconds, row), allowed_seconds(inputs, inputs.book.contracts[row].kind), out);
    }
    for (std::size_t e = 0; e < needed.expiries.size(); ++e) {
        if (needed.expiries[e]) take(age_of(inputs.expiry_age_seconds, e), inputs.ages_max.option_seconds, out);
    }
    for (std::size_t u = 0; u < needed.underlyings.size(); ++u) {
        if (needed.underlyings[u]) take(age_of(inputs.index_age_seconds, u), inputs.ages_max.index_seconds, out);
    }
    for (std::size_t s = 0; s < needed.stables.size(); ++s) {
        if (needed.stables[s]) take(age_of(inputs.stable_age_seconds, s), inputs.ages_max.index_seconds, out);
    }
    return out;
}

}  // namespace

InputAge input_age(const ReportInputs& inputs, UnderlyingSlot underlying, VenueSlot venue) {
    return age_of(inputs, needed_by(inputs, underlying, venue));
}

InputAge input_age(const ReportInputs& inputs, std::span<const std::size_t> contracts) {
    Needed needed{inputs};
    for (const std::size_t row : contracts) needed.add(inputs.book, row);
    return age_of(inputs, needed);
}

InputAge curve_age(const ReportInputs& inputs, UnderlyingSlot underlying) {
    InputAge out;
    for (std::size_t e = 0; e < inputs.market.expiries.size(); ++e) {
        if (inputs.market.expiries[e].underlying != underlying) continue;
        take(age_of(inputs.expiry_age_seconds, e), inputs.ages_max.option_seconds, out);
    }
    return out;
}

InputAge history_age(const ReportInputs& inputs) {
    const Needed needed = needed_by(inputs, UnderlyingSlot::none, VenueSlot::none);
    InputAge out;
    for (std::size_t u = 0; u < needed.underlyings.size(); ++u) {
        if (needed.underlyings[u]) take(age_of(inputs.history_age_seconds, u), inputs.ages_max.history_seconds, out);
    }
    return out;
}

InputAge history_age(const ReportInputs& inputs, UnderlyingSlot underlying) {
    InputAge out;
    take(age_of(inputs.history_age_seconds, underlying), inputs.ages_max.history_seconds, out);
    return out;
}

InputAge older(InputAge a, InputAge b) {
    return {.oldest_seconds = std::fmax(a.oldest_seconds, b.oldest_seconds), .stale = a.stale || b.stale};
}

std::vector<std::string> stale_notes(const ReportInputs& inputs, const std::vector<std::string>& expiry_names) {
    const Needed needed = needed_by(inputs, UnderlyingSlot::none, VenueSlot::none);
    std::vector<std::string> out;
    const auto note = [&](const std::string& name, double seconds, double allowed, const char* words = " s old, ") {
        if (!(seconds > allowed)) return;
        out.push_back(name + " is stale: " + std::to_string(std::llround(seconds)) + words +
                      std::to_string(std::llround(allowed)) + " s allowed");
    };
    const auto name_of = [&](UnderlyingSlot slot) { return inputs.book.underlying_names[at(slot)]; };
    for (std::size_t row = 0; row < needed.contracts.size(); ++row) {
        if (!needed.contracts[row]) continue;
        note(inputs.book.names[row], age_of(inputs.input_age_seconds, row),
             allowed_seconds(inputs, inputs.book.contracts[row].kind));
    }
    for (std::size_t e = 0; e < needed.expiries.size(); ++e) {
        if (!needed.expiries[e]) continue;
        note("expiry " + expiry_names[e] + " of " + name_of(inputs.market.expiries[e].underlying),
             age_of(inputs.expiry_age_seconds, e), inputs.ages_max.option_seconds);
    }
    for (std::size_t u = 0; u < needed.underlyings.size(); ++u) {
        if (!needed.underlyings[u]) continue;
        note("index of " + inputs.book.underlying_names[u], age_of(inputs.index_age_seconds, u),
             inputs.ages_max.index_seconds);
        note("history of " + inputs.book.underlying_names[u], age_of(inputs.history_age_seconds, u),
             inputs.ages_max.history_seconds, " s since its next day was due, ");
    }
    for (std::size_t s = 0; s < needed.stables.size(); ++s) {
        if (!needed.stables[s]) continue;
        note("price of " + inputs.book.stable_names[s], age_of(inputs.stable_age_seconds, s),
             inputs.ages_max.index_seconds);
    }
    return out;
}

}  // namespace keel::risk
