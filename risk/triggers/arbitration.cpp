#include "risk/triggers/arbitration.hpp"

#include <algorithm>

namespace keel::risk {

void arbitrate(std::span<FiredTrigger> fired) {
    std::sort(fired.begin(), fired.end(), [](const FiredTrigger& a, const FiredTrigger& b) {
        if (severity(a.signal) != severity(b.signal)) return severity(a.signal) > severity(b.signal);
        const bool a_is_account = a.underlying == UnderlyingId::none;
        const bool b_is_account = b.underlying == UnderlyingId::none;
        if (a_is_account != b_is_account) return a_is_account;
        return a.trigger < b.trigger;
    });
}

}  // namespace keel::risk
