#pragma once

#include <map>
#include <string>
#include <vector>

#include "risk/margin/account_margin.hpp"
#include "risk/margin/adl_rank.hpp"
#include "risk/margin/insurance_fund.hpp"
#include "risk/margin/liquidation_tracker.hpp"
#include "risk/margin/margin_parameters.hpp"
#include "risk/margin/tiered_margin.hpp"

namespace keel::risk::test {

// The parameter tables of examples/margin/*.toml. Reading throws where a key is missing or unknown, so that
// the files cannot drift from the structs.
struct DeribitTables {
    std::map<std::string, DeribitFutureMargin> futures;
    std::map<std::string, DeribitOptionMargin> options;
    std::map<std::string, DeribitMatrixParameters> matrices;
    DeribitPortfolioParameters portfolio;
};
DeribitTables deribit_tables();

struct BybitTables {
    BybitOptionMargin option;
    double portfolio_factor{0.0};
    AdlIndicatorScale adl;
};
BybitTables bybit_tables();

struct OkxTables {
    OkxPortfolioParameters portfolio;
    std::map<std::string, double> spot_shock{};
    AdlIndicatorScale adl;
};
OkxTables okx_tables();

struct BinanceTables {
    std::map<std::string, std::vector<MarginTier>> tiers{};
    AdlIndicatorScale adl;
};
BinanceTables binance_tables();

struct AccountTables {
    AccountMarginParameters margin;
    std::vector<double> liquidation_moves;
    double liquidation_tolerance{0.0};
    LiquidationTrackerParameters tracker;
    AdlParameters adl;  // without a venue's scale
    InsuranceFundParameters insurance;
};
AccountTables account_tables();

}  // namespace keel::risk::test
