#include <gtest/gtest.h>

#include <chrono>
#include <iomanip>
#include <iostream>

#include "risk/surface/surface_expiry.hpp"
#include "tests/risk/surface/brute_arbitrage.hpp"
#include "tests/risk/surface/recorded_surfaces.hpp"
#include "tests/support/test_data.hpp"

namespace keel::risk {
namespace {

using test::is_two_sided;
using test::measure;
using test::Measured;
using test::median;
using test::RecordedSlice;
using test::RecordedSurface;

constexpr std::size_t kStrideDefault = 1;  // KEEL_SURFACE_STRIDE=8 takes every eighth snapshot

double quantile(std::vector<double> values, double share) {
    if (values.empty()) return std::numeric_limits<double>::quiet_NaN();
    const auto place = values.begin() + static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
    std::nth_element(values.begin(), place, values.end());
    return *place;
}

constexpr const char* kTenors[] = {"<2d", "2-8d", "8-35d", "35-100d", ">100d"};
std::size_t tenor_of(double years) {
    const double days = 365.0 * years;
    return days < 2.0 ? 0 : days < 8.0 ? 1 : days < 35.0 ? 2 : days < 100.0 ? 3 : 4;
}
constexpr const char* kPlaces[] = {"put <-2s", "-2s..-1s", "-1s..0", "0..1s", "1s..2s", "call >2s"};
std::size_t place_of(double k, double deviation) {
    const double s = k / deviation;
    return s < -2.0 ? 0 : s < -1.0 ? 1 : s < 0.0 ? 2 : s < 1.0 ? 3 : s < 2.0 ? 4 : 5;
}

struct Cell {
    std::vector<double> half_spread, raw, repaired;
};

struct Report {
    std::size_t slices{0}, within_raw{0}, within{0}, fallback{0}, priors{0}, without{0}, too_few{0};
    std::size_t raw_butterfly{0}, raw_calendar{0}, butterfly{0}, calendar{0}, pairs{0}, raw_pairs{0};
    std::size_t quotes{0}, rows{0};
    std::array<std::size_t, 5> status{};
    std::array<std::array<Cell, std::size(kPlaces)>, std::size(kTenors)> cells;
    double seconds{0.0};
};

struct Fitted {
    const RecordedSlice* slice{nullptr};
    std::vector<SviPoint> points;
    SviFit raw;
    SviFit free;
    bool has_raw{false};
    bool is_prior{false};  // of five two-sided quotes too few may be used
    SviFitStatus status{SviFitStatus::failed};
};

void add_cells(const Fitted& fitted, Report& report) {
    for (const SurfaceQuote& quote : fitted.slice->quotes) {
        const JudgedQuote judged = judge_quote(quote, fitted.slice->years);
        if (!is_two_sided(judged)) continue;
        const double years = fitted.slice->years;
        const double middle = 0.5 * (quote.volatility_bid + quote.volatility_ask);
        const double k = judged.point.k;
        const double deviation = std::sqrt(svi_total_variance(fitted.raw.raw, 0.0));
        Cell& cell = report.cells[tenor_of(years)][place_of(k, deviation)];
        cell.half_spread.push_back(0.5 * (quote.volatility_ask - quote.volatility_bid));
        cell.raw.push_back(std::abs(std::sqrt(svi_total_variance(fitted.raw.raw, k) / years) - middle));
        cell.repaired.push_back(std::abs(std::sqrt(svi_total_variance(fitted.free.svi, k) / years) - middle));
    }
}

void tell_outside(const RecordedSurface& surface, const Fitted& fitted, const Measured& raw, const Measured& free) {
    std::cout << "[ outside  ] " << surface.time << ' ' << fitted.slice->name << ": quotes " << fitted.points.size()
              << ", days " << 365.0 * fitted.slice->years << ", error raw " << raw.error << ", free " << free.error
              << ", half-spread " << free.half_spread << '\n';
}

// The slices of one surface that have five two-sided quotes of any moneyness, nearest first.
std::vector<Fitted> slices_of(const RecordedSurface& surface, Report& report) {
    std::vector<Fitted> fits;
    for (const auto& [expiry, slice] : surface.slices) {
        Fitted fitted;
        fitted.slice = &slice;
        for (const SurfaceQuote& quote : slice.quotes) {
            const JudgedQuote judged = judge_quote(quote, slice.years);
            if (judged.point.weight > 0.0) fitted.points.push_back(judged.point);
        }
        report.rows += slice.rows;
        if (slice.two_sided < kSviQuotesMin) {
            ++report.too_few;
            continue;
        }
        report.quotes += fitted.points.size();
        fits.push_back(fitted);
    }
    std::sort(fits.begin(), fits.end(),
              [](const Fitted& a, const Fitted& b) { return a.slice->years < b.slice->years; });
    return fits;
}

// Free fits first; then, from the nearest expiry on, fits that hold the floor of the expiry before.
void fit_all(std::vector<Fitted>& fits) {
    for (Fitted& fitted : fits) {
        const SviFitRequest request{.points = fitted.points, .years = fitted.slice->years};
        fitted.has_raw = is_fitted(svi_fit(request, fitted.raw));
    }
    const SviParameters* near = nullptr;
    for (std::size_t i = 0; i < fits.size(); ++i) {
        Fitted& fitted = fits[i];
        std::vector<SviParameters> far;
        for (std::size_t j = i + 1; j < fits.size(); ++j) {
            if (fits[j].has_raw) far.push_back(fits[j].raw.svi);
        }
        const SviFitRequest request{.points = fitted.points,
                                    .years = fitted.slice->years,
                                    .previous = fitted.has_raw ? &fitted.raw.raw : nullptr,
                                    .near = near,
                                    .far = far};
        fitted.status = svi_fit(request, fitted.free);
        if (is_fitted(fitted.status)) near = &fitted.free.svi;
    }
}

// The shape that an expiry without a fit takes from the prior, as a surface gives it: at the level of its quotes,
// else of the expiry before it, else of the one after. False where no level lies between the two.
bool take_prior(Fitted& fitted, const Fitted* near, const Fitted* far) {
    constexpr UnixNanos kNow{};
    SurfaceConfig config;
    config.life_min = {};
    SurfaceExpiry expiry{UnixNanos{std::llround(fitted.slice->years * kYearNs)}, config};
    for (const SurfaceQuote& quote : fitted.slice->quotes) expiry.on_quote(quote, kNow);
    const Fitted* level = near != nullptr ? near : far;
    const double theta = level != nullptr
                             ? fitted.slice->years / level->slice->years * svi_total_variance(level->free.svi, 0.0)
                             : expiry.quoted_variance(kNow);
    if (!expiry.take_prior(kNow, theta, near != nullptr ? &near->free.svi : nullptr,
                           far != nullptr ? &far->free.svi : nullptr)) {
        return false;
    }
    fitted.free.svi = expiry.slice();
    return true;
}

void give_priors(std::vector<Fitted>& fits) {
    const Fitted* near = nullptr;
    for (std::size_t i = 0; i < fits.size(); ++i) {
        Fitted& fitted = fits[i];
        if (!is_fitted(fitted.status) && fitted.points.size() < kSviQuotesMin) {
            const auto far = std::find_if(fits.begin() + static_cast<std::ptrdiff_t>(i), fits.end(),
                                          [](const Fitted& later) { return is_fitted(later.status); });
            fitted.is_prior = take_prior(fitted, near, far != fits.end() ? &*far : nullptr);
        }
        if (is_fitted(fitted.status) || fitted.is_prior) near = &fitted;
    }
}

void count_raw_arbitrage(const Fitted& fitted, const Fitted* last, Report& report) {
    report.raw_butterfly += svi_butterfly(fitted.raw.raw).is_free() ? 0U : 1U;
    if (last == nullptr) return;
    ++report.raw_pairs;
    report.raw_calendar += svi_calendar(last->raw.raw, fitted.raw.raw).is_free() ? 0U : 1U;
}

void count_arbitrage(const Fitted& fitted, const Fitted* last, Report& report) {
    const bool has_butterfly = !svi_butterfly(fitted.free.svi).is_free() || test::brute_g_min(fitted.free.svi) < 0.0;
    report.butterfly += has_butterfly ? 1U : 0U;
    if (last == nullptr) return;
    ++report.pairs;
    const bool is_crossed = !svi_calendar(last->free.svi, fitted.free.svi).is_free() ||
                            test::brute_gap_min(last->free.svi, fitted.free.svi) < 0.0;
    report.calendar += is_crossed ? 1U : 0U;
}

void fit_surface(const RecordedSurface& surface, Report& report) {
    std::vector<Fitted> fits = slices_of(surface, report);
    const auto start = std::chrono::steady_clock::now();
    fit_all(fits);
    report.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    give_priors(fits);
    const Fitted* last = nullptr;
    const Fitted* last_fitted = nullptr;
    for (const Fitted& fitted : fits) {
        ++report.slices;
        ++report.status[static_cast<std::size_t>(fitted.status)];
        if (!fitted.is_prior && (!fitted.has_raw || !is_fitted(fitted.status))) {
            // Where even the prior at the level of the quotes would cross the next expiry, the surface has no slice of
            // this one and reads its neighbour.
            ++(fitted.points.size() < kSviQuotesMin ? report.without : report.fallback);
            std::cout << "[ no slice ] " << surface.time << ' ' << fitted.slice->name << '\n';
            continue;
        }
        count_arbitrage(fitted, last, report);
        last = &fitted;
        // The prior is free of arbitrage and counts as not within its spread, wherever it lies.
        if (fitted.is_prior) {
            ++report.priors;
            continue;
        }
        count_raw_arbitrage(fitted, last_fitted, report);
        last_fitted = &fitted;
        const Measured raw = measure(*fitted.slice, fitted.raw.raw);
        const Measured free = measure(*fitted.slice, fitted.free.svi);
        report.within_raw += raw.error <= raw.half_spread ? 1U : 0U;
        report.within += free.error <= free.half_spread ? 1U : 0U;
        if (!(free.error <= free.half_spread)) tell_outside(surface, fitted, raw, free);
        add_cells(fitted, report);
    }
}

void print(const Report& report) {
    const auto share = [](std::size_t part, std::size_t whole) {
        return 100.0 * static_cast<double>(part) / static_cast<double>(std::max<std::size_t>(whole, 1));
    };
    std::cout << std::fixed << std::setprecision(2) << "slices " << report.slices
              << " (left out with fewer than five two-sided: " << report.too_few << "), quotes fitted " << report.quotes
              << " of rows " << report.rows << "\nmedian |fit - mid| within the median half-spread: raw "
              << share(report.within_raw, report.slices) << " %, free of arbitrage "
              << share(report.within, report.slices) << " %\nfits: as they were " << report.status[0]
              << ", fitted again " << report.status[1] << ", jump-wing repair " << report.status[2]
              << ", the prior for too few usable quotes " << report.priors << ", none of these where it crosses "
              << report.without << ", fallback " << report.fallback << "\narbitrage raw: butterfly "
              << report.raw_butterfly << ", calendar " << report.raw_calendar << " of " << report.raw_pairs
              << " pairs; after: butterfly " << report.butterfly << ", calendar " << report.calendar
              << "\nseconds per 1,000 quotes " << std::setprecision(4)
              << 1000.0 * report.seconds / static_cast<double>(report.quotes) << " (both fits)\n"
              << std::setprecision(2)
              << "vol points: median half-spread | median, p90 error raw | median, p90 error free\n";
    for (std::size_t tenor = 0; tenor < std::size(kTenors); ++tenor) {
        for (std::size_t place = 0; place < std::size(kPlaces); ++place) {
            const Cell& cell = report.cells[tenor][place];
            if (cell.raw.empty()) continue;
            std::cout << std::setw(8) << kTenors[tenor] << std::setw(10) << kPlaces[place] << std::setw(8)
                      << cell.raw.size() << std::setw(8) << 100.0 * median(cell.half_spread) << " |" << std::setw(7)
                      << 100.0 * median(cell.raw) << std::setw(7) << 100.0 * quantile(cell.raw, 0.9) << " |"
                      << std::setw(7) << 100.0 * median(cell.repaired) << std::setw(7)
                      << 100.0 * quantile(cell.repaired, 0.9) << '\n';
        }
    }
}

TEST(RecordedSurfaceTest, FitsEveryRecordedSliceWithinItsSpreadAndFreeOfArbitrage) {
    const auto folder = test::data_path("deribit");
    KEEL_SKIP_WITHOUT(folder);
    const char* wanted = std::getenv("KEEL_SURFACE_STRIDE");
    const std::size_t stride =
        wanted != nullptr ? static_cast<std::size_t>(std::max(1, std::atoi(wanted))) : kStrideDefault;
    Report report;
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator{*folder}) {
        const std::string file = entry.path().filename().string();
        if (file.starts_with("chain_snapshots_2026") && file.ends_with(".csv.zst")) files.push_back(entry.path());
    }
    if (files.empty() && !test::data_required()) GTEST_SKIP() << "no chain_snapshots files";
    std::sort(files.begin(), files.end());
    for (const auto& file : files) {
        const test::CsvRows rows{test::read_file(file)};
        for (const RecordedSurface& surface : test::recorded_surfaces(rows, stride)) fit_surface(surface, report);
    }
    print(report);
    ASSERT_GT(report.slices, 0U);
    EXPECT_GE(static_cast<double>(report.within), test::kWithinHalfSpreadMin * static_cast<double>(report.slices));
    EXPECT_EQ(report.fallback, 0U) << "a slice without any surface";
    EXPECT_LE(report.without, 1U) << "of the recorded ones";
    EXPECT_EQ(report.butterfly, 0U);
    EXPECT_EQ(report.calendar, 0U);
}

}  // namespace
}  // namespace keel::risk
