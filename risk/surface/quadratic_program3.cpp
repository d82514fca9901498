#include "risk/surface/quadratic_program3.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace keel::risk {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kSingular = 1e-18;      // determinant against the product of the diagonal
constexpr double kDependent = 1e-11;     // a normal's part outside the binding ones, against the whole
constexpr int kRefinements = 2;          // of the free optimum: cofactors lose digits where columns nearly align
constexpr std::size_t kChangesMax = 64;  // of the binding set; a handful is usual, and each is O(half-spaces)

Vector3 times(const Symmetric3& m, const Vector3& v) {
    return {m.xx * v[0] + m.xy * v[1] + m.xz * v[2], m.xy * v[0] + m.yy * v[1] + m.yz * v[2],
            m.xz * v[0] + m.yz * v[1] + m.zz * v[2]};
}

// The half-spaces that bind, and their multipliers.
struct BindingSet {
    std::array<std::size_t, 3> index{};
    std::array<double, 3> multiplier{};
    std::size_t size{0};

    void drop(std::size_t at) {
        for (std::size_t i = at + 1; i < size; ++i) {
            index[i - 1] = index[i];
            multiplier[i - 1] = multiplier[i];
        }
        --size;
    }
    [[nodiscard]] bool contains(std::size_t candidate) const {
        return std::find(index.begin(), index.begin() + static_cast<std::ptrdiff_t>(size), candidate) !=
               index.begin() + static_cast<std::ptrdiff_t>(size);
    }
};

// Solves the n x n system (n <= 3) by elimination with row exchange; false where singular.
bool solve_small(std::array<std::array<double, 4>, 3>& rows, std::size_t n, std::array<double, 3>& out) {
    for (std::size_t column = 0; column < n; ++column) {
        std::size_t pivot = column;
        for (std::size_t row = column + 1; row < n; ++row) {
            if (std::abs(rows[row][column]) > std::abs(rows[pivot][column])) pivot = row;
        }
        if (rows[pivot][column] == 0.0) return false;
        std::swap(rows[pivot], rows[column]);
        for (std::size_t row = column + 1; row < n; ++row) {
            const double share = rows[row][column] / rows[column][column];
            for (std::size_t i = column; i < n; ++i) rows[row][i] -= share * rows[column][i];
            rows[row][3] -= share * rows[column][3];
        }
    }
    for (std::size_t row = n; row-- > 0;) {
        double sum = rows[row][3];
        for (std::size_t i = row + 1; i < n; ++i) sum -= rows[row][i] * out[i];
        out[row] = sum / rows[row][row];
    }
    return true;
}

struct Direction {
    Vector3 primal{};              // of x, per unit of the new multiplier
    std::array<double, 3> dual{};  // fall of the binding multipliers, likewise
    double curvature{0.0};         // primal . normal of the new half-space
};

class Program {
public:
    Program(const Symmetric3& inverse, std::span<const HalfSpace> half_spaces)
        : inverse_{inverse}, half_spaces_{half_spaces} {}

    // Moves x from the optimum of the binding set towards meeting `entering`, dropping what turns slack.
    bool enter(std::size_t entering, Vector3& x) {
        const HalfSpace& half_space = half_spaces_[entering];
        double multiplier = 0.0;
        for (std::size_t change = 0; change < kChangesMax; ++change) {
            Direction direction;
            if (!find_direction(half_space.normal, direction)) return false;
            double dual_step = kInfinity;
            std::size_t leaving = 0;
            for (std::size_t i = 0; i < binding_.size; ++i) {
                if (direction.dual[i] <= 0.0) continue;
                const double step = binding_.multiplier[i] / direction.dual[i];
                if (step < dual_step) {
                    dual_step = step;
                    leaving = i;
                }
            }
            const double missing = half_space.offset - dot(half_space.normal, x);
            const double primal_step = direction.curvature > 0.0 ? missing / direction.curvature : kInfinity;
            const double step = std::min(dual_step, primal_step);
            if (!(step < kInfinity)) return false;  // no point meets them all
            if (direction.curvature > 0.0) {
                for (std::size_t i = 0; i < 3; ++i) x[i] += step * direction.primal[i];
            }
            for (std::size_t i = 0; i < binding_.size; ++i) binding_.multiplier[i] -= step * direction.dual[i];
            multiplier += step;
            if (step == primal_step) {
                binding_.index[binding_.size] = entering;
                binding_.multiplier[binding_.size] = multiplier;
                ++binding_.size;
                return true;
            }
            binding_.drop(leaving);
        }
        return false;
    }

    [[nodiscard]] bool is_binding(std::size_t candidate) const { return binding_.contains(candidate); }

private:
    bool find_direction(const Vector3& normal, Direction& out) const {
        const Vector3 full = times(inverse_, normal);
        out.primal = full;
        const std::size_t n = binding_.size;
        if (n > 0) {
            std::array<std::array<double, 4>, 3> rows{};
            for (std::size_t i = 0; i < n; ++i) {
                const Vector3 column = times(inverse_, half_spaces_[binding_.index[i]].normal);
                for (std::size_t j = 0; j < n; ++j) rows[j][i] = dot(column, half_spaces_[binding_.index[j]].normal);
                rows[i][3] = dot(full, half_spaces_[binding_.index[i]].normal);
            }
            if (!solve_small(rows, n, out.dual)) return false;
            for (std::size_t i = 0; i < n; ++i) {
                const Vector3 column = times(inverse_, half_spaces_[binding_.index[i]].normal);
                for (std::size_t j = 0; j < 3; ++j) out.primal[j] -= out.dual[i] * column[j];
            }
        }
        out.curvature = dot(out.primal, normal);
        if (n == 3 || out.curvature <= kDependent * dot(full, normal)) out.curvature = 0.0;
        return true;
    }

    Symmetric3 inverse_;
    std::span<const HalfSpace> half_spaces_;
    BindingSet binding_;
};

}  // namespace

bool inverse(const Symmetric3& m, Symmetric3& out) {
    const double c_xx = m.yy * m.zz - m.yz * m.yz;
    const double c_xy = m.xz * m.yz - m.xy * m.zz;
    const double c_xz = m.xy * m.yz - m.xz * m.yy;
    const double determinant = m.xx * c_xx + m.xy * c_xy + m.xz * c_xz;
    if (!std::isfinite(determinant) || !(determinant > kSingular * m.xx * m.yy * m.zz)) return false;
    const double scale = 1.0 / determinant;
    out = {.xx = c_xx * scale,
           .xy = c_xy * scale,
           .xz = c_xz * scale,
           .yy = (m.xx * m.zz - m.xz * m.xz) * scale,
           .yz = (m.xy * m.xz - m.xx * m.yz) * scale,
           .zz = (m.xx * m.yy - m.xy * m.xy) * scale};
    return true;
}

ProgramStatus minimise(const Symmetric3& hessian, const Vector3& linear, std::span<const HalfSpace> half_spaces,
                       double slack, Vector3& x) {
    Symmetric3 inverted;
    if (!inverse(hessian, inverted)) return ProgramStatus::singular;
    Vector3 at = times(inverted, linear);
    for (int round = 0; round < kRefinements; ++round) {
        const Vector3 product = times(hessian, at);
        const Vector3 fix = times(inverted, {linear[0] - product[0], linear[1] - product[1], linear[2] - product[2]});
        for (std::size_t i = 0; i < 3; ++i) at[i] += fix[i];
    }
    Program program{inverted, half_spaces};
    for (std::size_t change = 0; change < kChangesMax; ++change) {
        std::size_t worst = half_spaces.size();
        double missing = slack;
        for (std::size_t i = 0; i < half_spaces.size(); ++i) {
            const double gap = half_spaces[i].offset - dot(half_spaces[i].normal, at);
            if (gap > missing && !program.is_binding(i)) {
                missing = gap;
                worst = i;
            }
        }
        if (worst == half_spaces.size()) {
            if (!std::isfinite(at[0] + at[1] + at[2])) return ProgramStatus::singular;
            x = at;
            return ProgramStatus::ok;
        }
        if (!program.enter(worst, at)) return ProgramStatus::infeasible;
    }
    return ProgramStatus::infeasible;
}

}  // namespace keel::risk
