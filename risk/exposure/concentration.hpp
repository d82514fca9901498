#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace keel::risk {

// How much of a whole lies in few parts. A part that lowers the whole (a diversifier: negative) counts 0.
struct Concentration {
    double hhi{0.0};             // sum of squared shares, 1/n .. 1
    double effective_bets{0.0};  // 1 / hhi
    double top1{0.0};            // largest share
    double top3{0.0};            // three largest shares together
};

// Of `parts` (component expected shortfalls or notionals by underlying, venue, expiry ...). All NaN where
// nothing positive is left; parts that are not finite count 0.
// Thread: any. Allocates: never.
[[nodiscard]] Concentration concentration(std::span<const double> parts);

// The same kept current: `sum` and `sum of squares` move by new - old, so a part costs O(1) and hhi is a
// division; the shares of the largest are found when read, O(parts). Both sums are made anew every 4,096 updates, and
// when what is left is so small beside what has left that rounding would show.
// Thread: core. Allocates: at construction only.
class ConcentrationState {
public:
    explicit ConcentrationState(std::size_t parts) : parts_(parts) {}
    // False, and the old value kept, where `value` is not finite.
    bool set(std::size_t part, double value);
    [[nodiscard]] double hhi() const;
    [[nodiscard]] Concentration read() const { return concentration(parts_); }

private:
    void sum_anew();

    std::vector<double> parts_;
    double sum_{0.0};
    double squares_{0.0};
    double squares_max_{0.0};  // since the sums were made anew
    std::size_t updates_{0};
};

}  // namespace keel::risk
