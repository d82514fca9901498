#include "risk/tail/delta_gamma.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "engine/core/assert.hpp"
#include "risk/options/black76.hpp"
#include "risk/tail/distributions.hpp"

namespace keel::risk {
namespace {

constexpr double kValidityReach = 0.5;  // in z, beyond the quantile

// Gauss-Legendre of 16 points on [-1, 1], positive half (Abramowitz and Stegun 25.4.30).
constexpr std::array kGaussNodes{0.0950125098376374402, 0.2816035507792589132, 0.4580167776572273863,
                                 0.6178762444026437484, 0.7554044083550030339, 0.8656312023878317439,
                                 0.9445750230732325761, 0.9894009349916499326};
constexpr std::array kGaussWeights{0.1894506104550684963, 0.1826034150449235889, 0.1691565193950025382,
                                   0.1495959888165767321, 0.1246289712555338720, 0.0951585116824927848,
                                   0.0622535239386478929, 0.0271524594117540949};

using Square = std::array<double, kQuadraticFactorsMax * kQuadraticFactorsMax>;
using Line = std::array<double, kQuadraticFactorsMax>;

// The trace of a product of two n x n matrices.
double trace_of(const Square& a, const Square& b, std::size_t n) {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) sum += a[i * n + j] * b[j * n + i];
    }
    return sum;
}

void multiply(std::span<const double> a, std::span<const double> b, std::size_t n, Square& out) {
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) out[i * n + j] = 0.0;
        for (std::size_t k = 0; k < n; ++k) {
            const double scale = a[i * n + k];
            for (std::size_t j = 0; j < n; ++j) out[i * n + j] += scale * b[k * n + j];
        }
    }
}

void apply(std::span<const double> matrix, std::span<const double> in, std::size_t n, Line& out) {
    for (std::size_t i = 0; i < n; ++i) {
        out[i] = 0.0;
        for (std::size_t j = 0; j < n; ++j) out[i] += matrix[i * n + j] * in[j];
    }
}

double dot(std::span<const double> a, std::span<const double> b, std::size_t n) {
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
    return sum;
}

template <typename Quantile>
std::optional<TailMeasures> tail_of(double alpha, Quantile quantile) {
    if (!is_confidence(alpha)) return std::nullopt;
    const double tail = 1.0 - alpha;
    const std::optional<double> var = quantile(tail);
    if (!var) return std::nullopt;
    double mean = 0.0;
    for (std::size_t i = 0; i < 2 * kGaussNodes.size(); ++i) {
        const double node = i % 2 == 0 ? kGaussNodes[i / 2] : -kGaussNodes[i / 2];
        const double root = 0.5 * (1.0 + node);
        const std::optional<double> deeper = quantile(tail * root * root);
        if (!deeper) return std::nullopt;
        mean += kGaussWeights[i / 2] * root * *deeper;
    }
    return TailMeasures{.var_usd = -*var, .es_usd = -mean};
}

}  // namespace

double ProfitCumulants::skewness() const { return k2 > 0.0 ? k3 / (k2 * std::sqrt(k2)) : 0.0; }
double ProfitCumulants::excess_kurtosis() const { return k2 > 0.0 ? k4 / (k2 * k2) : 0.0; }

std::optional<ProfitCumulants> profit_cumulants(const DeltaGammaBook& book) {
    const std::size_t n = book.delta.size();
    KEEL_ASSERT(book.gamma.size() == n * n && book.omega.size() == n * n);
    if (n == 0 || n > kQuadraticFactorsMax) return std::nullopt;
    Square b;   // Gamma Omega
    Square b2;  // its square
    multiply(book.gamma, book.omega, n, b);
    multiply(b, b, n, b2);
    Line od;   // Omega delta
    Line god;  // Gamma Omega delta
    Line ogod;
    apply(book.omega, book.delta, n, od);
    apply(book.gamma, od, n, god);
    apply(book.omega, god, n, ogod);
    double trace = 0.0;
    for (std::size_t i = 0; i < n; ++i) trace += b[i * n + i];
    ProfitCumulants k{.k1 = book.theta + 0.5 * trace,
                      .k2 = dot(book.delta, od, n) + 0.5 * trace_of(b, b, n),
                      .k3 = 3.0 * dot(od, god, n) + trace_of(b, b2, n),
                      .k4 = 12.0 * dot(god, ogod, n) + 3.0 * trace_of(b2, b2, n)};
    if (!std::isfinite(k.k1) || !std::isfinite(k.k3) || !std::isfinite(k.k4)) return std::nullopt;
    if (!(k.k2 >= 0.0) || !std::isfinite(k.k2)) return std::nullopt;
    return k;
}

double cornish_fisher_z(const ProfitCumulants& cumulants, double alpha) {
    const double z = normal_quantile(1.0 - alpha);
    const double s = cumulants.skewness();
    const double k = cumulants.excess_kurtosis();
    return z + (z * z - 1.0) * s / 6.0 + (z * z * z - 3.0 * z) * k / 24.0 - (2.0 * z * z * z - 5.0 * z) * s * s / 36.0;
}

// dw/dz = a z^2 + b z + c; its least value on an interval is at an end or at the vertex.
bool cornish_fisher_valid(const ProfitCumulants& cumulants, double alpha) {
    const double z = normal_quantile(1.0 - alpha);
    const double s = cumulants.skewness();
    const double k = cumulants.excess_kurtosis();
    const double a = k / 8.0 - s * s / 6.0;
    const double b = s / 3.0;
    const double c = 1.0 - k / 8.0 + 5.0 * s * s / 36.0;
    const auto slope = [&](double at) { return (a * at + b) * at + c; };
    const double low = std::min(z - kValidityReach, 0.0);
    const double high = z > 0.0 ? z + kValidityReach : 0.0;
    const double from = z > 0.0 ? 0.0 : low;
    double least = std::min(slope(from), slope(high));
    const double vertex = a != 0.0 ? -b / (2.0 * a) : from;
    if (vertex > from && vertex < high) least = std::min(least, slope(vertex));
    return least > 0.0;
}

TailMeasures cornish_fisher_tail(const ProfitCumulants& cumulants, double alpha) {
    const double z = normal_quantile(1.0 - alpha);
    const double s = cumulants.skewness();
    const double k = cumulants.excess_kurtosis();
    // Means of z, z^2, z^3 below the quantile.
    const double density = normal_pdf(z) / (1.0 - alpha);
    const double m1 = -density;
    const double m2 = 1.0 - z * density;
    const double m3 = -(z * z + 2.0) * density;
    const double mean = m1 + (m2 - 1.0) * s / 6.0 + (m3 - 3.0 * m1) * k / 24.0 - (2.0 * m3 - 5.0 * m1) * s * s / 36.0;
    const double sigma = std::sqrt(cumulants.k2);
    return {.var_usd = -(cumulants.k1 + cornish_fisher_z(cumulants, alpha) * sigma),
            .es_usd = -(cumulants.k1 + mean * sigma)};
}

std::optional<TailMeasures> saddlepoint_tail(const QuadraticForm& form, double alpha) {
    return tail_of(alpha, [&](double p) { return saddlepoint_quantile(form, p); });
}

std::optional<TailMeasures> exact_tail(const QuadraticForm& form, double alpha) {
    return tail_of(alpha, [&](double p) { return quadratic_quantile(form, p); });
}

DeltaGammaTail delta_gamma_tail(const DeltaGammaBook& book, double alpha, TailMeasures fallback) {
    const std::optional<ProfitCumulants> cumulants = profit_cumulants(book);
    if (!cumulants || !is_confidence(alpha)) return {.measures = fallback};
    if (cornish_fisher_valid(*cumulants, alpha)) {
        return {.measures = cornish_fisher_tail(*cumulants, alpha), .method = DeltaGammaMethod::cornish_fisher};
    }
    const std::optional<QuadraticForm> form = quadratic_form(book.theta, book.delta, book.gamma, book.omega);
    const std::optional<TailMeasures> measures = form ? saddlepoint_tail(*form, alpha) : std::nullopt;
    if (!measures) return {.measures = fallback};
    return {.measures = *measures, .method = DeltaGammaMethod::saddlepoint};
}

}  // namespace keel::risk
