#include "risk/report/report_history.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <optional>
#include <string_view>

#include "risk/matrix/covariance.hpp"
#include "risk/matrix/positive_semidefinite.hpp"
#include "risk/matrix/shrinkage.hpp"
#include "risk/metrics/correlation_break.hpp"
#include "risk/metrics/cusum.hpp"
#include "risk/metrics/ewma_variance.hpp"
#include "risk/metrics/factor_model.hpp"
#include "risk/metrics/jump_test.hpp"
#include "risk/metrics/realised_variance.hpp"
#include "risk/metrics/volatility_regime.hpp"
#include "risk/report/factor_moves.hpp"
#include "risk/report/report_doubts.hpp"

namespace keel::risk {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::chrono::hours kDay{24};
constexpr double kDaysPerYear = 365.0;
constexpr std::size_t kSeedDays = EwmaVariance::kSeedSamples;

std::span<const double> last_days(const std::vector<double>& all) {
    return std::span{all}.last(std::min(kHistoryDaysMax, all.size()));
}

InputAge age_of_history(const ReportInputs& inputs, std::size_t u) {
    return history_age(inputs, UnderlyingSlot(static_cast<std::uint16_t>(u)));
}

InputDoubt closes_of(const ReportInputs& inputs, std::size_t u) {
    return closes_doubt(inputs, UnderlyingSlot(static_cast<std::uint16_t>(u)));
}

// Of two histories in one number.
InputDoubt doubts_between(const ReportInputs& inputs, std::size_t a, std::size_t b) {
    const bool apart =
        std::max(a, b) < inputs.histories.size() && !do_days_end_together(inputs.histories[a], inputs.histories[b]);
    return closes_of(inputs, a) | closes_of(inputs, b) | (apart ? InputDoubt::days_apart : InputDoubt::none);
}

std::span<const double> returns_of(const ReportInputs& inputs, std::size_t u) {
    return u < inputs.histories.size() ? last_days(inputs.histories[u].returns) : std::span<const double>{};
}

// The numbers of one underlying, and the names of those that its days are too few for.
class DayMetrics {
public:
    DayMetrics(InputAge age, InputDoubt doubts, std::size_t days) : age_{age}, doubts_{doubts}, days_{days} {}

    // True where there are as many days; else the names go into the note.
    bool enough(std::size_t needed, std::string_view names) {
        if (days_ >= needed) return true;
        missing_ += (missing_.empty() ? "" : ", ") + std::string{names} + " (" + std::to_string(needed) + ")";
        return false;
    }
    void add(std::string name, double value, const char* unit, std::string quality = "good") {
        metrics.push_back({.name = std::move(name),
                           .value = value,
                           .unit = unit,
                           .quality = std::move(quality),
                           .age = age_,
                           .doubts = doubts_});
    }
    // Empty where every number could be made.
    [[nodiscard]] std::string note(const std::string& underlying, const char* what) const {
        if (missing_.empty()) return {};
        return underlying + ": " + std::to_string(days_) + " " + what + " are too few for " + missing_;
    }

    std::vector<HistoryMetric> metrics;

private:
    InputAge age_;
    InputDoubt doubts_;
    std::size_t days_;
    std::string missing_;
};

std::string day_quality(bool warm, std::uint64_t left_out) {
    std::string words = warm ? "" : "few days for its memory";
    const auto add = [&](const std::string& more) { words += (words.empty() ? "" : ", ") + more; };
    if (left_out > 0) add(std::to_string(left_out) + (left_out == 1 ? " day" : " days") + " not usable");
    return words.empty() ? "good" : words;
}

EwmaVariance ewma_of(std::span<const double> moves, double decay) {
    EwmaVariance out{decay};
    for (const double move : moves) out.on_return(move);
    return out;
}

void add_ewma(std::span<const double> returns, DayMetrics& out) {
    if (out.enough(kSeedDays, "ewma_volatility_94, ewma_volatility_97")) {
        for (const auto& [name, decay] :
             {std::pair{"ewma_volatility_94", kDecayDaily}, std::pair{"ewma_volatility_97", kDecayMonthly}}) {
            const EwmaVariance average = ewma_of(returns, decay);
            out.add(name, average.volatility(kDay).value_or(kNaN), "fraction",
                    day_quality(average.warm(), average.refused()));
        }
    }
    if (!out.enough(kRegimeDaysMin, "volatility_regime_ratio")) return;
    const EwmaVariance average = ewma_of(returns, kDecayDaily);
    double squares = 0.0, days = 0.0;
    for (const double value : returns) {
        if (judge_return(value) != Observation::taken) continue;
        squares += value * value;
        days += 1.0;
    }
    const double usual = squares / days;
    const double ratio = usual > kStepVarianceMin ? std::sqrt(average.variance().value_or(kNaN) / usual) : kNaN;
    out.add("volatility_regime_ratio", ratio, "ratio", day_quality(true, average.refused()));
}

// Page's sums on squared returns over what was forecast the day before.
void add_cusum(std::span<const double> returns, DayMetrics& out) {
    if (!out.enough(kSeedDays + 1, "cusum_up, cusum_down")) return;
    EwmaVariance average{kDecayDaily};
    Cusum cusum{CusumConfig{}};
    std::optional<std::size_t> alarm;
    for (std::size_t day = 0; day < returns.size(); ++day) {
        if (const auto forecast = average.variance()) {
            if (cusum.on_return(returns[day], *forecast).alarm != CusumAlarm::none) alarm = day;
        }
        average.on_return(returns[day]);
    }
    const std::string quality = day_quality(true, cusum.refused());
    out.add("cusum_up", cusum.up(), "sd", quality);
    out.add("cusum_down", cusum.down(), "sd", quality);
    if (alarm) out.add("cusum_alarm_days", static_cast<double>(returns.size() - 1 - *alarm), "days ago", quality);
}

RealisedVariance realised_of(std::span<const double> returns, std::size_t window) {
    RealisedVariance out{{.window = window}};
    for (const double value : returns) out.on_return(value);
    return out;
}

double annual_volatility(double variance, std::size_t days) {
    return std::sqrt(variance * kDaysPerYear / static_cast<double>(days));
}

void add_realised(std::span<const double> returns, DayMetrics& out) {
    if (out.enough(kRealisedDaysShort, "realised_volatility_30d")) {
        const RealisedVariance realised = realised_of(returns, kRealisedDaysShort);
        const RealisedMeasures now = realised.measures();
        out.add("realised_volatility_30d", now.full ? annual_volatility(now.variance, now.returns) : kNaN, "fraction",
                day_quality(true, realised.refused() + realised.frozen()));
    }
    if (!out.enough(
            kRealisedDays,
            "realised_volatility_60d, bipower_volatility_60d, jump_share_60d, jump_z_60d, last_day_jump_score")) {
        return;
    }
    const RealisedVariance realised = realised_of(returns, kRealisedDays);
    const RealisedMeasures now = realised.measures();
    const std::string quality = day_quality(true, realised.refused() + realised.frozen());
    const std::string jump_quality = now.thin ? "most days do not move" : quality;
    out.add("realised_volatility_60d", now.full ? annual_volatility(now.variance, now.returns) : kNaN, "fraction",
            quality);
    out.add("bipower_volatility_60d", now.full ? annual_volatility(now.bipower, now.returns) : kNaN, "fraction",
            jump_quality);
    out.add("jump_share_60d", now.full ? now.jump_ratio : kNaN, "fraction", jump_quality);
    out.add("jump_z_60d", now.full && !now.thin ? now.jump_z : kNaN, "sd", jump_quality);
    JumpTest test{{.window = kRealisedDays, .tests = kHistoryDaysMax}};
    JumpTestResult last;
    for (const double value : returns) last = test.on_return(value);
    out.add("last_day_jump_score", last.known ? last.score : kNaN, "score",
            day_quality(true, test.refused() + test.frozen()));
}

// The regime of implied volatility from its daily changes: both numbers depend on changes of the logarithm alone, so
// the level may start anywhere.
void add_implied(std::span<const double> changes, DayMetrics& out) {
    if (!out.enough(kSeedDays + 1, "volatility_of_volatility, implied_volatility_score")) return;
    constexpr double kHalfLifeHours = 24.0 * kRegimeHalfLifeDays;
    VolatilityRegime regime{{.sample_every = kDay,
                             .gap_max = kDay,
                             .half_life = std::chrono::hours{static_cast<int>(kHalfLifeHours)},
                             .seed_samples = kSeedDays,
                             .implied_min = std::numeric_limits<double>::min(),
                             .implied_max = std::numeric_limits<double>::max()}};
    double log_level = 0.0;
    UnixNanos now = unix_nanos_from_ms(0);
    regime.on_level(1.0, now);
    std::uint64_t left_out = 0;
    for (const double change : changes) {
        const bool usable = judge_return(change) == Observation::taken;
        left_out += usable ? 0U : 1U;
        if (!usable) continue;
        log_level += change;
        now = now + kDay;
        regime.on_level(std::exp(log_level), now);
    }
    const std::string quality = day_quality(regime.warm(), left_out + regime.refused());
    out.add("volatility_of_volatility", regime.volatility_of_volatility().value_or(kNaN), "fraction", quality);
    out.add("implied_volatility_score", regime.score().value_or(kNaN), "sd", quality);
}

// How the underlyings move together by the day: own deviations, and correlations of the days that both of a pair have.
// One covariance of them all would not do: through days that one lacks the variance of the other runs on and their
// covariance stands.
class DayCovariance {
public:
    DayCovariance(const ReportInputs& inputs, std::size_t n)
        : n_{n}, deviations_(n), seeded_(n), correlations_(n * n), common_(n * n), left_out_(n * n) {
        for (std::size_t i = 0; i < n; ++i) {
            const auto returns = returns_of(inputs, i);
            EwmaCovariance own{{.factors = 1, .decay = kDecayDaily, .seed_bars = kSeedDays}};
            for (const double& value : returns) (void)own.on_bar({&value, 1}, std::array<std::uint8_t, 1>{1});
            deviations_[i] = std::sqrt(own.covariance(0, 0));
            seeded_[i] = own.seeded(0);
            correlations_[i * n + i] = 1.0;
            common_[i * n + i] = seeded_[i];
            for (std::size_t j = 0; j < i; ++j) add_pair(returns, returns_of(inputs, j), i, j);
        }
    }

    [[nodiscard]] std::size_t size() const { return n_; }
    [[nodiscard]] bool seeded(std::size_t i) const { return seeded_[i]; }
    // 0 where the days of both are too few.
    [[nodiscard]] double correlation(std::size_t i, std::size_t j) const { return correlations_[i * n_ + j]; }
    // Both have had enough days together.
    [[nodiscard]] bool common(std::size_t i, std::size_t j) const { return common_[i * n_ + j]; }
    // Days of the shorter history that one of both lacks.
    [[nodiscard]] std::uint64_t left_out(std::size_t i, std::size_t j) const { return left_out_[i * n_ + j]; }
    // Row-major n x n, positive semidefinite, shrunk.
    [[nodiscard]] std::vector<double> shrunk() const {
        std::vector<double> out(n_ * n_);
        if (n_ == 0) return out;  // nothing but dollars
        for (std::size_t i = 0; i < n_; ++i) {
            for (std::size_t j = 0; j < n_; ++j)
                out[i * n_ + j] = correlation(i, j) * (deviations_[i] * deviations_[j]);
        }
        if (ragged_) (void)repair_positive_semidefinite(out, n_);
        (void)shrink_correlations(out, n_, effective_samples(kDecayDaily));
        return out;
    }

private:
    // The newest days in one bar; the shorter history is not live before it begins.
    void add_pair(std::span<const double> first, std::span<const double> second, std::size_t i, std::size_t j) {
        const std::size_t days = std::min(first.size(), second.size());
        ragged_ = ragged_ || first.size() != second.size();
        first = first.last(days);
        second = second.last(days);
        EwmaCovariance pair{{.factors = 2, .decay = kDecayDaily, .seed_bars = kSeedDays}};
        std::uint64_t left_out = 0;
        for (std::size_t day = 0; day < days; ++day) {
            const std::array bar{first[day], second[day]};
            if (std::ranges::all_of(bar, [](double value) { return judge_return(value) == Observation::taken; })) {
                (void)pair.on_bar(bar, std::array<std::uint8_t, 2>{1, 1});
            } else {
                ++left_out;
            }
        }
        ragged_ = ragged_ || left_out > 0;
        for (const std::size_t cell : {i * n_ + j, j * n_ + i}) {
            common_[cell] = pair.seeded(0);
            correlations_[cell] = pair.seeded(0) ? pair.correlation(0, 1) : 0.0;
            left_out_[cell] = left_out;
        }
    }

    std::size_t n_;
    std::vector<double> deviations_;  // per day
    std::vector<bool> seeded_;
    std::vector<double> correlations_;
    std::vector<bool> common_;
    std::vector<std::uint64_t> left_out_;
    bool ragged_{false};  // some have a day that others lack: the matrix need not be one
};

void add_pairs(const ReportInputs& inputs, const DayCovariance& covariance, HistoryReport& out,
               std::vector<std::string>& notes) {
    const auto held = [&](std::size_t u) {
        for (std::size_t row = 0; row < inputs.book.contracts.size(); ++row) {
            if (static_cast<std::size_t>(inputs.book.contracts[row].underlying) != u) continue;
            if (inputs.book.holdings[row].quantity != 0.0) return true;
        }
        return false;
    };
    std::vector<std::size_t> slots;
    for (std::size_t u = 0; u < covariance.size(); ++u) {
        if (!returns_of(inputs, u).empty() && held(u)) slots.push_back(u);
    }
    for (std::size_t j = 1; j < slots.size(); ++j) {
        for (std::size_t i = 0; i < j; ++i) {
            auto first = returns_of(inputs, slots[i]), second = returns_of(inputs, slots[j]);
            const std::size_t days = std::min(first.size(), second.size());
            const std::string scope =
                inputs.book.underlying_names[slots[i]] + "/" + inputs.book.underlying_names[slots[j]];
            DayMetrics rows{older(age_of_history(inputs, slots[i]), age_of_history(inputs, slots[j])),
                            doubts_between(inputs, slots[i], slots[j]), days};
            if (!rows.enough(kSeedDays, "correlation, correlation_break_z")) {
                notes.push_back(rows.note(scope, "common daily returns"));
                continue;
            }
            first = first.last(days);
            second = second.last(days);
            CorrelationBreak pair{CorrelationBreakConfig{}};
            for (std::size_t day = 0; day < days; ++day) pair.on_returns(first[day], second[day]);
            const CorrelationBreakResult now = pair.result();
            const double correlation = covariance.correlation(slots[i], slots[j]);
            rows.add("correlation", now.known ? correlation : kNaN, "fraction", day_quality(true, pair.refused()));
            rows.add("correlation_break_z", now.known ? now.z : kNaN, "sd", day_quality(now.warm, pair.refused()));
            out.pairs.push_back({.scope = scope, .metrics = std::move(rows.metrics)});
        }
    }
}

// Betas to the coins that the others follow.
class Betas {
public:
    static constexpr std::array<std::string_view, 2> kMarkets{"BTC", "ETH"};
    static constexpr std::array<const char*, 2> kKeys{"btc", "eth"};

    Betas(const ReportInputs& inputs, const DayCovariance& covariance)
        : inputs_{inputs}, covariance_{covariance}, n_{covariance.size()}, matrix_{covariance.shrunk()} {
        for (std::size_t m = 0; m < kMarkets.size(); ++m) {
            const auto found = std::ranges::find(inputs.book.underlying_names, kMarkets[m]);
            const auto slot = static_cast<std::size_t>(found - inputs.book.underlying_names.begin());
            if (slot >= n_ || !covariance.seeded(slot)) continue;
            markets_.push_back(slot);
            keys_.push_back(kKeys[m]);
        }
    }

    void add_rows(HistoryReport& out) const {
        if (markets_.empty()) return;
        for (std::size_t m = 0; m < markets_.size(); ++m) {
            const auto market = std::span{markets_}.subspan(m, 1);
            const FactorModel alone = fitted(market);
            for (std::size_t u = 0; u < n_; ++u) {
                if (u == markets_[m] || !alone.beta(u).known) continue;
                out.underlyings[u].push_back({.name = std::string{"beta_"} + keys_[m],
                                              .value = alone.beta(u).beta_single,
                                              .unit = "ratio",
                                              .quality = quality_of(u, market),
                                              .age = age_of(u),
                                              .doubts = doubts_of(u, market)});
            }
        }
        const FactorModel joint = fitted(markets_);
        for (std::size_t u = 0; u < n_; ++u) {
            const FactorBeta& beta = joint.beta(u);
            if (std::ranges::count(markets_, u) > 0 || !beta.known) continue;
            const std::string days = quality_of(u, markets_);
            const std::string quality = !beta.collinear  ? days
                                        : days == "good" ? "the markets move as one"
                                                         : "the markets move as one, " + days;
            for (std::size_t m = 0; m < markets_.size() && markets_.size() > 1; ++m) {
                out.underlyings[u].push_back({.name = std::string{"beta_"} + keys_[m] + "_joint",
                                              .value = beta.betas[m],
                                              .unit = "ratio",
                                              .quality = quality,
                                              .age = age_of(u),
                                              .doubts = doubts_of(u, markets_)});
            }
            out.underlyings[u].push_back({.name = "systematic_share",
                                          .value = beta.r_squared,
                                          .unit = "fraction",
                                          .quality = days,
                                          .age = age_of(u),
                                          .doubts = doubts_of(u, markets_)});
        }
    }

    // The account seen through the joint model; where there are no other coins it says nothing new.
    void add_account(std::span<const double> exposure_usd, HistoryReport& out) const {
        if (markets_.empty() || n_ == markets_.size()) return;
        FactorRisk risk;
        if (exposure_usd.size() == n_) risk = fitted(markets_).portfolio(exposure_usd);
        InputAge age = age_of_history(inputs_, markets_[0]);
        std::uint64_t lacks = 0;
        InputDoubt doubts = InputDoubt::none;
        for (std::size_t u = 0; u < exposure_usd.size(); ++u) {
            if (exposure_usd[u] == 0.0) continue;
            age = older(age, age_of(u));
            lacks = std::max(lacks, left_out(u, markets_));
            doubts |= doubts_of(u, markets_);
        }
        const std::string quality = day_quality(true, lacks);
        for (std::size_t m = 0; m < markets_.size(); ++m) {
            out.account.push_back({.name = std::string{"market_delta_"} + keys_[m] + "_usd",
                                   .value = risk.known ? risk.market_usd[m] : kNaN,
                                   .unit = "USD",
                                   .quality = quality,
                                   .age = age,
                                   .doubts = doubts});
        }
        const double variance = risk.market_variance + risk.specific_variance;
        out.account.push_back({.name = "systematic_share",
                               .value = risk.known && variance > 0.0 ? risk.market_variance / variance : kNaN,
                               .unit = "fraction",
                               .quality = quality,
                               .age = age,
                               .doubts = doubts});
    }

private:
    [[nodiscard]] FactorModel fitted(std::span<const std::size_t> markets) const {
        std::vector<std::uint8_t> usable(n_);
        for (std::size_t u = 0; u < n_; ++u) {
            usable[u] = std::ranges::all_of(markets, [&](std::size_t m) { return covariance_.common(u, m); }) ? 1 : 0;
        }
        FactorModel model{n_, markets};
        (void)model.fit(matrix_, usable);
        return model;
    }
    // The most days that a pair of them lacks, the asset's with the markets or the markets' own.
    [[nodiscard]] std::uint64_t left_out(std::size_t asset, std::span<const std::size_t> markets) const {
        std::uint64_t out = 0;
        for (const std::size_t m : markets) {
            out = std::max(out, covariance_.left_out(asset, m));
            for (const std::size_t other : markets) out = std::max(out, covariance_.left_out(m, other));
        }
        return out;
    }
    // Of an asset and of what it is measured against.
    [[nodiscard]] InputDoubt doubts_of(std::size_t asset, std::span<const std::size_t> markets) const {
        InputDoubt out = InputDoubt::none;
        for (const std::size_t m : markets) {
            out |= doubts_between(inputs_, asset, m) | doubts_between(inputs_, markets[0], m);
        }
        return out;
    }
    [[nodiscard]] std::string quality_of(std::size_t asset, std::span<const std::size_t> markets) const {
        return day_quality(true, left_out(asset, markets));
    }
    // Of an asset and of what it is measured against.
    [[nodiscard]] InputAge age_of(std::size_t asset) const {
        InputAge age = age_of_history(inputs_, asset);
        for (const std::size_t market : markets_) age = older(age, age_of_history(inputs_, market));
        return age;
    }

    const ReportInputs& inputs_;
    const DayCovariance& covariance_;
    std::size_t n_;
    std::vector<double> matrix_;
    std::vector<std::size_t> markets_;
    std::vector<const char*> keys_;
};

}  // namespace

HistoryReport report_history(const ReportInputs& inputs, std::span<const double> exposure_usd,
                             std::vector<std::string>& notes) {
    const std::size_t n = inputs.market.underlyings.size();
    HistoryReport out;
    out.underlyings.resize(n);
    std::string without;
    for (std::size_t u = 0; u < n; ++u) {
        const auto returns = returns_of(inputs, u);
        if (returns.empty()) {
            without += (without.empty() ? "" : ", ") + inputs.book.underlying_names[u];
            continue;
        }
        const InputDoubt closes = closes_of(inputs, u);
        DayMetrics rows{age_of_history(inputs, u), closes, returns.size()};
        add_ewma(returns, rows);
        add_realised(returns, rows);
        add_cusum(returns, rows);
        const std::string& name = inputs.book.underlying_names[u];
        if (closes != InputDoubt::none) {
            notes.push_back(name + ": its closes end at " + std::to_string(inputs.histories[u].last_close) +
                            ", its index is " + std::to_string(inputs.market.underlyings[u].index) + ": oldest first?");
        }
        if (std::string note = rows.note(name, "daily returns"); !note.empty()) notes.push_back(std::move(note));
        out.underlyings[u] = std::move(rows.metrics);
        const auto changes = last_days(inputs.histories[u].volatility_changes);
        if (changes.empty()) continue;
        DayMetrics implied{age_of_history(inputs, u), InputDoubt::none, changes.size()};
        add_implied(changes, implied);
        std::string note = implied.note(name, "daily changes of volatility");
        if (!note.empty()) notes.push_back(std::move(note));
        std::ranges::move(implied.metrics, std::back_inserter(out.underlyings[u]));
    }
    if (!without.empty()) notes.push_back("no daily returns of " + without + ": no metric of past days");
    const DayCovariance covariance{inputs, n};
    add_pairs(inputs, covariance, out, notes);
    const Betas betas{inputs, covariance};
    betas.add_rows(out);
    betas.add_account(exposure_usd, out);
    return out;
}

}  // namespace keel::risk
