#include "app/risk_files/market_times.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "app/report/report_words.hpp"

namespace keel::app {

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
    std::vector<double> behind_forward(inputs.market.expiries.size());  // a forward and a curve share their age
    for (const auto& [input, file] : sources_) {
        const double behind = seconds_behind(files_[file]);
        if (!(behind > 0.0) || input.first > Input::quote) continue;  // what stands behind the quotes has no age
        auto& ages = input.first == Input::index   ? inputs.index_age_seconds
                     : input.first == Input::quote ? inputs.input_age_seconds
                                                   : inputs.expiry_age_seconds;
        if (ages.size() <= input.second) ages.resize(input.second + 1, std::numeric_limits<double>::quiet_NaN());
        double& age = ages[input.second];
        if (input.first == Input::index || input.first == Input::quote) {
            age = behind + (std::isnan(age) ? 0.0 : age);
            continue;
        }
        double& counted = behind_forward[input.second];
        age = std::max(0.0, behind - counted) + (std::isnan(age) ? 0.0 : age);
        counted = std::max(counted, behind);
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
