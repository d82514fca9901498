#include <gtest/gtest.h>

#include <cmath>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>

#include "risk/tail/historical.hpp"
#include "risk/tail/scenario_vector.hpp"
#include "risk/tail/value_ladder.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

using nlohmann::json;
using Numbers = std::vector<double>;

// The options of one expiry; coin-settled ones are weighted by index/forward, so that their USD profit is the
// change of the table.
struct Expiry {
    Numbers strike, volatility, quantity;
    std::vector<OptionType> type;
    double forward{0.0}, years{0.0};
    [[nodiscard]] OptionColumns columns() const {
        return {.strike = strike, .volatility = volatility, .quantity_coin = quantity, .type = type, .years = years};
    }
};

struct Book {
    std::map<std::string, Expiry> expiries;
    double exposure_usd{0.0};  // of all that is linear in the index, per unit of relative move
};

Book book_of(const json& file) {
    Book book;
    const double index = file.at("market").at("index");
    for (const json& leg : file.at("instruments")) {
        const std::string kind = leg.at("kind");
        const double quantity = leg.at("qty");
        if (kind == "coin_cash") {
            book.exposure_usd += quantity * index;
        } else if (kind == "inverse_perp" || kind == "inverse_future") {
            book.exposure_usd += quantity * leg.at("face").get<double>() * index / leg.at("mark").get<double>();
        } else if (kind == "linear_perp") {
            book.exposure_usd += quantity * leg.at("face").get<double>() * leg.at("mark").get<double>();
        } else if (kind == "inv_opt" || kind == "lin_opt") {
            const std::string tenor = leg.at("exp");
            Expiry& expiry = book.expiries[tenor];
            expiry.forward = file.at("market").at("forwards").at(tenor);
            expiry.years = file.at("market").at("T").at(tenor);
            expiry.strike.push_back(leg.at("K"));
            expiry.volatility.push_back(leg.at("iv"));
            expiry.type.push_back(leg.at("th") == 1 ? OptionType::call : OptionType::put);
            expiry.quantity.push_back(quantity *
                                      (kind == "inv_opt" ? index / expiry.forward : leg.at("mult").get<double>()));
        } else {
            EXPECT_EQ(kind, "usdc_cash") << "a kind the test does not know";
        }
    }
    return book;
}

// What the file's acceptance is relative to: the gross value of its instruments.
double gross_usd(const json& file) {
    double sum = 0.0;
    for (const auto& [name, value] : file.at("base").at("per_instrument_usd").items()) {
        sum += std::abs(value.get<double>());
    }
    return sum;
}

// The 120 scenarios of the file through ladders and the scenario vector. Full revaluation is the definition:
// its scenario profits must agree to the file's 1e-10 of the gross, and the ladder's error is held to what 21 x 5
// reach on this book by the design note (15 USD of a VaR of 137,728).
TEST(LadderVectors, ScenariosOfTheStressBook) {
    const auto path = test::vectors_path("portfolio_stress.json");
    KEEL_SKIP_WITHOUT(path);
    const json file = json::parse(test::read_file(*path));
    const Book book = book_of(file);
    const json& rows = file.at("scenarios").at("rv");
    const Numbers listed = file.at("scenarios").at("pnl_usd");
    Numbers returns, volatility_changes;
    for (const json& row : rows) {
        returns.push_back(row[0]);
        volatility_changes.push_back(row[1]);
    }
    ScenarioSet set{rows.size(), 1};
    ASSERT_TRUE(set.set_factor(0, returns, {}));
    ScenarioVector vector{set, book.expiries.size()};
    ASSERT_TRUE(vector.add_exposure(0, book.exposure_usd));
    Numbers full(vector.pnl_usd().begin(), vector.pnl_usd().end());
    Numbers pnl(rows.size());
    std::size_t bucket = 0;
    for (const auto& [tenor, expiry] : book.expiries) {
        const OptionColumns options = expiry.columns();
        ValueLadder ladder;
        ASSERT_TRUE(ladder.build(options, expiry.forward, UnixNanos{0}));
        const auto position = ladder.position(expiry.forward, 0.0);
        ASSERT_TRUE(position);
        EXPECT_EQ(ladder.shock_all(*position, set.log_moves(0), volatility_changes, 1.0, options, pnl), 0U);
        ASSERT_TRUE(vector.replace_bucket(bucket++, pnl));
        const double now = black76_book_value(options, expiry.forward, 1.0);
        for (std::size_t s = 0; s < rows.size(); ++s) {
            full[s] +=
                black76_book_value(options, expiry.forward * std::exp(returns[s]), std::exp(volatility_changes[s])) -
                now;
        }
        std::cout << tenor << ": error half-way between nodes " << ladder.midpoint_error_usd(options) << " USD\n";
    }
    const double tolerance = 1e-10 * gross_usd(file);
    double worst = 0.0;
    for (std::size_t s = 0; s < rows.size(); ++s) {
        EXPECT_NEAR(full[s], listed[s], tolerance) << s;
        worst = std::max(worst, std::abs(vector.pnl_usd()[s] - listed[s]));
    }
    std::cout << "ladder against full revaluation: at most " << worst << " USD\n";
    EXPECT_LT(worst, 15.0);
    for (const json& row : file.at("scenarios").at("hs")) {
        EXPECT_EQ(tail_rank(rows.size(), row.at("alpha")).var, row.at("k").get<std::size_t>());
        const auto exact = historical_tail(full, row.at("alpha"));
        EXPECT_NEAR(exact->var_usd, row.at("VaR").get<double>(), tolerance);
        EXPECT_NEAR(exact->es_usd, row.at("ES").get<double>(), tolerance);
        EXPECT_NEAR(vector.read(row.at("alpha"))->var_usd, exact->var_usd, 15.0);
        EXPECT_NEAR(vector.read(row.at("alpha"))->es_usd, exact->es_usd, 15.0);
    }
}

}  // namespace
}  // namespace keel::risk
