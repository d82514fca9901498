// keel risk: one risk report from files. keel whatif: the same before and after trades.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/failure.hpp"
#include "app/report/report_words.hpp"
#include "app/report/risk_report_text.hpp"
#include "app/report/whatif.hpp"
#include "app/risk_files/market_file.hpp"
#include "app/risk_files/portfolio_file.hpp"
#include "app/risk_files/settlement_cash.hpp"
#include "risk/book/revaluation.hpp"
#include "risk/report/report_margin.hpp"
#include "risk/report/report_profit.hpp"
#include "risk/report/report_smiles.hpp"

namespace keel::app {
namespace {

using risk::ReportInputs;
using risk::RiskReport;

// One trade of the command line.
struct Trade {
    std::string contract;
    std::string venue;  // empty: where it is held
    double quantity{0.0};
};

Trade parse_trade(const std::string& text) {
    constexpr double kQuantityMax = 1e15;
    const std::size_t colon = text.rfind(':');
    Trade trade{.contract = text.substr(0, colon), .venue = {}};
    if (const std::size_t at = trade.contract.find('@'); at != std::string::npos) {
        trade.venue = trade.contract.substr(at + 1);
        trade.contract.resize(at);
    }
    std::string_view amount =
        colon == std::string::npos ? std::string_view{} : std::string_view{text}.substr(colon + 1);
    if (amount.starts_with('+')) amount.remove_prefix(1);
    const auto [end, error] = std::from_chars(amount.data(), amount.data() + amount.size(), trade.quantity);
    if (error != std::errc{} || end != amount.data() + amount.size() || !std::isfinite(trade.quantity) ||
        trade.quantity == 0.0) {
        throw UsageError{
            fmt::format("--trade {}: write SYMBOL:QUANTITY or SYMBOL@VENUE:QUANTITY, e.g. BTC-PERPETUAL:-50000", text)};
    }
    if (std::abs(trade.quantity) > kQuantityMax) {
        throw UsageError{fmt::format("--trade {}: a quantity must be {:g} at most", text, kQuantityMax)};
    }
    return trade;
}

// Where a contract that no file names is filled: the first venue that margins what it holds or has a margin model, else
// the first of all.
std::string venue_for_new(const ReportInputs& inputs) {
    const auto& venues = inputs.book.venue_names;
    for (std::size_t v = 0; v < venues.size(); ++v) {
        const bool has_law = v < inputs.venue_margins.size() && inputs.venue_margins[v].law != risk::MarginLaw::none;
        if (has_law || holds_margined(inputs, risk::VenueSlot(static_cast<std::uint16_t>(v)))) return venues[v];
    }
    return venues.empty() ? "deribit" : venues.front();
}

// The place of each trade's contract; contracts not held yet get a row, so that the market files can price it.
// Errors: UsageError for a name at several venues and none said, for a venue that no file names, and for a name that
// says nothing.
std::vector<std::size_t> trade_rows(const std::vector<Trade>& trades, InputsBuilder& builder) {
    std::vector<std::size_t> rows;
    for (const Trade& trade : trades) {
        const risk::Book& book = builder.inputs().book;
        const auto venue_of = [&](std::size_t row) {
            return book.venue_names[static_cast<std::size_t>(book.contracts[row].venue)];
        };
        if (!trade.venue.empty() && std::ranges::count(book.venue_names, trade.venue) == 0) {
            throw UsageError{fmt::format("--trade {}@{}: the files name no such venue; they name {}", trade.contract,
                                         trade.venue, fmt::join(book.venue_names, ", "))};
        }
        std::vector<std::size_t> held = builder.rows_named(trade.contract);
        if (!trade.venue.empty()) std::erase_if(held, [&](std::size_t row) { return venue_of(row) != trade.venue; });
        std::vector<std::string> venues;
        for (const std::size_t row : held) {
            if (std::ranges::count(venues, venue_of(row)) == 0) venues.push_back(venue_of(row));
        }
        if (venues.size() > 1) {
            throw UsageError{fmt::format("--trade {0}: the files name it at {1}; say at which, as {0}@{2}:QUANTITY",
                                         trade.contract, fmt::join(venues, " and "), venues.front())};
        }
        if (!held.empty()) {  // of a long and a short side that stay apart it is the one that the trade closes
            const bool netted = builder.is_netted(book.contracts[held.front()].venue);
            const auto closed = std::ranges::find_if(
                held, [&](std::size_t row) { return book.holdings[row].quantity * trade.quantity < 0.0; });
            rows.push_back(netted || closed == held.end() ? held.front() : *closed);
            continue;
        }
        const auto meaning = parse_contract_name(trade.contract);
        if (!meaning) {
            throw UsageError{fmt::format("--trade {}: no such contract is held, and the name does not say what it is",
                                         trade.contract)};
        }
        const std::string venue = trade.venue.empty() ? venue_for_new(builder.inputs()) : trade.venue;
        rows.push_back(builder.contract(trade.contract, *meaning, venue, 1.0));
    }
    return rows;
}

struct Loaded {
    ReportInputs inputs;
    std::optional<ReportInputs> since;  // the same portfolio files with the prices of an earlier market
    std::vector<std::size_t> trade_rows;
};

// Errors: UsageError for a page that has no name or would take the place of a file that was read.
void check_page_path(const RiskOptions& options, const InputsBuilder& builder) {
    if (!options.html_path) return;
    const std::string& page = *options.html_path;
    if (page.empty()) throw UsageError{"--html: the name of the page's file is empty"};
    if (page == "-") throw UsageError{"--html -: a page goes to a file, not to standard output; write --html FILE"};
    std::vector<std::string> inputs = builder.margin_table_paths();
    for (const std::string& text : options.portfolios) inputs.push_back(portfolio_source(text).path);
    for (const auto* paths : {&options.market_paths, &options.since_paths}) {
        inputs.insert(inputs.end(), paths->begin(), paths->end());
    }
    for (const std::string& input : inputs) {
        std::error_code missing;  // a page that is not there yet is no input
        if (!std::filesystem::equivalent(page, input, missing)) continue;
        throw UsageError{fmt::format("--html {}: the page would overwrite {}, which is an input", page, input)};
    }
}

Loaded load(const RiskOptions& options, const std::vector<Trade>& trades) {
    InputsBuilder builder;
    for (const std::string& text : options.portfolios) {
        const PortfolioSource source = portfolio_source(text);
        read_portfolio_file(source.path, builder, source.account);
    }
    Loaded out;
    out.trade_rows = trade_rows(trades, builder);
    std::optional<InputsBuilder> since;
    if (!options.since_paths.empty()) since = builder;
    for (const std::string& path : options.market_paths) read_market_file(path, builder);
    if (!options.margin_path.empty()) builder.margin_tables(options.margin_path);
    check_page_path(options, builder);
    out.inputs = builder.finish(options.market_paths.front());
    if (!since) return out;
    for (const std::string& path : options.since_paths) read_market_file(path, *since);
    check_page_path(options, *since);  // the margin tables that these name are read, too
    out.since = since->finish_earlier(options.since_paths.front());
    if (out.since->market.now >= out.inputs.market.now) {
        throw InputError{since->times().newest_path(), "time",
                         fmt::format("{} is not before the time of the report, {}", utc_text(out.since->market.now),
                                     utc_text(out.inputs.market.now))};
    }
    return out;
}

// Average premium per coin after more was filled at `price`: what is closed leaves it, what turns starts anew.
double entry_after(const risk::Holding& held, double quantity, double price) {
    const double sum = held.quantity + quantity;
    if (held.quantity * sum <= 0.0) return price;
    if (std::abs(sum) <= std::abs(held.quantity)) return held.entry;
    return (held.quantity * held.entry + quantity * price) / sum;
}

// Coins are bought and sold for the stablecoin of the contract, at the index that they are counted at.
void swap_coins(const risk::Contract& spot, double quantity, double index, ReportInputs& inputs) {
    risk::Contract coins = spot;
    coins.kind = risk::ContractKind::coin_cash;
    const double stable = inputs.market.stables[static_cast<std::size_t>(spot.stable)];
    pay(inputs, coins, quantity * spot.multiplier);
    pay(inputs, spot, -quantity * index * spot.multiplier / stable);
}

// Fills a trade at the mark: what the contract had gained goes to cash and the whole of it is entered at the mark anew;
// an option's premium and what goes into a pool are paid. So the value of the account does not move. Returns what was
// filled.
WhatIfTrade apply(const Trade& trade, std::size_t row, const RiskReport& before, ReportInputs& inputs) {
    const risk::Contract contract = inputs.book.contracts[row];
    risk::MarketState market = inputs.market;
    (void)risk::fill_volatilities(inputs, before.smiles, market);
    const risk::ContractQuote quote = market.quotes[row];
    const risk::Holding held = inputs.book.holdings[row];
    WhatIfTrade filled{.contract = trade.contract,
                       .venue = contract.venue == risk::VenueSlot::none
                                    ? ""
                                    : inputs.book.venue_names[static_cast<std::size_t>(contract.venue)],
                       .quantity = trade.quantity,
                       .price = quote.mark,
                       .price_unit = "USD"};
    if (!risk::is_linear(contract.kind)) {
        const double premium = holding_value(contract, {.quantity = trade.quantity}, quote, market);
        if (!std::isfinite(premium)) throw UsageError{trade.contract + ": the market files do not price it"};
        if (contract.kind == risk::ContractKind::liquidity && held.quantity + trade.quantity < 0.0) {
            throw UsageError{fmt::format("{}: more than the {} that is held", trade.contract, held.quantity)};
        }
        inputs.book.holdings[row] = {
            .quantity = held.quantity + trade.quantity,
            .entry = entry_after(held, trade.quantity, premium / (trade.quantity * contract.multiplier))};
        pay(inputs, contract, -premium);
        filled.price = premium / (trade.quantity * contract.multiplier);
        filled.price_unit = settlement_of(contract, inputs.book);
        return filled;
    }
    if (contract.kind == risk::ContractKind::spot) {
        filled.price = market.underlyings[static_cast<std::size_t>(contract.underlying)].index;
        swap_coins(contract, trade.quantity, filled.price, inputs);
        return filled;
    }
    if (!(quote.mark > 0.0)) throw UsageError{trade.contract + ": the market files give it no price"};
    if (!risk::settles_in_coin(contract.kind)) filled.price_unit = settlement_of(contract, inputs.book);
    pay(inputs, contract, holding_value(contract, held, quote, market));
    inputs.book.holdings[row] = {.quantity = held.quantity + trade.quantity, .entry = quote.mark};
    return filled;
}

// Says on stderr why it is not kExitDone.
int exit_code_of(const RiskReport& report) {
    const std::string breached = breach_words(report);
    if (breached.empty()) return kExitDone;
    fmt::print(stderr, "exit code {}: {}\n", kExitCheckFailed, breached);
    return kExitCheckFailed;
}

void write_page(const std::string& path, const std::string& page) {
    std::ofstream file{path, std::ios::binary};
    file << page;
    if (!file.flush()) throw OutsideError{path + ": cannot be written"};
    fmt::print(stderr, "page: {}\n", path);
}

}  // namespace

int run_risk(const RiskOptions& options) {
    const Loaded loaded = load(options, {});
    RiskReport report = make_risk_report(loaded.inputs);
    if (loaded.since) risk::explain_profit(*loaded.since, loaded.inputs, report);
    if (options.common.json) {
        fmt::print("{}\n", risk_report_json(report));
    } else {
        fmt::print("{}", risk_report_text(report));
    }
    if (options.html_path) write_page(*options.html_path, risk_report_html(report));
    return exit_code_of(report);
}

int run_whatif(const WhatIfOptions& options) {
    std::vector<Trade> trades;
    for (const std::string& text : options.trades) trades.push_back(parse_trade(text));
    Loaded loaded = load(options, trades);
    WhatIf whatif{.trades = {}, .before = make_risk_report(loaded.inputs), .after = {}};
    for (std::size_t i = 0; i < trades.size(); ++i) {
        whatif.trades.push_back(apply(trades[i], loaded.trade_rows[i], whatif.before, loaded.inputs));
    }
    whatif.after = make_risk_report(loaded.inputs);
    fmt::print("{}{}", options.common.json ? whatif_json(whatif) : whatif_text(whatif, options.all),
               options.common.json ? "\n" : "");
    if (options.html_path) write_page(*options.html_path, whatif_html(whatif));
    return exit_code_of(whatif.after);
}

}  // namespace keel::app
