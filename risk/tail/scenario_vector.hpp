#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "risk/tail/scenario_set.hpp"
#include "risk/tail/tail_measures.hpp"

namespace keel::risk {

inline constexpr std::size_t kScenarioBucketsMax = 128;  // underlyings times expiries

// What one account would gain in every scenario, moved by what changes:
// pnl[s] = sum_i e_i (exp(r_si) - 1) + sum over buckets of their own scenario profits, USD.
// A linear exposure moves it by one multiple of a column; a bucket (the options of one expiry) is replaced as a whole
// when its book or its forward moved. Rebuilt exactly every kExactEvery changes, so that rounding cannot
// pile up. What is not finite is refused, leaves everything as it was and raises `refused`.
// Thread: core. Allocates: at construction.
class ScenarioVector {
public:
    static constexpr std::uint32_t kExactEvery = 1024;

    // The set must outlive the vector.
    ScenarioVector(const ScenarioSet& set, std::size_t buckets);

    // USD of profit per unit of relative move. False: refused.
    bool add_exposure(std::size_t factor, double change_usd);
    bool set_exposure(std::size_t factor, double exposure_usd);
    // All scenario profits of one bucket; an empty span clears it. False: refused.
    bool replace_bucket(std::size_t bucket, std::span<const double> pnl_usd);
    // From the parts; also after any column of the set was rescaled or replaced.
    void rebuild();

    [[nodiscard]] std::span<const double> pnl_usd() const { return pnl_; }
    [[nodiscard]] double exposure_usd(std::size_t factor) const { return exposure_[factor]; }
    [[nodiscard]] std::span<const double> bucket_pnl_usd(std::size_t bucket) const {
        return {bucket_pnl_.data() + bucket * pnl_.size(), pnl_.size()};
    }

    // VaR and ES of now (risk/tail/historical.hpp); nullopt where alpha is out of range.
    [[nodiscard]] std::optional<TailMeasures> read(double alpha);

    [[nodiscard]] bool refused() const { return refused_; }
    void clear_refused() { refused_ = false; }

private:
    void count_update();

    const ScenarioSet* set_;
    std::vector<double> pnl_;
    std::vector<double> exposure_;
    std::vector<double> bucket_pnl_;  // buckets x scenarios
    std::vector<bool> bucket_used_;
    std::vector<double> scratch_;  // a copy for nth_element to reorder
    std::uint32_t updates_{0};
    bool refused_{false};
};

}  // namespace keel::risk
