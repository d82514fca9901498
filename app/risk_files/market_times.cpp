#include "app/risk_files/market_times.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/report/report_words.hpp"
#include "app/risk_files/json_tree.hpp"

namespace keel::app {
namespace {

using Input = MarketTimes::Input;

// Where the ages of such inputs stand; nullptr: elsewhere, or nowhere.
std::vector<double>* ages_of(Input input, risk::ReportInputs& inputs) {
    if (input == Input::index) return &inputs.index_age_seconds;
    if (input == Input::quote) return &inputs.input_age_seconds;
    if (input == Input::stable) return &inputs.stable_age_seconds;
    if (input == Input::funding) return &inputs.funding_age_seconds;
    return input == Input::forward || input == Input::curve ? &inputs.expiry_age_seconds : nullptr;
}

double& age_at(std::vector<double>& ages, std::size_t place) {
    if (ages.size() <= place) ages.resize(place + 1, std::numeric_limits<double>::quiet_NaN());
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

double MarketTimes::seconds_behind(const File& file) const {
    return file.time == UnixNanos{} ? 0.0 : static_cast<double>(newest().ns() - file.time.ns()) / 1e9;
}

void MarketTimes::age(risk::ReportInputs& inputs) const {
    age_prices(inputs);
    age_histories(inputs);
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

// A day's close stands until the next is due: no part of that day is an age.
void MarketTimes::age_histories(risk::ReportInputs& inputs) const {
    constexpr double kStepSeconds = 86'400.0;
    for (std::size_t u = 0; u < inputs.histories.size(); ++u) {
        const Input input = inputs.histories[u].returns.empty() ? Input::daily_volatility : Input::history;
        const auto source = sources_.find({input, u});
        if (source == sources_.end()) continue;
        const File& file = files_[source->second];
        const auto told = history_ends_.find({input, u});
        const bool has_end = told != history_ends_.end() && told->second != UnixNanos{};
        if (!has_end && !(seconds_behind(file) > 0.0)) continue;  // as young as the report
        const UnixNanos end = has_end ? told->second : file.time;
        if (end > newest()) {
            throw InputError{file.path, "underlyings",
                             fmt::format("the history of {} ends {}, after the newest price",
                                         inputs.book.underlying_names[u], utc_text(end))};
        }
        const double seconds = static_cast<double>(newest().ns() - end.ns()) / 1e9;
        age_at(inputs.history_age_seconds, u) = std::max(0.0, seconds - kStepSeconds);
    }
}

std::vector<std::string> MarketTimes::notes() const {
    std::vector<std::string> out;
    const auto latest = std::ranges::max_element(files_, {}, &File::time);
    for (const File& file : files_) {
        const double behind = seconds_behind(file);
        if (!(behind > 0.0)) continue;
        out.push_back(fmt::format("{} is of {}, {} before {} ({}): what only it gives is as much older", file.path,
                                  utc_text(file.time), age_text(behind), latest->path, utc_text(latest->time)));
    }
    return out;
}

}  // namespace keel::app
