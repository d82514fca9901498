#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "risk/options/black76.hpp"

namespace keel::risk {

// The options of one forward as columns, priced four at a time with AVX2. Values agree with black76() to 1e-12 of the
// forward. Options that the fast path does not cover (nothing left of time or volatility, extreme strikes) go through
// black76() itself; an option whose inputs cannot be priced keeps its last outputs and says bad_input.
// Thread: the caller's. Allocates: in the constructor, for `capacity` options; never after.
class OptionChain {
public:
    explicit OptionChain(std::size_t capacity);

    // Appends an option and answers its index; asserts that there is room. Inputs are as in OptionInputs, and may be
    // unpriceable.
    std::size_t add(OptionType type, double strike, double years, double volatility);
    void set_volatility(std::size_t index, double volatility);
    void set_years(double years);                     // of every option
    void set_years(std::size_t index, double years);  // of one
    void set_rate(double rate);                       // continuously compounded, of every option
    void clear() { size_ = 0; }

    // Reprices every option at `forward`; answers how many are bad_input. The first moves price, delta, gamma, vega
    // and theta; the second also vanna, volga, charm and speed.
    std::size_t price(double forward);
    std::size_t price_with_cross_greeks(double forward);

    [[nodiscard]] std::size_t size() const { return size_; }
    [[nodiscard]] std::size_t capacity() const { return capacity_; }
    [[nodiscard]] PricingStatus status(std::size_t index) const { return status_[index]; }
    // Outputs in the units of OptionGreeks; aligned to 64 bytes, one value per option, 0 before the first pricing.
    [[nodiscard]] std::span<const double> price() const { return output(kPrice); }
    [[nodiscard]] std::span<const double> delta() const { return output(kDelta); }
    [[nodiscard]] std::span<const double> gamma() const { return output(kGamma); }
    [[nodiscard]] std::span<const double> vega() const { return output(kVega); }
    [[nodiscard]] std::span<const double> theta() const { return output(kTheta); }
    [[nodiscard]] std::span<const double> vanna() const { return output(kVanna); }
    [[nodiscard]] std::span<const double> volga() const { return output(kVolga); }
    [[nodiscard]] std::span<const double> charm() const { return output(kCharm); }
    [[nodiscard]] std::span<const double> speed() const { return output(kSpeed); }

private:
    enum Column : std::size_t {
        // what the caller gave
        kStrike,
        kSign,  // +1 call, -1 put
        kVolatility,
        kYears,
        // what follows from it
        kRootYears,
        kHalfInverseYears,  // 1/(2T)
        kDiscount,
        kRegular,  // all bits set where the fast path may run
        kPrice,
        kDelta,
        kGamma,
        kVega,
        kTheta,
        kVanna,
        kVolga,
        kCharm,
        kSpeed,
        kColumns,
    };
    struct Freed {
        void operator()(double* block) const;
    };

    [[nodiscard]] double* column(Column which) const { return block_.get() + which * stride_; }
    [[nodiscard]] std::span<const double> output(Column which) const { return {column(which), size_}; }
    void derive(std::size_t index);
    template <bool kCross>
    std::size_t price_all(double forward);
    template <bool kCross>
    void price_lanes(std::size_t first, double forward);
    template <bool kCross>
    void price_mixed(std::size_t first, unsigned irregular, double forward);
    template <bool kCross>
    void price_one(std::size_t index, double forward);

    std::size_t capacity_;
    std::size_t stride_;  // capacity in whole cache lines
    std::size_t size_{0};
    double rate_{0.0};
    std::unique_ptr<double[], Freed> block_;
    std::vector<PricingStatus> status_;
};

}  // namespace keel::risk
