#include "app/risk_files/inputs_builder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include "app/report/report_words.hpp"
#include "app/risk_files/margin_tables.hpp"
#include "risk/book/accounts.hpp"
#include "risk/book/expiring_option.hpp"

namespace keel::app {
namespace {

using risk::Contract;
using risk::ContractKind;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kCarried = risk::InputDoubt::forward_from_index;

// Place of `name` in a table of names, added at its end on first sight.
std::size_t place_of(std::vector<std::string>& names, const std::string& name) {
    const auto found = std::ranges::find(names, name);
    if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
    names.push_back(name);
    return names.size() - 1;
}

}  // namespace

bool usable(double price) { return std::isfinite(price) && price > 0.0; }

bool is_dollar(const std::string& name) { return name.starts_with("USD") || name.ends_with("USD"); }

risk::UnderlyingSlot InputsBuilder::underlying(const std::string& name) {
    const std::size_t place = place_of(inputs_.book.underlying_names, name);
    if (place == inputs_.market.underlyings.size()) inputs_.market.underlyings.push_back({.index = kNaN});
    return risk::UnderlyingSlot(static_cast<std::uint16_t>(place));
}

risk::StableSlot InputsBuilder::stable(const std::string& name) {
    const std::size_t place = place_of(inputs_.book.stable_names, name);
    if (place == inputs_.market.stables.size()) inputs_.market.stables.push_back(name == "USD" ? 1.0 : kNaN);
    return risk::StableSlot(static_cast<std::uint16_t>(place));
}

risk::VenueSlot InputsBuilder::venue(const std::string& name) {
    return risk::VenueSlot(static_cast<std::uint16_t>(place_of(inputs_.book.venue_names, name)));
}

risk::ExpirySlot InputsBuilder::expiry(risk::UnderlyingSlot underlying, UnixNanos when) {
    auto& expiries = inputs_.market.expiries;
    const auto found = std::ranges::find_if(expiries, [&](const risk::ExpiryMarket& expiry) {
        return expiry.underlying == underlying && expiry.expiry == when;
    });
    if (found == expiries.end()) {
        expiries.push_back({.underlying = underlying, .expiry = when, .forward = kNaN});
        return risk::ExpirySlot(static_cast<std::uint16_t>(expiries.size() - 1));
    }
    return risk::ExpirySlot(static_cast<std::uint16_t>(found - expiries.begin()));
}

std::size_t InputsBuilder::contract(const std::string& name, const ContractName& meaning, const std::string& venue_name,
                                    double multiplier) {
    const auto [entry, fresh] = rows_.try_emplace(name + "@" + venue_name, inputs_.book.contracts.size());
    if (!fresh) return entry->second;
    Contract row{.kind = meaning.kind,
                 .type = meaning.type,
                 .underlying = underlying(meaning.underlying),
                 .venue = venue(venue_name),
                 .multiplier = multiplier,
                 .strike = meaning.strike,
                 .upper = meaning.upper};
    if (const char* problem = risk::contract_problem(row)) throw UsageError{name + ": " + problem};
    if (!meaning.stable.empty()) row.stable = stable(meaning.stable);
    if (meaning.expiry != UnixNanos{}) row.expiry = expiry(row.underlying, meaning.expiry);
    named_[name].push_back(add_row(row, name));
    return entry->second;
}

std::size_t InputsBuilder::add_row(const Contract& contract, const std::string& name) {
    inputs_.book.contracts.push_back(contract);
    inputs_.book.holdings.emplace_back();
    inputs_.book.names.push_back(name);
    inputs_.market.quotes.emplace_back();
    inputs_.liquidity.emplace_back();
    inputs_.input_age_seconds.push_back(kNaN);
    return inputs_.book.contracts.size() - 1;
}

bool InputsBuilder::has_terms(std::size_t row, const ContractName& meaning, double multiplier) const {
    const Contract& held = inputs_.book.contracts[row];
    const auto name_at = [](const std::vector<std::string>& names, auto slot) {
        return at(slot) < names.size() ? names[at(slot)] : "";
    };
    const UnixNanos expiry =
        held.expiry == risk::ExpirySlot::none ? UnixNanos{} : inputs_.market.expiries[at(held.expiry)].expiry;
    return held.kind == meaning.kind && held.type == meaning.type && held.multiplier == multiplier &&
           held.strike == meaning.strike && held.upper == meaning.upper && expiry == meaning.expiry &&
           name_at(inputs_.book.underlying_names, held.underlying) == meaning.underlying &&
           name_at(inputs_.book.stable_names, held.stable) == meaning.stable;
}

const std::vector<std::size_t>& InputsBuilder::rows_named(const std::string& name) const {
    static const std::vector<std::size_t> none;
    const auto found = named_.find(name);
    return found == named_.end() ? none : found->second;
}

void InputsBuilder::doubt(std::size_t row, risk::InputDoubt doubt) {
    auto& doubts = inputs_.contract_doubts;
    if (doubts.size() <= row) doubts.resize(row + 1, risk::InputDoubt::none);
    doubts[row] |= doubt;
}

void InputsBuilder::forget_doubts(std::size_t row) {
    if (row < inputs_.contract_doubts.size()) inputs_.contract_doubts[row] = risk::InputDoubt::none;
}

void InputsBuilder::suggest_forward(risk::ExpirySlot slot, double forward) { forwards_.try_emplace(slot, forward); }
void InputsBuilder::suggest_index(risk::UnderlyingSlot slot, double index) { indices_.try_emplace(slot, index); }
void InputsBuilder::suggest_option_price(std::size_t row, double price) { option_prices_[row] = price; }

void InputsBuilder::settlement_window(const std::string& venue_name, std::chrono::nanoseconds window) {
    venue_windows_[venue_name] = window;
}

void InputsBuilder::settlement_window(risk::ExpirySlot slot, std::chrono::nanoseconds window) {
    expiry_windows_[slot] = window;
}

void InputsBuilder::margin_tables(const std::string& path) {
    margin_tables_.push_back(read_margin_tables(path));
    margin_table_paths_.push_back(path);
}

void InputsBuilder::margin_law(const std::string& venue_name, risk::VenueMarginTables tables, const std::string& path,
                               const JsonTree& from) {
    const std::string terms =
        fmt::format("{} {} {} {}", static_cast<int>(tables.law), tables.leverage, tables.taker_fee_rate, path);
    const auto& [model, fresh] =
        margin_models_.try_emplace(venue_name, MarginModel{terms, {from.where(), portfolios_.size()}});
    if (!fresh && (model->second.terms != terms || model->second.given.portfolio == portfolios_.size())) {
        from.refuse(fmt::format("a second margin model of {}; the first is {}", venue_name, model->second.given.place));
    }
    const risk::VenueSlot slot = venue(venue_name);
    auto& venues = inputs_.venue_margins;
    if (venues.size() <= at(slot)) venues.resize(at(slot) + 1);
    venues[at(slot)] = std::move(tables);
    if (path.empty()) return;
    venue_margin_tables_[slot] = read_margin_tables(path);
    margin_table_paths_.push_back(path);
}

// USD per unit of what a contract settles in, where it is a stablecoin.
double InputsBuilder::usd_rate(risk::StableSlot slot) const {
    return slot == risk::StableSlot::none ? 1.0 : inputs_.market.stables[at(slot)];
}

// A forward that nobody gave: what a row told in passing, the future of that expiry (in USD, whatever it settles in),
// or at last the index, carried.
void InputsBuilder::settle_forwards() {
    inputs_.expiry_doubts.resize(inputs_.market.expiries.size(), risk::InputDoubt::none);
    inputs_.expiry_age_seconds.resize(inputs_.market.expiries.size(), kNaN);
    inputs_.contract_doubts.resize(inputs_.book.contracts.size(), risk::InputDoubt::none);
    for (std::size_t e = 0; e < inputs_.market.expiries.size(); ++e) {
        risk::ExpiryMarket& expiry = inputs_.market.expiries[e];
        if (usable(expiry.forward)) continue;
        const auto slot = risk::ExpirySlot(static_cast<std::uint16_t>(e));
        const auto told = forwards_.find(slot);
        if (told != forwards_.end()) {
            expiry.forward = told->second;
            continue;
        }
        if (const auto row = future_of(slot)) {
            expiry.forward = inputs_.market.quotes[*row].mark * usd_rate(inputs_.book.contracts[*row].stable);
            taint_expiry(e, inputs_.input_age_seconds[*row], inputs_.contract_doubts[*row]);
        }
    }
    carry_index();
}

// One that a market file marks goes before one that a portfolio file does.
std::optional<std::size_t> InputsBuilder::future_of(risk::ExpirySlot slot) const {
    std::optional<std::size_t> told;
    for (std::size_t row = inputs_.book.contracts.size(); row-- > 0;) {
        if (inputs_.book.contracts[row].expiry != slot || !usable(inputs_.market.quotes[row].mark)) continue;
        if (!told_marks_.contains(row)) return row;
        if (!told) told = row;
    }
    return told;
}

// What an expiry's forward is made from gives it its age and what is doubtful about it.
void InputsBuilder::taint_expiry(std::size_t expiry, double age_seconds, risk::InputDoubt doubts) {
    double& age = inputs_.expiry_age_seconds[expiry];
    age = std::fmax(age, age_seconds);
    inputs_.expiry_doubts[expiry] |= doubts;
}

// The expiry whose carry stands in for that of one without a forward: of those that have one the nearest in time. What
// index and forward differ by for other reasons is no carry: of a few days it is most of the difference, and of a
// forward that no carry explains all of it.
std::optional<std::size_t> InputsBuilder::carry_source(std::size_t expiry) const {
    constexpr double kSourceYearsMin = 14.0 / 365.0;
    const auto& expiries = inputs_.market.expiries;
    const double index = inputs_.market.underlyings[at(expiries[expiry].underlying)].index;
    const double years = years_between(inputs_.market.now, expiries[expiry].expiry);
    std::optional<std::size_t> nearest;
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t e = 0; e < expiries.size(); ++e) {
        const double there = years_between(inputs_.market.now, expiries[e].expiry);
        const bool told = usable(expiries[e].forward) && !has(inputs_.expiry_doubts[e], kCarried);
        if (!told || expiries[e].underlying != expiries[expiry].underlying || there < kSourceYearsMin) continue;
        if (!risk::is_forward_explained(expiries[e].forward, index, there)) continue;
        if (std::abs(there - years) >= least) continue;
        least = std::abs(there - years);
        nearest = e;
    }
    return nearest;
}

// A forward that nobody can tell: the index, carried.
void InputsBuilder::carry_index() {
    auto& expiries = inputs_.market.expiries;
    for (std::size_t e = 0; e < expiries.size(); ++e) {
        const double index = inputs_.market.underlyings[at(expiries[e].underlying)].index;
        if (usable(expiries[e].forward) || !usable(index)) continue;
        const double years = std::max(0.0, years_between(inputs_.market.now, expiries[e].expiry));
        double carry = 0.0;
        if (const auto source = carry_source(e)) {
            const double there = years_between(inputs_.market.now, expiries[*source].expiry);
            carry = std::clamp(std::log(expiries[*source].forward / index) / there, -risk::kCarryMax, risk::kCarryMax);
            taint_expiry(e, inputs_.expiry_age_seconds[*source], inputs_.expiry_doubts[*source]);
        }
        expiries[e].forward = index * std::exp(carry * years);
        inputs_.expiry_doubts[e] |= kCarried;
        inputs_.notes.push_back(fmt::format(
            "{} expiry of {}: no forward given, the index stands in, carried at {:.1f} % a year",
            inputs_.book.underlying_names[at(expiries[e].underlying)], utc_text(expiries[e].expiry), 100.0 * carry));
    }
}

// A future or perpetual that nobody marked: the forward of its expiry stands in, which may be the index, carried, with
// what its averaging window has fixed, or the index; what settles in a stablecoin is marked in it. So is spot, worth
// the index by definition.
void InputsBuilder::settle_marks() {
    for (std::size_t row = 0; row < inputs_.book.contracts.size(); ++row) {
        const Contract& contract = inputs_.book.contracts[row];
        double& mark = inputs_.market.quotes[row].mark;
        const bool future =
            contract.kind == ContractKind::linear_future || contract.kind == ContractKind::inverse_future;
        const bool spot = contract.kind == ContractKind::spot;
        if ((!future && !spot) || usable(mark)) continue;
        const bool dated = contract.expiry != risk::ExpirySlot::none;
        mark = dated ? delivery_forward(inputs_.market.expiries[at(contract.expiry)], inputs_.market.now).price
                     : inputs_.market.underlyings[at(contract.underlying)].index;
        mark /= usd_rate(contract.stable);
        if (spot) continue;
        const auto doubts = dated ? inputs_.expiry_doubts[at(contract.expiry)] : kCarried;
        doubt(row, has(doubts, kCarried) ? risk::InputDoubt::mark_from_index : risk::InputDoubt::mark_from_forward);
        doubt(row, without(doubts, kCarried));
    }
}

// A dollar that nobody priced is one.
void InputsBuilder::settle_stables(const std::string& market_file) {
    for (std::size_t s = 0; s < inputs_.market.stables.size(); ++s) {
        if (usable(inputs_.market.stables[s])) continue;
        const std::string& name = inputs_.book.stable_names[s];
        if (!is_dollar(name)) {
            throw InputError{market_file, "stablecoins",
                             fmt::format("no price of {}, and its name does not say that it is a dollar", name)};
        }
        inputs_.market.stables[s] = 1.0;
        inputs_.notes.push_back(name + ": no price given, taken as 1 USD");
    }
}

// A stablecoin whose name says that it is a dollar, and whose price does not.
void InputsBuilder::settle_pegs() {
    for (std::size_t row = 0; row < inputs_.book.contracts.size(); ++row) {
        const risk::StableSlot slot = inputs_.book.contracts[row].stable;
        if (slot == risk::StableSlot::none || !is_dollar(inputs_.book.stable_names[at(slot)])) continue;
        if (std::abs(inputs_.market.stables[at(slot)] - 1.0) > risk::kMarkFarRatio) {
            doubt(row, risk::InputDoubt::peg_far);
        }
    }
}

// A pool that no market file prices stands where arbitrage keeps it, at the index, in its own stablecoin.
void InputsBuilder::settle_pools() {
    for (std::size_t row = 0; row < inputs_.book.contracts.size(); ++row) {
        const Contract& contract = inputs_.book.contracts[row];
        double& mark = inputs_.market.quotes[row].mark;
        if (contract.kind != ContractKind::liquidity) continue;
        const auto& laws = inputs_.venue_margins;
        if (at(contract.venue) < laws.size() && laws[at(contract.venue)].law != risk::MarginLaw::none) {
            throw UsageError{fmt::format("{}: {}: a share in a pool is no collateral of the margin model of {}",
                                         held_.at(row).place, inputs_.book.names[row],
                                         inputs_.book.venue_names[at(contract.venue)])};
        }
        if (usable(mark)) continue;
        mark = inputs_.market.underlyings[at(contract.underlying)].index / inputs_.market.stables[at(contract.stable)];
    }
}

// Each expiry has its own window, or the longest of the venues whose contracts it delivers and of those that quote it.
void InputsBuilder::settle_windows() {
    for (const Contract& contract : inputs_.book.contracts) {
        if (contract.expiry == risk::ExpirySlot::none) continue;
        const std::string& account = inputs_.book.venue_names[at(contract.venue)];
        auto window = venue_windows_.find(account);
        if (window == venue_windows_.end()) {
            window = venue_windows_.find(std::string{risk::venue_of_account(account)});
        }
        auto& longest = inputs_.market.expiries[at(contract.expiry)].settlement_window;
        if (window != venue_windows_.end()) longest = std::max(longest, window->second);
    }
    for (const auto& [slot, window] : expiry_windows_) inputs_.market.expiries[at(slot)].settlement_window = window;
}

bool InputsBuilder::has_smile(risk::ExpirySlot slot) const {
    if (at(slot) >= inputs_.smiles.size()) return false;
    const risk::ExpirySmile& smile = inputs_.smiles[at(slot)];
    return smile.svi || smile.quotes.size() >= 5;
}

void InputsBuilder::settle_margins() {
    for (std::size_t v = 0; v < inputs_.venue_margins.size(); ++v) {
        const auto slot = risk::VenueSlot(static_cast<std::uint16_t>(v));
        risk::VenueMarginTables& tables = inputs_.venue_margins[v];
        const auto own = venue_margin_tables_.find(slot);
        if (own != venue_margin_tables_.end()) {
            take_margin_tables(own->second, inputs_.book, slot, tables);
            continue;
        }
        for (const TomlValue& document : margin_tables_) take_margin_tables(document, inputs_.book, slot, tables);
    }
}

void InputsBuilder::correlations(std::vector<risk::UnderlyingSlot> order, std::vector<double> cells) {
    correlated_ = std::move(order);
    correlations_ = std::move(cells);
}

// In the report's order; NaN between underlyings that the matrix does not name.
void InputsBuilder::settle_correlations() {
    if (correlated_.empty()) return;
    const std::size_t count = inputs_.market.underlyings.size(), given = correlated_.size();
    inputs_.correlations.assign(count * count, kNaN);
    for (std::size_t i = 0; i < given; ++i) {
        for (std::size_t j = 0; j < given; ++j) {
            inputs_.correlations[at(correlated_[i]) * count + at(correlated_[j])] = correlations_[i * given + j];
        }
    }
}

void InputsBuilder::name_stress(const std::string& id, const JsonTree& row) {
    const auto [place, added] = stresses_.emplace(id, row.where());
    if (!added) row.refuse(id + " is sized twice, first at " + place->second);
}

void InputsBuilder::name_order(const std::string& id, const JsonTree& row) {
    const auto [place, added] = orders_.emplace(id, row.where());
    if (!added) row.refuse(fmt::format("order {} a second time; the first is {}", id, place->second));
}

void InputsBuilder::check_indices(const std::string& market_file) const {
    for (std::size_t u = 0; u < inputs_.market.underlyings.size(); ++u) {
        if (usable(inputs_.market.underlyings[u].index)) continue;
        throw InputError{market_file, "underlyings",
                         fmt::format("no index price of {}", inputs_.book.underlying_names[u])};
    }
}

risk::ReportInputs InputsBuilder::finish_earlier(const std::string& market_file) {
    is_earlier_ = true;
    forget_told_after(times_.newest());
    risk::ReportInputs out = finish(market_file);
    out.history_age_seconds.clear();  // no past day goes into what is explained
    return out;
}

risk::ReportInputs InputsBuilder::finish(const std::string& market_file) {
    inputs_.market.now = times_.newest();
    if (inputs_.market.now == UnixNanos{}) {
        throw InputError{market_file, "time", "is missing: when were these prices taken?"};
    }
    times_.age(inputs_);
    std::ranges::copy(times_.notes(), std::back_inserter(inputs_.notes));
    find_venues_without_cash();
    settle_spot();
    settle_cash();
    settle_told();
    settle_moments();
    if (!is_earlier_) find_account_after_prices();
    settle_stables(market_file);
    settle_pegs();
    settle_forwards();
    settle_windows();
    settle_margins();
    settle_correlations();
    if (!is_earlier_) check_indices(market_file);
    settle_marks();
    enter_lots();
    settle_sides();
    settle_pegs();  // cash that closing made, too
    settle_pools();
    if (!option_prices_.empty()) inputs_.option_prices.resize(inputs_.book.contracts.size(), kNaN);
    for (const auto& [row, price] : option_prices_) inputs_.option_prices[row] = price;
    inputs_.smiles.resize(inputs_.market.expiries.size());
    inputs_.histories.resize(inputs_.market.underlyings.size());
    return std::move(inputs_);
}

}  // namespace keel::app
