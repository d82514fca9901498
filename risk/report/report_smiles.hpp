#pragma once

#include "risk/report/report_inputs.hpp"
#include "risk/report/risk_report.hpp"

namespace keel::risk {

// The smiles of the inputs: those given are checked (against quotes beside them, too), those quoted are fitted (with
// the expiry before as a floor). Expiries with neither, or with fewer than five usable quotes, have no curve and a
// note.
[[nodiscard]] std::vector<SmileReport> report_smiles(const ReportInputs& inputs);

// A curve that was given with quotes beside it: the quotes are held against it and change nothing.
[[nodiscard]] bool goes_before_quotes(const SmileReport& smile);

// Where the volatilities came from that options have not of their own.
struct FilledVolatilities {
    std::size_t from_curves{0};
    std::size_t from_prices{0};
    std::size_t from_quotes{0};
};
// The volatility of the index for every option: its own, of one that has no usable one that of its expiry's smile, both
// as quoted until here, and where that says nothing what its price implies or the quote at its strike says; where there
// is none either it stays, past its expiry it is 0.
FilledVolatilities fill_volatilities(const ReportInputs& inputs, std::span<const SmileReport> smiles,
                                     MarketState& market);

// What the curves of one underlying say at constant maturities.
[[nodiscard]] SurfaceSignals report_signals(const MarketState& market, std::span<const SmileReport> smiles,
                                            UnderlyingSlot underlying);

// A quality in words: "good", or what is wrong.
[[nodiscard]] std::string signal_quality_words(SurfaceQuality quality);

// Volatility of the smile at a strike; NaN without a curve.
[[nodiscard]] double smile_volatility(const SmileReport& smile, double strike);

}  // namespace keel::risk
