#include "app/journal/journal_text.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <array>
#include <cmath>
#include <ctime>

#include "connectors/deribit/errors.hpp"
#include "engine/core/result.hpp"

namespace keel::app {

namespace {

constexpr std::array kEventKinds{"none",           "book_snapshot",  "level_update",    "trade",
                                 "quote",          "ticker",         "index_price",     "volatility_index",
                                 "book_stale",     "order_acked",    "order_rejected",  "order_unknown",
                                 "order_not_sent", "order_canceled", "order_expired",   "cancel_rejected",
                                 "fill",           "external_order", "position",        "balance",
                                 "session",        "timer",          "operator_command"};
static_assert(kEventKinds.size() == static_cast<std::size_t>(EventKind::operator_command) + 1);

constexpr std::array kSessionStates{"down", "connecting", "syncing", "ready"};

std::string real_text(Real value) { return std::isfinite(value.value()) ? fmt::format("{:g}", value.value()) : "-"; }

const char* side_text(Side side) { return side == Side::bid ? "buy" : "sell"; }

std::string level_text(const Event& event, const InstrumentTable& instruments) {
    const auto level = event.as<Level>();
    return fmt::format("{} {} x {} seq {} after {}{}{}", event.side() == Side::bid ? "bid" : "ask",
                       price_text(instruments, event.instrument, level.price),
                       quantity_text(instruments, event.instrument, level.quantity), level.sequence,
                       level.sequence_previous, event.has(kFirst) ? " first" : "", event.has(kLast) ? " last" : "");
}

std::string order_report_text(const Event& event, const InstrumentTable& instruments) {
    const auto report = event.as<OrderReport>();
    const std::string reason = reason_text(event);
    return fmt::format("order {} {} {} at {} filled {}{}{}", order_id_text(report.client_order_id),
                       side_text(event.side()), quantity_text(instruments, event.instrument, report.quantity),
                       price_text(instruments, event.instrument, report.price),
                       quantity_text(instruments, event.instrument, report.filled), reason.empty() ? "" : ", ", reason);
}

std::string fill_text(const Event& event, const InstrumentTable& instruments) {
    const auto fill = event.as<FillReport>();
    return fmt::format("order {} {} {} at {} fee {:.9g} trade {:x}", order_id_text(fill.client_order_id),
                       side_text(event.side()), quantity_text(instruments, event.instrument, fill.quantity),
                       price_text(instruments, event.instrument, fill.price),
                       static_cast<double>(fill.fee.count()) * kMoneyUnit, fill.trade_id);
}

std::string trade_text(const Event& event, const InstrumentTable& instruments) {
    const auto trade = event.as<Trade>();
    return fmt::format("{} {} at {}", side_text(event.side()),
                       quantity_text(instruments, event.instrument, trade.quantity),
                       price_text(instruments, event.instrument, trade.price));
}

std::string quote_text(const Event& event, const InstrumentTable& instruments) {
    const auto quote = event.as<Quote>();
    return fmt::format("{} x {} / {} x {}", price_text(instruments, event.instrument, quote.bid),
                       quantity_text(instruments, event.instrument, quote.bid_quantity),
                       price_text(instruments, event.instrument, quote.ask),
                       quantity_text(instruments, event.instrument, quote.ask_quantity));
}

std::string session_text(const Event& event) {
    const auto report = event.as<SessionReport>();
    return fmt::format("{} {} generation {} skew {:.3f} ms", report.role == SessionRole::orders ? "orders" : "market",
                       kSessionStates[static_cast<std::size_t>(report.state)], report.generation,
                       static_cast<double>(report.clock_skew_ns) / 1e6);
}

std::string payload_text(const Event& event, const InstrumentTable& instruments) {
    switch (event.kind) {
        case EventKind::book_snapshot:
        case EventKind::level_update: return level_text(event, instruments);
        case EventKind::trade: return trade_text(event, instruments);
        case EventKind::quote: return quote_text(event, instruments);
        case EventKind::ticker: {
            const auto ticker = event.as<Ticker>();
            return fmt::format("mark {} index {} iv {} delta {}", real_text(ticker.mark_price),
                               real_text(ticker.index_price), real_text(ticker.mark_iv), real_text(ticker.delta));
        }
        case EventKind::index_price: {
            const auto index = event.as<IndexPrice>();
            return fmt::format("{} {}",
                               index.underlying == UnderlyingId::none ? "?" : instruments.name_of(index.underlying),
                               real_text(index.price));
        }
        case EventKind::volatility_index: return real_text(event.as<VolatilityIndex>().volatility);
        case EventKind::fill: return fill_text(event, instruments);
        case EventKind::position: {
            const auto position = event.as<PositionReport>();
            return fmt::format("{} at {}", quantity_text(instruments, event.instrument, position.quantity),
                               real_text(position.average_price));
        }
        case EventKind::balance: return fmt::format("equity {}", real_text(event.as<BalanceReport>().equity));
        case EventKind::session: return session_text(event);
        case EventKind::operator_command: {
            const auto command = event.as<OperatorCommand>();
            return fmt::format("action {} kill level {}", static_cast<int>(command.action), command.kill_level);
        }
        case EventKind::none:
        case EventKind::timer:
        case EventKind::book_stale: return "";
        default: return order_report_text(event, instruments);
    }
}

}  // namespace

const char* event_kind_name(EventKind kind) {
    const auto slot = static_cast<std::size_t>(kind);
    return slot < kEventKinds.size() ? kEventKinds[slot] : "unknown";
}

const char* command_kind_name(CommandKind kind) {
    constexpr std::array kNames{"none", "submit", "replace", "cancel", "cancel_all"};
    const auto slot = static_cast<std::size_t>(kind);
    return slot < kNames.size() ? kNames[slot] : "unknown";
}

const char* time_in_force_name(TimeInForce time_in_force) {
    constexpr std::array kNames{"good_til_cancelled", "immediate_or_cancel", "fill_or_kill"};
    const auto slot = static_cast<std::size_t>(time_in_force);
    return slot < kNames.size() ? kNames[slot] : "unknown";
}

std::string_view reason_name(const Event& event) {
    const std::int64_t reason = event.as<OrderReport>().reason;
    if (const Errc own = own_errc(reason); own != Errc::none) return errc_name(own);
    return event.venue == VenueId::deribit ? connectors::deribit::error_name(reason) : std::string_view{};
}

std::string reason_text(const Event& event) {
    const std::int64_t reason = event.as<OrderReport>().reason;
    const std::string_view name = reason_name(event);
    std::string text;
    if (own_errc(reason) != Errc::none) {
        text = name;
    } else if (reason != 0) {
        text = fmt::format("venue's reason {}{}{}", reason, name.empty() ? "" : " ", name);
    }
    if (event.kind != EventKind::order_not_sent) return text;
    return text + (text.empty() ? "" : ": ") + "it never left this process";
}

std::string time_text(UnixNanos time) {
    if (time.ns() == 0) return "never";
    const auto seconds = static_cast<std::time_t>(time.ns() / 1'000'000'000);
    return fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}Z", fmt::gmtime(seconds), time.ns() % 1'000'000'000);
}

std::string order_id_text(ClientOrderId id) {
    const auto number = static_cast<std::uint64_t>(id);
    if (id == ClientOrderId::none) return "not ours";
    return fmt::format("{:x}-{}", number >> 32U, number & 0xffff'ffffU);
}

std::string instrument_text(const InstrumentTable& instruments, InstrumentId id) {
    return slot(id) < instruments.size() ? std::string{instruments[id].name_view()} : "-";
}

std::string price_text(const InstrumentTable& instruments, InstrumentId id, Price price) {
    return slot(id) < instruments.size() ? instruments[id].decimal_of(price).to_text() : std::to_string(price.count());
}

std::string quantity_text(const InstrumentTable& instruments, InstrumentId id, Quantity quantity) {
    return slot(id) < instruments.size() ? instruments[id].decimal_of(quantity).to_text()
                                         : std::to_string(quantity.count());
}

std::string event_text(const Event& event, const InstrumentTable& instruments) {
    std::string out =
        fmt::format("{} #{} {}", time_text(event.receive_time), event.sequence, event_kind_name(event.kind));
    if (event.instrument != InstrumentId::none) out += " " + instrument_text(instruments, event.instrument);
    const std::string payload = payload_text(event, instruments);
    return payload.empty() ? out : out + " " + payload;
}

std::string command_text(const OrderCommand& command, const InstrumentTable& instruments) {
    return fmt::format("{} {} {} {} {} at {} {}{}{} decision {} after event {}", command_kind_name(command.kind),
                       order_id_text(command.client_order_id), instrument_text(instruments, command.instrument),
                       side_text(command.side), quantity_text(instruments, command.instrument, command.quantity),
                       price_text(instruments, command.instrument, command.price),
                       time_in_force_name(command.time_in_force), command.reduce_only != 0 ? " reduce-only" : "",
                       command.post_only != 0 ? " post-only" : "", static_cast<std::uint64_t>(command.decision),
                       command.trigger_sequence);
}

std::string decision_text(const DecisionRecord& decision, const InstrumentTable& instruments) {
    return fmt::format("{} decision {} {} {} {} value {} soft {} hard {} need {} cost {} {}", time_text(decision.time),
                       static_cast<std::uint64_t>(decision.id),
                       decision.underlying == UnderlyingId::none ? "account" : instruments.name_of(decision.underlying),
                       metric_name(decision.trigger.metric), signal_name(decision.trigger.signal),
                       real_text(decision.trigger.value), real_text(decision.trigger.soft),
                       real_text(decision.trigger.hard), real_text(decision.need), real_text(decision.cost_usd),
                       outcome_name(decision.outcome));
}

std::string refusal_text(const Refusal& refusal, const InstrumentTable& instruments) {
    return fmt::format("{} {} {} {} {} at {} refused by {}: {} against {}, decision {}", time_text(refusal.time),
                       command_kind_name(refusal.kind), instrument_text(instruments, refusal.instrument),
                       side_text(refusal.side), quantity_text(instruments, refusal.instrument, refusal.quantity),
                       price_text(instruments, refusal.instrument, refusal.price), gate_limit_name(refusal.limit),
                       real_text(refusal.value), real_text(refusal.bound),
                       static_cast<std::uint64_t>(refusal.decision));
}

}  // namespace keel::app
