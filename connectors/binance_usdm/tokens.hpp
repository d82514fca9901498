#pragma once

#include <charconv>
#include <cstdint>
#include <limits>
#include <string_view>

#include "engine/core/decimal.hpp"
#include "engine/core/result.hpp"
#include "engine/core/time.hpp"

// Raw JSON tokens, as the decoder keeps them until it knows what they mean: "\"61659.70\" ", "12".
namespace keel::connectors::binance {

inline constexpr std::size_t kKeyBytesMax = 16;  // the longest key that is read is "lastUpdateId"

// A key's bytes. The parser has proven that the string ends, and the frame is padded.
inline std::string_view key_text(const char* start) {
    std::size_t size = 0;
    while (size < kKeyBytesMax && start[size] != '"') ++size;
    return {start, size};
}

inline std::string_view trimmed(std::string_view token) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!token.empty() && blank(token.back())) token.remove_suffix(1);
    return token;
}

// Inside of a string token; empty for any other. Escapes stay: no number and no symbol of the venue
// needs one, so that such text fails where it is used.
inline std::string_view unquoted(std::string_view token) {
    token = trimmed(token);
    if (token.size() < 2 || token.front() != '"' || token.back() != '"') return {};
    return token.substr(1, token.size() - 2);
}

// Errors: malformed_message, number_out_of_range.
template <class Integer>
Result<Integer> integer_of(std::string_view token) {
    token = trimmed(token);
    Integer value{};
    const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
    if (error == std::errc::result_out_of_range) return fail(Errc::number_out_of_range);
    if (error != std::errc{} || end != token.data() + token.size()) return fail(Errc::malformed_message);
    return value;
}

// The venue's milliseconds; absent is 0. Errors as above.
inline Result<UnixNanos> unix_ms_of(std::string_view token) {
    constexpr std::int64_t kMsMax = std::numeric_limits<std::int64_t>::max() / 1'000'000;
    if (token.empty()) return UnixNanos{};
    const Result<std::int64_t> ms = integer_of<std::int64_t>(token);
    if (!ms) return fail(ms.error());
    if (*ms < 0 || *ms > kMsMax) return fail(Errc::number_out_of_range);
    return unix_nanos_from_ms(*ms);
}

// Marks and rates are doubles by contract; absent or empty ones are NaN. Errors as above.
inline Result<double> real_of(std::string_view token) {
    const std::string_view text = unquoted(token);
    if (text.empty()) return std::numeric_limits<double>::quiet_NaN();
    const Result<Decimal> value = parse_decimal(text);
    if (!value) return fail(value.error());
    return value->to_double();
}

}  // namespace keel::connectors::binance
