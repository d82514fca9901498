#include "app/report/funding_meter.hpp"

#include <chrono>
#include <cmath>

#include "risk/portfolio/contract_pnl.hpp"

namespace keel::app {
namespace {

constexpr double kRatePeriodS = 8.0 * 3600.0;

}  // namespace

void FundingMeter::accrue(const risk::RiskEngine& risk, UnixNanos now) {
    if (now <= last_) return;
    const double share = last_.ns() == 0 ? 0.0 : std::chrono::duration<double>(now - last_).count() / kRatePeriodS;
    last_ = now;
    for (const InstrumentId id : risk.held()) {
        const Instrument& instrument = instruments_[id];
        if (instrument.kind != InstrumentKind::perpetual) continue;
        const risk::Position& position = risk.position(id);
        const double index = risk.index(instrument.underlying);
        const double rate = position.inputs.funding_8h;
        if (position.inputs.time.ns() == 0 || !std::isfinite(rate) || !(index > 0.0)) continue;
        const bool inverse = risk::is_inverse(instrument);
        const double cash = risk::funding_cash(inverse ? risk::ContractForm::inverse : risk::ContractForm::linear,
                                               risk::lot_face(instrument),
                                               static_cast<double>(position.quantity.count()), index, rate * share);
        if (std::isnan(received_usd_)) received_usd_ = 0.0;
        received_usd_ += inverse ? cash * index : cash;
    }
}

}  // namespace keel::app
