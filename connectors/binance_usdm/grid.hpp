#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "engine/core/decimal.hpp"

namespace keel::connectors::binance {

// The ticks or lots of one contract, ready to count plain decimal text ("61659.70") in one scan without
// a division where the unit is a power of ten. What it does not take (exponents, blanks, digits beyond
// the grid, more than 18 digits) is not an error: Instrument's general conversion decides then.
// Thread: any. Allocates: never.
class Grid {
public:
    Grid() = default;
    explicit Grid(const Decimal& unit) {
        const Decimal plain = unit.normalised();
        if (plain.mantissa <= 0 || plain.exponent > 0 || plain.exponent < -kDecimalsMax) return;
        decimals_ = -plain.exponent;
        unit_ = plain.mantissa;
    }

    // Whole units in `text`; nothing where the general conversion has to decide.
    [[nodiscard]] std::optional<std::int64_t> count(std::string_view text) const {
        const bool negative = !text.empty() && text.front() == '-';
        if (negative) text.remove_prefix(1);
        if (unit_ == 0 || text.empty() || text.size() > kCharactersMax) return std::nullopt;
        std::int64_t digits = 0;
        int decimals_left = decimals_;
        bool fraction = false;
        for (const char c : text) {
            if (c == '.') {
                if (fraction) return std::nullopt;
                fraction = true;
                continue;
            }
            if (c < '0' || c > '9') return std::nullopt;
            if (fraction && decimals_left-- <= 0) {
                if (c != '0') return std::nullopt;
                continue;
            }
            digits = digits * 10 + (c - '0');
        }
        if (decimals_left + static_cast<int>(text.size()) > kDigitsMax) return std::nullopt;
        for (; decimals_left > 0; --decimals_left) digits *= 10;
        if (unit_ != 1) {
            if (digits % unit_ != 0) return std::nullopt;
            digits /= unit_;
        }
        return negative ? -digits : digits;
    }

private:
    static constexpr int kDecimalsMax = 12;            // finest grid of the venue has 8
    static constexpr int kDigitsMax = 18;              // every 18-digit number fits an int64
    static constexpr std::size_t kCharactersMax = 19;  // 18 digits and the point
    int decimals_{0};
    std::int64_t unit_{0};  // 0: no such grid, every text goes to the general conversion
};

}  // namespace keel::connectors::binance
