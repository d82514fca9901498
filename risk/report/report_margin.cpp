#include "risk/report/report_margin.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "risk/book/revaluation.hpp"
#include "risk/margin/book_margin.hpp"
#include "risk/margin/liquidation_search.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::array kLiquidationMoves{-0.95, -0.80, -0.65, -0.50, -0.40, -0.30, -0.20, -0.15, -0.10, -0.05, 0.05,
                                       0.10,  0.15,  0.20,  0.30,  0.50,  0.75,  1.00,  1.50,  2.00,  3.00};
constexpr double kFollowMin = -0.99;

const VenueMarginTables& tables_of(const ReportInputs& inputs, VenueSlot venue) {
    static const VenueMarginTables none;
    const auto slot = static_cast<std::size_t>(venue);
    return slot < inputs.venue_margins.size() ? inputs.venue_margins[slot] : none;
}

// The table of a contract's own pair, else that of its underlying; nullptr: neither.
template <class Table>
const Table* table_of(const VenueMarginTables& tables, const Contract& contract,
                      std::optional<Table> UnderlyingMarginTables::*member) {
    const auto pair = tables.pairs.find({contract.underlying, contract.stable});
    if (pair != tables.pairs.end() && pair->second.*member) return &*(pair->second.*member);
    const auto slot = static_cast<std::size_t>(contract.underlying);
    if (slot >= tables.underlyings.size() || !(tables.underlyings[slot].*member)) return nullptr;
    return &*(tables.underlyings[slot].*member);
}

// The tables of one venue as the margin room reads them: what none names is unknown and not zero.
struct VenueTables {
    std::vector<const DeribitFutureMargin*> futures;
    std::vector<const DeribitOptionMargin*> options;
    std::vector<const DeribitMatrixParameters*> matrices;
    std::vector<const TierTable*> tiers;
    VenueMarginModel model;

    VenueTables(const ReportInputs& inputs, VenueSlot venue) {
        const VenueMarginTables& given = tables_of(inputs, venue);
        for (const Contract& contract : inputs.book.contracts) {
            futures.push_back(table_of(given, contract, &UnderlyingMarginTables::future));
            options.push_back(table_of(given, contract, &UnderlyingMarginTables::option));
            matrices.push_back(table_of(given, contract, &UnderlyingMarginTables::matrix));
        }
        if (!given.tiers.empty()) tiers.resize(given.tiers.rbegin()->first + 1);
        for (const auto& [row, table] : given.tiers) tiers[row] = &table;
        model = {.law = given.law,
                 .futures = futures,
                 .options = options,
                 .matrices = matrices,
                 .portfolio = given.portfolio,
                 .tiers = tiers,
                 .bybit_option = given.bybit_option.value_or(BybitOptionMargin{kNaN, kNaN, kNaN, kNaN}),
                 .leverage = given.leverage,
                 .taker_fee_rate = given.taker_fee_rate};
    }
    VenueTables(const VenueTables&) = delete;
    VenueTables& operator=(const VenueTables&) = delete;
};

// Coin included.
bool holds_any(const Book& book, VenueSlot venue, std::size_t underlying) {
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        if (contract.venue == venue && static_cast<std::size_t>(contract.underlying) == underlying &&
            book.holdings[row].quantity != 0.0) {
            return true;
        }
    }
    return false;
}
bool holds_any(const VenueAccount& account, std::size_t underlying) {
    return holds_any(account.book, account.venue, underlying);
}

// Where the account is liquidated while the other underlyings move by `betas` (none: stand still), at most down to 1 %.
LiquidationPrices liquidation_prices(VenueRevaluation& venue, std::size_t underlying, double sigma_day,
                                     std::span<const double> betas) {
    const auto slot = UnderlyingSlot(static_cast<std::uint16_t>(underlying));
    std::vector<double> capped(betas.size());
    const auto gap = [&](double move) {
        for (std::size_t i = 0; move != 0.0 && i < betas.size(); ++i) {
            capped[i] = std::max(kFollowMin, betas[i] * move) / move;
        }
        return venue.gap_usd(slot, move, capped);
    };
    const LiquidationMoves found = liquidation_moves(gap, {.moves = kLiquidationMoves, .tolerance = 1e-5});
    const double index = venue.account().market.underlyings[underlying].index;
    double nearest = std::numeric_limits<double>::infinity();
    const auto side_of = [&](const LiquidationMove& side) -> LiquidationSide {
        if (side.status != RootStatus::found && side.status != RootStatus::breached) return {.status = side.status};
        nearest = std::min(nearest, std::abs(std::log1p(side.move)));
        return {.status = side.status, .price = index * (1.0 + side.move), .distance_ratio = std::abs(side.move)};
    };
    LiquidationPrices out{.down = side_of(found.down), .up = side_of(found.up)};
    if (std::isfinite(nearest)) {
        if (sigma_day > 0.0) out.sigmas = nearest / sigma_day;
    } else if (found.down.status == RootStatus::none && found.up.status == RootStatus::none) {
        out.sigmas = nearest;
    }
    return out;
}

// Moves of every underlying per move of `underlying`, cov(i, u) / var(u); empty where one that the venue holds is not
// known.
std::vector<double> betas_to(const VenueAccount& account, std::size_t underlying, const DailyMoves& moves) {
    const std::size_t n = account.market.underlyings.size();
    if (moves.covariance.size() != n * n) return {};
    std::vector<double> out;
    for (std::size_t i = 0; i < n; ++i) {
        const bool known = moves.sigma[i] > 0.0 && moves.sigma[underlying] > 0.0;
        if (!known && (i == underlying || holds_any(account, i))) return {};
        const double variance = moves.covariance[underlying * n + underlying];
        out.push_back(known ? moves.covariance[i * n + underlying] / variance : 0.0);
    }
    return out;
}

VenueReport::Liquidation liquidation_of(const ReportInputs& inputs, VenueRevaluation& venue, std::size_t underlying,
                                        const DailyMoves& moves) {
    const VenueAccount& account = venue.account();
    const double sigma = underlying < moves.sigma.size() ? moves.sigma[underlying] : kNaN;
    const LiquidationPrices still = liquidation_prices(venue, underlying, sigma, {});
    LiquidationPrices follow = still;
    bool alone = true;
    for (std::size_t i = 0; i < account.market.underlyings.size(); ++i) {
        alone = alone && (i == underlying || !holds_any(account, i));
    }
    if (!alone) {
        const std::vector<double> betas = betas_to(account, underlying, moves);
        follow = betas.empty() ? LiquidationPrices{} : liquidation_prices(venue, underlying, sigma, betas);
    }
    return {.underlying = inputs.book.underlying_names[underlying], .still = still, .by_beta = follow};
}

const char* law_name(MarginLaw law) {
    switch (law) {
        case MarginLaw::deribit_standard: return "deribit standard";
        case MarginLaw::deribit_portfolio: return "deribit portfolio";
        case MarginLaw::binance_tiers: return "binance tiers";
        case MarginLaw::bybit_cross: return "bybit cross";
        case MarginLaw::okx_cross: return "okx cross";
        case MarginLaw::none: break;
    }
    return "none";
}

// What the tables lack for one holding under a law of tiers; empty: nothing that a table could tell.
std::string lacking_for(const Contract& contract, const Holding& holding, const std::string& name,
                        const VenueMarginTables& tables, bool has_tiers) {
    const bool bybit = tables.law == MarginLaw::bybit_cross, okx = tables.law == MarginLaw::okx_cross;
    if (is_option(contract.kind)) {
        if (okx) return name + ": what OKX asks for an option in these modes is not published";
        if (!bybit || contract.kind != ContractKind::linear_option) return name + ": no option of this model";
        if (!tables.bybit_option) return "no [option] in its tables";
        return holding.entry > 0.0 ? "" : name + ": no entry";
    }
    if (!has_tiers) return "no tiers of " + name + " in its tables";
    if (!(tables.leverage >= 1.0)) return "no leverage given";
    return !(bybit || okx) || tables.taker_fee_rate >= 0.0 ? "" : "no taker_fee_rate given";
}

// The table of Deribit's that the tables lack for one holding; empty: none.
std::string lacking_at_deribit(const Book& book, const Contract& contract, const VenueMarginTables& tables) {
    const auto pair = [&](const char* section) {
        std::string name =
            book.underlying_names[static_cast<std::size_t>(contract.underlying)] + "_" +
            (contract.stable == StableSlot::none ? "USD"
                                                 : book.stable_names[static_cast<std::size_t>(contract.stable)]);
        std::ranges::transform(name, name.begin(),
                               [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        return std::string{"no ["} + section + "." + name + "] in its tables";
    };
    if (tables.law == MarginLaw::deribit_portfolio)
        return table_of(tables, contract, &UnderlyingMarginTables::matrix) == nullptr ? pair("matrix") : "";
    if (is_option(contract.kind))
        return table_of(tables, contract, &UnderlyingMarginTables::option) == nullptr ? pair("option") : "";
    return table_of(tables, contract, &UnderlyingMarginTables::future) == nullptr ? pair("future") : "";
}

// Why the margin of a venue is not known, the first that is found.
std::string what_is_missing(const ReportInputs& inputs, VenueSlot venue) {
    const VenueMarginTables& tables = tables_of(inputs, venue);
    if (tables.law == MarginLaw::none) return "no margin model, no margin and no liquidation price";
    const bool tiered = is_tiered(tables.law);
    for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
        const Contract& contract = inputs.book.contracts[row];
        const bool margined = !is_cash(contract.kind) && contract.kind != ContractKind::spot;
        if (contract.venue != venue || !margined || inputs.book.holdings[row].quantity == 0.0) continue;
        if (contract.kind == ContractKind::liquidity)
            return "margin unknown, " + inputs.book.names[row] + ": a share in a pool is no collateral of this model";
        const std::string lack = tiered ? lacking_for(contract, inputs.book.holdings[row], inputs.book.names[row],
                                                      tables, tables.tiers.contains(row))
                                        : lacking_at_deribit(inputs.book, contract, tables);
        if (!lack.empty()) return "margin unknown, " + lack;
    }
    return "margin unknown, a table or a price is missing";
}

}  // namespace

struct ReportMargins::Venue {
    VenueTables tables;
    VenueRevaluation revaluation;

    Venue(const ReportInputs& inputs, const MarketState& market, VenueSlot slot)
        : tables{inputs, slot}, revaluation{{inputs.book, market, slot, tables.model}} {}
};

ReportMargins::ReportMargins(const ReportInputs& inputs, const MarketState& market) {
    for (std::size_t v = 0; v < inputs.book.venue_names.size(); ++v) {
        venues_.push_back(std::make_unique<Venue>(inputs, market, VenueSlot(static_cast<std::uint16_t>(v))));
    }
}

ReportMargins::~ReportMargins() = default;

double ReportMargins::maintenance_usd(const Book& book, VenueSlot venue, const Shock& shock) {
    const MarginAmount margin = venues_[static_cast<std::size_t>(venue)]->revaluation.margin_usd(book.holdings, shock);
    return margin.status == MarginStatus::ok ? margin.maintenance : kNaN;
}

void add_cell_margins(const ReportInputs& inputs, const MarketState& market, std::vector<ExposureRow>& cells) {
    for (std::size_t v = 0; v < inputs.book.venue_names.size(); ++v) {
        const auto venue = VenueSlot(static_cast<std::uint16_t>(v));
        if (tables_of(inputs, venue).law == MarginLaw::deribit_portfolio) continue;
        const VenueTables tables{inputs, venue};
        VenueRevaluation revaluation{{inputs.book, market, venue, tables.model}};
        for (ExposureRow& cell : cells) {
            if (cell.venue != venue) continue;
            std::vector<Holding> own(inputs.book.holdings.size());
            for (std::size_t row = 0; row < own.size(); ++row) {
                const Contract& contract = inputs.book.contracts[row];
                const bool inside =
                    contract.venue == venue && contract.underlying == cell.underlying && contract.expiry == cell.expiry;
                if (inside) own[row] = inputs.book.holdings[row];
            }
            const MarginAmount margin = revaluation.margin_usd(own, {}, inputs.book.holdings);
            if (margin.status == MarginStatus::ok) cell.initial_margin_usd = margin.initial;
        }
    }
}

bool holds_margined(const ReportInputs& inputs, VenueSlot venue) {
    const Book& book = inputs.book;
    const bool has_law = tables_of(inputs, venue).law != MarginLaw::none;
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        const bool paid = is_cash(contract.kind) || contract.kind == ContractKind::spot ||
                          (contract.kind == ContractKind::liquidity && !has_law);
        if (contract.venue == venue && !paid && book.holdings[row].quantity != 0.0) return true;
    }
    return false;
}

std::vector<VenueReport> venue_reports(const ReportInputs& inputs, const MarketState& market, const DailyMoves& moves,
                                       std::vector<std::string>& notes) {
    std::vector<VenueReport> out;
    const BookValue value = value_book(inputs.book, market);
    for (std::size_t v = 0; v < inputs.book.venue_names.size(); ++v) {
        const auto venue = VenueSlot(static_cast<std::uint16_t>(v));
        VenueReport row{.name = inputs.book.venue_names[v],
                        .model = law_name(tables_of(inputs, venue).law),
                        .equity_usd = value.venue_usd[v],
                        .liquidations = {}};
        const VenueTables tables{inputs, venue};
        VenueRevaluation revaluation{{inputs.book, market, venue, tables.model}};
        const MarginAmount margin = revaluation.margin_usd(inputs.book.holdings, {});
        const bool known = margin.status == MarginStatus::ok;
        for (std::size_t u = 0; u < market.underlyings.size(); ++u) {
            if (!holds_margined(inputs, venue) || !holds_any(inputs.book, venue, u)) continue;
            row.liquidations.push_back(known ? liquidation_of(inputs, revaluation, u, moves)
                                             : VenueReport::Liquidation{.underlying = inputs.book.underlying_names[u]});
        }
        if (!known) {
            notes.push_back("venue " + row.name + ": " + what_is_missing(inputs, venue));
            out.push_back(std::move(row));
            continue;
        }
        row.initial_margin_usd = margin.initial;
        row.maintenance_margin_usd = margin.maintenance;
        if (margin.maintenance > 0.0) row.margin_ratio = row.equity_usd / margin.maintenance;
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace keel::risk
