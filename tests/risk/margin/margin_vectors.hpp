#pragma once

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "tests/support/test_data.hpp"

namespace keel::risk::test {

// margin.json computes in double on both sides: 1e-9 relative (19. of the file's own acceptance).
inline constexpr double kVectorTolerance = 1e-9;

inline void expect_near_relative(double got, double want, const std::string& what, double scale = 0.0) {
    EXPECT_LE(std::abs(got - want), kVectorTolerance * std::max(std::abs(want), scale) + 1e-300)
        << what << " got " << got << " want " << want;
}

inline nlohmann::json vectors_of(const std::string& file) {
    return nlohmann::json::parse(keel::test::read_file(*keel::test::vectors_path(file)));
}

}  // namespace keel::risk::test
