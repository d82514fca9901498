#include "simulator/market/chain_file.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "simulator/replay/compressed_file.hpp"

namespace keel::simulator {

namespace {

constexpr std::size_t kColumnsMax = 64;  // the widest file has 30

template <class Number>
bool read_number(std::string_view text, Number& out) {
    const auto read = std::from_chars(text.data(), text.data() + text.size(), out);
    return read.ec == std::errc{} && read.ptr == text.data() + text.size();
}

// Walks a table of comma-separated values without quotes, row by row, columns by their header's name.
// Thread: one. Allocates: the header.
class CsvTable {
public:
    explicit CsvTable(std::string_view text) : rest_{text} {
        if (!split()) return;
        for (std::size_t i = 0; i < count_; ++i) columns_.emplace(std::string{cells_[i]}, i);
    }
    // False at the end. Rows with another number of cells than the header have no cells.
    bool next() {
        while (split()) {
            if (count_ == columns_.size()) return true;
            ++malformed_;
        }
        return false;
    }
    [[nodiscard]] std::optional<std::size_t> column(const std::string& name) const {
        const auto found = columns_.find(name);
        return found == columns_.end() ? std::nullopt : std::optional{found->second};
    }
    [[nodiscard]] std::string_view cell(std::size_t column) const { return cells_[column]; }
    [[nodiscard]] std::uint64_t line() const { return line_; }
    [[nodiscard]] std::uint64_t malformed() const { return malformed_; }

private:
    bool split() {
        count_ = 0;
        if (rest_.empty()) return false;
        ++line_;
        const std::size_t end = std::min(rest_.find('\n'), rest_.size());
        std::string_view row = rest_.substr(0, end);
        rest_.remove_prefix(std::min(end + 1, rest_.size()));
        if (row.ends_with('\r')) row.remove_suffix(1);
        for (;;) {
            const std::size_t comma = row.find(',');
            if (count_ == kColumnsMax) return true;
            cells_[count_++] = row.substr(0, comma);
            if (comma == std::string_view::npos) return true;
            row.remove_prefix(comma + 1);
        }
    }

    std::string_view rest_;
    std::unordered_map<std::string, std::size_t> columns_;
    std::array<std::string_view, kColumnsMax> cells_{};
    std::size_t count_{0};
    std::uint64_t line_{0};
    std::uint64_t malformed_{0};
};

std::optional<std::chrono::sys_days> parse_venue_date(std::string_view text) {
    static constexpr std::string_view kMonths = "JANFEBMARAPRMAYJUNJULAUGSEPOCTNOVDEC";
    if (text.size() < 6 || text.size() > 7) return std::nullopt;
    unsigned day = 0;
    int year = 0;
    const std::string_view month = text.substr(text.size() - 5, 3);
    const std::size_t at = kMonths.find(month);
    if (!read_number(text.substr(0, text.size() - 5), day) || !read_number(text.substr(text.size() - 2), year) ||
        at == std::string_view::npos || at % 3 != 0) {
        return std::nullopt;
    }
    const std::chrono::year_month_day date{
        std::chrono::year{2000 + year}, std::chrono::month{static_cast<unsigned>(at / 3 + 1)}, std::chrono::day{day}};
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_days{date};
}

struct ChainColumns {
    std::size_t time, name, underlying, underlying_name, bid, ask, mark, iv, index;
};

std::optional<ChainColumns> chain_columns(const CsvTable& table) {
    ChainColumns columns{};
    const std::array<std::pair<const char*, std::size_t*>, 9> wanted{{{"timestamp", &columns.time},
                                                                      {"instrument_name", &columns.name},
                                                                      {"underlying", &columns.underlying},
                                                                      {"underlying_name", &columns.underlying_name},
                                                                      {"bid_price", &columns.bid},
                                                                      {"ask_price", &columns.ask},
                                                                      {"mark_price", &columns.mark},
                                                                      {"implied_volatility", &columns.iv},
                                                                      {"index_price", &columns.index}}};
    for (const auto& [name, slot_number] : wanted) {
        const auto found = table.column(name);
        if (!found) return std::nullopt;
        *slot_number = *found;
    }
    return columns;
}

// Collects rows into snapshots; rows of one moment stand together in the files.
class HistoryBuilder {
public:
    ChainHistory history;

    bool add(const CsvTable& table, const ChainColumns& columns, UnixNanos time) {
        const auto contract = parse_contract_name(table.cell(columns.name));
        if (!contract || contract->type == OptionType::none) return true;  // other coins are not ours to serve
        ChainRow row;
        double index = 0.0;
        if (!read_number(table.cell(columns.mark), row.mark) || !read_number(table.cell(columns.iv), row.iv_ratio) ||
            !read_number(table.cell(columns.underlying), row.underlying_usd) ||
            !read_number(table.cell(columns.index), index)) {
            return false;
        }
        read_number(table.cell(columns.bid), row.bid);  // empty: no quote, stays 0
        read_number(table.cell(columns.ask), row.ask);
        if (history.snapshots.empty() || history.snapshots.back().time != time) {
            finish();
            history.snapshots.emplace_back().time = time;
        }
        row.contract = slot_of(table.cell(columns.name), *contract);
        ChainSnapshot& snapshot = history.snapshots.back();
        snapshot.options.push_back(row);
        indices_[static_cast<std::size_t>(contract->base)].push_back(index);
        add_future(snapshot, table.cell(columns.underlying_name), row.underlying_usd);
        return true;
    }

    // Closes the snapshot that is being collected.
    void finish() {
        for (std::size_t i = 0; i < indices_.size(); ++i) {
            std::vector<double>& seen = indices_[i];
            if (seen.empty()) continue;
            const auto middle = seen.begin() + static_cast<std::ptrdiff_t>(seen.size() / 2);
            std::nth_element(seen.begin(), middle, seen.end());
            history.snapshots.back().index_usd[i] = *middle;
            history.snapshots.back().perpetual_usd[i] = *middle;
            seen.clear();
        }
        futures_seen_.clear();
    }

private:
    std::uint32_t slot_of(std::string_view name, const ContractName& contract) {
        const auto [entry, is_new] =
            slots_.try_emplace(std::string{name}, static_cast<std::uint32_t>(history.contracts.size()));
        if (is_new) history.contracts.push_back(contract);
        return entry->second;
    }

    void add_future(ChainSnapshot& snapshot, std::string_view name, double mark_usd) {
        const auto contract = parse_contract_name(name);
        if (!contract || contract->type != OptionType::none) return;
        const std::uint32_t slot_number = slot_of(name, *contract);
        if (std::find(futures_seen_.begin(), futures_seen_.end(), slot_number) != futures_seen_.end()) return;
        futures_seen_.push_back(slot_number);
        snapshot.futures.push_back({slot_number, mark_usd});
    }

    std::unordered_map<std::string, std::uint32_t> slots_;
    std::array<std::vector<double>, 2> indices_;
    std::vector<std::uint32_t> futures_seen_;
};

Result<void> read_chain_file(const std::filesystem::path& file, UnixNanos from, UnixNanos until,
                             HistoryBuilder& builder) {
    const auto text = read_compressed(file);
    if (!text) return fail(text.error());
    CsvTable table{*text};
    const auto columns = chain_columns(table);
    if (!columns) return fail(Errc::malformed_message, 1);
    std::string_view last_text;
    UnixNanos time{};
    while (table.next()) {
        if (table.cell(columns->time) != last_text) {
            last_text = table.cell(columns->time);
            const auto parsed = parse_iso_time(last_text);
            if (!parsed) return fail(Errc::malformed_message, table.line());
            time = *parsed;
        }
        if (time < from || (until.ns() != 0 && time > until)) continue;
        if (!builder.add(table, *columns, time)) return fail(Errc::malformed_message, table.line());
    }
    if (table.malformed() != 0) return fail(Errc::malformed_message, table.line());
    builder.finish();
    return {};
}

void read_perpetuals(const std::filesystem::path& file, ChainHistory& history) {
    const auto text = read_compressed(file);
    if (!text) return;  // the index stands in
    CsvTable table{*text};
    const auto time_column = table.column("obs_datetime");
    const auto coin_column = table.column("coin");
    const auto price_column = table.column("perp_futures_mark_price");
    if (!time_column || !coin_column || !price_column) return;
    std::map<std::int64_t, ChainSnapshot*> by_time;
    for (ChainSnapshot& snapshot : history.snapshots) by_time.emplace(snapshot.time.ns(), &snapshot);
    while (table.next()) {
        const auto time = parse_iso_time(table.cell(*time_column));
        double price = 0.0;
        if (!time || !read_number(table.cell(*price_column), price) || !(price > 0.0)) continue;
        const auto found = by_time.find(time->ns());
        const std::string_view coin = table.cell(*coin_column);
        if (found == by_time.end() || (coin != "BTC" && coin != "ETH")) continue;
        found->second->perpetual_usd[coin == "BTC" ? 0 : 1] = price;
    }
}

}  // namespace

std::optional<ContractName> parse_contract_name(std::string_view name) {
    ContractName contract;
    if (name.starts_with("BTC-")) {
        contract.base = Currency::btc;
    } else if (name.starts_with("ETH-")) {
        contract.base = Currency::eth;
    } else {
        return std::nullopt;
    }
    name.remove_prefix(4);
    const std::size_t dash = name.find('-');
    const auto day = parse_venue_date(name.substr(0, dash));
    if (!day) return std::nullopt;
    contract.expiry_day = *day;
    if (dash == std::string_view::npos) return contract;
    name.remove_prefix(dash + 1);
    if (name.size() < 3 || name[name.size() - 2] != '-') return std::nullopt;
    if (name.back() != 'C' && name.back() != 'P') return std::nullopt;
    contract.type = name.back() == 'C' ? OptionType::call : OptionType::put;
    if (!read_number(name.substr(0, name.size() - 2), contract.strike) || !(contract.strike > 0.0)) {
        return std::nullopt;
    }
    return contract;
}

Result<UnixNanos> parse_iso_time(std::string_view text) {
    int year = 0;
    unsigned month = 0;
    unsigned day = 0;
    int hour = 0;
    int minute = 0;
    double second = 0.0;
    constexpr std::size_t kSecondsAt = 17;
    if (text.size() < kSecondsAt + 2) return fail(Errc::malformed_message);
    const std::size_t seconds_end = std::min(text.find_first_of("+Z", kSecondsAt), text.size());
    const std::string_view zone = text.substr(seconds_end);
    const bool is_utc = zone.empty() || zone == "Z" || zone == "+00:00";
    if (!is_utc || !read_number(text.substr(0, 4), year) || !read_number(text.substr(5, 2), month) ||
        !read_number(text.substr(8, 2), day) || !read_number(text.substr(11, 2), hour) ||
        !read_number(text.substr(14, 2), minute) ||
        !read_number(text.substr(kSecondsAt, seconds_end - kSecondsAt), second)) {
        return fail(Errc::malformed_message);
    }
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{month}, std::chrono::day{day}};
    if (!date.ok()) return fail(Errc::malformed_message);
    const std::chrono::nanoseconds midnight = std::chrono::sys_days{date}.time_since_epoch();
    const auto micros = static_cast<std::int64_t>(second * 1e6 + 0.5);
    return UnixNanos{(midnight + std::chrono::hours{hour} + std::chrono::minutes{minute}).count() + micros * 1'000};
}

namespace {

// Year times twelve plus month.
int month_number(UnixNanos time) {
    const auto day = std::chrono::floor<std::chrono::days>(std::chrono::sys_time{std::chrono::nanoseconds{time.ns()}});
    const std::chrono::year_month_day date{day};
    return static_cast<int>(date.year()) * 12 + static_cast<int>(static_cast<unsigned>(date.month())) - 1;
}

// Whether a file named chain_snapshots_YYYYMM may hold rows of the span; a month's file may begin with
// the last days of the month before. Any other name may.
bool may_hold(const std::string& name, UnixNanos from, UnixNanos until) {
    constexpr std::size_t kDateAt = 16;
    int date = 0;
    if (name.size() < kDateAt + 6 || !read_number(std::string_view{name}.substr(kDateAt, 6), date)) return true;
    const int month = date / 100 * 12 + date % 100 - 1;
    return (from.ns() == 0 || month >= month_number(from)) && (until.ns() == 0 || month <= month_number(until) + 1);
}

}  // namespace

Result<ChainHistory> read_chains(const std::filesystem::path& folder, UnixNanos from, UnixNanos until) {
    std::vector<std::filesystem::path> files;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{folder, error}) {
        const std::string name = entry.path().filename().string();
        const bool is_chain = name.starts_with("chain_snapshots_") && name.ends_with(".csv.zst");
        if (is_chain && may_hold(name, from, until)) files.push_back(entry.path());
    }
    if (error || files.empty()) return fail(Errc::file_unreadable);
    std::sort(files.begin(), files.end());  // named by month, hence in order of time
    HistoryBuilder builder;
    for (const std::filesystem::path& file : files) {
        const auto done = read_chain_file(file, from, until, builder);
        if (!done) return fail(done.error());
    }
    ChainHistory& history = builder.history;
    if (history.snapshots.empty()) return fail(Errc::config_invalid);
    const auto by_time = [](const ChainSnapshot& a, const ChainSnapshot& b) { return a.time < b.time; };
    std::stable_sort(history.snapshots.begin(), history.snapshots.end(), by_time);
    read_perpetuals(folder / "chain_perpetual_futures_prices.csv.zst", history);
    return std::move(history);
}

}  // namespace keel::simulator
