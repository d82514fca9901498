#pragma once

namespace keel::risk {

// Raw SVI of one expiry (Gatheral 2004): w(k) = a + b (rho (k-m) + sqrt((k-m)^2 + sigma^2)), with k = ln(K/F) and
// w = iv^2 T the total variance, a pure number. Field names follow Gatheral and Jacquier, arXiv:1204.0646.
struct SviParameters {
    double a{0.0};
    double b{0.0};
    double rho{0.0};
    double m{0.0};
    double sigma{1.0};
    friend bool operator==(const SviParameters&, const SviParameters&) = default;
};

// Total variance and its first two derivatives in k.
struct SviValue {
    double w{0.0};
    double w1{0.0};
    double w2{0.0};
};

// The same slice in traders' terms (SVI jump-wings, ibid. section 3.3).
struct SviJw {
    double v{0.0};      // variance at the money, per year
    double psi{0.0};    // skew at the money
    double p{0.0};      // slope of the put wing
    double c{0.0};      // slope of the call wing
    double v_min{0.0};  // least variance, per year
};

// All functions here: Thread: any. Allocates: never.

// Finite, b >= 0, |rho| < 1, sigma > 0 and w_min >= 0: the function is a variance everywhere.
[[nodiscard]] bool is_in_svi_domain(const SviParameters& svi);

[[nodiscard]] SviValue svi_value(const SviParameters& svi, double k);
[[nodiscard]] double svi_total_variance(const SviParameters& svi, double k);

// Least total variance over all k.
[[nodiscard]] double svi_variance_min(const SviParameters& svi);
// Limits of -w' for k -> -inf and of w' for k -> +inf.
[[nodiscard]] double svi_slope_left(const SviParameters& svi);
[[nodiscard]] double svi_slope_right(const SviParameters& svi);

// Durrleman's function: the density's sign (ibid. eq. 2.1). Minus infinity where w <= 0.
[[nodiscard]] double svi_g(const SviValue& at, double k);
[[nodiscard]] double svi_g(const SviParameters& svi, double k);
// Risk-neutral density of k (per unit of log moneyness). Needs w > 0.
[[nodiscard]] double svi_density(const SviParameters& svi, double k);

// Raw to jump-wings; false (out untouched) unless in the domain with w(0) > 0 and years > 0.
[[nodiscard]] bool svi_to_jw(const SviParameters& svi, double years, SviJw& out);
// Jump-wings to raw; false (out untouched) where no raw slice has these values, or where the vertex lies at the money
// (psi = 0 and v = v_min with wings), which leaves sigma undetermined.
[[nodiscard]] bool svi_from_jw(const SviJw& jw, double years, SviParameters& out);

}  // namespace keel::risk
