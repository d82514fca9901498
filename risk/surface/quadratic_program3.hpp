#pragma once

#include <array>
#include <cstdint>
#include <span>

namespace keel::risk {

using Vector3 = std::array<double, 3>;

constexpr double dot(const Vector3& a, const Vector3& b) { return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]; }

// Upper triangle of a symmetric 3x3 matrix.
struct Symmetric3 {
    double xx{0.0}, xy{0.0}, xz{0.0}, yy{0.0}, yz{0.0}, zz{0.0};
};

// normal . x >= offset
struct HalfSpace {
    Vector3 normal{};
    double offset{0.0};
};

enum class ProgramStatus : std::uint8_t { ok, singular, infeasible };

// Inverse of a positive definite matrix by cofactors; false where it is singular to working precision.
[[nodiscard]] bool inverse(const Symmetric3& matrix, Symmetric3& out);

// Minimises x'Hx/2 - linear.x over the half-spaces, exactly: the dual active-set method of Goldfarb and Idnani (1983),
// written out for three variables, where at most three half-spaces can bind. A half-space counts as met when it is
// missed by no more than `slack`. x is written on ok only. Thread: any. Allocates: never.
[[nodiscard]] ProgramStatus minimise(const Symmetric3& hessian, const Vector3& linear,
                                     std::span<const HalfSpace> half_spaces, double slack, Vector3& x);

}  // namespace keel::risk
