#include "risk/matrix/symmetric_eigen.hpp"

#include <gtest/gtest.h>

#include <array>
#include <limits>

namespace keel::risk {
namespace {

TEST(SymmetricEigenTest, TwoByTwoByHand) {
    const std::array matrix{2.0, 1.0, 1.0, 2.0};  // eigenvalues 1 and 3 on the diagonals of the plane
    std::array<double, 2> values{};
    std::array<double, 4> vectors{};
    ASSERT_TRUE(symmetric_eigen(matrix, 2, values, vectors));
    EXPECT_NEAR(values[0], 1.0, 1e-15);
    EXPECT_NEAR(values[1], 3.0, 1e-15);
    EXPECT_NEAR(vectors[0] * vectors[1], -0.5, 1e-15);
    EXPECT_NEAR(vectors[2] * vectors[3], 0.5, 1e-15);
}

TEST(SymmetricEigenTest, RefusesWhatIsNotFinite) {
    const std::array matrix{2.0, 1.0, 1.0, std::numeric_limits<double>::quiet_NaN()};
    std::array<double, 2> values{};
    std::array<double, 4> vectors{};
    EXPECT_FALSE(symmetric_eigen(matrix, 2, values, vectors));
}

}  // namespace
}  // namespace keel::risk
