// The text and the pages of keel risk and keel whatif, as a user has them written.
#include <gtest/gtest.h>

#include <cctype>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>
#include <vector>

#include "tests/app/commands/risk_program_test.hpp"

namespace keel::app {
namespace {

using test::Outcome;

class RiskPagesTest : public RiskProgramTest {
protected:
    static std::string text_of(const std::string& path) {
        std::ifstream file{path};
        return {std::istreambuf_iterator<char>{file}, {}};
    }
    std::string copy(const std::string& name, const std::string& as) {
        std::filesystem::create_directories(std::filesystem::path{path_of(as)}.parent_path());
        std::filesystem::copy_file(example(name), path_of(as));
        return path_of(as);
    }
    std::string copy(const std::string& name) { return copy(name, name); }
};

TEST_F(RiskPagesTest, NeverWritesThePageOverAnInput) {
    const std::string portfolio = copy("risk-portfolio.json"), market = copy("risk-market.json");
    const std::string venues = copy("risk-venues.json");
    for (const char* tables : {"margin/deribit.toml", "margin/binance_usdm.toml", "margin/bybit.toml"}) copy(tables);
    const std::string link = path_of("link.html");
    std::filesystem::create_symlink(market, link);
    const auto to_page = [&](const char* command, const std::string& page) {
        std::vector<std::string> arguments{command,       "--portfolio", "deribit/main=" + portfolio,
                                           "--portfolio", venues,        "--market",
                                           market,        "--html",      page};
        if (command == std::string{"whatif"}) arguments.insert(arguments.end(), {"--trade", "ETH-PERPETUAL:+100"});
        return run(arguments);
    };
    for (const char* command : {"risk", "whatif"}) {
        for (const std::string& page : {portfolio, market, venues, path_of("margin/deribit.toml"),
                                        path_of("margin/bybit.toml"), path_of("margin/../risk-market.json"), link}) {
            const std::string before = text_of(page);
            const Outcome outcome = to_page(command, page);
            EXPECT_EQ(outcome.code, 2) << page;
            EXPECT_NE(outcome.err.find("--html " + page + ": the page would overwrite "), std::string::npos)
                << outcome.err;
            EXPECT_EQ(outcome.out, "") << "no report of what is refused";
            EXPECT_EQ(text_of(page), before);
        }
        EXPECT_EQ(to_page(command, path_of("page.html")).code, 0);
        EXPECT_EQ(to_page(command, path_of("page.html")).code, 0) << "the page of before is no input";
    }
    const std::string earlier = copy("risk-market.json", "earlier.json");
    const Outcome since =
        run({"risk", "--portfolio", portfolio, "--market", market, "--since", earlier, "--html", earlier});
    EXPECT_NE(since.err.find("would overwrite " + earlier), std::string::npos) << since.err;
}

TEST_F(RiskPagesTest, RefusesAPageWithoutAFile) {
    for (const auto& [page, reason] : {std::pair{"", "--html: the name of the page's file is empty"},
                                       std::pair{"-", "--html -: a page goes to a file"}}) {
        const Outcome outcome = run({"risk", "--portfolio", example("risk-portfolio.json"), "--market",
                                     example("risk-market.json"), "--html", page});
        EXPECT_EQ(outcome.code, 2) << page;
        EXPECT_NE(outcome.err.find(reason), std::string::npos) << outcome.err;
        EXPECT_FALSE(std::filesystem::exists("-"));
    }
}

// A mistyped scope reads as no limit to nobody.
TEST_F(RiskPagesTest, ALimitOfNoMetricIsListedAndCounted) {
    const std::string limits = path_of("limits.json"), page = path_of("page.html");
    std::ofstream{limits} << R"({"limits":[{"metric":"delta_net","scope":"btc","soft":0.001,"hard":0.002},
      {"metric":"theta_day_usd","scope":"account","soft":1e12,"hard":2e12}]})";
    const Outcome text = run({"risk", "--portfolio", example("risk-portfolio.json"), "--portfolio", limits, "--market",
                              example("risk-market.json"), "--html", page});
    EXPECT_EQ(text.code, 0) << text.err;
    EXPECT_NE(text.out.find(", 1 not known\n"), std::string::npos) << text.out.substr(0, 500);
    EXPECT_NE(text.out.find("unknown  delta_net  btc        -  0.001  0.002  no such metric"), std::string::npos)
        << text.out.substr(0, 500);
    EXPECT_NE(text.out.find("no such metric here; did you mean delta_net BTC?"), std::string::npos)
        << text.out.substr(0, 1500);
    const std::string html = text_of(page);
    EXPECT_NE(html.find(", 1 not known</div>"), std::string::npos) << "of the tile";
    EXPECT_NE(html.find("<td class=\"words\">no such metric</td>"), std::string::npos);
}

// What makes a number doubtful is read before what the report assumes.
TEST_F(RiskPagesTest, NotesOfDoubtsComeFirst) {
    const std::string crossed = path_of("crossed.json");
    std::ofstream{crossed} << R"({"instruments":[{"name":"ETH-PERPETUAL","spread":-0.01}]})";
    const Outcome outcome = run({"risk", "--portfolio", example("risk-portfolio.json"), "--market",
                                 example("risk-market.json"), "--market", crossed});
    const std::size_t limit = outcome.out.find("is judged on doubtful inputs"),
                      doubt = outcome.out.find("note: ETH-PERPETUAL: crossed quote"),
                      assumed = outcome.out.find("options are valued at the curve");
    EXPECT_LT(doubt, limit) << outcome.out.substr(0, 1'500);
    EXPECT_LT(limit, assumed);
    EXPECT_NE(assumed, std::string::npos);
}

// Names are as long as accounts' names are: no column runs into the next, no row goes on below.
TEST_F(RiskPagesTest, WhatIfKeepsItsColumnsApart) {
    const std::string account = "deribit/a-long-name-of-an-account";
    const std::string book =
        std::regex_replace(text_of(example("risk-portfolio.json")), std::regex{"\"deribit\""}, '"' + account + '"');
    std::ofstream{path_of("book.json")} << book;
    const Outcome outcome = run({"whatif", "--all", "--portfolio", path_of("book.json"), "--market",
                                 example("risk-market.json"), "--trade", "BTC-PERPETUAL:-50000"});
    ASSERT_EQ(outcome.code, 0) << outcome.err;
    std::istringstream lines{outcome.out};
    std::size_t rows = 0;
    for (std::string line; std::getline(lines, line);) {
        EXPECT_LE(line.size(), 100U) << line;
        const std::size_t found = line.find(account);
        if (found != 2 && found != 0) continue;
        ++rows;
        EXPECT_EQ(line[found + account.size()], ' ') << line;
    }
    EXPECT_GT(rows, 8U) << outcome.out;
    for (const char* cells : {" initial_margin_usd ", "  maintenance margin ", " BTC ", " ETH "}) {
        const std::size_t found = outcome.out.find(account + cells);
        ASSERT_NE(found, std::string::npos) << cells << outcome.out;
        const std::string line = outcome.out.substr(found, outcome.out.find('\n', found) - found);
        EXPECT_TRUE(std::isdigit(static_cast<unsigned char>(line.back())) || line.ends_with("USD") ||
                    line.ends_with("none"))
            << line;
    }
}

}  // namespace
}  // namespace keel::app
