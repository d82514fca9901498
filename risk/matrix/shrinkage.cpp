#include "risk/matrix/shrinkage.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

#include "engine/core/assert.hpp"
#include "risk/metrics/observation.hpp"

namespace keel::risk {
namespace {

// Chen et al. (2010), equation 23, from tr S^2 and tr S.
double oas_of_traces(double trace_square, double trace, std::size_t n, double samples) {
    const auto p = static_cast<double>(n);
    const double spread = trace_square - trace * trace / p;
    if (!(spread > 1e-12 * trace_square)) return 1.0;  // already a multiple of the identity
    const double above = (1.0 - 2.0 / p) * trace_square + trace * trace;
    const double below = (samples + 1.0 - 2.0 / p) * spread;
    return std::clamp(above / below, 0.0, 1.0);
}

// The sums over time that the constant-correlation intensity needs (Ledoit-Wolf 2004, appendix B).
struct IntensitySums {
    double pi{0.0};
    double rho{0.0};
};

class ConstantCorrelation {
public:
    ConstantCorrelation(std::span<const double> observations, std::size_t n, SampleMean mean,
                        std::span<const double> sample)
        : n_{n},
          rows_{observations.size() / n},
          deviations_(observations.begin(), observations.end()),
          sample_{sample} {
        divisor_ = static_cast<double>(mean == SampleMean::estimated ? rows_ - 1 : rows_);
        if (mean == SampleMean::zero) return;
        for (std::size_t i = 0; i < n_; ++i) {
            double sum = 0.0;
            for (std::size_t t = 0; t < rows_; ++t) sum += deviations_[t * n_ + i];
            for (std::size_t t = 0; t < rows_; ++t) deviations_[t * n_ + i] -= sum / static_cast<double>(rows_);
        }
    }

    [[nodiscard]] double divisor() const { return divisor_; }
    [[nodiscard]] bool varies(std::size_t i) const { return sample_[i * n_ + i] > kStepVarianceMin; }
    [[nodiscard]] double mean_correlation() const {
        double sum = 0.0;
        std::size_t pairs = 0;
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t j = 0; j < i; ++j) {
                if (!varies(i) || !varies(j)) continue;
                sum += sample_[i * n_ + j] / std::sqrt(sample_[i * n_ + i] * sample_[j * n_ + j]);
                ++pairs;
            }
        }
        return pairs > 0 ? sum / static_cast<double>(pairs) : 0.0;
    }
    [[nodiscard]] IntensitySums sums(double correlation) const {
        IntensitySums out;
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t j = 0; j < n_; ++j) add_pair(i, j, correlation, out);
        }
        return out;
    }

private:
    void add_pair(std::size_t i, std::size_t j, double correlation, IntensitySums& out) const {
        const double own = sample_[i * n_ + i];
        const double cross = sample_[i * n_ + j];
        double square = 0.0;
        double theta = 0.0;  // of (i i, i j)
        for (std::size_t t = 0; t < rows_; ++t) {
            const double first = deviations_[t * n_ + i];
            const double product = first * deviations_[t * n_ + j] - cross;
            square += product * product;
            theta += (first * first - own) * product;
        }
        out.pi += square / divisor_;
        if (i == j) {
            out.rho += square / divisor_;
        } else if (varies(i) && varies(j)) {
            // The term with theta_jj,ij of the pair is the one with theta_ii,ij of the pair turned round.
            out.rho += correlation * std::sqrt(sample_[j * n_ + j] / own) * theta / divisor_;
        }
    }

    std::size_t n_;
    std::size_t rows_;
    std::vector<double> deviations_;
    std::span<const double> sample_;
    double divisor_{1.0};
};

}  // namespace

std::optional<double> oas_intensity(std::span<const double> matrix, std::size_t n, double samples) {
    KEEL_ASSERT(n > 0 && matrix.size() == n * n && samples > 0.0);
    double trace = 0.0;
    double trace_square = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        trace += matrix[i * n + i];
        for (std::size_t j = 0; j < n; ++j) trace_square += matrix[i * n + j] * matrix[j * n + i];
    }
    if (!std::isfinite(trace) || !std::isfinite(trace_square) || !(trace > 0.0)) return std::nullopt;
    return oas_of_traces(trace_square, trace, n, samples);
}

void shrink_to_identity(std::span<double> matrix, std::size_t n, double intensity) {
    KEEL_ASSERT(n > 0 && matrix.size() == n * n && intensity >= 0.0 && intensity <= 1.0);
    double trace = 0.0;
    for (std::size_t i = 0; i < n; ++i) trace += matrix[i * n + i];
    for (double& value : matrix) value *= 1.0 - intensity;
    for (std::size_t i = 0; i < n; ++i) matrix[i * n + i] += intensity * trace / static_cast<double>(n);
}

std::optional<double> shrink_correlations(std::span<double> covariance, std::size_t n, double samples) {
    KEEL_ASSERT(n > 0 && covariance.size() == n * n && samples > 0.0);
    double trace_square = 0.0;
    std::size_t counted = 0;
    for (std::size_t i = 0; i < n; ++i) {
        const double own = covariance[i * n + i];
        if (!std::isfinite(own)) return std::nullopt;
        if (!(own > kStepVarianceMin)) continue;
        ++counted;
        double row = 0.0;
        for (std::size_t j = 0; j < i; ++j) {
            const double cross = covariance[i * n + j];
            if (!std::isfinite(cross)) return std::nullopt;
            const double other = covariance[j * n + j];
            if (other > kStepVarianceMin) row += cross * cross / (own * other);
        }
        trace_square += 1.0 + 2.0 * row;
    }
    if (counted == 0) return std::nullopt;
    const double intensity = oas_of_traces(trace_square, static_cast<double>(counted), counted, samples);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < i; ++j) {
            covariance[i * n + j] *= 1.0 - intensity;
            covariance[j * n + i] = covariance[i * n + j];
        }
    }
    return intensity;
}

std::optional<double> shrink_constant_correlation(std::span<const double> observations, std::size_t n, SampleMean mean,
                                                  std::span<double> out) {
    std::vector<double> sample(n * n);
    if (!sample_covariance(observations, n, mean, sample)) return std::nullopt;
    const ConstantCorrelation model{observations, n, mean, sample};
    bool any = false;
    for (std::size_t i = 0; i < n; ++i) any = any || model.varies(i);
    if (!any) return std::nullopt;
    const double correlation = model.mean_correlation();
    const IntensitySums sums = model.sums(correlation);
    double gamma = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            const double target =
                i == j ? sample[i * n + i] : correlation * std::sqrt(sample[i * n + i] * sample[j * n + j]);
            out[i * n + j] = target;
            gamma += (target - sample[i * n + j]) * (target - sample[i * n + j]);
        }
    }
    // Where target and sample agree any intensity gives the same matrix.
    const double ratio = gamma > 0.0 ? (sums.pi - sums.rho) / gamma / model.divisor() : 0.0;
    if (std::isnan(ratio)) return std::nullopt;
    const double intensity = std::clamp(ratio, 0.0, 1.0);
    for (std::size_t k = 0; k < out.size(); ++k) out[k] = intensity * out[k] + (1.0 - intensity) * sample[k];
    for (std::size_t i = 0; i < n; ++i) out[i * n + i] = sample[i * n + i];
    return intensity;
}

std::optional<double> shrink_identity(std::span<const double> observations, std::size_t n, std::span<double> out) {
    if (!sample_covariance(observations, n, SampleMean::zero, out)) return std::nullopt;
    const std::size_t rows = observations.size() / n;
    const auto p = static_cast<double>(n);
    double trace = 0.0;
    for (std::size_t i = 0; i < n; ++i) trace += out[i * n + i];
    if (!(trace > 0.0)) return std::nullopt;
    const double mu = trace / p;
    double distance = 0.0;  // d^2
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < n; ++j) {
            const double gap = out[i * n + j] - (i == j ? mu : 0.0);
            distance += gap * gap / p;
        }
    }
    double error = 0.0;  // b^2 before its bound
    for (std::size_t t = 0; t < rows; ++t) {
        const auto row = observations.subspan(t * n, n);
        for (std::size_t i = 0; i < n; ++i) {
            for (std::size_t j = 0; j < n; ++j) {
                const double gap = row[i] * row[j] - out[i * n + j];
                error += gap * gap;
            }
        }
    }
    const auto count = static_cast<double>(rows);
    error = std::min(distance, error / (p * count * count));
    const double intensity = distance > 0.0 ? error / distance : 0.0;
    if (!std::isfinite(intensity)) return std::nullopt;
    shrink_to_identity(out, n, intensity);
    return intensity;
}

}  // namespace keel::risk
