#include "risk/report/report_profit.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/report/report_age.hpp"
#include "risk/report/report_doubts.hpp"
#include "risk/report/report_smiles.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// What is at `name`'s place of a table parallel to `names`; `otherwise` where no row has that name.
template <class Row>
Row named(const std::vector<std::string>& names, const std::vector<Row>& rows, const std::string& name, Row otherwise) {
    const auto found = std::ranges::find(names, name);
    return found == names.end() ? otherwise : rows[static_cast<std::size_t>(found - names.begin())];
}

// The market of one reading of the portfolio files in the slots of another; what it does not name has no price.
MarketState in_slots_of(const Book& to, const MarketState& to_market, const Book& from, const MarketState& market) {
    MarketState out = to_market;
    out.now = market.now;
    for (std::size_t u = 0; u < out.underlyings.size(); ++u) {
        out.underlyings[u] = named(from.underlying_names, market.underlyings, to.underlying_names[u], {.index = kNaN});
    }
    for (std::size_t s = 0; s < out.stables.size(); ++s) {
        out.stables[s] = named(from.stable_names, market.stables, to.stable_names[s], kNaN);
    }
    for (ExpiryMarket& expiry : out.expiries) {
        const auto same = std::ranges::find_if(market.expiries, [&](const ExpiryMarket& other) {
            return other.expiry == expiry.expiry &&
                   from.underlying_names[at(other.underlying)] == to.underlying_names[at(expiry.underlying)];
        });
        const UnderlyingSlot slot = expiry.underlying;
        if (same == market.expiries.end()) {
            expiry.forward = kNaN;
            continue;
        }
        expiry = *same;
        expiry.underlying = slot;
    }
    for (std::size_t row = 0; row < to.contracts.size(); ++row) {
        if (is_cash(to.contracts[row].kind)) continue;
        KEEL_ASSERT(row < from.names.size() && from.names[row] == to.names[row]);
        out.quotes[row] = market.quotes[row];
    }
    return out;
}

double usd_value(const Book& book, std::size_t row, const MarketState& market) {
    const Contract& contract = book.contracts[row];
    const double rate = settles_in_coin(contract.kind) ? market.underlyings[at(contract.underlying)].index
                                                       : market.stables[at(contract.stable)];
    return rate * holding_value(contract, book.holdings[row], market.quotes[row], market);
}

bool is_in(const Book& book, std::size_t row, const std::string& scope) {
    if (scope.empty()) return true;
    const UnderlyingSlot underlying = book.contracts[row].underlying;
    return scope == (underlying == UnderlyingSlot::none ? kStablecoins : book.underlying_names[at(underlying)]);
}

// One of the two markets, and what is wrong with its inputs.
struct Moment {
    const ReportInputs& inputs;
    MarketState market;  // in the slots of the report's book
    std::vector<InputDoubt> doubts;
};

class Explanation {
public:
    Explanation(Moment before, Moment after)
        : before_{std::move(before)}, after_{std::move(after)}, book_{after_.inputs.book} {}

    ProfitExplained explain() {
        ProfitExplained out;
        out.since = before_.market.now;
        out.equity_since_usd = value_book(book_, before_.market).usd;
        out.left_out = leave_out();
        out.delivered = delivered();
        out.rows.push_back(row_of("", out.left_out.size()));
        std::vector<std::string> scopes = book_.underlying_names;
        scopes.emplace_back(kStablecoins);
        for (const std::string& scope : scopes) {
            if (!held(book_, scope).empty()) out.rows.push_back(row_of(scope, left_out_in(scope)));
        }
        return out;
    }

private:
    // Takes what not both markets price out of the book that is explained.
    std::vector<LeftOutHolding> leave_out() {
        std::vector<LeftOutHolding> out;
        is_left_out_.resize(book_.contracts.size());
        for (std::size_t row = 0; row < book_.contracts.size(); ++row) {
            if (book_.holdings[row].quantity == 0.0) continue;
            const double since = usd_value(book_, row, before_.market), now = usd_value(book_, row, after_.market);
            if (std::isfinite(since) && std::isfinite(now)) continue;
            const VenueSlot venue = book_.contracts[row].venue;
            out.push_back({.name = book_.names[row],
                           .venue = venue == VenueSlot::none ? "" : book_.venue_names[at(venue)],
                           .since_usd = since,
                           .now_usd = now});
            is_left_out_[row] = true;
            book_.holdings[row] = {};
        }
        return out;
    }

    [[nodiscard]] std::vector<std::string> delivered() const {
        std::vector<std::string> out;
        for (std::size_t row = 0; row < book_.contracts.size(); ++row) {
            if (book_.holdings[row].quantity == 0.0) continue;
            if (is_delivered(book_.contracts[row], before_.market, after_.market)) out.push_back(book_.names[row]);
        }
        return out;
    }

    [[nodiscard]] std::size_t left_out_in(const std::string& scope) const {
        std::size_t count = 0;
        for (std::size_t row = 0; row < is_left_out_.size(); ++row) {
            count += is_left_out_[row] && is_in(book_, row, scope) ? 1U : 0U;
        }
        return count;
    }

    // Rows of a book that go into the parts of a scope. Cash has rows of its own in each book.
    [[nodiscard]] std::vector<std::size_t> held(const Book& book, const std::string& scope) const {
        std::vector<std::size_t> out;
        for (std::size_t row = 0; row < book.contracts.size(); ++row) {
            if (book.holdings[row].quantity == 0.0 || !is_in(book, row, scope)) continue;
            if (is_cash(book.contracts[row].kind) || !is_left_out_[row]) out.push_back(row);
        }
        return out;
    }

    ProfitRow row_of(const std::string& scope, std::size_t left_out) {
        const std::vector<Holding> all = book_.holdings;
        for (std::size_t row = 0; row < all.size(); ++row) {
            if (!is_in(book_, row, scope)) book_.holdings[row] = {};
        }
        ProfitExplain explain;
        explain.on_market(book_, before_.market, after_.market);
        book_.holdings = all;
        return {.scope = scope,
                .parts = explain.parts(),
                .residual_share = explain.residual_share(),
                .quality = quality_of(scope, left_out)};
    }

    [[nodiscard]] std::string quality_of(const std::string& scope, std::size_t left_out) const {
        bool stale = false;
        InputDoubt doubts = InputDoubt::none;
        const auto add = [&](const Moment& moment, const std::vector<std::size_t>& rows) {
            stale = stale || input_age(moment.inputs, rows).stale;
            for (const std::size_t row : rows) doubts |= moment.doubts[row];
        };
        add(before_, held(before_.inputs.book, scope));
        add(after_, held(book_, scope));
        std::string out = stale ? "stale" : "";
        const auto lower = [&](const std::string& words) {
            if (!words.empty()) out += (out.empty() ? "" : ", ") + words;
        };
        if (left_out > 0) {
            lower(std::to_string(left_out) + (left_out == 1 ? " holding" : " holdings") + " left out");
        }
        lower(doubt_words(doubts));
        if (scope.empty() && !after_.inputs.venues_without_cash.empty()) lower("no cash given");
        return out.empty() ? "good" : out;
    }

    Moment before_;
    Moment after_;
    Book book_;  // what both markets price
    std::vector<bool> is_left_out_;
};

// What is told of the report's market already is not said again.
void add_notes(const ReportInputs& before, std::span<const InputDoubt> doubts, RiskReport& report) {
    std::vector<std::string> names;
    for (const LeftOutHolding& holding : report.profit->left_out) names.push_back(holding.name);
    if (!names.empty()) {
        report.notes.push_back(first_names(names) +
                               ": no price in one of the two markets, left out of the profit explained");
    }
    const std::vector<std::string>& delivered = report.profit->delivered;
    if (!delivered.empty()) {
        report.notes.push_back(first_names(delivered) +
                               ": expired since the earlier market, what was gained or lost is in the residual");
    }
    std::vector<std::string> earlier;
    for (const std::string& note : before.notes) {
        if (std::ranges::count(report.notes, note) == 0) earlier.push_back(note);
    }
    for (std::string& note : stale_notes(before, expiry_names(before.market))) earlier.push_back(std::move(note));
    for (std::string& note : doubt_notes(before.book, doubts)) earlier.push_back(std::move(note));
    for (const std::string& note : earlier) report.notes.push_back("earlier market: " + note);
}

// Until an averaging begins an option is worth the same by volatilities as quoted on delivery at one price: so that
// vega is of what its quote moved, and not of the clock.
void take_as_quoted(MarketState& market, UnixNanos last) {
    for (ExpiryMarket& expiry : market.expiries) {
        if (expiry.expiry - last > expiry.settlement_window) expiry.settlement_window = {};
    }
}

}  // namespace

void explain_profit(const ReportInputs& before, const ReportInputs& after, RiskReport& report) {
    MarketState then = before.market, now = after.market;
    const std::vector<SmileReport> smiles = report_smiles(before);
    (void)fill_volatilities(before, smiles, then);
    const std::vector<InputDoubt> doubts = contract_doubts(before, smiles, then);
    then = before.market;
    take_as_quoted(then, now.now);
    take_as_quoted(now, now.now);
    (void)fill_volatilities(before, smiles, then);
    (void)fill_volatilities(after, report.smiles, now);
    then = in_slots_of(after.book, now, before.book, then);
    report.profit = Explanation{{before, std::move(then), doubts}, {after, std::move(now), report.doubts}}.explain();
    add_notes(before, doubts, report);
}

}  // namespace keel::risk
