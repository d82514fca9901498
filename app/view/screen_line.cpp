#include "app/view/screen_line.hpp"

#include <fmt/format.h>

#include <cmath>

namespace keel::app {

namespace {

const char* code_of(Ink ink) {
    switch (ink) {
        case Ink::plain: return "";
        case Ink::dim: return "\x1b[2m";
        case Ink::bold: return "\x1b[1m";
        case Ink::green: return "\x1b[32m";
        case Ink::yellow: return "\x1b[33m";
        case Ink::red: return "\x1b[1;31m";
        case Ink::inverse: return "\x1b[7m";
    }
    return "";
}

bool continues(char c) { return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U; }

}  // namespace

int columns_of(std::string_view text) {
    int count = 0;
    for (const char c : text) count += continues(c) ? 0 : 1;
    return count;
}

ScreenLine& ScreenLine::add(std::string_view text, Ink ink) {
    std::string kept;
    for (const char c : text) {
        if (continues(c)) {
            if (!kept.empty()) kept += c;
            continue;
        }
        if (columns_ == width_) break;
        kept += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? '?' : c;
        ++columns_;
    }
    if (kept.empty()) return *this;
    const bool inked = colour_ && ink != Ink::plain;
    if (inked) text_ += code_of(ink);
    text_ += kept;
    if (inked) text_ += "\x1b[0m";
    return *this;
}

ScreenLine& ScreenLine::to_column(int column) {
    if (columns_ == 0 && column == 0) return *this;
    return add(std::string(static_cast<std::size_t>(std::max(column - columns_, 1)), ' '));
}

ScreenLine& ScreenLine::add_right(std::string_view text, int end, Ink ink) {
    const int begin = end - columns_of(text);
    if (begin > columns_) to_column(begin);
    return add(text, ink);
}

ScreenLine& ScreenLine::fill(Ink ink) {
    if (columns_ < width_) add(std::string(static_cast<std::size_t>(width_ - columns_), ' '), ink);
    return *this;
}

std::string grouped(double value, int decimals) {
    if (!std::isfinite(value)) return "-";
    std::string text = fmt::format("{:.{}f}", std::abs(value), decimals);
    const bool zero = text.find_first_not_of("0.") == std::string::npos;
    const std::size_t point = text.find('.');
    std::size_t at = point == std::string::npos ? text.size() : point;
    while (at > 3) {
        at -= 3;
        text.insert(at, 1, ',');
    }
    return value < 0.0 && !zero ? "-" + text : text;
}

std::string short_number(double value) {
    const double size = std::abs(value);
    if (!std::isfinite(value)) return "-";
    if (size >= 1'000.0) return grouped(value, 0);
    if (size >= 100.0) return grouped(value, 1);
    if (size >= 10.0) return grouped(value, 2);
    return grouped(value, 3);
}

std::string price_text(double value) {
    const double size = std::abs(value);
    return grouped(value, size >= 10'000.0 ? 1 : size >= 100.0 ? 2 : 4);
}

std::string clock_text(double seconds) {
    const auto whole = static_cast<long>(std::max(seconds, 0.0));
    if (whole >= 3'600) return fmt::format("{}:{:02}:{:02}", whole / 3'600, whole / 60 % 60, whole % 60);
    return fmt::format("{:02}:{:02}", whole / 60, whole % 60);
}

}  // namespace keel::app
