#pragma once

#include <array>
#include <cstdint>

#include "engine/core/counted.hpp"
#include "engine/core/ids.hpp"
#include "engine/journal/state_hash.hpp"
#include "risk/portfolio/sensitivities.hpp"

namespace keel::risk {

// Equity of one settlement currency: what the venue last reported, moved by what has happened since.
// Cash is exact (Money); the value of holdings is not.
//
//   equity = base + cash since the report + value of holdings,   base = reported equity - value then
//
// Thread: core. Allocates: never.
class Ledger {
public:
    // The venue's own equity: everything we computed before is replaced by it.
    void anchor(CurrencyId currency, double reported_equity, Money reported_cash);
    // Realised profit, premium or fee: positive comes in. Exact.
    void add_cash(CurrencyId currency, Money cash);
    // Value of holdings (unrealised profit of futures, value of options) changes by new minus old.
    void replace_value(CurrencyId currency, double before, double after);
    // A value that was in the venue's equity already enters the sum of holdings (first ticker of a
    // reported position, or a position report): equity stays.
    void absorb_value(CurrencyId currency, double value);
    void add_fee(CurrencyId currency, Money fee);
    void add_realised(CurrencyId currency, double realised);
    // Puts the new unrealised profit of a holding in place of the old one; statistics only.
    void replace_unrealised(CurrencyId currency, double before, double after);

    [[nodiscard]] bool anchored(CurrencyId currency) const { return rows_[slot(currency)].anchors > 0; }
    [[nodiscard]] std::uint32_t anchors(CurrencyId currency) const { return rows_[slot(currency)].anchors; }
    // NaN before the first balance report.
    [[nodiscard]] double equity(CurrencyId currency) const;
    [[nodiscard]] Money cash(CurrencyId currency) const {
        return rows_[slot(currency)].reported + rows_[slot(currency)].cash;
    }
    [[nodiscard]] Money fees(CurrencyId currency) const { return rows_[slot(currency)].fees; }
    [[nodiscard]] double realised(CurrencyId currency) const { return rows_[slot(currency)].realised.value(); }
    [[nodiscard]] double unrealised(CurrencyId currency) const { return rows_[slot(currency)].unrealised.value(); }
    void hash_into(StateHash& hash) const;

private:
    struct Row {
        double base{0.0};
        Money reported{};
        Money cash{};  // since the last anchor
        Money fees{};  // since start
        CompensatedSum value{};
        CompensatedSum realised{};
        CompensatedSum unrealised{};
        std::uint32_t anchors{0};
    };
    std::array<Row, kCurrenciesMax> rows_{};
};

// Nearest Money count of a double amount; exact below 9 million units, clamped at 9.2 billion: a venue's
// absurd number must not stop the core. NaN is nothing.
[[nodiscard]] Money money_from(double amount);

}  // namespace keel::risk
