#include "app/risk_files/contract_name.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <vector>

namespace keel::app {
namespace {

using risk::ContractKind;

constexpr std::chrono::hours kExpiryHour{8};  // UTC
// Before the first coin there was no price; dates far off do not fit 64 bits of nanoseconds.
constexpr int kYearFirst = 2009, kYearLast = 2100;
constexpr std::array<std::string_view, 12> kMonths{"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                                   "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};

std::vector<std::string_view> split(std::string_view text, char separator) {
    std::vector<std::string_view> parts;
    while (true) {
        const std::size_t end = text.find(separator);
        parts.push_back(text.substr(0, end));
        if (end == std::string_view::npos) return parts;
        text.remove_prefix(end + 1);
    }
}

std::optional<int> whole_number(std::string_view text) {
    int value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
    return value;
}

std::optional<double> strike_of(std::string_view text) {
    std::string digits{text};
    std::ranges::replace(digits, 'd', '.');
    double value = 0.0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
    if (error != std::errc{} || end != digits.data() + digits.size() || !(value > 0.0)) return std::nullopt;
    return value;
}

std::optional<UnixNanos> time_of(int year, int month, int day, std::chrono::seconds of_day) {
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!date.ok() || year < kYearFirst || year > kYearLast) return std::nullopt;
    const std::chrono::sys_time<std::chrono::nanoseconds> time = std::chrono::sys_days{date} + of_day;
    return UnixNanos{time.time_since_epoch().count()};
}

// ".25" at the front of what follows the seconds, to nanoseconds; none there is zero.
std::optional<std::chrono::nanoseconds> take_fraction(std::string_view& text) {
    constexpr std::size_t kDigits = 9;
    if (!text.starts_with('.')) return std::chrono::nanoseconds{0};
    const std::size_t end = std::min(text.find_first_not_of("0123456789", 1), text.size());
    if (end < 2 || end > kDigits + 1) return std::nullopt;
    std::string digits{text.substr(1, end - 1)};
    digits.resize(kDigits, '0');
    text.remove_prefix(end);
    return std::chrono::nanoseconds{*whole_number(digits)};
}

// "Z", "+00:00", "-05:30": how far the clock is ahead of UTC.
std::optional<std::chrono::seconds> zone_offset(std::string_view text) {
    if (text == "Z") return std::chrono::seconds{0};
    if (text.size() != 6 || (text[0] != '+' && text[0] != '-') || text[3] != ':') return std::nullopt;
    const auto hours = whole_number(text.substr(1, 2)), minutes = whole_number(text.substr(4, 2));
    if (!hours || !minutes || *hours > 14 || *minutes > 59) return std::nullopt;
    const std::chrono::seconds ahead = std::chrono::hours{*hours} + std::chrono::minutes{*minutes};
    return text[0] == '+' ? ahead : -ahead;
}

bool is_currency(std::string_view text) {
    return text.size() >= 2 &&
           std::ranges::all_of(text, [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

}  // namespace

std::optional<UnixNanos> parse_expiry_day(std::string_view text) {
    if (text.size() < 6 || text.size() > 7) return std::nullopt;
    const auto day = whole_number(text.substr(0, text.size() - 5));
    const auto year = whole_number(text.substr(text.size() - 2));
    const auto month = std::ranges::find(kMonths, text.substr(text.size() - 5, 3));
    if (!day || !year || month == kMonths.end()) return std::nullopt;
    return time_of(2000 + *year, static_cast<int>(month - kMonths.begin()) + 1, *day, kExpiryHour);
}

bool is_market_time(double ms) {
    const auto begin_ms = [](int year) {
        const std::chrono::sys_days day{std::chrono::year{year} / std::chrono::January / 1};
        return static_cast<double>(std::chrono::milliseconds{day.time_since_epoch()}.count());
    };
    return ms >= begin_ms(kYearFirst) && ms < begin_ms(kYearLast + 1);
}

std::optional<UnixNanos> parse_time(std::string_view text) {
    if (const auto day = parse_expiry_day(text)) return day;
    if (text.size() != 10 && !(text.size() >= 20 && text[10] == 'T')) return std::nullopt;
    const auto field = [&](std::size_t from, std::size_t count) { return whole_number(text.substr(from, count)); };
    const auto year = field(0, 4), month = field(5, 2), day = field(8, 2);
    if (!year || !month || !day || text[4] != '-' || text[7] != '-') return std::nullopt;
    if (text.size() == 10) return time_of(*year, *month, *day, std::chrono::seconds{0});
    const auto hour = field(11, 2), minute = field(14, 2), second = field(17, 2);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 60) return std::nullopt;
    text.remove_prefix(19);
    const auto fraction = take_fraction(text);
    const auto offset = zone_offset(text);
    if (text.empty() || !fraction || !offset) return std::nullopt;
    const auto time =
        time_of(*year, *month, *day,
                std::chrono::hours{*hour} + std::chrono::minutes{*minute} + std::chrono::seconds{*second} - *offset);
    return time ? std::optional{*time + *fraction} : std::nullopt;
}

std::optional<ContractName> parse_contract_name(std::string_view name) {
    const auto parts = split(name, '-');
    const auto currencies = split(parts[0], '_');
    if (currencies.size() > 2 || !std::ranges::all_of(currencies, is_currency)) return std::nullopt;
    ContractName out{.underlying = std::string{currencies[0]},
                     .stable = currencies.size() == 2 ? std::string{currencies[1]} : std::string{}};
    const bool linear = !out.stable.empty();
    if (parts.size() == 1) {
        if (!linear) return std::nullopt;
        out.kind = ContractKind::spot;
        return out;
    }
    out.kind = linear ? ContractKind::linear_future : ContractKind::inverse_future;
    if (parts.size() == 2 && parts[1] == "PERPETUAL") return out;
    const auto expiry = parse_expiry_day(parts[1]);
    if (!expiry) return std::nullopt;
    out.expiry = *expiry;
    if (parts.size() == 2) return out;
    if (parts.size() != 4 || (parts[3] != "C" && parts[3] != "P")) return std::nullopt;
    const auto strike = strike_of(parts[2]);
    if (!strike) return std::nullopt;
    out.kind = linear ? ContractKind::linear_option : ContractKind::inverse_option;
    out.strike = *strike;
    out.type = parts[3] == "C" ? OptionType::call : OptionType::put;
    return out;
}

}  // namespace keel::app
