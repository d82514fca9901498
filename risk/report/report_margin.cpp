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

constexpr std::array kLiquidationMoves{-0.95, -0.80, -0.65, -0.50, -0.40, -0.30, -0.20, -0.15, -0.10, -0.05, 0.05,
                                       0.10,  0.15,  0.20,  0.30,  0.50,  0.75,  1.00,  1.50,  2.00,  3.00};

// The tables of one venue by UnderlyingSlot, as the margin rooms read them. A coin that no table names gets numbers
// that cannot be used, so that the answer is unknown and not zero.
struct VenueTables {
    std::vector<DeribitFutureMargin> futures;
    std::vector<DeribitOptionMargin> options;
    std::vector<DeribitMatrixParameters> matrices;
    VenueMarginModel model;

    VenueTables(const ReportInputs& inputs, VenueSlot venue) {
        constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
        for (const UnderlyingMarginTables& tables : inputs.underlying_margins) {
            futures.push_back(tables.future.value_or(DeribitFutureMargin{kNaN, kNaN, kNaN}));
            options.push_back(tables.option.value_or(DeribitOptionMargin{kNaN, kNaN, kNaN}));
            matrices.push_back(tables.matrix.value_or(DeribitMatrixParameters{}));
        }
        const auto slot = static_cast<std::size_t>(venue);
        const VenueMarginTables given =
            slot < inputs.venue_margins.size() ? inputs.venue_margins[slot] : VenueMarginTables{};
        model = {.law = given.model == MarginModel::deribit_standard    ? MarginLaw::deribit_standard
                        : given.model == MarginModel::deribit_portfolio ? MarginLaw::deribit_portfolio
                                                                        : MarginLaw::none,
                 .futures = futures,
                 .options = options,
                 .matrices = matrices,
                 .portfolio = given.portfolio};
    }
    VenueTables(const VenueTables&) = delete;
    VenueTables& operator=(const VenueTables&) = delete;
};

VenueReport::Liquidation liquidation_of(const ReportInputs& inputs, const VenueAccount& account, std::size_t underlying,
                                        double sigma_day) {
    const MarketState& market = account.market;
    std::vector<UnderlyingShock> room(market.underlyings.size());
    const auto slot = UnderlyingSlot(static_cast<std::uint16_t>(underlying));
    const auto gap = [&](double move) { return venue_margin_gap_usd(account, slot, move, {}, room); };
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
        if (contract.venue == venue && static_cast<std::size_t>(contract.underlying) == underlying &&
            !is_cash(contract.kind) && book.holdings[row].quantity != 0.0) {
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

MarginAmount report_margin_usd(const ReportInputs& inputs, const MarketState& market, VenueSlot venue,
                               const Shock& shock) {
    const VenueTables tables{inputs, venue};
    return venue_margin_usd({inputs.book, market, venue, tables.model}, shock);
}

std::vector<VenueReport> venue_reports(const ReportInputs& inputs, const MarketState& market,
                                       std::span<const double> sigma_day, std::vector<std::string>& notes) {
    std::vector<VenueReport> out;
    const BookValue value = value_book(inputs.book, market);
    for (std::size_t v = 0; v < inputs.book.venue_names.size(); ++v) {
        const auto venue = VenueSlot(static_cast<std::uint16_t>(v));
        const MarginModel model = v < inputs.venue_margins.size() ? inputs.venue_margins[v].model : MarginModel::none;
        VenueReport row{.name = inputs.book.venue_names[v],
                        .model = model_name(model),
                        .equity_usd = value.venue_usd[v],
                        .liquidations = {}};
        const VenueTables tables{inputs, venue};
        const VenueAccount account{inputs.book, market, venue, tables.model};
        const MarginAmount margin = venue_margin_usd(account);
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
            row.liquidations.push_back(liquidation_of(inputs, account, u, sigma));
        }
        out.push_back(std::move(row));
    }
    return out;
}

}  // namespace keel::risk
