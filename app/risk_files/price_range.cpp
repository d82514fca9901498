#include "app/risk_files/price_range.hpp"

#include <fmt/format.h>

#include <limits>

#include "risk/book/contract.hpp"

namespace keel::app {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

}  // namespace

double price_from(const JsonTree& value) {
    const double price = value.number();
    if (!(price > 0.0)) value.refuse(fmt::format("must be positive, is {}", price));
    if (price < risk::kStrikeMin || price > risk::kStrikeMax) {
        value.refuse(fmt::format("is no price from {:g} to {:g}: {:g}", risk::kStrikeMin, risk::kStrikeMax, price));
    }
    return price;
}

double price_or_nan(const JsonTree& row, std::string_view key) {
    const JsonTree* member = row.find(key);
    return member == nullptr ? kNaN : price_from(*member);
}

double quoted_price(const JsonTree& row, std::string_view key) {
    return row.number_or(key, kNaN) > 0.0 ? price_from(row.at(key)) : kNaN;
}

}  // namespace keel::app
