#include "risk/liquidity/index_guard.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kPegSeconds = 60.0;
constexpr double kAgreement = 0.001;  // two sources within 10 bps say the same

bool positive(double value) { return std::isfinite(value) && value > 0.0; }

}  // namespace

OwnIndex own_index(std::span<const IndexSource> sources, UnixNanos now, double clip, std::int64_t age_max_ns,
                   std::uint32_t live_min) {
    KEEL_ASSERT(sources.size() <= kIndexSourcesMax);
    std::array<double, kIndexSourcesMax> prices{};
    std::size_t n = 0;
    for (const IndexSource& source : sources) {
        if (positive(source.price) && (now - source.time).count() <= age_max_ns) prices[n++] = source.price;
    }
    OwnIndex out{.price = kNaN, .median = kNaN, .live = static_cast<std::uint32_t>(n)};
    if (n == 0 || n < live_min) return out;
    std::sort(prices.begin(), prices.begin() + static_cast<std::ptrdiff_t>(n));
    out.median = n % 2 == 1 ? prices[n / 2] : 0.5 * (prices[n / 2 - 1] + prices[n / 2]);
    double sum = 0.0;
    for (std::size_t i = 0; i < n; ++i) {
        sum += std::clamp(prices[i], out.median * (1.0 - clip), out.median * (1.0 + clip));
    }
    out.price = sum / static_cast<double>(n);
    return out;
}

Verdict deviation_verdict(double price, double reference, double soft, double hard) {
    if (!positive(price) || !positive(reference)) return Verdict::unknown;
    const double deviation = std::abs(price / reference - 1.0);
    return deviation > hard ? Verdict::hard : deviation > soft ? Verdict::soft : Verdict::good;
}

void JumpGuard::accept(UnixNanos time, double price) {
    if (state_ == State::empty || price != good_) changed_ = time;
    good_ = price;
    confirmed_ = 0;
    state_ = (time - changed_).count() >= settings_.frozen_ns ? State::frozen : State::good;
}

JumpGuard::State JumpGuard::on_price(UnixNanos time, double price, double sigma_1s, double second_source) {
    if (!positive(price) || (state_ != State::empty && time < last_)) {
        ++refused_;
        return state_;
    }
    const double seconds = std::max(1.0, static_cast<double>((time - last_).count()) * 1e-9);
    last_ = time;
    const double bound = settings_.sigmas * sigma_1s * std::sqrt(seconds);
    const bool jump =
        state_ != State::empty && bound > 0.0 && std::isfinite(bound) && std::abs(std::log(price / good_)) > bound;
    if (!jump) {
        accept(time, price);
        return state_;
    }
    // The same jump goes on while updates stay near the price held back.
    const bool goes_on = state_ == State::quarantined && std::abs(std::log(price / held_)) <= bound;
    if (!goes_on) {
        ++jumps_;
        held_since_ = time;
        confirmed_ = 0;
    }
    held_ = price;
    ++confirmed_;
    state_ = State::quarantined;
    const bool agreed = positive(second_source) && std::abs(std::log(price / second_source)) <= kAgreement;
    if (agreed || confirmed_ >= settings_.confirmations || (time - held_since_).count() >= settings_.quarantine_ns) {
        accept(time, price);
    }
    return state_;
}

void PegAverage::on_price(UnixNanos time, double price) {
    if (!positive(price) || (has_price_ && time < last_)) return;
    if (!has_price_) {
        average_ = price;
    } else {
        const double seconds = static_cast<double>((time - last_).count()) * 1e-9;
        average_ += (1.0 - std::exp(-seconds / kPegSeconds)) * (last_price_ - average_);
    }
    last_price_ = price;
    last_ = time;
    has_price_ = true;
}

}  // namespace keel::risk
