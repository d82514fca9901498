#pragma once

#include <string>
#include <string_view>

namespace keel::app {

enum class Ink : unsigned char { plain, dim, bold, green, yellow, red, inverse };

// One line of the screen, built from pieces and cut at a number of columns. Every code point counts one
// column: the view writes no wide characters, and names from a venue are ASCII.
class ScreenLine {
public:
    ScreenLine(int width, bool colour) : width_{width}, colour_{colour} {}

    ScreenLine& add(std::string_view text, Ink ink = Ink::plain);
    // Blanks up to column `column`, counted from 0; at least one when the line is already there.
    ScreenLine& to_column(int column);
    // Right-aligned text that ends at column `end`.
    ScreenLine& add_right(std::string_view text, int end, Ink ink = Ink::plain);
    ScreenLine& fill(Ink ink);  // blanks to the full width

    [[nodiscard]] int columns() const { return columns_; }
    [[nodiscard]] const std::string& text() const { return text_; }

private:
    int width_;
    bool colour_;
    int columns_{0};
    std::string text_;
};

int columns_of(std::string_view text);

// "1,234,567" and "-1,234.5"; a dash where the value is not known.
std::string grouped(double value, int decimals);
// Up to four significant digits, grouped: for values whose size is not known before.
std::string short_number(double value);
// Grouped, with the decimals that coins of that size trade in.
std::string price_text(double value);
// "03:21" or "1:03:21".
std::string clock_text(double seconds);

}  // namespace keel::app
