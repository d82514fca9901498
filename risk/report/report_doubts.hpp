#pragma once

#include <span>
#include <string>
#include <vector>

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// By contract: what the reader of the files doubted, how far a mark is from where it should be, and for options what is
// wrong with the forward, with the volatility that they are valued at (`valued_at`: the market after
// fill_volatilities()) and, where they have no usable one of their own, with the curve that it is from.
[[nodiscard]] std::vector<InputDoubt> contract_doubts(const ReportInputs& inputs, std::span<const SmileReport> smiles,
                                                      const MarketState& valued_at);

// What is wrong with a curve at one strike, whoever reads it there.
[[nodiscard]] InputDoubt curve_doubts(const SmileReport& smile, double strike);

// All doubts of what is held in one underlying or at one venue (none: of all). `by_contract` may be shorter.
[[nodiscard]] InputDoubt held_doubts(const Book& book, std::span<const InputDoubt> by_contract,
                                     UnderlyingSlot underlying, VenueSlot venue);

// Whether an underlying's daily closes lead to its index; those that do not are newest first, another coin's, or old.
[[nodiscard]] InputDoubt closes_doubt(const ReportInputs& inputs, UnderlyingSlot underlying);
// Of everything held.
[[nodiscard]] InputDoubt closes_doubt(const ReportInputs& inputs);

// "BTC-27MAR26-70000-C, BTC-27MAR26-80000-C, BTC-27MAR26-90000-C and 53 more": the first three of many names.
[[nodiscard]] std::string first_names(std::span<const std::string> names);

// A line for all held contracts whose inputs are doubtful for the same reasons.
[[nodiscard]] std::vector<std::string> doubt_notes(const Book& book, std::span<const InputDoubt> by_contract);

}  // namespace keel::risk
