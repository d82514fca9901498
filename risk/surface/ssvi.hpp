#pragma once

#include "risk/surface/svi_slice.hpp"

namespace keel::risk {

// The surface of Gatheral and Jacquier (arXiv:1204.0646, section 4): one smile shape scaled by the total variance at
// the money, theta, with phi(theta) = eta / (theta^gamma (1+theta)^(1-gamma)).
//   w(k, theta) = theta/2 (1 + rho phi k + sqrt((phi k + rho)^2 + 1 - rho^2))
// Free of butterflies for every theta where eta (1 + |rho|) <= 2 (ibid. remark 4.4), and free of calendar arbitrage
// with any theta that does not decrease in time.
struct SsviParameters {
    double rho{-0.2};
    double eta{1.0};
    double gamma{0.5};  // in (0, 1/2] the second butterfly condition holds for all theta; up to 1 it is checked
};

// All functions here: Thread: any. Allocates: never.

// Finite, |rho| < 1, eta > 0, 0 < gamma < 1.
[[nodiscard]] bool is_in_ssvi_domain(const SsviParameters& ssvi);
[[nodiscard]] double ssvi_phi(const SsviParameters& ssvi, double theta);
[[nodiscard]] double ssvi_total_variance(const SsviParameters& ssvi, double theta, double k);

// theta phi (1+|rho|), which must stay below 4, and theta phi^2 (1+|rho|), which may not exceed 4.
struct SsviConditions {
    double wing{0.0};
    double curvature{0.0};
    [[nodiscard]] bool are_met() const { return wing < 4.0 && curvature <= 4.0; }
};
[[nodiscard]] SsviConditions ssvi_butterfly_conditions(const SsviParameters& ssvi, double theta);

// 0 <= d(theta phi)/dtheta <= phi (1 + sqrt(1-rho^2)) / rho^2 at theta (ibid. theorem 4.1).
[[nodiscard]] bool ssvi_is_calendar_free_at(const SsviParameters& ssvi, double theta);

// The raw slice with the same values. Needs theta > 0 and the domain.
[[nodiscard]] SviParameters ssvi_to_raw(const SsviParameters& ssvi, double theta);

}  // namespace keel::risk
