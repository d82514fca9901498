#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "risk/report/report_inputs.hpp"

namespace keel::app {

// When the prices of each market file were taken, and which file each input came from: of files of different times the
// newer wins whatever their order, and what only an older one gives is as much older than the report. How a contract
// trades, correlations and margin tables are no prices of a moment and have no age.
class MarketTimes {
public:
    enum class Input : std::uint8_t {
        index,
        forward,
        curve,
        quote,
        stable,
        history,
        daily_volatility,
        correlations,
        liquidity,
        funding,
        funding_cap
    };
    // How the file that is being read stands to the one that an input came from.
    enum class Claim : std::uint8_t {
        older,   // that input is newer: keep it
        beside,  // nothing tells them apart, or it is the first
        newer,   // forget what the other said
    };

    void begin_file(const std::string& path) { files_.push_back({.path = path, .time = {}}); }
    // The newest of the times that the file being read gives.
    void on_time(UnixNanos time);
    // Unless older, the input at that place of its table is from the file being read from now on.
    [[nodiscard]] Claim claim(Input input, std::size_t place);

    // When the last day of a history, or what a daily volatility was taken from, ended; 0: with its file's prices.
    void history_ends(Input input, std::size_t place, UnixNanos end) { history_ends_[{input, place}] = end; }

    // The report's time: the newest of all. 0: no file has one.
    [[nodiscard]] UnixNanos newest() const;
    // The file that has it; one file at least has begun.
    [[nodiscard]] const std::string& newest_path() const { return latest().path; }
    // Adds to each input's age how much older its file is, and says how long the next day of each history has been due.
    // Histories that end before the newest of them get a missing day (NaN) for each day between, the nearest whole
    // number of them: where they do not end at one hour of the day, one whose end is not told ends at the last
    // midnight. Errors: InputError naming a file whose history ends after the report's time.
    void age(risk::ReportInputs& inputs) const;
    // A line for each file that is older than the newest.
    [[nodiscard]] std::vector<std::string> notes() const;

private:
    struct File {
        std::string path;
        UnixNanos time;  // 0: not given, as new as any
    };
    [[nodiscard]] const File& latest() const;
    [[nodiscard]] double seconds_behind(const File& file) const;
    void age_prices(risk::ReportInputs& inputs) const;
    [[nodiscard]] bool is_end_told(Input input, std::size_t place) const;
    // When the last day of it ended: as told, else with its file's prices.
    [[nodiscard]] UnixNanos end_of(Input input, std::size_t place) const;
    // Since the day after its last one was due, `lacks` days missing at its end; NaN: as young as the report.
    [[nodiscard]] double seconds_due(Input input, std::size_t place, std::size_t lacks, const std::string& name) const;
    void age_histories(risk::ReportInputs& inputs) const;
    [[nodiscard]] std::vector<UnixNanos> day_ends(std::span<const std::size_t> places,
                                                  risk::ReportInputs& inputs) const;
    void align_histories(risk::ReportInputs& inputs) const;

    std::vector<File> files_;
    std::map<std::pair<Input, std::size_t>, std::size_t> sources_;  // file of each input
    std::map<std::pair<Input, std::size_t>, UnixNanos> history_ends_;
};

}  // namespace keel::app
