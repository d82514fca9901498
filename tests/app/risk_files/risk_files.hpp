#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <string>

#include "app/risk_files/market_file.hpp"
#include "app/risk_files/portfolio_file.hpp"
#include "risk/report/report_smiles.hpp"
#include "risk/report/risk_report.hpp"
#include "tests/support/temporary_directory.hpp"

namespace keel::test {

// What a contract is valued at.
inline risk::ContractQuote quote_of(const risk::ReportInputs& inputs, std::size_t row) {
    risk::MarketState market = inputs.market;
    (void)fill_volatilities(inputs, report_smiles(inputs), market);
    return market.quotes.at(row);
}

// Portfolio and market files in a folder of their own, read as `keel risk` reads them.
class RiskFiles : public testing::Test {
protected:
    std::string write(const std::string& name, const std::string& text) {
        const std::string path = (folder_.path() / name).string();
        std::ofstream{path} << text;
        return path;
    }
    risk::ReportInputs load(const std::string& portfolio, std::initializer_list<std::string> markets) {
        app::InputsBuilder builder;
        app::read_portfolio_file(write("portfolio.json", portfolio), builder);
        std::string name = "market.json";
        for (const std::string& market : markets) {
            app::read_market_file(write(name, market), builder);
            name.insert(0, "next-");
        }
        return builder.finish("market.json");
    }
    risk::RiskReport report(const std::string& portfolio, std::initializer_list<std::string> markets) {
        return make_risk_report(load(portfolio, markets));
    }
    static std::string quality(const risk::RiskReport& report, std::string_view metric, std::string_view scope) {
        const risk::ReportMetric* found = find_metric(report, metric, scope);
        return found == nullptr ? "no such metric" : found->quality;
    }
    static bool has_note(const risk::RiskReport& report, const std::string& note) {
        return std::ranges::count(report.notes, note) == 1;
    }
    TemporaryDirectory folder_;
};

}  // namespace keel::test
