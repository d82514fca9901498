#pragma once

#include <algorithm>
#include <array>
#include <cmath>

namespace keel::risk {

struct PlanePoint {
    double x{0.0};
    double y{0.0};
    double value{0.0};
};

// How far a search may go.
struct PlaneSearch {
    double step{0.3};              // of the first triangle, both directions
    double size_min{1e-9};         // ends when the triangle is smaller than this
    double spread_min{1e-7};       // or the values differ by less, relative
    std::size_t evaluations{200};  // at most
};

// Least value of f(x, y) by the downhill simplex (Nelder and Mead 1965; reflection 1, expansion 2, contraction and
// shrinkage one half). `evaluations` is increased by the calls of f.
template <class Function>
PlanePoint nelder_mead2(Function&& f, PlanePoint start, const PlaneSearch& search, std::size_t& evaluations) {
    std::array<PlanePoint, 3> corner{start, start, start};
    corner[1].x += search.step;
    corner[2].y += search.step;
    std::size_t calls = 0;
    const auto at = [&](double x, double y) {
        ++calls;
        return PlanePoint{.x = x, .y = y, .value = f(x, y)};
    };
    corner[1] = at(corner[1].x, corner[1].y);
    corner[2] = at(corner[2].x, corner[2].y);
    const auto by_value = [](const PlanePoint& a, const PlanePoint& b) { return a.value < b.value; };
    while (calls < search.evaluations) {
        std::sort(corner.begin(), corner.end(), by_value);
        const double size = std::max({std::abs(corner[1].x - corner[0].x), std::abs(corner[2].x - corner[0].x),
                                      std::abs(corner[1].y - corner[0].y), std::abs(corner[2].y - corner[0].y)});
        if (size < search.size_min) break;
        if (corner[2].value - corner[0].value <= search.spread_min * std::abs(corner[0].value)) break;
        const double middle_x = 0.5 * (corner[0].x + corner[1].x);
        const double middle_y = 0.5 * (corner[0].y + corner[1].y);
        const auto along = [&](double share) {
            return at(middle_x + share * (corner[2].x - middle_x), middle_y + share * (corner[2].y - middle_y));
        };
        const PlanePoint reflected = along(-1.0);
        if (reflected.value < corner[0].value) {
            const PlanePoint expanded = along(-2.0);
            corner[2] = expanded.value < reflected.value ? expanded : reflected;
            continue;
        }
        if (reflected.value < corner[1].value) {
            corner[2] = reflected;
            continue;
        }
        const PlanePoint contracted = along(reflected.value < corner[2].value ? -0.5 : 0.5);
        if (contracted.value < std::min(reflected.value, corner[2].value)) {
            corner[2] = contracted;
            continue;
        }
        for (std::size_t i = 1; i < 3; ++i) {
            corner[i] = at(0.5 * (corner[0].x + corner[i].x), 0.5 * (corner[0].y + corner[i].y));
        }
    }
    evaluations += calls;
    return *std::min_element(corner.begin(), corner.end(), by_value);
}

}  // namespace keel::risk
