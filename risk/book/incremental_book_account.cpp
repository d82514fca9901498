#include <cmath>

#include "risk/book/incremental_book.hpp"

// Events of the account: what they do to holdings, cash and the peak of equity.
namespace keel::risk {
namespace {

ContractForm form_of(const Contract& contract) {
    return contract.kind == ContractKind::inverse_future ? ContractForm::inverse : ContractForm::linear;
}
// Bought for cash at once: the price is not an entry to measure profit from.
bool is_premium(ContractKind kind) { return is_option(kind) || kind == ContractKind::liquidity; }

}  // namespace

// The one place where a holding changes.
void IncrementalBook::hold(std::uint32_t index, const Holding& holding) {
    Row& row = rows_[index];
    row.holding = holding;
    if (!is_option(row.contract.kind)) return post_row(index);
    const std::size_t expiry = index_of(row.contract.expiry);
    buckets_[expiry].set_quantity(row.option, holding.quantity);
    post_bucket(expiry);
}

void IncrementalBook::add_cash(ContractSlot cash, double amount) {
    Row& row = rows_[index_of(cash)];
    row.cash_sum.add(amount);
    row.holding.quantity = row.cash_sum.value();
    post_row(static_cast<std::uint32_t>(index_of(cash)));
}

BookStatus IncrementalBook::on_fill(ContractSlot slot, double quantity, double price, double fee) {
    const std::size_t at = index_of(slot);
    if (at >= rows_.size() || is_cash(rows_[at].contract.kind)) return BookStatus::unknown_row;
    Row& row = rows_[at];
    if (row.settled) return BookStatus::settled;
    const bool premium = is_premium(row.contract.kind);
    const bool good_price = usable(price) || (premium && price == 0.0);
    const double left = row.holding.quantity + quantity;
    if (!good_price || quantity == 0.0 || !(std::abs(quantity) <= rules_.quantity_max) ||
        !(std::abs(left) <= rules_.quantity_max) || !(std::abs(fee) <= rules_.quantity_max)) {
        return refuse(row.flags, underlying_of(row.cell));
    }
    const double size = row.contract.multiplier;
    Holding holding = row.holding;
    double cash = 0.0;
    if (premium) {
        holding.quantity = left;
        cash = -quantity * size * price;
    } else {
        cash = apply_fill(holding, form_of(row.contract), size, quantity, price);
        rows_[index_of(row.cash)].tally.realised.add(cash);
    }
    rows_[index_of(row.cash)].tally.fees.add(fee);
    hold(static_cast<std::uint32_t>(at), holding);
    add_cash(row.cash, cash - fee);
    return finish();
}

BookStatus IncrementalBook::on_funding(ContractSlot slot, double rate) {
    const std::size_t at = index_of(slot);
    if (at >= rows_.size()) return BookStatus::unknown_row;
    Row& row = rows_[at];
    const bool future =
        row.contract.kind == ContractKind::linear_future || row.contract.kind == ContractKind::inverse_future;
    if (!future || row.contract.expiry != ExpirySlot::none) return BookStatus::unknown_row;
    const double mark = market_.quotes[at].mark;
    if (!(std::abs(rate) <= 1.0) || !usable(mark)) return refuse(row.flags, underlying_of(row.cell));
    const double cash = funding_cash(form_of(row.contract), row.contract.multiplier, row.holding.quantity, mark, rate);
    rows_[index_of(row.cash)].tally.funding.add(cash);
    add_cash(row.cash, cash);
    return finish();
}

BookStatus IncrementalBook::on_cash(ContractSlot slot, double amount) {
    const std::size_t at = index_of(slot);
    if (at >= rows_.size() || !is_cash(rows_[at].contract.kind)) return BookStatus::unknown_row;
    Row& row = rows_[at];
    if (!(std::abs(amount) <= rules_.quantity_max)) return refuse(row.flags, underlying_of(row.cell));
    const double before = account_.read(&UsdVector::equity);
    const double bound = account_.read_bound(&UsdVector::equity);
    accept(row.flags, underlying_of(row.cell));
    row.tally.flows.add(amount);
    add_cash(slot, amount);
    peak_.on_flow(account_.read(&UsdVector::equity) - before, before, bound);
    return finish();
}

void IncrementalBook::settle_row(std::uint32_t index, double price) {
    Row& row = rows_[index];
    row.settled = true;
    accept(row.flags, underlying_of(row.cell));
    if (row.holding.quantity == 0.0) return;
    const Contract& contract = row.contract;
    const double size = row.holding.quantity * contract.multiplier;
    Holding holding = row.holding;
    double cash = 0.0;
    if (is_option(contract.kind)) {
        const double coins = inverse_payoff_coin(contract.type, contract.strike, price);
        cash = size * (contract.kind == ContractKind::inverse_option ? coins : coins * price);
        holding = {};
    } else {
        cash = apply_fill(holding, form_of(contract), contract.multiplier, -row.holding.quantity, price);
        rows_[index_of(row.cash)].tally.realised.add(cash);
    }
    hold(index, {});
    add_cash(row.cash, cash);
}

BookStatus IncrementalBook::on_settlement(ExpirySlot slot, double price) {
    const std::size_t at = index_of(slot);
    if (at >= buckets_.size()) return BookStatus::unknown_row;
    ExpiryLevel& level = expiries_[at];
    if (level.settled) return BookStatus::settled;
    const std::size_t underlying = index_of(buckets_[at].market().underlying);
    // It is paid out at once and for good.
    const ExpiryMarket& market = market_.expiries[at];
    const double last = usable(market.settlement_average) ? market.settlement_average : market.forward;
    if (!acceptable(price, last, level.delivery_suspicion)) return refuse(level.flags, underlying);
    for (const std::uint32_t row : level.rows) settle_row(row, price);
    accept(level.flags, underlying);
    level.settled = true;
    return finish();
}

}  // namespace keel::risk
