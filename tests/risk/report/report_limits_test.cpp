#include "risk/report/report_limits.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

namespace keel::risk {
namespace {

std::vector<ReportMetric> metrics() {
    const auto row = [](const char* name, const char* scope) {
        ReportMetric out;
        out.name = name;
        out.scope = scope;
        return out;
    };
    return {row("var_99_usd", ""), row("delta_bs", "BTC"), row("delta_net", "BTC"), row("delta_net", "ETH")};
}

ReportLimit limit_of(const char* metric, const char* scope) {
    return {.metric = metric, .scope = scope, .soft = 0.001, .hard = 0.002};
}

TEST(ReportLimitsTest, ALimitOfWhatTheReportDoesNotHaveIsUnknownAndNamesWhatWasMeant) {
    const auto note = [](const char* metric, const char* scope) {
        std::vector<ReportMetric> rows = metrics();
        const std::vector<std::string> notes = add_unjudged_limits(std::vector{limit_of(metric, scope)}, rows);
        EXPECT_EQ(rows.size(), metrics().size() + notes.size()) << metric;
        return notes.empty() ? "" : notes.front();
    };
    constexpr const char* kLacking = " is not judged: no such metric here";
    EXPECT_EQ(note("delta_net", "BTC"), "") << "it has this one";
    EXPECT_EQ(note("delta_net", "btc"),
              std::string{"the limit of delta_net btc"} + kLacking + "; did you mean delta_net BTC?");
    EXPECT_EQ(note("delta_ne", "ETH"),
              std::string{"the limit of delta_ne ETH"} + kLacking + "; did you mean delta_net ETH?");
    EXPECT_EQ(note("var99_usd", ""), std::string{"the limit of var99_usd"} + kLacking + "; did you mean var_99_usd?");
    EXPECT_EQ(note("delta_net", "SOL"), std::string{"the limit of delta_net SOL"} + kLacking) << "nothing is near";
    EXPECT_EQ(note("delta_net", ""), std::string{"the limit of delta_net"} + kLacking);
}

// Reports go through the rows scope by scope: one more of BTC stands with those of BTC.
TEST(ReportLimitsTest, ItsRowStandsLastOfItsScope) {
    std::vector<ReportMetric> rows = metrics();
    const std::vector limits{limit_of("delta", "BTC"), limit_of("delta_net", "btc"), limit_of("vega", "BTC"),
                             limit_of("vega_usd", "btc"), limit_of("delta_net", "ETH")};
    EXPECT_EQ(add_unjudged_limits(limits, rows).size(), 4U);
    std::vector<std::string> order;
    for (const ReportMetric& row : rows) order.push_back(row.scope + " " + row.name);
    EXPECT_EQ(order, (std::vector<std::string>{" var_99_usd", "BTC delta_bs", "BTC delta_net", "BTC delta", "BTC vega",
                                               "ETH delta_net", "btc delta_net", "btc vega_usd"}));
    const auto added = std::ranges::find(rows, "btc", &ReportMetric::scope);
    EXPECT_EQ(added->state, LimitState::unknown);
    EXPECT_TRUE(std::isnan(added->value));
    EXPECT_EQ(added->hard, 0.002);
    EXPECT_EQ(added->quality, "no such metric");
}

}  // namespace
}  // namespace keel::risk
