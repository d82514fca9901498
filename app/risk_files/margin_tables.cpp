#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <iterator>

#include "app/config/toml_document.hpp"
#include "app/failure.hpp"
#include "app/risk_files/market_file.hpp"

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

double number(const TomlValue& table, const std::string& path, const char* key) {
    const TomlValue& value = member(table, path, key);
    if (value.type == TomlValue::Type::integer) return static_cast<double>(value.integer);
    if (value.type != TomlValue::Type::number) refuse(value, path + "." + key, "must be a number");
    return value.number;
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
    for (const TomlValue& move : moves.items) {
        out.extended_moves[out.extended_count++] =
            move.type == TomlValue::Type::integer ? static_cast<double>(move.integer) : move.number;
    }
    const TomlValue& law = member(table, path, "roll_law");
    if (law.text != "linear" && law.text != "exponential") {
        refuse(law, path + ".roll_law", "must be \"linear\" or \"exponential\"");
    }
    out.roll_law = law.text == "linear" ? risk::RollLaw::linear : risk::RollLaw::exponential;
    return out;
}

// Calls `take(underlying's tables, table, path)` for each table below `section` that names a coin of the book.
template <class Take>
void each_coin(const TomlValue& document, const char* section, InputsBuilder& builder, Take take) {
    const TomlValue* tables = document.find(section);
    if (tables == nullptr) return;
    risk::ReportInputs& inputs = builder.inputs();
    inputs.underlying_margins.resize(inputs.book.underlying_names.size());
    for (std::size_t i = 0; i < tables->keys.size(); ++i) {
        std::string coin = tables->keys[i].substr(0, tables->keys[i].find('_'));  // btc_usd
        std::ranges::transform(coin, coin.begin(),
                               [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
        const auto found = std::ranges::find(inputs.book.underlying_names, coin);
        if (found == inputs.book.underlying_names.end()) continue;
        const auto slot = static_cast<std::size_t>(found - inputs.book.underlying_names.begin());
        take(inputs.underlying_margins[slot], tables->items[i], std::string{section} + "." + tables->keys[i]);
    }
}

}  // namespace

void read_margin_tables(const std::string& path, InputsBuilder& builder) {
    std::ifstream file{path, std::ios::binary};
    if (!file) throw OutsideError{path + ": cannot be read"};
    const std::string text{std::istreambuf_iterator<char>{file}, {}};
    const TomlValue document = parse_toml(text, path);
    each_coin(document, "future", builder, [](auto& tables, const TomlValue& table, const std::string& place) {
        tables.future = risk::DeribitFutureMargin{.initial_rate = number(table, place, "initial_rate"),
                                                  .maintenance_rate = number(table, place, "maintenance_rate"),
                                                  .rate_per_coin = number(table, place, "rate_per_coin")};
    });
    each_coin(document, "option", builder, [](auto& tables, const TomlValue& table, const std::string& place) {
        tables.option = risk::DeribitOptionMargin{.initial_rate = number(table, place, "initial_rate"),
                                                  .initial_rate_floor = number(table, place, "initial_rate_floor"),
                                                  .maintenance_rate = number(table, place, "maintenance_rate")};
    });
    each_coin(document, "matrix", builder, [](auto& tables, const TomlValue& table, const std::string& place) {
        tables.matrix = matrix_of(table, place);
    });
    if (const TomlValue* portfolio = document.find("portfolio")) {
        for (risk::VenueMarginTables& venue : builder.inputs().venue_margins) {
            venue.portfolio = {.maintenance_ratio = number(*portfolio, "portfolio", "maintenance_ratio"),
                               .worst_case_decimals = count(*portfolio, "portfolio", "worst_case_decimals")};
        }
    }
}

}  // namespace keel::app
