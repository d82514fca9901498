#include "risk/margin/adl_rank.hpp"

#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kFifths = 5.0;
constexpr double kShareRoom = 1e-9;  // a share of exactly one fifth stays in it
constexpr double kLeverageRoom = 1e-12;

}  // namespace

AdlScore adl_score(const AdlPosition& position) {
    const auto is_price = [](double price) { return std::isfinite(price) && price > 0.0; };
    if (!std::isfinite(position.amount) || position.amount == 0.0 || !is_price(position.entry) ||
        !is_price(position.mark) || !is_price(position.bankruptcy)) {
        return {};
    }
    const auto value = [&](double price) {
        return position.payoff == Payoff::inverse ? -position.amount / price : position.amount * price;
    };
    const double mark = value(position.mark);
    const double entry = value(position.entry);
    const double room = mark - value(position.bankruptcy);
    if (!(room > kLeverageRoom * std::abs(mark))) return {};
    AdlScore out;
    out.leverage = std::abs(mark) / room;
    out.profit_ratio = (mark - entry) / std::abs(entry);
    out.score = out.profit_ratio > 0.0 ? out.profit_ratio * out.leverage : out.profit_ratio / out.leverage;
    if (!std::isfinite(out.score) || !std::isfinite(out.leverage)) return {};
    out.status = MarginStatus::ok;
    return out;
}

void adl_rank(std::span<AdlAccount> accounts, double quantity_to_close, std::span<AdlPlace> places) {
    KEEL_ASSERT(places.size() == accounts.size());
    const auto usable = [](const AdlAccount& account) {
        return std::isfinite(account.score) && std::isfinite(account.quantity) && account.quantity > 0.0;
    };
    std::sort(accounts.begin(), accounts.end(), [&](const AdlAccount& a, const AdlAccount& b) {
        const bool a_usable = usable(a);
        if (a_usable != usable(b)) return a_usable;
        if (a_usable && a.score != b.score) return a.score > b.score;
        return a.id < b.id;
    });
    double total = 0.0;
    for (const AdlAccount& account : accounts) total += usable(account) ? account.quantity : 0.0;
    double above = 0.0;
    double left = std::isfinite(quantity_to_close) ? std::max(quantity_to_close, 0.0) : 0.0;
    for (std::size_t i = 0; i < accounts.size(); ++i) {
        const double quantity = usable(accounts[i]) ? accounts[i].quantity : 0.0;
        above += quantity;
        const double closed = std::min(quantity, left);
        left -= closed;
        const double share = total > 0.0 && std::isfinite(total) ? above / total : 1.0;
        places[i] = {.id = accounts[i].id,
                     .percentile_ratio = std::min(std::ceil(share * kFifths - kShareRoom) / kFifths, 1.0),
                     .deleveraged = closed};
    }
}

AdlRisk adl_risk(double venue_indicator, double hedge_loss_usd, double offset_ratio, const AdlParameters& parameters) {
    AdlRisk out;
    const bool known = std::isfinite(hedge_loss_usd) && hedge_loss_usd >= 0.0;
    out.risk_usd = known ? hedge_loss_usd : 0.0;
    const AdlIndicatorScale& scale = parameters.scale;
    const bool scaled =
        scale.highest > scale.lowest && venue_indicator >= scale.lowest && venue_indicator <= scale.highest;
    if (!known || !scaled || !std::isfinite(offset_ratio)) return out;
    // The venue's steps on one to five, whatever it calls its first.
    out.indicator = 1.0 + (kFifths - 1.0) * (venue_indicator - scale.lowest) / (scale.highest - scale.lowest);
    out.risk_usd = out.indicator / kFifths * hedge_loss_usd;
    out.act = out.indicator >= parameters.indicator_act && offset_ratio > parameters.offset_ratio_act;
    out.status = MarginStatus::ok;
    return out;
}

}  // namespace keel::risk
