#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "risk/report/report_inputs.hpp"

namespace keel::app {

// When the prices of each market file were taken, and which file each input came from: of files of different times the
// newer wins whatever their order, and what only an older one gives is as much older than the report.
class MarketTimes {
public:
    enum class Input : std::uint8_t { index, forward, curve, quote, stable, history, correlations, liquidity };
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

    // The report's time: the newest of all. 0: no file has one.
    [[nodiscard]] UnixNanos newest() const;
    // Adds to each input's age how much older its file is.
    void age(risk::ReportInputs& inputs) const;
    // A line for each file that is older than the newest.
    [[nodiscard]] std::vector<std::string> notes() const;

private:
    struct File {
        std::string path;
        UnixNanos time;  // 0: not given, as new as any
    };
    [[nodiscard]] double seconds_behind(const File& file) const;

    std::vector<File> files_;
    std::map<std::pair<Input, std::size_t>, std::size_t> sources_;  // file of each input
};

}  // namespace keel::app
