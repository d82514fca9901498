#include "risk/surface/svi_arbitrage.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "risk/surface/vertex_grid.hpp"

namespace keel::risk {
namespace {

constexpr std::size_t kButterflyPoints = 201;
constexpr std::size_t kCalendarPoints = 61;  // even ones, and as many around each vertex
constexpr std::size_t kCalendarPlaces = 3 * kCalendarPoints;
constexpr double kSamePlace = 1e-9;  // of the range
constexpr int kGoldenSteps = 48;     // shrinks a bracket by 1e-10
constexpr int kBisectionSteps = 60;  // to the last bit of a bracket of width one
constexpr double kGoldenShare = 0.6180339887498949;
constexpr double kRefineBelow = 0.1;  // a low point of g above this cannot hide a negative one between grid points

struct Low {
    double at{0.0};
    double value{std::numeric_limits<double>::infinity()};
};

// Least value of a function that has one minimum in [left, right] (golden section; Kiefer 1953).
template <class Function>
Low golden_section(double left, double right, Function&& f) {
    double x1 = right - kGoldenShare * (right - left);
    double x2 = left + kGoldenShare * (right - left);
    double f1 = f(x1);
    double f2 = f(x2);
    for (int step = 0; step < kGoldenSteps; ++step) {
        if (f1 < f2) {
            right = x2;
            x2 = x1;
            f2 = f1;
            x1 = right - kGoldenShare * (right - left);
            f1 = f(x1);
        } else {
            left = x1;
            x1 = x2;
            f1 = f2;
            x2 = left + kGoldenShare * (right - left);
            f2 = f(x2);
        }
    }
    return f1 < f2 ? Low{.at = x1, .value = f1} : Low{.at = x2, .value = f2};
}

// f(left) and f(right) have different signs.
template <class Function>
double bisect(double left, double right, Function&& f) {
    const bool left_negative = f(left) < 0.0;
    for (int step = 0; step < kBisectionSteps; ++step) {
        const double middle = 0.5 * (left + right);
        if ((f(middle) < 0.0) == left_negative) {
            left = middle;
        } else {
            right = middle;
        }
    }
    return 0.5 * (left + right);
}

// g at points even in u = asinh((k-m)/sigma): sqrt((k-m)^2 + sigma^2) is sigma cosh(u), so one division per point
// replaces the root, and e^u is carried along by a product.
struct GridOfG {
    std::array<double, kButterflyPoints> k{};
    std::array<double, kButterflyPoints> g{};

    GridOfG(const SviParameters& svi, MoneynessRange range) {
        const double low = std::asinh((range.low - svi.m) / svi.sigma);
        const double high = std::asinh((range.high - svi.m) / svi.sigma);
        const double growth = std::exp((high - low) / static_cast<double>(kButterflyPoints - 1));
        double e = std::exp(low);
        for (std::size_t i = 0; i < kButterflyPoints; ++i, e *= growth) {
            const double inverse = 1.0 / e;
            const double x = 0.5 * svi.sigma * (e - inverse);
            const double r = 0.5 * svi.sigma * (e + inverse);
            const double flat = svi.sigma / r;
            k[i] = svi.m + x;
            g[i] = svi_g({.w = svi.a + svi.b * (svi.rho * x + r),
                          .w1 = svi.b * (svi.rho + x / r),
                          .w2 = svi.b * flat * flat / r},
                         k[i]);
        }
    }
};

struct Places {
    std::array<double, kCalendarPlaces> k{};
    std::size_t count{0};
};

// Even places would step over the vertex of a slice of hours: each vertex brings its own. Places that are the same but
// for rounding are one, or noise between them would hide a low point.
Places calendar_places(const SviParameters& near, const SviParameters& far, MoneynessRange range) {
    std::array<double, kCalendarPlaces> all{};
    VertexGrid near_grid{near.m, near.sigma, range, kCalendarPoints};
    VertexGrid far_grid{far.m, far.sigma, range, kCalendarPoints};
    const double step = (range.high - range.low) / static_cast<double>(kCalendarPoints - 1);
    for (std::size_t i = 0; i < kCalendarPoints; ++i) {
        all[i] = range.low + step * static_cast<double>(i);
        all[kCalendarPoints + i] = std::clamp(near_grid.next(), range.low, range.high);
        all[2 * kCalendarPoints + i] = std::clamp(far_grid.next(), range.low, range.high);
    }
    const auto first = all.begin();
    const auto points = static_cast<std::ptrdiff_t>(kCalendarPoints);
    std::array<double, 2 * kCalendarPoints> vertices{};
    std::array<double, kCalendarPlaces> merged{};
    std::merge(first + points, first + 2 * points, first + 2 * points, all.end(), vertices.begin());
    std::merge(first, first + points, vertices.begin(), vertices.end(), merged.begin());
    const double same = kSamePlace * (range.high - range.low);
    Places out;
    for (const double k : merged) {
        if (out.count == 0 || k - out.k[out.count - 1] > same) out.k[out.count++] = k;
    }
    out.k[out.count - 1] = range.high;
    return out;
}

}  // namespace

MoneynessRange svi_check_range(const SviParameters& svi) {
    const double half =
        std::max(6.0 * std::sqrt(std::max(svi_total_variance(svi, 0.0), 0.0)) + 0.5, kSurfaceReach.high);
    return {.low = std::min(-half, svi.m - 10.0 * svi.sigma), .high = std::max(half, svi.m + 10.0 * svi.sigma)};
}

SviButterfly svi_butterfly(const SviParameters& svi) { return svi_butterfly(svi, svi_check_range(svi)); }

SviButterfly svi_butterfly(const SviParameters& svi, MoneynessRange range) {
    SviButterfly out;
    const double w_min = svi_variance_min(svi);
    if (!is_in_svi_domain(svi)) {
        out.flaws = w_min < 0.0 ? SviFlaw::negative_variance : SviFlaw::domain;
        return out;
    }
    if (std::max(svi_slope_left(svi), svi_slope_right(svi)) > kLeeSlopeMax) out.flaws = SviFlaw::lee_wing;
    const GridOfG grid{svi, range};
    const auto lowest = std::min_element(grid.g.begin(), grid.g.end()) - grid.g.begin();
    const auto best = static_cast<std::size_t>(lowest);
    Low low{.at = grid.k[best], .value = grid.g[best]};
    for (std::size_t i = 1; i + 1 < kButterflyPoints; ++i) {
        if (grid.g[i] > grid.g[i - 1] || grid.g[i] > grid.g[i + 1]) continue;
        if (i != best && grid.g[i] > kRefineBelow) continue;
        const Low refined = golden_section(grid.k[i - 1], grid.k[i + 1], [&](double k) { return svi_g(svi, k); });
        if (refined.value < low.value) low = refined;
    }
    out.g_min = low.value;
    out.g_min_moneyness = low.at;
    if (low.value < 0.0) out.flaws = out.flaws | SviFlaw::butterfly;
    return out;
}

SviCalendar svi_calendar(const SviParameters& near, const SviParameters& far, MoneynessRange range) {
    const auto gap = [&](double k) { return svi_total_variance(far, k) - svi_total_variance(near, k); };
    SviCalendar out;
    out.wings_cross = svi_slope_left(far) < svi_slope_left(near) || svi_slope_right(far) < svi_slope_right(near);
    Places places = calendar_places(near, far, range);
    std::array<double, kCalendarPlaces>& k = places.k;
    std::array<double, kCalendarPlaces> value{};
    for (std::size_t i = 0; i < places.count; ++i) value[i] = gap(k[i]);
    Low low;
    const auto see = [&](double at, double there) {
        if (there < low.value) low = {.at = at, .value = there};
    };
    const auto cross = [&](double left, double right) {
        if (out.crossing_count == SviCalendar::kCrossingsMax || (gap(left) < 0.0) == (gap(right) < 0.0)) return;
        out.crossings[out.crossing_count++] = bisect(left, right, gap);
    };
    const std::size_t last = places.count - 1;
    for (std::size_t i = 0; i <= last; ++i) {
        see(k[i], value[i]);
        // A dip between places may cross twice: look at the low point between the neighbours first.
        const bool is_low = (i == 0 || value[i] <= value[i - 1]) && (i == last || value[i] <= value[i + 1]);
        if (!is_low) {
            if (i > 0) cross(k[i - 1], k[i]);
            continue;
        }
        const double left = i > 0 ? k[i - 1] : k[i];
        const Low dip = golden_section(left, i < last ? k[i + 1] : k[i], gap);
        see(dip.at, dip.value);
        if (dip.at <= k[i]) {
            cross(left, dip.at);
            cross(dip.at, k[i]);
        } else {
            cross(left, k[i]);
            cross(k[i], dip.at);
            value[i] = dip.value;  // the next interval starts here
            k[i] = dip.at;
        }
    }
    out.gap_min = low.value;
    out.gap_min_moneyness = low.at;
    return out;
}

bool svi_repair_jw(const SviParameters& svi, double years, SviParameters& out) {
    SviJw jw;
    if (!svi_to_jw(svi, years, jw)) return false;
    jw.c = jw.p + 2.0 * jw.psi;
    const double sum = jw.p + jw.c;
    if (!(jw.c >= 0.0) || !(sum > 0.0)) return false;
    jw.v_min = jw.v * 4.0 * jw.p * jw.c / (sum * sum);
    SviParameters repaired;
    if (!svi_from_jw(jw, years, repaired) || !svi_butterfly(repaired).is_free()) return false;
    out = repaired;
    return true;
}

}  // namespace keel::risk
