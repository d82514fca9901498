#include "app/wiring/telemetry.hpp"

#include <algorithm>
#include <limits>

#include "risk/portfolio/contract_pnl.hpp"

namespace keel::app {

void TelemetryPublisher::seen(const Event& event, const Outbox& outbox) noexcept {
    if (event.kind == EventKind::session) note_session(event);
    for (const DecisionRecord& decision : outbox.decisions) note_decision(decision);
    if (!outbox.commands.empty() && event.receive_cycles != 0) {
        decode_.record(event.decoded_cycles - event.receive_cycles);
        queue_.record(core_.loop().meter().started() - event.decoded_cycles);
    }
    const UnixNanos now = core_.loop().now();
    if (now - published_at_ >= kEvery) publish();
}

void TelemetryPublisher::publish() noexcept {
    published_at_ = core_.loop().now();
    building_.sequence = core_.loop().sequence();
    building_.now = published_at_;
    building_.counts = core_.loop().counts();
    building_.orders = core_.orders().counts();
    building_.orders_unknown_now = core_.orders().unknown_count();
    building_.kill_level = static_cast<std::uint8_t>(core_.gate().kill_level());
    building_.risk = core_.risk().snapshot();
    building_.live_orders.clear();
    for (const ClientOrderId id : core_.orders().live()) {
        if (!building_.live_orders.push(*core_.orders().find(id))) break;
    }
    collect_positions();
    published_.store(building_);
}

void TelemetryPublisher::note_session(const Event& event) noexcept {
    const auto report = event.as<SessionReport>();
    for (SessionShown& shown : building_.sessions) {
        if (shown.venue == event.venue && shown.report.role == report.role) {
            shown.report = report;
            return;
        }
    }
    (void)building_.sessions.push({event.venue, report});  // more sessions than a screen shows are left out
}

void TelemetryPublisher::note_decision(const DecisionRecord& decision) noexcept {
    if (building_.decisions.full()) {
        std::shift_left(building_.decisions.begin(), building_.decisions.end(), 1);
        building_.decisions.back() = decision;
        return;
    }
    (void)building_.decisions.push(decision);
}

void TelemetryPublisher::collect_positions() noexcept {
    building_.positions.clear();
    for (const InstrumentId id : core_.risk().held()) {
        const risk::Position& position = core_.risk().position(id);
        const Instrument& instrument = instruments_[id];
        PositionShown shown;
        shown.instrument = id;
        shown.quantity = position.quantity;
        const double nan = std::numeric_limits<double>::quiet_NaN();
        const auto lots = static_cast<double>(position.quantity.count());
        shown.mark = position.valued ? position.inputs.mark : nan;
        shown.delta_coin = position.valued ? core_.risk().delta_per_lot(id) * lots : nan;
        shown.pnl_usd = nan;
        if (position.valued) {
            const bool harmonic = instrument.is_delta_one() && risk::is_inverse(instrument);
            const double unrealised =
                risk::contract_pnl(harmonic ? risk::ContractForm::inverse : risk::ContractForm::linear,
                                   risk::lot_face(instrument), lots, position.average_price, position.inputs.mark);
            const double to_usd = risk::is_inverse(instrument) ? core_.risk().index(instrument.underlying) : 1.0;
            shown.pnl_usd = (position.realised + unrealised) * to_usd;
        }
        if (!building_.positions.push(shown)) break;
    }
}

}  // namespace keel::app
