#include "risk/report/report_margin.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

#include "risk/book/revaluation.hpp"
#include "risk/margin/deribit_portfolio.hpp"
#include "risk/margin/deribit_standard.hpp"
#include "risk/margin/liquidation_search.hpp"

namespace keel::risk {
namespace {

constexpr std::array kLiquidationMoves{-0.95, -0.80, -0.65, -0.50, -0.40, -0.30, -0.20, -0.15, -0.10, -0.05, 0.05,
                                       0.10,  0.15,  0.20,  0.30,  0.50,  0.75,  1.00,  1.50,  2.00,  3.00};

template <class Slot>
std::size_t at(Slot slot) {
    return static_cast<std::size_t>(slot);
}

UnderlyingShock shock_of(const Shock& shock, UnderlyingSlot underlying) {
    return at(underlying) < shock.underlyings.size() ? shock.underlyings[at(underlying)] : UnderlyingShock{};
}

double stable_usd(const MarketState& market, const Shock& shock, StableSlot stable) {
    const double move = at(stable) < shock.stables.size() ? shock.stables[at(stable)] : 0.0;
    return market.stables[at(stable)] * (1.0 + move);
}

const UnderlyingMarginTables* tables_of(const ReportInputs& inputs, UnderlyingSlot underlying) {
    return at(underlying) < inputs.underlying_margins.size() ? &inputs.underlying_margins[at(underlying)] : nullptr;
}

// One row's margin in its settlement currency.
MarginAmount standard_row(const ReportInputs& inputs, const MarketState& market, std::size_t row, const Shock& shock) {
    const Contract& contract = inputs.book.contracts[row];
    const Holding& holding = inputs.book.holdings[row];
    const UnderlyingMarginTables* tables = tables_of(inputs, contract.underlying);
    const UnderlyingShock moved = shock_of(shock, contract.underlying);
    const bool in_coin = settles_in_coin(contract.kind);
    const Payoff payoff = in_coin ? Payoff::inverse : Payoff::linear;
    const double size = holding.quantity * contract.multiplier;
    if (tables == nullptr) return kMarginUnknown;
    if (!is_option(contract.kind)) {
        if (!tables->future) return kMarginUnknown;
        const double mark = market.quotes[row].mark * (1.0 + moved.spot) * (1.0 + moved.basis);
        return deribit_future_margin({.payoff = payoff, .coins = in_coin ? size / mark : size, .mark = mark},
                                     *tables->future);
    }
    if (!tables->option) return kMarginUnknown;
    const double value = holding_value(contract, {.quantity = 1.0}, market.quotes[row], market, shock);
    return deribit_option_margin({.payoff = payoff,
                                  .type = contract.type,
                                  .quantity = size,
                                  .underlying = market.expiries[at(contract.expiry)].forward * (1.0 + moved.spot),
                                  .strike = contract.strike,
                                  .mark = value / contract.multiplier},
                                 *tables->option);
}

MarginAmount scaled_margin(const MarginAmount& margin, double rate) {
    MarginAmount out = finite_margin(margin.initial * rate, margin.maintenance * rate);
    if (margin.status != MarginStatus::ok) out.status = MarginStatus::bad_input;
    return out;
}

double ledger_rate(const MarketState& market, const Shock& shock, const Contract& contract) {
    if (!settles_in_coin(contract.kind)) return stable_usd(market, shock, contract.stable);
    return market.underlyings[at(contract.underlying)].index * (1.0 + shock_of(shock, contract.underlying).spot);
}

MarginAmount standard_usd(const ReportInputs& inputs, const MarketState& market, VenueSlot venue, const Shock& shock) {
    MarginAmount sum;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        if (contract.venue != venue || is_cash(contract.kind) || contract.kind == ContractKind::spot ||
            inputs.book.holdings[row].quantity == 0.0) {
            continue;
        }
        sum = sum + scaled_margin(standard_row(inputs, market, row, shock), ledger_rate(market, shock, contract));
    }
    return sum;
}

// One risk matrix per underlying and settlement; their margins are added.
MarginAmount portfolio_usd(const ReportInputs& inputs, const MarketState& market, VenueSlot venue, const Shock& shock) {
    struct Pair {
        DeribitRiskMatrix matrix;
        std::map<ExpirySlot, std::uint32_t> slots;
        double rate;
    };
    std::map<std::pair<UnderlyingSlot, StableSlot>, Pair> pairs;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        const double quantity = inputs.book.holdings[row].quantity;
        if (contract.venue != venue || is_cash(contract.kind) || contract.kind == ContractKind::spot ||
            quantity == 0.0) {
            continue;
        }
        const UnderlyingMarginTables* tables = tables_of(inputs, contract.underlying);
        if (tables == nullptr || !tables->matrix || !is_valid(*tables->matrix)) return kMarginUnknown;
        const UnderlyingShock moved = shock_of(shock, contract.underlying);
        const bool in_coin = settles_in_coin(contract.kind);
        const std::pair key{contract.underlying, in_coin ? StableSlot::none : contract.stable};
        auto found = pairs.find(key);
        if (found == pairs.end()) {
            Pair pair{.matrix = DeribitRiskMatrix{*tables->matrix, in_coin ? Payoff::inverse : Payoff::linear},
                      .slots = {},
                      .rate = ledger_rate(market, shock, contract)};
            const double index = market.underlyings[at(contract.underlying)].index * (1.0 + moved.spot);
            if (pair.matrix.set_index(index) != MarginStatus::ok) return kMarginUnknown;
            found = pairs.emplace(key, std::move(pair)).first;
        }
        Pair& pair = found->second;
        double years = 0.0;
        std::uint32_t slot = 0;
        if (contract.expiry != ExpirySlot::none) {
            const double left = years_between(market.now, market.expiries[at(contract.expiry)].expiry);
            years = std::max(0.0, left - shock.years);
            slot = pair.slots.try_emplace(contract.expiry, static_cast<std::uint32_t>(pair.slots.size() + 1))
                       .first->second;
            if (slot >= kMatrixExpiriesMax || pair.matrix.set_expiry(slot, years) != MarginStatus::ok) {
                return kMarginUnknown;
            }
        }
        const bool option = is_option(contract.kind);
        const double price =
            option ? market.expiries[at(contract.expiry)].forward : market.quotes[row].mark * (1.0 + moved.basis);
        const double weight = tenor_weight(shock.tenor, years);
        const UnitCells unit = pair.matrix.grid().unit_cells(
            {.payoff = in_coin ? Payoff::inverse : Payoff::linear,
             .type = contract.type,
             .multiplier = contract.multiplier,
             .price = price * (1.0 + moved.spot),
             .strike = contract.strike,
             .years = years,
             .volatility = option ? market.quotes[row].volatility * (1.0 + moved.volatility * weight) : 0.0,
             .expiry = slot});
        if (pair.matrix.add(quantity, unit) != MarginStatus::ok) return kMarginUnknown;
    }
    MarginAmount sum;
    for (const auto& [key, pair] : pairs) {
        sum = sum + scaled_margin(pair.matrix.margin(inputs.venue_margins[at(venue)].portfolio, {}).margin, pair.rate);
    }
    return sum;
}

double venue_equity_usd(const ReportInputs& inputs, const MarketState& market, VenueSlot venue, const Shock& shock) {
    double equity = 0.0;
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        if (contract.venue != venue || inputs.book.holdings[row].quantity == 0.0) continue;
        equity += holding_value(contract, inputs.book.holdings[row], market.quotes[row], market, shock) *
                  ledger_rate(market, shock, contract);
    }
    return equity;
}

VenueReport::Liquidation liquidation_of(const ReportInputs& inputs, const MarketState& market, VenueSlot venue,
                                        std::size_t underlying, double sigma_day) {
    std::vector<UnderlyingShock> moves(market.underlyings.size());
    const auto gap = [&](double move) {
        moves[underlying].spot = move;
        const Shock shock{.underlyings = moves};
        const MarginAmount margin = venue_margin_usd(inputs, market, venue, shock);
        if (margin.status != MarginStatus::ok) return std::numeric_limits<double>::quiet_NaN();
        return venue_equity_usd(inputs, market, venue, shock) - margin.maintenance;
    };
    const LiquidationMoves found = liquidation_moves(gap, {.moves = kLiquidationMoves, .tolerance = 1e-5});
    VenueReport::Liquidation out{.underlying = inputs.book.underlying_names[underlying]};
    const double index = market.underlyings[underlying].index;
    double nearest = std::numeric_limits<double>::infinity();
    const auto take = [&](const LiquidationMove& side, double& price, double& distance) {
        if (side.status != RootStatus::found && side.status != RootStatus::breached) return;
        price = index * (1.0 + side.move);
        distance = std::abs(side.move);
        nearest = std::min(nearest, std::abs(std::log1p(side.move)));
    };
    take(found.down, out.price_down, out.distance_down_ratio);
    take(found.up, out.price_up, out.distance_up_ratio);
    if (sigma_day > 0.0 && std::isfinite(nearest)) out.sigmas = nearest / sigma_day;
    return out;
}

bool holds_derivatives(const Book& book, VenueSlot venue, std::size_t underlying) {
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        if (contract.venue == venue && at(contract.underlying) == underlying && !is_cash(contract.kind) &&
            book.holdings[row].quantity != 0.0) {
            return true;
        }
    }
    return false;
}

const char* model_name(MarginModel model) {
    switch (model) {
        case MarginModel::deribit_standard: return "deribit standard";
        case MarginModel::deribit_portfolio: return "deribit portfolio";
        case MarginModel::none: break;
    }
    return "none";
}

}  // namespace

MarginAmount venue_margin_usd(const ReportInputs& inputs, const MarketState& market, VenueSlot venue,
                              const Shock& shock) {
    if (at(venue) >= inputs.venue_margins.size()) return kMarginUnknown;
    switch (inputs.venue_margins[at(venue)].model) {
        case MarginModel::deribit_standard: return standard_usd(inputs, market, venue, shock);
        case MarginModel::deribit_portfolio: return portfolio_usd(inputs, market, venue, shock);
        case MarginModel::none: break;
    }
    return kMarginUnknown;
}

std::vector<VenueReport> venue_reports(const ReportInputs& inputs, const MarketState& market,
                                       std::span<const double> sigma_day, std::vector<std::string>& notes) {
    std::vector<VenueReport> out;
    for (std::size_t v = 0; v < inputs.book.venue_names.size(); ++v) {
        const auto venue = VenueSlot(static_cast<std::uint16_t>(v));
        const MarginModel model = v < inputs.venue_margins.size() ? inputs.venue_margins[v].model : MarginModel::none;
        VenueReport row{.name = inputs.book.venue_names[v],
                        .model = model_name(model),
                        .equity_usd = venue_equity_usd(inputs, market, venue, {}),
                        .liquidations = {}};
        const MarginAmount margin = venue_margin_usd(inputs, market, venue, {});
        if (margin.status != MarginStatus::ok) {
            notes.push_back("venue " + row.name +
                            (model == MarginModel::none ? ": no margin model, no margin and no liquidation price"
                                                        : ": margin unknown, a table or a price is missing"));
            out.push_back(std::move(row));
            continue;
        }
        row.initial_margin_usd = margin.initial;
        row.maintenance_margin_usd = margin.maintenance;
        if (margin.maintenance > 0.0) row.margin_ratio = row.equity_usd / margin.maintenance;
        for (std::size_t u = 0; u < market.underlyings.size(); ++u) {
            if (!holds_derivatives(inputs.book, venue, u)) continue;
            const double sigma = u < sigma_day.size() ? sigma_day[u] : std::numeric_limits<double>::quiet_NaN();
            row.liquidations.push_back(liquidation_of(inputs, market, venue, u, sigma));
        }
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace keel::risk
