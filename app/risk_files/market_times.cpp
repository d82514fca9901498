#include "app/risk_files/market_times.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>

#include "app/report/report_words.hpp"
#include "app/risk_files/json_tree.hpp"
#include "risk/report/factor_moves.hpp"

namespace keel::app {
namespace {

using Input = MarketTimes::Input;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr std::chrono::hours kDay{24};

// Where the ages of such inputs stand; nullptr: elsewhere, or nowhere.
std::vector<double>* ages_of(Input input, risk::ReportInputs& inputs) {
    if (input == Input::index) return &inputs.index_age_seconds;
    if (input == Input::quote) return &inputs.input_age_seconds;
    if (input == Input::stable) return &inputs.stable_age_seconds;
    if (input == Input::funding) return &inputs.funding_age_seconds;
    return input == Input::forward || input == Input::curve ? &inputs.expiry_age_seconds : nullptr;
}

UnixNanos last_midnight(UnixNanos time) {
    return UnixNanos{time.ns() - time.ns() % std::chrono::nanoseconds{kDay}.count()};
}

double& age_at(std::vector<double>& ages, std::size_t place) {
    if (ages.size() <= place) ages.resize(place + 1, kNaN);
    return ages[place];
}

}  // namespace

void MarketTimes::on_time(UnixNanos time) { files_.back().time = std::max(files_.back().time, time); }

MarketTimes::Claim MarketTimes::claim(Input input, std::size_t place) {
    const std::size_t file = files_.size() - 1;
    const auto [source, fresh] = sources_.try_emplace({input, place}, file);
    if (fresh) return Claim::beside;
    const UnixNanos given = files_[source->second].time, now = files_[file].time;
    const UnixNanos before = given != UnixNanos{} ? given : newest();  // without a time it is as new as any
    if (now != UnixNanos{} && now < before) return Claim::older;
    source->second = file;
    return given != UnixNanos{} && given < now ? Claim::newer : Claim::beside;
}

UnixNanos MarketTimes::newest() const {
    UnixNanos out{};
    for (const File& file : files_) out = std::max(out, file.time);
    return out;
}

const MarketTimes::File& MarketTimes::latest() const { return *std::ranges::max_element(files_, {}, &File::time); }

double MarketTimes::seconds_behind(const File& file) const {
    return file.time == UnixNanos{} ? 0.0 : static_cast<double>(newest().ns() - file.time.ns()) / 1e9;
}

void MarketTimes::age(risk::ReportInputs& inputs) const {
    age_prices(inputs);
    age_histories(inputs);
    align_histories(inputs);
}

void MarketTimes::age_prices(risk::ReportInputs& inputs) const {
    std::vector<double> behind_forward(inputs.market.expiries.size());  // a forward and a curve share their age
    for (const auto& [input, file] : sources_) {
        const double behind = seconds_behind(files_[file]);
        std::vector<double>* ages = ages_of(input.first, inputs);
        if (!(behind > 0.0) || ages == nullptr) continue;
        double& age = age_at(*ages, input.second);
        if (ages != &inputs.expiry_age_seconds) {
            age = behind + (std::isnan(age) ? 0.0 : age);
            continue;
        }
        double& counted = behind_forward[input.second];
        age = std::max(0.0, behind - counted) + (std::isnan(age) ? 0.0 : age);
        counted = std::max(counted, behind);
    }
}

bool MarketTimes::is_end_told(Input input, std::size_t place) const {
    const auto told = history_ends_.find({input, place});
    return told != history_ends_.end() && told->second != UnixNanos{};
}

UnixNanos MarketTimes::end_of(Input input, std::size_t place) const {
    if (is_end_told(input, place)) return history_ends_.at({input, place});
    const auto source = sources_.find({input, place});
    const UnixNanos time = source == sources_.end() ? UnixNanos{} : files_[source->second].time;
    return time == UnixNanos{} ? newest() : time;
}

// A day's close stands until the next is due: no part of that day is an age.
double MarketTimes::seconds_due(Input input, std::size_t place, std::size_t lacks, const std::string& name) const {
    const auto source = sources_.find({input, place});
    if (source == sources_.end()) return kNaN;
    const UnixNanos end = end_of(input, place);
    if (end > newest()) {
        throw InputError{files_[source->second].path, "underlyings",
                         fmt::format("the history of {} ends {}, after the newest price", name, utc_text(end))};
    }
    if (end == newest() && lacks == 0) return kNaN;
    const std::chrono::duration<double> since = newest() - end + static_cast<std::int64_t>(lacks) * kDay;
    return std::max(0.0, (since - kDay).count());
}

// The days that a history lacks at its end are part of its age. Where it is too short for tails of its own a daily
// volatility goes before it: the older of the two counts.
void MarketTimes::age_histories(risk::ReportInputs& inputs) const {
    for (std::size_t u = 0; u < inputs.histories.size(); ++u) {
        const risk::UnderlyingHistory& history = inputs.histories[u];
        const std::string& name = inputs.book.underlying_names[u];
        double seconds = kNaN;
        if (!history.returns.empty()) {
            const auto last = std::ranges::find_if(history.returns.rbegin(), history.returns.rend(), risk::is_day);
            const auto lacks = static_cast<std::size_t>(last - history.returns.rbegin());
            seconds = seconds_due(Input::history, u, lacks, name);
        }
        if (risk::days_present(history.returns) < risk::kReportReturnsMin && std::isfinite(history.daily_volatility)) {
            seconds = std::fmax(seconds, seconds_due(Input::daily_volatility, u, 0, name));
        }
        if (!std::isnan(seconds)) age_at(inputs.history_age_seconds, u) = seconds;
    }
}

// When the last day of each history ended. The time of a file says only that no day in it ended later: where they do
// not end at one hour, a day whose end is not told ended at midnight, as most venues' do.
std::vector<UnixNanos> MarketTimes::day_ends(std::span<const std::size_t> places, risk::ReportInputs& inputs) const {
    std::vector<UnixNanos> ends;
    for (const std::size_t u : places) {
        ends.push_back(end_of(Input::history, u));
        inputs.histories[u].day_end_seconds =
            std::chrono::duration<double>{ends.back() - last_midnight(ends.back())}.count();
    }
    const risk::UnderlyingHistory& newest =
        inputs.histories[places[static_cast<std::size_t>(std::ranges::max_element(ends) - ends.begin())]];
    const bool together =
        std::ranges::all_of(places, [&](std::size_t u) { return do_days_end_together(newest, inputs.histories[u]); });
    for (std::size_t i = 0; i < places.size() && !together; ++i) {
        if (!is_end_told(Input::history, places[i])) ends[i] = last_midnight(ends[i] + risk::kDayEndSlack);
    }
    return ends;
}

// All histories end with the newest: the days that one ends before it are days that it lacks.
void MarketTimes::align_histories(risk::ReportInputs& inputs) const {
    std::vector<std::size_t> places;
    for (std::size_t u = 0; u < inputs.histories.size(); ++u) {
        if (!inputs.histories[u].returns.empty()) places.push_back(u);
    }
    if (places.empty()) return;
    const std::vector<UnixNanos> ends = day_ends(places, inputs);
    const UnixNanos newest_end = std::ranges::max(ends);
    for (std::size_t i = 0; i < places.size(); ++i) {
        risk::UnderlyingHistory& history = inputs.histories[places[i]];
        const auto lacks = static_cast<std::size_t>((newest_end - ends[i] + kDay / 2) / kDay);
        history.returns.resize(history.returns.size() + lacks, kNaN);
        std::vector<double>& changes = history.volatility_changes;
        if (!changes.empty()) changes.resize(changes.size() + lacks, kNaN);
    }
}

std::vector<std::string> MarketTimes::notes() const {
    std::vector<std::string> out;
    for (const File& file : files_) {
        const double behind = seconds_behind(file);
        if (!(behind > 0.0)) continue;
        out.push_back(fmt::format("{} is of {}, {} before {} ({}): what only it gives is as much older", file.path,
                                  utc_text(file.time), age_text(behind), latest().path, utc_text(latest().time)));
    }
    return out;
}

}  // namespace keel::app
