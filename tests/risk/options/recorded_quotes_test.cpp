#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <iostream>
#include <map>
#include <tuple>

#include "risk/options/black76.hpp"
#include "risk/options/implied_quote.hpp"
#include "risk/options/implied_volatility_batch.hpp"
#include "tests/support/csv_rows.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

constexpr double kTickCoin = 0.0001;

struct Month {
    std::size_t rows{0}, marks{0}, quoted_mid{0}, quoted_mark{0}, refused{0}, fallbacks{0}, batched{0};
    std::vector<double> gaps{};  // between the implied and the recorded volatility, in coin of price
};

// One chain of one snapshot: the options that share forward and time.
struct Snapshot {
    std::vector<double> strike{}, sign{}, price{}, volatility{};
};
using SnapshotKey = std::tuple<std::string, double, double>;

// Recorded marks and quotes have no reference volatility of more than four digits, so what is asked is exact: a mark's
// volatility prices back to the mark, and volatilities are ordered as their prices are.
void check_row(const test::CsvRow& row, Month& month, std::map<SnapshotKey, Snapshot>& snapshots) {
    const OptionType type = row.text("option_type") == "call" ? OptionType::call : OptionType::put;
    const double mark = row.number("mark_price"), recorded = row.number("implied_volatility");
    const QuotedOption option{.forward = row.number("underlying"),
                              .strike = row.number("strike"),
                              .years = row.number("time_to_maturity"),
                              .price = mark,
                              .unit = PremiumUnit::coin,
                              .type = type};
    ++month.rows;
    const ImpliedVolatility implied = implied_volatility(option);
    if (implied.status == ImpliedStatus::ok) {
        ++month.marks;
        ASSERT_LE(implied.steps, 4);
        OptionGreeks g;
        ASSERT_EQ(black76({.forward = option.forward,
                           .strike = option.strike,
                           .years = option.years,
                           .volatility = implied.volatility,
                           .type = type},
                          g),
                  PricingStatus::ok);
        ASSERT_NEAR(g.price / option.forward, mark, 1e-14 * std::max(1.0, option.strike / option.forward));
        month.gaps.push_back(std::abs(implied.volatility - recorded) * g.vega / option.forward);
        Snapshot& chain = snapshots[{row.text("timestamp"), option.forward, option.years}];
        chain.strike.push_back(option.strike);
        chain.sign.push_back(type == OptionType::call ? 1.0 : -1.0);
        chain.price.push_back(mark);
        chain.volatility.push_back(recorded);
    }
    ImpliedQuote quote{type, option.strike};
    const double bid = row.number("bid_price"), ask = row.number("ask_price");
    quote.update({.forward = option.forward, .years = option.years, .tick = kTickCoin, .unit = PremiumUnit::coin}, bid,
                 ask, recorded);
    ASSERT_EQ(quote.bid().status == SideStatus::absent, bid == 0.0);
    const bool both = quote.bid().status == SideStatus::ok && quote.ask().status == SideStatus::ok;
    if (both && bid <= ask) {
        ASSERT_LE(quote.bid().volatility, quote.ask().volatility);
        if (implied.status == ImpliedStatus::ok && bid <= mark && mark <= ask) {
            ASSERT_LE(quote.bid().volatility, implied.volatility * (1.0 + 1e-13));
            ASSERT_GE(quote.ask().volatility, implied.volatility * (1.0 - 1e-13));
        }
    }
    month.quoted_mid += quote.quoted().source == VolatilitySource::mid ? 1U : 0U;
    month.quoted_mark += quote.quoted().source == VolatilitySource::mark ? 1U : 0U;
    month.refused += quote.refused();
}

// Each chain again at once, from the recorded volatilities.
void check_batches(std::map<SnapshotKey, Snapshot>& snapshots, Month& month) {
    for (auto& [key, chain] : snapshots) {
        const double forward = std::get<1>(key), years = std::get<2>(key);
        std::vector<ImpliedStatus> status(chain.strike.size());
        month.fallbacks += implied_volatility_batch({.forward = forward,
                                                     .years = years,
                                                     .unit = PremiumUnit::coin,
                                                     .strike = chain.strike,
                                                     .sign = chain.sign,
                                                     .price = chain.price},
                                                    chain.volatility, status);
        month.batched += chain.strike.size();
        for (std::size_t i = 0; i < chain.strike.size(); ++i) {
            const ImpliedVolatility want =
                implied_volatility({.forward = forward,
                                    .strike = chain.strike[i],
                                    .years = years,
                                    .price = chain.price[i],
                                    .unit = PremiumUnit::coin,
                                    .type = chain.sign[i] > 0.0 ? OptionType::call : OptionType::put});
            ASSERT_EQ(status[i], want.status);
            ASSERT_NEAR(chain.volatility[i], want.volatility, 1e-9 * want.volatility);
        }
    }
}

TEST(RecordedQuotesTest, ImpliedVolatilitiesOfRecordedChainsPriceBackAndKeepTheirOrder) {
    const auto folder = test::data_path("deribit");
    KEEL_SKIP_WITHOUT(folder);
    std::size_t months = 0;
    for (const auto& entry : std::filesystem::directory_iterator{*folder}) {
        const std::string file = entry.path().filename().string();
        if (!file.starts_with("chain_snapshots_") || !file.ends_with(".csv.zst")) continue;
        Month month;
        std::map<SnapshotKey, Snapshot> snapshots;
        const std::string text = test::read_file(entry.path());
        const test::CsvRows rows{text};
        for (const test::CsvRow& row : rows) {
            check_row(row, month, snapshots);
            if (HasFatalFailure()) return;
        }
        check_batches(snapshots, month);
        if (HasFatalFailure()) return;
        ASSERT_GT(month.marks, 0U);
        const auto middle = month.gaps.begin() + static_cast<std::ptrdiff_t>(month.gaps.size() / 2);
        std::nth_element(month.gaps.begin(), middle, month.gaps.end());
        std::cout << "[ quotes   ] " << file << ": " << month.rows << " rows, " << month.marks
                  << " marks solved, median gap to the recorded volatility " << *middle << " coin; mid "
                  << month.quoted_mid << ", mark " << month.quoted_mark << ", refused " << month.refused << "; "
                  << month.fallbacks << " of " << month.batched << " in chains through the scalar solver\n";
        EXPECT_GT(static_cast<double>(month.marks), 0.9 * static_cast<double>(month.rows));
        ++months;
    }
    if (months == 0 && !test::data_required()) GTEST_SKIP() << "no chain_snapshots files";
    EXPECT_GT(months, 0U);
}

}  // namespace
}  // namespace keel::risk
