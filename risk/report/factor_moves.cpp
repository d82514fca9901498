#include "risk/report/factor_moves.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#include "risk/report/factor_covariance.hpp"
#include "risk/report/report_doubts.hpp"
#include "risk/tail/missing_returns.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

bool is_missing(double move) { return std::isnan(move); }

// By underlying: whether anything of it is held, and options that have not expired.
struct Held {
    std::vector<bool> any, options;
};
Held held_in(const Book& book, const MarketState& market) {
    Held out{.any = std::vector<bool>(market.underlyings.size()), .options = out.any};
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const Contract& contract = book.contracts[row];
        if (contract.underlying == UnderlyingSlot::none || book.holdings[row].quantity == 0.0) continue;
        out.any[at(contract.underlying)] = true;
        const bool alive =
            contract.expiry != ExpirySlot::none && market.expiries[at(contract.expiry)].expiry > market.now;
        if (is_option(contract.kind) && alive) out.options[at(contract.underlying)] = true;
    }
    return out;
}

// No market makes it: taken as missing.
bool is_absurd(double move) { return std::abs(move) > kLogMoveMax; }

// The last `days` of a history; what it is too short for is missing, and so is what no scenario takes.
std::vector<double> last(const std::vector<double>& all, std::size_t days) {
    std::vector<double> out(days, kNaN);
    const std::size_t have = std::min(days, all.size());
    std::copy(all.end() - static_cast<std::ptrdiff_t>(have), all.end(), out.end() - static_cast<std::ptrdiff_t>(have));
    std::ranges::replace_if(out, is_absurd, kNaN);
    return out;
}

// The days that every held underlying has; 0 where one has too few, or nothing is held.
std::size_t common_days(const ReportInputs& inputs, const Held& held, std::vector<std::string>& notes) {
    if (std::ranges::count(held.any, true) == 0) return 0;
    std::size_t days = kScenariosDefault;
    for (std::size_t u = 0; u < held.any.size(); ++u) {
        if (!held.any[u]) continue;
        const std::vector<double> none;
        const std::vector<double>& returns = u < inputs.histories.size() ? inputs.histories[u].returns : none;
        if (days_present(returns) < kReportReturnsMin) {
            notes.push_back(inputs.book.underlying_names[u] + ": fewer than " + std::to_string(kReportReturnsMin) +
                            " daily returns, no historical tail");
            return 0;
        }
        days = std::min(days, returns.size());
    }
    return days;
}

// Underlyings whose returns may fill a day of another: BTC, then in their order.
std::vector<std::size_t> fill_order(const Book& book, std::size_t underlyings) {
    std::vector<std::size_t> order(underlyings);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::ranges::stable_partition(order, [&](std::size_t u) { return book.underlying_names[u] == "BTC"; });
    return order;
}

void note_absurd(const std::vector<double>& all, std::size_t days, const std::string& of,
                 std::vector<std::string>& notes) {
    const auto count = std::ranges::count_if(std::span{all}.last(std::min(days, all.size())), is_absurd);
    if (count == 0) return;
    notes.push_back(of + ": " + std::to_string(count) + " of " + std::to_string(days) +
                    " days move as no market does, taken as missing");
}

class DayFiller {
public:
    DayFiller(const ReportInputs& inputs, const Held& held, FactorMoves& out, std::vector<std::string>& notes)
        : inputs_{inputs}, held_{held}, out_{out}, notes_{notes}, order_{fill_order(inputs.book, out.underlyings)} {}

    // Days that no underlying has a return of are in no scenario.
    void drop_unknown_days() {
        std::vector<bool> known(out_.days);
        for (std::size_t u = 0; u < out_.underlyings; ++u) {
            for (std::size_t day = 0; day < out_.days; ++day) {
                if (!is_missing(out_.moves[u][day])) known[day] = true;
            }
        }
        const auto dropped = static_cast<std::size_t>(std::ranges::count(known, false));
        if (dropped == 0) return;
        for (std::vector<double>& moves : out_.moves) {
            std::size_t kept = 0;
            for (std::size_t day = 0; day < out_.days; ++day) {
                if (known[day]) moves[kept++] = moves[day];
            }
            moves.resize(kept);
        }
        out_.days -= dropped;
        out_.doubts |= InputDoubt::days_filled;
        notes_.push_back(std::to_string(dropped) + (dropped == 1 ? " day" : " days") +
                         " without any return left out of the tails");
    }

    // False where a held underlying's returns cannot be filled.
    bool fill_all() {
        const std::vector<std::vector<double>> given{out_.moves.begin(),
                                                     out_.moves.begin() + static_cast<std::ptrdiff_t>(order_.size())};
        for (std::size_t f = 0; f < out_.count(); ++f) {
            const bool is_return = f < out_.underlyings;
            const std::size_t u = f % out_.underlyings;
            const bool needed = is_return ? held_.any[u] : held_.options[u];
            std::vector<double>& moves = out_.moves[f];
            const std::string name = inputs_.book.underlying_names[u];
            const auto missing = std::ranges::count_if(moves, is_missing);
            if (missing == 0) continue;
            if (fill(moves, given, is_return ? u : out_.underlyings)) {
                if (!needed) continue;
                out_.doubts |= InputDoubt::days_filled;
                notes_.push_back(name + ": " + std::to_string(missing) + " of " + std::to_string(out_.days) +
                                 (is_return ? " daily returns" : " volatility changes") +
                                 " are missing, filled by another underlying's returns");
                continue;
            }
            moves.clear();
            if (is_return && needed) {
                notes_.push_back(name + ": daily returns are missing that nothing can fill, no historical tail");
                return false;
            }
        }
        return true;
    }

private:
    // `self`: not to be filled by.
    bool fill(std::vector<double>& moves, const std::vector<std::vector<double>>& given, std::size_t self) const {
        std::vector<std::uint8_t> was_filled(moves.size());
        return std::ranges::any_of(order_, [&](std::size_t other) {
            if (other == self || !fill_missing_returns(moves, given[other], was_filled)) return false;
            for (double& move : moves) move = std::clamp(move, -kLogMoveMax, kLogMoveMax);
            return true;
        });
    }

    const ReportInputs& inputs_;
    const Held& held_;
    FactorMoves& out_;
    std::vector<std::string>& notes_;
    std::vector<std::size_t> order_;
};

std::string time_of_day(double seconds) {
    const long minutes = std::lround(seconds / 60.0) % (24 * 60);
    const auto two_digits = [](long value) { return std::to_string(value + 100).substr(1); };
    return two_digits(minutes / 60) + ":" + two_digits(minutes % 60);
}

// Of what is held: each against the first of them.
void doubt_days_apart(const ReportInputs& inputs, FactorMoves& out, std::vector<std::string>& notes) {
    const UnderlyingHistory* first = nullptr;
    std::string said;
    bool apart = false;
    for (std::size_t u = 0; u < std::min(out.underlyings, inputs.histories.size()); ++u) {
        const UnderlyingHistory& history = inputs.histories[u];
        if (!out.held[u] || history.returns.empty() || std::isnan(history.day_end_seconds)) continue;
        if (first == nullptr) first = &history;
        apart = apart || !do_days_end_together(*first, history);
        said +=
            (said.empty() ? "" : ", ") + inputs.book.underlying_names[u] + " " + time_of_day(history.day_end_seconds);
    }
    if (!apart) return;
    out.doubts |= InputDoubt::days_apart;
    notes.push_back("daily returns end at different hours (" + said +
                    " UTC): laid by the nearest day; history_end says when the last one ended");
}

}  // namespace

std::size_t days_present(const std::vector<double>& returns) {
    const auto used = std::span{returns}.last(std::min(kScenariosDefault, returns.size()));
    return static_cast<std::size_t>(std::ranges::count_if(used, is_day));
}

bool do_days_end_together(const UnderlyingHistory& a, const UnderlyingHistory& b) {
    constexpr double kDay = 86'400.0;
    const double apart = std::abs(std::remainder(a.day_end_seconds - b.day_end_seconds, kDay));
    return std::isnan(apart) || apart <= std::chrono::duration<double>{kDayEndSlack}.count();
}

FactorMoves factor_moves(const ReportInputs& inputs, const MarketState& market, std::vector<std::string>& notes) {
    FactorMoves out{.underlyings = market.underlyings.size(), .days = 0, .moves = {}, .held = {}};
    const Held held = held_in(inputs.book, market);
    out.held = held.any;
    out.days = common_days(inputs, held, notes);
    const UnderlyingHistory none;
    for (std::size_t f = 0; f < out.count(); ++f) {
        const std::size_t u = f % out.underlyings;
        const UnderlyingHistory& history = u < inputs.histories.size() ? inputs.histories[u] : none;
        const bool is_return = f < out.underlyings;
        const std::vector<double>& all = is_return ? history.returns : history.volatility_changes;
        out.moves.push_back(last(all, out.days));
        if (!(is_return ? held.any[u] : held.options[u])) continue;
        // Without tails of its own days a history still makes a volatility, where none is given.
        const bool makes_volatility = out.days == 0 && is_return && !std::isfinite(history.daily_volatility);
        note_absurd(all, makes_volatility ? std::min(kScenariosDefault, all.size()) : out.days,
                    inputs.book.underlying_names[u] + (is_return ? "" : "'s volatility"), notes);
    }
    if (out.days > 0) {
        DayFiller filler{inputs, held, out, notes};
        filler.drop_unknown_days();
        if (!filler.fill_all()) out.days = 0;
    }
    if (out.days == 0) out.moves.assign(out.count(), {});
    doubt_days_apart(inputs, out, notes);
    out.doubts |= closes_doubt(inputs);
    for (std::size_t u = 0; u < out.underlyings; ++u) {
        const bool any_tail =
            out.days > 0 || (u < inputs.histories.size() && std::isfinite(own_daily_volatility(inputs.histories[u])));
        if (!any_tail || !held.options[u] || !out.moves[out.underlyings + u].empty()) continue;
        out.doubts |= InputDoubt::volatility_still;
        notes.push_back(inputs.book.underlying_names[u] +
                        ": no history of its volatility, which stands still in every tail");
    }
    return out;
}

}  // namespace keel::risk
