// var_backtest CLOSES.csv[.zst] DVOL.json OUTPUT_FOLDER: the crash table on stdout, table.md and report.html in the
// folder.
#include <fstream>
#include <iostream>

#include "tests/risk/tail/crash_backtest.hpp"
#include "tests/risk/tail/crash_report.hpp"

int main(int argc, char** argv) {
    using namespace keel::risk::crash;
    if (argc != 4) {
        std::cerr << "usage: var_backtest CLOSES.csv[.zst] DVOL.json OUTPUT_FOLDER\n";
        return 2;
    }
    try {
        const DailySeries series = read_daily(argv[1], argv[2]);
        std::vector<BookResult> results;
        for (const Book book : kBooks) results.push_back(run(book, series));
        const std::filesystem::path folder{argv[3]};
        std::filesystem::create_directories(folder);
        std::ofstream{folder / "table.md"} << markdown(results);
        std::ofstream{folder / "report.html"} << html(results);
        std::cout << markdown(results);
    } catch (const std::exception& error) {
        std::cerr << "var_backtest: " << error.what() << '\n';
        return 1;
    }
    return 0;
}
