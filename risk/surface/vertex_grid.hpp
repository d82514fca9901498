#pragma once

#include <cmath>
#include <cstddef>

#include "risk/surface/svi_arbitrage.hpp"

namespace keel::risk {

// Places across a range of log moneyness, even in asinh((k-m)/sigma): dense at a vertex of width sigma, sparse in the
// wings. Ends included, to rounding.
// Thread: any. Allocates: never.
class VertexGrid {
public:
    VertexGrid(double m, double sigma, MoneynessRange range, std::size_t points) : m_{m}, half_sigma_{0.5 * sigma} {
        const double low = std::asinh((range.low - m) / sigma);
        const double high = std::asinh((range.high - m) / sigma);
        growth_ = std::exp((high - low) / static_cast<double>(points - 1));
        e_ = std::exp(low);
    }
    // The places one after the other, ascending.
    double next() {
        const double k = m_ + half_sigma_ * (e_ - 1.0 / e_);
        e_ *= growth_;
        return k;
    }

private:
    double m_;
    double half_sigma_;
    double growth_{1.0};
    double e_{1.0};
};

}  // namespace keel::risk
