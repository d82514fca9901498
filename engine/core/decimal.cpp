#include "engine/core/decimal.hpp"

#include <array>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"

namespace keel {
namespace {

constexpr int kDigitsMax = 18;              // every 18-digit number fits an int64
constexpr int kExponentMax = 400;           // beyond it the text is nonsense, and the scan stays bounded
constexpr std::int64_t kNoise = 1'000'000;  // a remainder under 1/kNoise of a unit is binary noise

__extension__ using Wide = __int128;

constexpr std::array<std::int64_t, 19> kPowersOfTen = [] {
    std::array<std::int64_t, 19> powers{};
    std::int64_t power = 1;
    for (std::size_t i = 0; i < powers.size(); ++i) {
        powers[i] = power;
        if (i + 1 < powers.size()) power *= 10;
    }
    return powers;
}();

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view trimmed(std::string_view text) {
    const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; };
    while (!text.empty() && blank(text.front())) text.remove_prefix(1);
    while (!text.empty() && blank(text.back())) text.remove_suffix(1);
    return text;
}

// The digits of a number as they are read: the first 18 count, the 19th rounds, the rest only scale.
struct Digits {
    std::int64_t mantissa{0};
    int count{0};  // significant digits kept
    bool round_up{false};

    void add(char c, bool fraction, int& exponent) {
        if (count < kDigitsMax) {
            mantissa = mantissa * 10 + (c - '0');
            if (mantissa != 0) ++count;
            if (fraction) --exponent;
            return;
        }
        if (count == kDigitsMax) {
            round_up = c >= '5';
            ++count;
        }
        if (!fraction) ++exponent;
    }
};

}  // namespace

double Decimal::to_double() const {
    if (mantissa == 0) return 0.0;
    const auto value = static_cast<double>(mantissa);
    // Powers of ten up to 22 are exact doubles, so that one division or product rounds once.
    const int magnitude = exponent < 0 ? -exponent : exponent;
    const double power = magnitude <= kDigitsMax
                             ? static_cast<double>(kPowersOfTen[static_cast<std::size_t>(magnitude)])
                             : std::pow(10.0, magnitude);
    return exponent < 0 ? value / power : value * power;
}

Decimal Decimal::normalised() const {
    if (mantissa == 0) return Decimal{};
    Decimal out = *this;
    while (out.mantissa % 10 == 0) {
        out.mantissa /= 10;
        ++out.exponent;
    }
    return out;
}

std::string Decimal::to_text() const {
    const Decimal d = normalised();
    const bool negative = d.mantissa < 0;
    const auto raw = static_cast<std::uint64_t>(d.mantissa);
    std::string digits = std::to_string(negative ? ~raw + 1 : raw);
    if (d.exponent >= 0) {
        digits.append(static_cast<std::size_t>(d.exponent), '0');
    } else {
        const auto places = static_cast<std::size_t>(-d.exponent);
        if (digits.size() <= places) digits.insert(0, places + 1 - digits.size(), '0');
        digits.insert(digits.size() - places, 1, '.');
    }
    return negative ? "-" + digits : digits;
}

Result<Decimal> parse_decimal(std::string_view text) {
    text = trimmed(text);
    bool negative = false;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        negative = text.front() == '-';
        text.remove_prefix(1);
    }
    Digits digits;
    int exponent = 0;
    int seen = 0;
    bool fraction = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        const char c = text[at];
        if (c == '.') {
            if (fraction) return fail(Errc::malformed_message, at);
            fraction = true;
        } else if (is_digit(c)) {
            digits.add(c, fraction, exponent);
            if (++seen > kExponentMax) return fail(Errc::number_out_of_range, at);
        } else {
            break;
        }
    }
    if (seen == 0) return fail(Errc::malformed_message, at);
    if (at < text.size()) {
        if (text[at] != 'e' && text[at] != 'E') return fail(Errc::malformed_message, at);
        ++at;
        bool shrink = false;
        if (at < text.size() && (text[at] == '-' || text[at] == '+')) shrink = text[at++] == '-';
        if (at == text.size()) return fail(Errc::malformed_message, at);
        int power = 0;
        for (; at < text.size(); ++at) {
            if (!is_digit(text[at])) return fail(Errc::malformed_message, at);
            power = power * 10 + (text[at] - '0');
            if (power > kExponentMax) return fail(Errc::number_out_of_range, at);
        }
        exponent += shrink ? -power : power;
    }
    std::int64_t mantissa = digits.mantissa + (digits.round_up ? 1 : 0);
    if (mantissa == 0) return Decimal{};
    return Decimal{negative ? -mantissa : mantissa, exponent};
}

Result<std::int64_t> count_units(const Decimal& value, const Decimal& unit, Errc off_grid) {
    KEEL_ASSERT(unit.mantissa > 0);
    if (value.mantissa == 0) return 0;
    const int shift = value.exponent - unit.exponent;
    Wide numerator = value.mantissa;
    Wide denominator = unit.mantissa;
    if (shift > kDigitsMax) return fail(Errc::number_out_of_range);
    if (shift >= 0) {
        numerator *= kPowersOfTen[static_cast<std::size_t>(shift)];
    } else {
        // Far finer than the unit: the value is noise around zero, or off the grid.
        if (-shift > 2 * kDigitsMax) return 0;
        int left = -shift;
        for (; left > kDigitsMax; left -= kDigitsMax) {
            numerator /= kPowersOfTen[kDigitsMax];
        }
        denominator *= kPowersOfTen[static_cast<std::size_t>(left)];
    }
    const bool negative = numerator < 0;
    if (negative) numerator = -numerator;
    Wide quotient = numerator / denominator;
    const Wide remainder = numerator - quotient * denominator;
    const Wide gap = remainder * 2 >= denominator ? denominator - remainder : remainder;
    if (remainder * 2 >= denominator) ++quotient;
    if (gap > denominator / kNoise) return fail(off_grid, static_cast<std::uint64_t>(quotient));
    if (quotient > std::numeric_limits<std::int64_t>::max()) return fail(Errc::number_out_of_range);
    const auto count = static_cast<std::int64_t>(quotient);
    return negative ? -count : count;
}

Decimal decimal_from_double(double value, int decimals) {
    KEEL_ASSERT(decimals >= 0 && decimals <= kDigitsMax);
    const auto scale = static_cast<double>(kPowersOfTen[static_cast<std::size_t>(decimals)]);
    return Decimal{std::llround(value * scale), -decimals}.normalised();
}

}  // namespace keel
