#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "risk/metrics/observation.hpp"

namespace keel::risk {

inline constexpr std::size_t kScenariosDefault = 500;  // two years of days less weekends, or 500 of 8 hours
inline constexpr double kLogMoveMax = kLogReturnMax;   // of a factor in one step
inline constexpr std::size_t kScenariosMax = 1024;  // a column of 8 KB: twenty of them stay in the second-level cache
inline constexpr std::size_t kScenarioFactorsMax = 64;

// Joint moves of all factors, one row per scenario, one column per factor: log returns of prices, or changes of log
// volatilities. Filtered historical simulation rescales a column to the volatility of now: r * now / then, with
// `then` the forecast before r (Hull and White 1998). A column is rebuilt only when its scale moved by more than
// 2 %; whoever holds a ScenarioVector or scenarios of options on it must then refresh them.
// Thread: core. Allocates: at construction.
class ScenarioSet {
public:
    static constexpr double kRescaleRatio = 0.02;

    ScenarioSet(std::size_t scenarios, std::size_t factors);

    [[nodiscard]] std::size_t scenarios() const { return scenarios_; }
    [[nodiscard]] std::size_t factors() const { return scale_.size(); }

    // Oldest first. volatility_then empty: plain historical simulation, nothing is ever rescaled. False, and the
    // column as it was: a return beyond +-5 or not finite, a volatility not positive.
    bool set_factor(std::size_t factor, std::span<const double> returns, std::span<const double> volatility_then);
    // The forecast of now. True where the column was rebuilt; not positive or not finite: refused, false.
    bool set_volatility(std::size_t factor, double volatility_now);
    // A new day: the oldest row makes room. One return and one forecast per factor (ignored where the factor
    // is not filtered), all or nothing. The row that was replaced, or scenarios() where the day was refused.
    std::size_t replace_oldest(std::span<const double> returns, std::span<const double> volatility_then);

    // Something not usable was offered since the last clear_refused().
    [[nodiscard]] bool refused() const { return refused_; }
    void clear_refused() { refused_ = false; }

    // Log moves, and expm1 of them: the profit of one dollar in the factor.
    [[nodiscard]] std::span<const double> log_moves(std::size_t factor) const {
        return {log_moves_.data() + factor * scenarios_, scenarios_};
    }
    [[nodiscard]] std::span<const double> relative_moves(std::size_t factor) const {
        return {relative_moves_.data() + factor * scenarios_, scenarios_};
    }

private:
    void fill(std::size_t factor, std::size_t from, std::size_t to);

    std::size_t scenarios_;
    std::vector<double> standardized_;    // factors x scenarios: r / then, or r where not filtered
    std::vector<double> log_moves_;       // times scale
    std::vector<double> relative_moves_;  // expm1
    std::vector<double> scale_;           // volatility the column was built with; 1 where not filtered
    std::vector<bool> filtered_;
    std::size_t oldest_{0};
    bool refused_{false};
};

}  // namespace keel::risk
