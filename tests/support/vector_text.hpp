#pragma once

#include <charconv>
#include <stdexcept>
#include <string>
#include <string_view>

namespace keel::test {

// The whole number that stands in `text` right after the first `marker`: what a vector file says in words ("recursion
// over t=50..") and not as a number. Throws where there is none: the case cannot be run then.
inline std::size_t count_after(std::string_view text, std::string_view marker) {
    const std::size_t at = text.find(marker);
    std::size_t value = 0;
    const std::string_view rest = at == text.npos ? std::string_view{} : text.substr(at + marker.size());
    if (std::from_chars(rest.data(), rest.data() + rest.size(), value).ec != std::errc{}) {
        throw std::runtime_error{"no number after '" + std::string{marker} + "' in: " + std::string{text}};
    }
    return value;
}

// Returns that start the averages of stats_expected.json by their mean square (`ewma.init`).
inline std::size_t seed_returns(std::string_view init) { return count_after(init, "recursion over t="); }

}  // namespace keel::test
