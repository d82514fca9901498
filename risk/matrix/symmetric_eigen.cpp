#include "risk/matrix/symmetric_eigen.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>

#include "engine/core/assert.hpp"

namespace keel::risk {

bool symmetric_eigen(std::span<const double> matrix, std::size_t n, std::span<double> values,
                     std::span<double> vectors) {
    KEEL_ASSERT(matrix.size() == n * n && values.size() == n && vectors.size() == n * n);
    if (!std::ranges::all_of(matrix, [](double value) { return std::isfinite(value); })) return false;
    using RowMajor = Eigen::Matrix<double, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
    const auto size = static_cast<Eigen::Index>(n);
    const Eigen::Map<const RowMajor> input{matrix.data(), size, size};
    const Eigen::SelfAdjointEigenSolver<Eigen::MatrixXd> solver{input};
    if (solver.info() != Eigen::Success) return false;
    Eigen::Map<Eigen::VectorXd>{values.data(), size} = solver.eigenvalues();
    Eigen::Map<RowMajor>{vectors.data(), size, size} = solver.eigenvectors().transpose();
    return true;
}

}  // namespace keel::risk
