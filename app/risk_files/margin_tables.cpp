#include "app/risk_files/margin_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <string_view>

#include "app/failure.hpp"

namespace keel::app {
namespace {

[[noreturn]] void refuse(const TomlValue& value, const std::string& key, const std::string& reason) {
    throw ConfigError{value.file, value.line, key, reason};
}

const TomlValue& member(const TomlValue& table, const std::string& path, const char* key) {
    const TomlValue* found = table.find(key);
    if (found == nullptr) refuse(table, path, fmt::format("\"{}\" is missing", key));
    return *found;
}

// Every number of a table is a size, never below 0.
double number(const TomlValue& table, const std::string& path, const char* key) {
    const TomlValue& value = member(table, path, key);
    const bool whole = value.type == TomlValue::Type::integer;
    if (!whole && value.type != TomlValue::Type::number) refuse(value, path + "." + key, "must be a number");
    const double said = whole ? static_cast<double>(value.integer) : value.number;
    if (!std::isfinite(said) || said < 0.0) refuse(value, path + "." + key, "must be a number from 0 on");
    return said;
}

// A fraction of the notional or the price.
double rate(const TomlValue& table, const std::string& path, const char* key) {
    const double said = number(table, path, key);
    if (said > 1.0) refuse(member(table, path, key), path + "." + key, "must be a fraction, 1 at most");
    return said;
}

// Refuses a key that nobody reads: a misspelt one would be taken for absent.
void refuse_unknown(const TomlValue& table, const std::string& path, std::initializer_list<std::string_view> known) {
    for (std::size_t i = 0; i < table.keys.size(); ++i) {
        if (std::ranges::find(known, table.keys[i]) != known.end()) continue;
        refuse(table.items[i], path + "." + table.keys[i], "is no key of this table");
    }
}

double number_or(const TomlValue& table, const std::string& path, const char* key, double otherwise) {
    return table.find(key) == nullptr ? otherwise : number(table, path, key);
}

// `count` numbers, or as many as there are (0); all of them `otherwise` where the key is absent.
std::vector<double> numbers(const TomlValue& table, const std::string& path, const char* key, std::size_t count,
                            double otherwise) {
    const TomlValue* list = table.find(key);
    if (list == nullptr) return std::vector<double>(count, otherwise);
    if (list->type != TomlValue::Type::array || (count > 0 && list->items.size() != count)) {
        refuse(*list, path + "." + key, count > 0 ? fmt::format("must hold {} numbers", count) : "must hold numbers");
    }
    std::vector<double> out;
    for (const TomlValue& item : list->items) {
        const bool whole = item.type == TomlValue::Type::integer;
        if (!whole && item.type != TomlValue::Type::number) refuse(item, path + "." + key, "must hold numbers");
        out.push_back(whole ? static_cast<double>(item.integer) : item.number);
    }
    return out;
}

std::uint32_t count(const TomlValue& table, const std::string& path, const char* key) {
    const TomlValue& value = member(table, path, key);
    if (value.type != TomlValue::Type::integer || value.integer < 0) {
        refuse(value, path + "." + key, "must be a whole number");
    }
    return static_cast<std::uint32_t>(value.integer);
}

risk::DeribitMatrixParameters matrix_of(const TomlValue& table, const std::string& path) {
    const auto get = [&](const char* key) { return number(table, path, key); };
    risk::DeribitMatrixParameters out{.price_range = get("price_range"),
                                      .buckets = count(table, path, "buckets"),
                                      .volatility_range_up = get("volatility_range_up"),
                                      .volatility_range_down = get("volatility_range_down"),
                                      .short_term_vega_power = get("short_term_vega_power"),
                                      .long_term_vega_power = get("long_term_vega_power"),
                                      .short_term_days = get("short_term_days"),
                                      .tenor_days_min = get("tenor_days_min"),
                                      .volatility_shocked_up_min = get("volatility_shocked_up_min"),
                                      .extended_factor = get("extended_factor"),
                                      .extended_dampener_usd = get("extended_dampener_usd"),
                                      .annualised_move_risk = get("annualised_move_risk"),
                                      .annualised_move_min = get("annualised_move_min"),
                                      .pnl_offset_ratio = get("pnl_offset_ratio"),
                                      .offsetable_pnl_usd_max = get("offsetable_pnl_usd_max"),
                                      .delta_shock_threshold_usd = get("delta_shock_threshold_usd"),
                                      .delta_shock_ratio_max = get("delta_shock_ratio_max"),
                                      .delta_shock_per_coin = get("delta_shock_per_coin")};
    const TomlValue& moves = member(table, path, "extended_moves");
    if (moves.items.size() > risk::kMatrixExtendedMax) refuse(moves, path + ".extended_moves", "has too many moves");
    for (const double move : numbers(table, path, "extended_moves", 0, 0.0)) {
        out.extended_moves[out.extended_count++] = move;
    }
    const TomlValue& law = member(table, path, "roll_law");
    if (law.text != "linear" && law.text != "exponential") {
        refuse(law, path + ".roll_law", "must be \"linear\" or \"exponential\"");
    }
    out.roll_law = law.text == "linear" ? risk::RollLaw::linear : risk::RollLaw::exponential;
    return out;
}

// Initial margin covers maintenance margin, whatever the strike.
void refuse_unless_ascending(const TomlValue& table, const std::string& path, double maintenance, double floor,
                             double initial) {
    if (maintenance <= floor && floor <= initial) return;
    refuse(table, path, "maintenance_rate, initial_rate_floor and initial_rate must ascend");
}

risk::DeribitFutureMargin future_of(const TomlValue& table, const std::string& path) {
    const risk::DeribitFutureMargin out{.initial_rate = rate(table, path, "initial_rate"),
                                        .maintenance_rate = rate(table, path, "maintenance_rate"),
                                        .rate_per_coin = rate(table, path, "rate_per_coin")};
    if (out.maintenance_rate > out.initial_rate) {
        refuse(table, path, "maintenance_rate must not be above initial_rate");
    }
    return out;
}

risk::DeribitOptionMargin option_of(const TomlValue& table, const std::string& path) {
    const risk::DeribitOptionMargin out{.initial_rate = rate(table, path, "initial_rate"),
                                        .initial_rate_floor = rate(table, path, "initial_rate_floor"),
                                        .maintenance_rate = rate(table, path, "maintenance_rate")};
    refuse_unless_ascending(table, path, out.maintenance_rate, out.initial_rate_floor, out.initial_rate);
    return out;
}

risk::BybitOptionMargin bybit_option_of(const TomlValue& table, const std::string& path) {
    const risk::BybitOptionMargin out{.initial_rate = rate(table, path, "initial_rate"),
                                      .initial_rate_floor = rate(table, path, "initial_rate_floor"),
                                      .maintenance_rate = rate(table, path, "maintenance_rate"),
                                      .liquidation_fee_rate = rate(table, path, "liquidation_fee_rate")};
    refuse_unless_ascending(table, path, out.maintenance_rate, out.initial_rate_floor, out.initial_rate);
    return out;
}

risk::AdlIndicatorScale adl_of(const TomlValue& table, const std::string& path) {
    const risk::AdlIndicatorScale out{.lowest = number(table, path, "lowest"),
                                      .highest = number(table, path, "highest")};
    if (!(out.lowest < out.highest)) refuse(table, path, "lowest must lie below highest");
    return out;
}

risk::DeribitPortfolioParameters portfolio_of(const TomlValue& table, const std::string& path) {
    constexpr double kMinutesPerYear = 365.0 * 1'440.0;
    return {.maintenance_ratio = rate(table, path, "maintenance_ratio"),
            .worst_case_decimals = count(table, path, "worst_case_decimals"),
            .delivery_window_years = number_or(table, path, "delivery_window_minutes", 0.0) / kMinutesPerYear};
}

std::string problem_words(risk::TierProblem problem, const char* cap) {
    switch (problem) {
        case risk::TierProblem::none: return "";
        case risk::TierProblem::size: return "has no tiers, or too many";
        case risk::TierProblem::caps_not_ascending: return fmt::format("{} must ascend", cap);
        case risk::TierProblem::rate_invalid: return "a rate must lie between 0 and 1, a leverage be 1 at least";
        case risk::TierProblem::rate_falls: return "maintenance_rate must not fall";
        case risk::TierProblem::deduction_differs: return "deduction is not what the rates make it";
    }
    return "";
}

// OKX's (whole) count contracts of `contract_size` coins or USD; notional otherwise.
risk::TierTable tiers_of(const TomlValue& table, const std::string& path, risk::TierRule rule) {
    constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
    constexpr double kTolerance = 1e-9;
    const bool whole = rule == risk::TierRule::whole;
    const char* cap = whole ? "contracts_max" : "notional_max";
    refuse_unknown(table, path, {cap, "maintenance_rate", "leverage_max", whole ? "contract_size" : "deduction"});
    (void)member(table, path, cap);
    (void)member(table, path, "maintenance_rate");
    const double unit = whole ? number(table, path, "contract_size") : 1.0;
    if (!(unit > 0.0)) refuse(member(table, path, "contract_size"), path + ".contract_size", "must be positive");
    const std::vector<double> caps = numbers(table, path, cap, 0, 0.0);
    const std::vector<double> rates = numbers(table, path, "maintenance_rate", caps.size(), 0.0);
    const std::vector<double> deductions = numbers(table, path, "deduction", caps.size(), kNaN);
    const std::vector<double> leverages = numbers(table, path, "leverage_max", caps.size(), 0.0);
    std::vector<risk::MarginTier> tiers;
    for (std::size_t i = 0; i < caps.size(); ++i) {
        tiers.push_back({.cap = caps[i] * unit,
                         .maintenance_rate = rates[i],
                         .deduction = deductions[i],
                         .leverage_max = leverages[i]});
    }
    risk::TierTable out;
    const risk::TierProblem problem = out.assign(tiers, kTolerance, rule);
    if (problem != risk::TierProblem::none) refuse(table, path, problem_words(problem, cap));
    return out;
}

// The tables that a name speaks of: of a coin (BTC), of what settles in it (btc_usd), or of what settles in a
// stablecoin (btc_usdc). nullptr: the book has no such coin or stablecoin.
risk::UnderlyingMarginTables* tables_named(std::string name, const risk::Book& book, risk::VenueMarginTables& out) {
    std::ranges::transform(name, name.begin(),
                           [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    const std::size_t dash = name.find('_');
    const auto coin = std::ranges::find(book.underlying_names, name.substr(0, dash));
    if (coin == book.underlying_names.end()) return nullptr;
    const auto place = static_cast<std::size_t>(coin - book.underlying_names.begin());
    if (dash == std::string::npos) return &out.underlyings[place];
    const auto underlying = risk::UnderlyingSlot(static_cast<std::uint16_t>(place));
    const std::string settlement = name.substr(dash + 1);
    if (settlement == "USD") return &out.pairs[{underlying, risk::StableSlot::none}];
    const auto stable = std::ranges::find(book.stable_names, settlement);
    if (stable == book.stable_names.end()) return nullptr;
    const auto slot = static_cast<std::uint16_t>(stable - book.stable_names.begin());
    return &out.pairs[{underlying, risk::StableSlot(slot)}];
}

// Calls `take(tables, table, path)` for each table below `section` that names a coin or pair of the book.
template <class Take>
void each_coin(const TomlValue& document, const char* section, const risk::Book& book, risk::VenueMarginTables& out,
               Take take) {
    const TomlValue* tables = document.find(section);
    if (tables == nullptr) return;
    out.underlyings.resize(book.underlying_names.size());
    // Coins before pairs. A coin's table goes over what an earlier document said of its pairs, too.
    for (const bool of_pairs : {false, true}) {
        for (std::size_t i = 0; i < tables->keys.size(); ++i) {
            if (tables->keys[i].contains('_') != of_pairs) continue;
            risk::UnderlyingMarginTables* named = tables_named(tables->keys[i], book, out);
            if (named == nullptr) continue;
            const std::string path = std::string{section} + "." + tables->keys[i];
            take(*named, tables->items[i], path);
            if (of_pairs) continue;
            const auto coin = static_cast<std::size_t>(named - out.underlyings.data());
            for (auto& [pair, earlier] : out.pairs) {
                if (static_cast<std::size_t>(pair.first) == coin) take(earlier, tables->items[i], path);
            }
        }
    }
}

// The name that tiers go by where the contract's own has none: BTCUSDT for a perpetual, none for what expires; at OKX
// BTC-USDT-SWAP and BTC-USDT-FUTURES.
std::string family_of(const risk::Contract& contract, const risk::Book& book, risk::MarginLaw law) {
    const bool expires = contract.expiry != risk::ExpirySlot::none;
    const std::string& coin = book.underlying_names[static_cast<std::size_t>(contract.underlying)];
    const std::string currency = contract.stable == risk::StableSlot::none
                                     ? "USD"
                                     : book.stable_names[static_cast<std::size_t>(contract.stable)];
    if (law == risk::MarginLaw::okx_cross) return coin + "-" + currency + (expires ? "-FUTURES" : "-SWAP");
    return expires ? "" : coin + currency;
}

void take_tiers(const TomlValue& document, const risk::Book& book, risk::VenueSlot venue,
                risk::VenueMarginTables& out) {
    const TomlValue* tables = document.find("tiers");
    if (tables == nullptr || !risk::is_tiered(out.law)) return;
    const bool whole = out.law == risk::MarginLaw::okx_cross;
    const risk::TierRule rule = whole ? risk::TierRule::whole : risk::TierRule::marginal;
    for (std::size_t row = 0; row < book.contracts.size(); ++row) {
        const risk::Contract& contract = book.contracts[row];
        const bool future =
            contract.kind == risk::ContractKind::linear_future || contract.kind == risk::ContractKind::inverse_future;
        if (contract.venue != venue || !future) continue;
        for (const std::string& name : {book.names[row], family_of(contract, book, out.law)}) {
            const TomlValue* table = tables->find(name);
            if (table == nullptr) continue;
            out.tiers[row] = tiers_of(*table, "tiers." + name, rule);
            break;
        }
    }
}

}  // namespace

TomlValue read_margin_tables(const std::string& path) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw OutsideError{path + ": cannot be read"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    return parse_toml(text, path);
}

void take_margin_tables(const TomlValue& document, const risk::Book& book, risk::VenueSlot venue,
                        risk::VenueMarginTables& out) {
    each_coin(document, "future", book, out, [](auto& tables, const TomlValue& table, const std::string& place) {
        tables.future = future_of(table, place);
    });
    each_coin(document, "matrix", book, out, [](auto& tables, const TomlValue& table, const std::string& place) {
        tables.matrix = matrix_of(table, place);
    });
    take_tiers(document, book, venue, out);
    const TomlValue* option = document.find("option");
    if (option != nullptr && option->find("liquidation_fee_rate") != nullptr) {  // Bybit's: one for all coins
        out.bybit_option = bybit_option_of(*option, "option");
    } else {
        each_coin(document, "option", book, out, [](auto& tables, const TomlValue& table, const std::string& place) {
            tables.option = option_of(table, place);
        });
    }
    if (const TomlValue* adl = document.find("adl"); adl != nullptr && adl->find("lowest") != nullptr) {
        out.adl = adl_of(*adl, "adl");
    }
    const TomlValue* portfolio = document.find("portfolio");
    if (portfolio != nullptr && out.law == risk::MarginLaw::deribit_portfolio) {
        out.portfolio = portfolio_of(*portfolio, "portfolio");
    }
}

}  // namespace keel::app
