#include "tests/risk/margin/margin_tables.hpp"

#define TOML_ENABLE_UNRELEASED_FEATURES 0
#include <toml++/toml.h>

#include <set>
#include <stdexcept>

namespace keel::risk::test {
namespace {

// A table whose every key must be asked for.
class Table {
public:
    Table(const toml::table& table, std::string name) : table_{&table}, name_{std::move(name)} {}
    ~Table() noexcept(false) {
        if (std::uncaught_exceptions() != 0) return;
        for (const auto& [key, value] : *table_) {
            if (!asked_.contains(std::string{key.str()})) {
                throw std::runtime_error{name_ + ": unknown key " + std::string{key.str()}};
            }
        }
    }
    Table(const Table&) = delete;
    Table& operator=(const Table&) = delete;

    template <class T = double>
    T get(const std::string& key) {
        asked_.insert(key);
        const auto found = (*table_)[key].value<T>();
        if (!found) throw std::runtime_error{name_ + ": no " + key};
        return *found;
    }
    std::uint32_t count(const std::string& key) { return static_cast<std::uint32_t>(get<std::int64_t>(key)); }
    std::chrono::nanoseconds ms(const std::string& key) { return std::chrono::milliseconds{get<std::int64_t>(key)}; }
    std::vector<double> list(const std::string& key) {
        asked_.insert(key);
        const toml::array* array = (*table_)[key].as_array();
        if (array == nullptr) throw std::runtime_error{name_ + ": no " + key};
        std::vector<double> out;
        for (const auto& item : *array) out.push_back(item.value<double>().value());
        return out;
    }

private:
    const toml::table* table_;
    std::string name_;
    std::set<std::string> asked_;
};

toml::table read(const std::string& name) {
    return toml::parse_file(std::string{KEEL_SOURCE_DIR} + "/examples/margin/" + name);
}

const toml::table& part(const toml::table& file, const std::string& name) {
    const toml::table* found = file[name].as_table();
    if (found == nullptr) throw std::runtime_error{"no [" + name + "]"};
    return *found;
}

template <class T, class Read>
std::map<std::string, T> each(const toml::table& file, const std::string& group, Read&& read_one) {
    std::map<std::string, T> out;
    for (const auto& [key, value] : part(file, group)) {
        Table table{*value.as_table(), group + "." + std::string{key.str()}};
        out[std::string{key.str()}] = read_one(table);
    }
    return out;
}

AdlIndicatorScale scale_of(const toml::table& file) {
    Table table{part(file, "adl"), "adl"};
    return {.lowest = table.get("lowest"), .highest = table.get("highest")};
}

DeribitMatrixParameters matrix_of(Table& t) {
    DeribitMatrixParameters p{
        .price_range = t.get("price_range"),
        .buckets = t.count("buckets"),
        .volatility_range_up = t.get("volatility_range_up"),
        .volatility_range_down = t.get("volatility_range_down"),
        .short_term_vega_power = t.get("short_term_vega_power"),
        .long_term_vega_power = t.get("long_term_vega_power"),
        .short_term_days = t.get("short_term_days"),
        .tenor_days_min = t.get("tenor_days_min"),
        .volatility_shocked_up_min = t.get("volatility_shocked_up_min"),
        .extended_factor = t.get("extended_factor"),
        .extended_dampener_usd = t.get("extended_dampener_usd"),
        .annualised_move_risk = t.get("annualised_move_risk"),
        .annualised_move_min = t.get("annualised_move_min"),
        .roll_law = t.get<std::string>("roll_law") == "linear" ? RollLaw::linear : RollLaw::exponential,
        .pnl_offset_ratio = t.get("pnl_offset_ratio"),
        .offsetable_pnl_usd_max = t.get("offsetable_pnl_usd_max"),
        .delta_shock_threshold_usd = t.get("delta_shock_threshold_usd"),
        .delta_shock_ratio_max = t.get("delta_shock_ratio_max"),
        .delta_shock_per_coin = t.get("delta_shock_per_coin")};
    const std::vector<double> moves = t.list("extended_moves");
    if (moves.size() > kMatrixExtendedMax) throw std::runtime_error{"too many extended moves"};
    std::copy(moves.begin(), moves.end(), p.extended_moves.begin());
    p.extended_count = static_cast<std::uint32_t>(moves.size());
    return p;
}

}  // namespace

DeribitTables deribit_tables() {
    const toml::table file = read("deribit.toml");
    DeribitTables out;
    out.futures = each<DeribitFutureMargin>(file, "future", [](Table& t) {
        return DeribitFutureMargin{.initial_rate = t.get("initial_rate"),
                                   .maintenance_rate = t.get("maintenance_rate"),
                                   .rate_per_coin = t.get("rate_per_coin")};
    });
    out.options = each<DeribitOptionMargin>(file, "option", [](Table& t) {
        return DeribitOptionMargin{.initial_rate = t.get("initial_rate"),
                                   .initial_rate_floor = t.get("initial_rate_floor"),
                                   .maintenance_rate = t.get("maintenance_rate")};
    });
    out.matrices = each<DeribitMatrixParameters>(file, "matrix", matrix_of);
    Table portfolio{part(file, "portfolio"), "portfolio"};
    out.portfolio = {.maintenance_ratio = portfolio.get("maintenance_ratio"),
                     .worst_case_decimals = portfolio.count("worst_case_decimals"),
                     .delivery_window_years = portfolio.get("delivery_window_minutes") / (365.0 * 1'440.0)};
    return out;
}

BybitTables bybit_tables() {
    const toml::table file = read("bybit.toml");
    Table option{part(file, "option"), "option"};
    Table portfolio{part(file, "portfolio"), "portfolio"};
    return {.option = {.initial_rate = option.get("initial_rate"),
                       .initial_rate_floor = option.get("initial_rate_floor"),
                       .maintenance_rate = option.get("maintenance_rate"),
                       .liquidation_fee_rate = option.get("liquidation_fee_rate")},
            .portfolio_factor = portfolio.get("initial_factor"),
            .adl = scale_of(file)};
}

OkxTables okx_tables() {
    const toml::table file = read("okx.toml");
    Table portfolio{part(file, "portfolio"), "portfolio"};
    OkxTables out{.portfolio = {.initial_factor = portfolio.get("initial_factor"),
                                .extreme_loss_ratio = portfolio.get("extreme_loss_ratio")},
                  .adl = scale_of(file)};
    const std::vector<double> amounts = portfolio.list("charge_amounts_usd_max");
    const std::vector<double> factors = portfolio.list("charge_factors");
    if (amounts.size() != factors.size() || amounts.size() > kChargeStepsMax) throw std::runtime_error{"charge steps"};
    for (std::size_t i = 0; i < amounts.size(); ++i) {
        out.portfolio.charge_steps[i] = {.amount_usd_max = amounts[i], .factor = factors[i]};
    }
    out.portfolio.charge_steps_count = static_cast<std::uint32_t>(amounts.size());
    for (const auto& [key, value] : part(file, "spot_shock")) {
        out.spot_shock[std::string{key.str()}] = value.value<double>().value();
    }
    return out;
}

BinanceTables binance_tables() {
    const toml::table file = read("binance_usdm.toml");
    BinanceTables out{.adl = scale_of(file)};
    out.tiers = each<std::vector<MarginTier>>(file, "tiers", [](Table& t) {
        const auto caps = t.list("notional_max");
        const auto rates = t.list("maintenance_rate");
        const auto deductions = t.list("deduction");
        const auto leverages = t.list("leverage_max");
        std::vector<MarginTier> tiers;
        for (std::size_t i = 0; i < caps.size(); ++i) {
            tiers.push_back({.cap = caps[i],
                             .maintenance_rate = rates.at(i),
                             .deduction = deductions.at(i),
                             .leverage_max = leverages.at(i)});
        }
        return tiers;
    });
    return out;
}

AccountTables account_tables() {
    const toml::table file = read("account.toml");
    AccountTables out;
    Table margin{part(file, "margin"), "margin"};
    out.margin = {.difference_ratio_max = margin.get("difference_ratio_max"),
                  .difference_scale_min = margin.get("difference_scale_min"),
                  .report_age_max = margin.ms("report_age_ms_max")};
    Table liquidation{part(file, "liquidation"), "liquidation"};
    out.liquidation_moves = liquidation.list("moves");
    out.liquidation_tolerance = liquidation.get("tolerance");
    out.tracker = {.ratio_move_max = liquidation.get("ratio_move_max"), .age_max = liquidation.ms("age_ms_max")};
    Table adl{part(file, "adl"), "adl"};
    out.adl = {.indicator_act = adl.get("indicator_act"), .offset_ratio_act = adl.get("offset_ratio_act")};
    Table fund{part(file, "insurance_fund"), "insurance_fund"};
    out.insurance = {.drop_hour_ratio_max = fund.get("drop_hour_ratio_max"),
                     .drop_day_ratio_max = fund.get("drop_day_ratio_max"),
                     .bankruptcy_gap_ratio_max = fund.get("bankruptcy_gap_ratio_max"),
                     .balance_age_max = fund.ms("balance_age_ms_max")};
    return out;
}

}  // namespace keel::risk::test
