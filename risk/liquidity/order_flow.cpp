#include "risk/liquidity/order_flow.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "engine/core/assert.hpp"

namespace keel::risk {
namespace {

bool sound(const QuotePair& top) {
    return std::isfinite(top.bid_price) && std::isfinite(top.ask_price) && std::isfinite(top.bid_quantity) &&
           std::isfinite(top.ask_quantity) && top.bid_price > 0.0 && top.ask_price > top.bid_price &&
           top.bid_quantity >= 0.0 && top.ask_quantity >= 0.0;
}

// Solves A X = B in place by elimination with partial pivoting; A is n x n, B n x columns. False if singular.
bool solve_in_place(std::vector<double>& a, std::vector<double>& b, std::size_t n, std::size_t columns) {
    for (std::size_t k = 0; k < n; ++k) {
        std::size_t pivot = k;
        for (std::size_t i = k + 1; i < n; ++i) {
            if (std::abs(a[i * n + k]) > std::abs(a[pivot * n + k])) pivot = i;
        }
        if (!(std::abs(a[pivot * n + k]) > 1e-12)) return false;
        for (std::size_t j = 0; j < n; ++j) std::swap(a[k * n + j], a[pivot * n + j]);
        for (std::size_t j = 0; j < columns; ++j) std::swap(b[k * columns + j], b[pivot * columns + j]);
        for (std::size_t i = 0; i < n; ++i) {
            if (i == k) continue;
            const double factor = a[i * n + k] / a[k * n + k];
            for (std::size_t j = k; j < n; ++j) a[i * n + j] -= factor * a[k * n + j];
            for (std::size_t j = 0; j < columns; ++j) b[i * columns + j] -= factor * b[k * columns + j];
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < columns; ++j) b[i * columns + j] /= a[i * n + i];
    }
    return true;
}

std::vector<double> identity_minus(std::span<const double> matrix, std::size_t n) {
    std::vector<double> out(n * n);
    for (std::size_t i = 0; i < n * n; ++i) out[i] = (i % (n + 1) == 0 ? 1.0 : 0.0) - matrix[i];
    return out;
}

}  // namespace

double order_flow_event(const QuotePair& before, const QuotePair& after) {
    double event = 0.0;
    if (after.bid_price >= before.bid_price) event += after.bid_quantity;
    if (after.bid_price <= before.bid_price) event -= before.bid_quantity;
    if (after.ask_price <= before.ask_price) event -= after.ask_quantity;
    if (after.ask_price >= before.ask_price) event += before.ask_quantity;
    return event;
}

void OrderFlowImbalance::advance(std::size_t window, UnixNanos time) {
    Window& ring = windows_[window];
    const std::int64_t slot_ns = kWindowsNs[window] / static_cast<std::int64_t>(kSlots);
    const std::int64_t slot = time.ns() / slot_ns;
    if (slot <= ring.head) return;
    if (slot - ring.head >= static_cast<std::int64_t>(kSlots)) {
        ring.slots.fill(0.0);
        ring.sum = 0.0;
    } else {
        for (std::int64_t s = ring.head + 1; s <= slot; ++s) ring.slots[static_cast<std::size_t>(s) % kSlots] = 0.0;
        ring.sum = 0.0;  // added anew: a running difference would keep roundings for ever
        for (const double value : ring.slots) ring.sum += value;
    }
    ring.head = slot;
}

void OrderFlowImbalance::on_top(UnixNanos time, const QuotePair& top) {
    if (!sound(top) || time < now_) {
        ++refused_;
        has_last_ = has_last_ && time < now_;  // a late top says nothing; a broken one ends the chain
        return;
    }
    now_ = time;
    const double event = has_last_ ? order_flow_event(last_, top) : 0.0;
    last_ = top;
    has_last_ = true;
    for (std::size_t w = 0; w < windows_.size(); ++w) {
        advance(w, time);
        windows_[w].slots[static_cast<std::size_t>(windows_[w].head) % kSlots] += event;
        windows_[w].sum += event;
    }
}

void OrderFlowImbalance::on_gap() {
    windows_ = {};
    has_last_ = false;
}

Vpin::Vpin(double bucket_volume, std::size_t buckets) : bucket_volume_{bucket_volume}, imbalances_(buckets) {
    KEEL_ASSERT(bucket_volume > 0.0 && buckets > 0 && buckets <= kBucketsMax);
}

void Vpin::on_trade(double quantity, int sign) {
    // A trade of more than a whole window says no more than one that fills it.
    const double most = bucket_volume_ * static_cast<double>(imbalances_.size());
    if (!std::isfinite(quantity) || !(quantity > 0.0) || sign == 0) {
        ++refused_;
        return;
    }
    double left = std::min(quantity, most);
    while (left > 0.0) {
        const double take = std::min(left, bucket_volume_ - buys_ - sells_);
        (sign > 0 ? buys_ : sells_) += take;
        left -= take;
        if (buys_ + sells_ < bucket_volume_ * (1.0 - 1e-12)) continue;
        imbalances_[next_] = std::abs(buys_ - sells_);
        next_ = (next_ + 1) % imbalances_.size();
        filled_ = std::min(filled_ + 1, imbalances_.size());
        ++completed_;
        buys_ = sells_ = 0.0;
    }
}

double Vpin::value() const {
    if (!warm()) return std::numeric_limits<double>::quiet_NaN();
    double sum = 0.0;
    for (const double imbalance : imbalances_) sum += imbalance;
    return sum / (static_cast<double>(imbalances_.size()) * bucket_volume_);
}

std::vector<double> microprice_adjustments(std::span<const double> transitions_calm,
                                           std::span<const double> transitions_jump,
                                           std::span<const double> mid_changes,
                                           std::span<const double> transitions_after) {
    const std::size_t m = mid_changes.size();
    if (m == 0 || transitions_jump.size() % m != 0) return {};
    const std::size_t n = transitions_jump.size() / m;
    if (n == 0 || transitions_calm.size() != n * n || transitions_after.size() != n * n) return {};
    std::vector<double> first(n);
    for (std::size_t i = 0; i < n; ++i) {
        for (std::size_t j = 0; j < m; ++j) first[i] += transitions_jump[i * m + j] * mid_changes[j];
    }
    std::vector<double> calm = identity_minus(transitions_calm, n);
    std::vector<double> again = calm;
    std::vector<double> after(transitions_after.begin(), transitions_after.end());
    if (!solve_in_place(calm, first, n, 1) || !solve_in_place(again, after, n, n)) return {};
    std::vector<double> rest = identity_minus(after, n);
    if (!solve_in_place(rest, first, n, 1)) return {};
    return first;
}

}  // namespace keel::risk
