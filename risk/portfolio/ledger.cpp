#include "risk/portfolio/ledger.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kMoneyMax = 9.2e9;  // units: what 63 bits of billionths hold

}  // namespace

Money money_from(double amount) {
    if (std::isnan(amount)) return Money{};
    return Money{std::llround(std::clamp(amount, -kMoneyMax, kMoneyMax) / kMoneyUnit)};
}

void Ledger::anchor(CurrencyId currency, double reported_equity, Money reported_cash) {
    Row& row = rows_[slot(currency)];
    row.base = reported_equity - row.value.value();
    row.reported = reported_cash;
    row.cash = Money{};
    ++row.anchors;
}

void Ledger::add_cash(CurrencyId currency, Money cash) { rows_[slot(currency)].cash += cash; }

void Ledger::replace_value(CurrencyId currency, double before, double after) {
    CompensatedSum& value = rows_[slot(currency)].value;
    value.add(after);
    value.add(-before);
}

void Ledger::absorb_value(CurrencyId currency, double value) { rows_[slot(currency)].base -= value; }

void Ledger::add_fee(CurrencyId currency, Money fee) {
    Row& row = rows_[slot(currency)];
    row.fees += fee;
    row.cash -= fee;
}

void Ledger::add_realised(CurrencyId currency, double realised) { rows_[slot(currency)].realised.add(realised); }

void Ledger::replace_unrealised(CurrencyId currency, double before, double after) {
    CompensatedSum& unrealised = rows_[slot(currency)].unrealised;
    unrealised.add(after);
    unrealised.add(-before);
}

double Ledger::equity(CurrencyId currency) const {
    const Row& row = rows_[slot(currency)];
    if (row.anchors == 0) return std::numeric_limits<double>::quiet_NaN();
    return row.base + static_cast<double>(row.cash.count()) * kMoneyUnit + row.value.value();
}

void Ledger::hash_into(StateHash& hash) const {
    for (const Row& row : rows_) {
        hash.add_real(row.base);
        hash.add(row.reported);
        hash.add(row.cash);
        hash.add(row.fees);
        hash.add_real(row.value.value());
        hash.add_real(row.realised.value());
        hash.add(row.anchors);
    }
}

}  // namespace keel::risk
