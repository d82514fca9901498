#pragma once

#include <span>
#include <string>

#include "tests/risk/tail/crash_backtest.hpp"

namespace keel::risk::crash {

// The table of every book and method, the days on which filtered historical simulation was passed, and those on which
// the parametric normal VaR was, the day after another.
std::string markdown(std::span<const BookResult> results);
// One page without anything from elsewhere: the table, and per book its daily profit against two forecasts.
std::string html(std::span<const BookResult> results);

}  // namespace keel::risk::crash
