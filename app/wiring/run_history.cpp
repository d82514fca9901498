#include "app/wiring/run_history.hpp"

#include <fmt/format.h>

#include <cmath>
#include <map>
#include <set>

#include "app/failure.hpp"
#include "app/report/funding_meter.hpp"
#include "app/wiring/core.hpp"
#include "engine/journal/journal_reader.hpp"
#include "engine/journal/preamble.hpp"

namespace keel::app {
namespace {

constexpr double kCoinDust = 1e-12;  // no lot is that small

// What the unhedged twin must not see: our own trading, and what the venue says of its consequences.
class TwinFilter {
public:
    bool sees(const Event& event) {
        switch (event.kind) {
            case EventKind::fill: return !event.has(kOurs);
            case EventKind::order_acked:
            case EventKind::order_rejected:
            case EventKind::order_unknown:
            case EventKind::order_not_sent:
            case EventKind::order_canceled:
            case EventKind::order_expired:
            case EventKind::cancel_rejected: return false;
            case EventKind::position: {
                const bool opening = !opened_;
                if (event.has(kLast)) opened_ = true;
                return opening;
            }
            default: return true;
        }
    }

private:
    bool opened_{false};  // the opening snapshot is whole; later reports contain our hedges
};

double pnl_usd(const risk::AccountRisk& account, const FundingMeter& funding) {
    const double funding_usd = funding.received_usd();
    return account.realised_usd + account.unrealised_usd - account.fees_usd +
           (std::isfinite(funding_usd) ? funding_usd : 0.0);
}

std::string quantity_text(const Instrument& instrument, Quantity quantity) {
    const bool usd = instrument.is_delta_one() && instrument.payoff == Payoff::inverse;
    return fmt::format("{} {}", instrument.decimal_of(quantity).to_text(), usd ? "USD" : "coin");
}

class History {
public:
    History(RunReport& report, const Configuration& configuration, const InstrumentTable& instruments,
            std::uint32_t boot_epoch)
        : report_{report},
          configuration_{configuration},
          instruments_{instruments},
          hedged_{configuration, instruments, boot_epoch},
          unhedged_{observing(configuration), instruments, boot_epoch},
          funding_hedged_{instruments},
          funding_unhedged_{instruments} {
        report_.underlyings.resize(instruments.underlyings_count());
        for (std::size_t at = 0; at < report_.underlyings.size(); ++at) {
            report_.underlyings[at].name = instruments.name_of(static_cast<UnderlyingId>(at));
        }
    }

    void on(const Event& event) {
        if (event.kind == EventKind::fill && event.has(kOurs)) note_fill(event.as<FillReport>(), event);
        funding_hedged_.accrue(hedged_.risk(), event.receive_time);
        funding_unhedged_.accrue(unhedged_.risk(), event.receive_time);
        note_decisions(hedged_.loop().on(event), event);
        if (filter_.sees(event)) (void)unhedged_.loop().on(event);
        const UnixNanos now = hedged_.loop().now();
        if (started_.ns() == 0 && hedged_.risk().account().equity_usd > 0.0) {
            started_ = sampled_ = now;
            report_.started_unix_ns = now.ns();
        }
        if (started_.ns() != 0 && now - sampled_ >= configuration_.report.sample_interval) sample(now);
    }

    void finish() {
        const LoopCounts& counts = hedged_.loop().counts();
        const OrderTable::Counts& orders = hedged_.orders().counts();
        report_.events_received = counts.market_events;
        report_.triggers_fired = counts.triggers;
        report_.trigger_kinds = kinds_.size();
        report_.decisions = counts.decisions;
        report_.orders_sent = orders.sent();
        report_.orders_filled = orders.filled;
        report_.orders_refused_by_gate = counts.refusals;
        report_.solves_deferred = hedged_.strategy().counts().solves_deferred;
        report_.orders_unknown = hedged_.orders().unknown_count();
        report_.state_hash = hedged_.loop().state_hash();
        add_breaches();
    }

private:
    static Configuration observing(Configuration configuration) {
        configuration.engine.mode = Mode::observe;
        return configuration;
    }

    [[nodiscard]] double seconds(UnixNanos time) const {
        return started_.ns() == 0 ? 0.0 : static_cast<double>((time - started_).count()) * 1e-9;
    }

    void note_decisions(const Outbox& outbox, const Event& event) {
        for (const DecisionRecord& decision : outbox.decisions) {
            kinds_.insert(decision.trigger.metric);
            row_of_[decision.id] = report_.decision_rows.size();
            records_[decision.id] = decision;
            report_.decision_rows.push_back(row_from(decision));
        }
        for (const OrderCommand& command : outbox.commands) {
            decision_of_[command.client_order_id] = command.decision;
        }
        (void)event;
    }

    [[nodiscard]] DecisionRow row_from(const DecisionRecord& decision) const {
        DecisionRow row;
        row.id = static_cast<std::uint64_t>(decision.id);
        row.seconds = seconds(decision.time);
        row.underlying = instruments_.name_of(decision.underlying);
        row.trigger = fmt::format("{} {}", metric_name(decision.trigger.metric), signal_name(decision.trigger.signal));
        row.value = decision.trigger.value.value();
        row.soft = decision.trigger.soft.value();
        row.hard = decision.trigger.hard.value();
        row.outcome = outcome_name(decision.outcome);
        row.need_coin = decision.need.value();
        for (std::size_t at = 0; at < decision.candidates_count; ++at) {
            const CandidateRecord& candidate = decision.candidates[at];
            const double alone = candidate.cost_alone_usd.value();
            if (candidate.chosen.count() == 0) {
                if (!(row.dearer_cost_usd <= alone) && std::isfinite(alone)) row.dearer_cost_usd = alone;
                continue;
            }
            const Instrument& instrument = instruments_[candidate.instrument];
            row.trades +=
                fmt::format("{}{} {} {}", row.trades.empty() ? "" : ", ", candidate.side == Side::bid ? "buy" : "sell",
                            quantity_text(instrument, candidate.chosen), instrument.name_view());
        }
        if (!row.trades.empty()) row.cost_usd = decision.cost_usd.value();
        return row;
    }

    // Slippage: what a fill paid against the touch that the decision saw.
    void note_fill(const FillReport& fill, const Event& event) {
        const auto decision = decision_of_.find(fill.client_order_id);
        if (decision == decision_of_.end() || !fills_seen_.insert(fill.trade_id).second) return;
        const auto row_at = row_of_.find(decision->second);
        if (row_at == row_of_.end()) return;
        DecisionRow& row = report_.decision_rows[row_at->second];
        const Instrument& instrument = instruments_[event.instrument];
        const double index = hedged_.risk().index(instrument.underlying);
        const DecisionRecord& record = records_[decision->second];
        for (std::size_t at = 0; at < record.candidates_count; ++at) {
            const CandidateRecord& candidate = record.candidates[at];
            if (candidate.instrument != event.instrument || candidate.reference.count() == 0) continue;
            const double paid = instrument.price_value(fill.price) - instrument.price_value(candidate.reference);
            const double coins = std::abs(instrument.coins(fill.quantity, instrument.price_value(fill.price)));
            const double slippage = sign(event.side()) * paid * coins;
            row.slippage_usd = (std::isfinite(row.slippage_usd) ? row.slippage_usd : 0.0) + slippage;
            hedge_cost_usd_ += slippage;
            break;
        }
        const double fee_usd =
            static_cast<double>(fill.fee.count()) * kMoneyUnit * (instrument.payoff == Payoff::inverse ? index : 1.0);
        row.fee_usd = (std::isfinite(row.fee_usd) ? row.fee_usd : 0.0) + fee_usd;
    }

    void sample(UnixNanos now) {
        sampled_ = now;
        AccountSeries& account = report_.account;
        const risk::AccountRisk hedged = hedged_.risk().account();
        const risk::AccountRisk twin = unhedged_.risk().account();
        account.seconds.push_back(seconds(now));
        account.pnl_hedged_usd.push_back(pnl_usd(hedged, funding_hedged_));
        account.pnl_unhedged_usd.push_back(pnl_usd(twin, funding_unhedged_));
        account.fees_usd.push_back(hedged.fees_usd);
        account.funding_usd.push_back(funding_hedged_.received_usd());
        account.hedge_cost_usd.push_back(hedge_cost_usd_);
        for (std::size_t at = 0; at < report_.underlyings.size(); ++at) {
            const auto id = static_cast<UnderlyingId>(at);
            UnderlyingSeries& series = report_.underlyings[at];
            const risk::UnderlyingRisk mine = hedged_.risk().underlying(id);
            series.price_usd.push_back(mine.index);
            series.net_delta_hedged_coin.push_back(mine.net_delta);
            series.net_delta_unhedged_coin.push_back(unhedged_.risk().underlying(id).net_delta);
            series.realised_vol_ratio.push_back(mine.volatility_fast);
            series.implied_vol_ratio.push_back(mine.implied_volatility);
        }
    }

    void add_breaches() {
        const auto boundaries = hedged_.risk().boundaries();
        const UnixNanos now = hedged_.loop().now();
        for (std::size_t at = 0; at < boundaries.size(); ++at) {
            const risk::BoundaryStatus& boundary = boundaries[at];
            std::string name = metric_name(boundary.metric);
            if (boundary.underlying != UnderlyingId::none)
                name += fmt::format("_{}", instruments_.name_of(boundary.underlying));
            report_.breaches.push_back({name, hedged_.risk().breach_seconds(at, now),
                                        unhedged_.risk().breach_seconds(at, unhedged_.loop().now())});
            if (boundary.metric != Metric::net_delta || boundary.underlying == UnderlyingId::none) continue;
            UnderlyingSeries& series = report_.underlyings[slot(boundary.underlying)];
            series.delta_target_coin = boundary.target;
            series.delta_soft_coin = boundary.soft;
            series.delta_hard_coin = boundary.hard;
        }
    }

    RunReport& report_;
    const Configuration& configuration_;
    const InstrumentTable& instruments_;
    ReplayCore hedged_;
    ReplayCore unhedged_;
    FundingMeter funding_hedged_;
    FundingMeter funding_unhedged_;
    TwinFilter filter_;
    UnixNanos started_{};
    UnixNanos sampled_{};
    double hedge_cost_usd_{0.0};
    std::set<Metric> kinds_;
    std::map<DecisionId, std::size_t> row_of_;
    std::map<DecisionId, DecisionRecord> records_;
    std::map<ClientOrderId, DecisionId> decision_of_;
    std::set<std::uint64_t> fills_seen_;
};

[[noreturn]] void refuse(const std::filesystem::path& journal, const Error& error) {
    throw OutsideError{fmt::format("{}: {} (record {})", journal.string(), errc_name(error.code), error.detail)};
}

}  // namespace

void add_run_history(RunReport& report, const std::filesystem::path& journal) {
    auto reader = JournalReader::open(journal);
    if (!reader) refuse(journal, reader.error());
    const auto preamble = read_preamble(*reader);
    if (!preamble) refuse(journal, preamble.error());
    const Configuration configuration =
        parse_configuration(preamble->config_text, "journal",
                            ConfigurationOptions{.overrides = {}, .mode = {}, .layout = {}, .for_replay = true});
    History history{report, configuration, preamble->instruments, preamble->boot_epoch};
    while (true) {
        const auto record = reader->next();
        if (!record) refuse(journal, record.error());
        if (!record->has_value()) break;
        if ((*record)->type != RecordType::event) continue;
        const auto event = (*record)->as<Event>();
        if (!event) refuse(journal, event.error());
        history.on(*event);
    }
    history.finish();
    report.journal_path = journal.string();
}

}  // namespace keel::app
