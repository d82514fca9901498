#pragma once

#include <random>
#include <vector>

#include "risk/options/black76.hpp"
#include "risk/surface/volatility_surface.hpp"

namespace keel::test {

// A market of options around an SSVI surface that is free of arbitrage, for surfaces to be fed from.
struct QuotedSurface {
    UnixNanos start{1'767'225'600'000'000'000};  // 2026-01-01
    double forward{90'000.0};
    double volatility{0.6};
    double half_spread{0.004};
    risk::SsviParameters shape{.rho = -0.25, .eta = 0.9, .gamma = 0.45};
    std::vector<int> days{7, 30, 91, 182, 364};

    [[nodiscard]] UnixNanos expiry(std::size_t i) const { return start + std::chrono::hours{24} * days[i]; }
    [[nodiscard]] double total_variance(double k, double years) const {
        return risk::ssvi_total_variance(shape, volatility * volatility * years, k);
    }
    // The out-of-the-money option at a place, two-sided around the true volatility times `noise`.
    [[nodiscard]] risk::SurfaceQuote quote(double k, UnixNanos expiry_time, UnixNanos now, double noise = 1.0) const {
        const double years = years_between(now, expiry_time);
        const double true_volatility = noise * std::sqrt(total_variance(k, years) / years);
        risk::SurfaceQuote out{.strike = forward * std::exp(k),
                               .forward = forward,
                               .tick = 1e-9,
                               .volatility_bid = true_volatility - half_spread,
                               .volatility_ask = true_volatility + half_spread,
                               .volatility_mark = true_volatility,
                               .type = k >= 0.0 ? OptionType::call : OptionType::put};
        risk::OptionInputs inputs{.forward = forward, .strike = out.strike, .years = years, .type = out.type};
        inputs.volatility = out.volatility_bid;
        out.bid = risk::black76_price(inputs) / forward;
        inputs.volatility = out.volatility_ask;
        out.ask = risk::black76_price(inputs) / forward;
        return out;
    }
    // Places of `count` strikes, even in standard deviations of the expiry from -2 to 2.
    [[nodiscard]] std::vector<double> places(std::size_t i, std::size_t count = 15) const {
        const double deviation = volatility * std::sqrt(static_cast<double>(days[i]) / 365.0);
        std::vector<double> out;
        for (std::size_t j = 0; j < count; ++j) {
            out.push_back(deviation * (-2.0 + 4.0 * static_cast<double>(j) / static_cast<double>(count - 1)));
        }
        return out;
    }
    void feed(risk::VolatilitySurface& surface, UnixNanos now) const {
        for (std::size_t i = 0; i < days.size(); ++i) {
            for (const double k : places(i)) surface.on_quote(expiry(i), quote(k, expiry(i), now), now);
        }
    }
};

}  // namespace keel::test
