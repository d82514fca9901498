#include <cstdlib>

#include "connectors/deribit/parse_fields.hpp"

namespace keel::connectors::deribit {
namespace {

struct OrderFields {
    std::string_view order_id, label, name, state, price, amount, filled, direction, time_in_force, cancel_reason;
    std::uint64_t updated_ms{0};
    bool liquidation{false};
};

bool read_order_field(std::string_view key, ondemand::value& value, OrderFields& out) {
    if (key == "order_id") return read_text(value, out.order_id);
    if (key == "label") return read_text(value, out.label);
    if (key == "instrument_name") return read_text(value, out.name);
    if (key == "order_state") return read_text(value, out.state);
    if (key == "price") return read_token(value, out.price);
    if (key == "amount") return read_token(value, out.amount);
    if (key == "filled_amount") return read_token(value, out.filled);
    if (key == "direction") return read_text(value, out.direction);
    if (key == "time_in_force") return read_text(value, out.time_in_force);
    if (key == "cancel_reason") return read_text(value, out.cancel_reason);
    if (key == "last_update_timestamp") return read_unsigned(value, out.updated_ms);
    if (key == "is_liquidation") return read_bool(value, out.liquidation);
    return true;
}

// What the state of one of our orders means. A filled order is told by its fills; its acknowledgement
// carries the cumulative quantity. States that this program does not know count as working.
EventKind kind_of_order(const OrderFields& order) {
    if (order.state == "rejected") return EventKind::order_rejected;
    if (order.state != "cancelled") return EventKind::order_acked;
    const bool remainder = order.time_in_force == "immediate_or_cancel" || order.time_in_force == "fill_or_kill";
    const bool asked = order.cancel_reason == "user_request";
    return (remainder && !asked) || order.cancel_reason == "settlement" ? EventKind::order_expired
                                                                        : EventKind::order_canceled;
}

bool push_order(Reading& reading, const OrderFields& order) {
    if (order.direction != "buy" && order.direction != "sell") return false;
    const InstrumentId instrument = reading.symbols.find(order.name);
    if (instrument == InstrumentId::none) {
        ++reading.counts.unknown_instruments;
        return true;
    }
    OrderReport report;
    report.client_order_id = id_of_label(order.label);
    report.venue_order_id = text_hash(order.order_id);
    report.venue_version = order.updated_ms;
    if (!reading.price(instrument, order.price, report.price)) return false;
    if (!reading.quantity(instrument, order.amount, report.quantity)) return false;
    if (!reading.quantity(instrument, order.filled, report.filled)) return false;
    const bool ours = report.client_order_id != ClientOrderId::none;
    // An order of somebody else that is over has nothing left to trade.
    const bool over = order.state == "cancelled" || order.state == "rejected" || order.state == "filled";
    if (!ours && over) report.quantity = report.filled;
    if (ours && reading.order_ids != nullptr) reading.order_ids->remember(report.client_order_id, order.order_id);
    Event* event = reading.push(ours ? kind_of_order(order) : EventKind::external_order, instrument, report);
    if (event == nullptr) return false;
    event->exchange_time = time_of_ms(order.updated_ms);
    event->set_side(order.direction == "sell" ? Side::ask : Side::bid);
    if (ours) event->set(kOurs);
    if (order.liquidation) event->set(kLiquidation);
    return true;
}

bool read_order(Reading& reading, ondemand::value data) {
    OrderFields order;
    const bool read = each_field(
        data, [&](std::string_view key, ondemand::value& value) { return read_order_field(key, value, order); });
    return read && push_order(reading, order);
}

// Coin amounts to billionths; what is finer rounds to the nearest.
bool read_money(std::string_view token, Money& out) {
    if (token.empty()) {
        out = Money{};
        return true;
    }
    constexpr std::int32_t kExponent = -9;
    Result<Decimal> value = parse_decimal(token);
    if (!value) return false;
    while (value->exponent < kExponent) {
        // Rounds once, at the last digit cut off.
        const std::int64_t cut = value->mantissa % 10;
        value->mantissa /= 10;
        if (++value->exponent == kExponent && std::abs(cut) >= 5) value->mantissa += cut > 0 ? 1 : -1;
    }
    for (; value->exponent > kExponent; --value->exponent) {
        if (__builtin_mul_overflow(value->mantissa, 10, &value->mantissa)) return false;
    }
    out = Money{value->mantissa};
    return true;
}

struct TradeFields {
    std::string_view name, order_id, label, trade_id, price, amount, fee, fee_currency, direction, liquidity;
    double mark_price{kNaN};
    std::uint64_t timestamp{0};
    bool liquidation{false};
};

bool read_trade_field(std::string_view key, ondemand::value& value, TradeFields& out) {
    if (key == "instrument_name") return read_text(value, out.name);
    if (key == "order_id") return read_text(value, out.order_id);
    if (key == "label") return read_text(value, out.label);
    if (key == "trade_id") return read_text(value, out.trade_id);
    if (key == "price") return read_token(value, out.price);
    if (key == "amount") return read_token(value, out.amount);
    if (key == "fee") return read_token(value, out.fee);
    if (key == "fee_currency") return read_text(value, out.fee_currency);
    if (key == "direction") return read_text(value, out.direction);
    if (key == "liquidity") return read_text(value, out.liquidity);
    if (key == "mark_price") return read_double(value, out.mark_price);
    if (key == "timestamp") return read_unsigned(value, out.timestamp);
    if (key == "order_type") {
        std::string_view type;
        if (!read_text(value, type)) return false;
        out.liquidation = out.liquidation || type == "liquidation";
    }
    return true;
}

bool push_fill(Reading& reading, const TradeFields& trade) {
    if (trade.direction != "buy" && trade.direction != "sell") return false;
    if (trade.price.empty() || trade.amount.empty() || trade.trade_id.empty()) return false;
    const InstrumentId instrument = reading.symbols.find(trade.name);
    if (instrument == InstrumentId::none) {
        ++reading.counts.unknown_instruments;
        return true;
    }
    FillReport fill;
    fill.client_order_id = id_of_label(trade.label);
    fill.venue_order_id = text_hash(trade.order_id);
    fill.trade_id = text_hash(trade.trade_id);
    fill.fee_currency = reading.symbols.table().find_currency(trade.fee_currency);
    fill.mark_price = trade.mark_price;
    if (!reading.price(instrument, trade.price, fill.price)) return false;
    if (!reading.quantity(instrument, trade.amount, fill.quantity)) return false;
    if (!read_money(trade.fee, fill.fee)) return false;
    Event* event = reading.push(EventKind::fill, instrument, fill);
    if (event == nullptr) return false;
    event->exchange_time = time_of_ms(trade.timestamp);
    event->set_side(trade.direction == "sell" ? Side::ask : Side::bid);
    if (fill.client_order_id != ClientOrderId::none) event->set(kOurs);
    if (trade.liquidity == "M") event->set(kMaker);
    if (trade.liquidation) event->set(kLiquidation);
    return true;
}

bool read_position(Reading& reading, ondemand::value data) {
    std::string_view name, size, direction;
    PositionReport position{
        .average_price = kNaN, .realized_pnl = kNaN, .initial_margin = kNaN, .maintenance_margin = kNaN};
    const auto real = [](ondemand::value& value, Real& out) {
        double number = kNaN;
        if (!read_double(value, number)) return false;
        out = number;
        return true;
    };
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "instrument_name") return read_text(value, name);
        if (key == "size") return read_token(value, size);
        if (key == "direction") return read_text(value, direction);
        if (key == "average_price") return real(value, position.average_price);
        if (key == "realized_profit_loss") return real(value, position.realized_pnl);
        if (key == "initial_margin") return real(value, position.initial_margin);
        if (key == "maintenance_margin") return real(value, position.maintenance_margin);
        return true;
    });
    if (!read || size.empty()) return false;
    const InstrumentId instrument = reading.symbols.find(name);
    if (instrument == InstrumentId::none) {
        ++reading.counts.unknown_instruments;
        return true;
    }
    if (!reading.quantity(instrument, size, position.quantity)) return false;
    // Sizes are signed, but some answers carry the magnitude and only `direction` tells the sign.
    if (direction == "sell" && position.quantity > Quantity{}) position.quantity = -position.quantity;
    return reading.push(EventKind::position, instrument, position) != nullptr;
}

// Fills before orders before positions, whatever order the venue's object has them in: an order that
// ends with a fill in the same message must see the fill first.
int rank(const Event& event) {
    if (event.kind == EventKind::fill) return 0;
    return event.kind == EventKind::position ? 2 : 1;
}

void order_facts(std::span<Event> events) {
    for (std::size_t i = 1; i < events.size(); ++i) {
        const Event event = events[i];
        std::size_t at = i;
        for (; at > 0 && rank(events[at - 1]) > rank(event); --at) events[at] = events[at - 1];
        events[at] = event;
    }
}

}  // namespace

bool read_orders(Reading& reading, ondemand::value data) {
    if (first_char(data) == '{') return read_order(reading, data);
    return each_item(data, [&](ondemand::value& row) { return read_order(reading, row); });
}

bool read_user_trades(Reading& reading, ondemand::value data) {
    return each_item(data, [&](ondemand::value& row) {
        TradeFields trade;
        const bool read = each_field(
            row, [&](std::string_view key, ondemand::value& value) { return read_trade_field(key, value, trade); });
        return read && push_fill(reading, trade);
    });
}

bool read_positions(Reading& reading, ondemand::value data) {
    const std::size_t begin = reading.batch.size();
    if (!each_item(data, [&](ondemand::value& row) { return read_position(reading, row); })) return false;
    const std::span<Event> events = reading.batch.events().subspan(begin);
    if (events.empty()) return true;
    events.front().set(kFirst);
    events.back().set(kLast);
    return true;
}

bool read_changes(Reading& reading, ondemand::value data) {
    const std::size_t begin = reading.batch.size();
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "trades") return read_user_trades(reading, value);
        if (key == "orders") return read_orders(reading, value);
        if (key != "positions") return true;
        return each_item(value, [&](ondemand::value& row) { return read_position(reading, row); });
    });
    if (!read) return false;
    order_facts(reading.batch.events().subspan(begin));
    return true;
}

bool read_order_answer(Reading& reading, ondemand::value data) {
    const std::size_t begin = reading.batch.size();
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "order") return read_order(reading, value);
        if (key == "trades") return read_user_trades(reading, value);
        return true;
    });
    if (!read) return false;
    order_facts(reading.batch.events().subspan(begin));
    return true;
}

bool read_portfolio(Reading& reading, ondemand::value data) {
    std::string_view currency, cash;
    double equity = kNaN, margin_balance = kNaN, initial = kNaN, maintenance = kNaN, delta = kNaN;
    const bool read = each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "currency") return read_text(value, currency);
        if (key == "balance") return read_token(value, cash);
        if (key == "equity") return read_double(value, equity);
        if (key == "margin_balance") return read_double(value, margin_balance);
        if (key == "initial_margin") return read_double(value, initial);
        if (key == "maintenance_margin") return read_double(value, maintenance);
        if (key == "delta_total") return read_double(value, delta);
        return true;
    });
    if (!read || currency.empty()) return false;
    BalanceReport report{.equity = equity,
                         .margin_balance = margin_balance,
                         .initial_margin = initial,
                         .maintenance_margin = maintenance,
                         .delta_total = delta,
                         .currency = reading.symbols.table().find_currency(currency)};
    if (!read_money(cash, report.cash)) return reading.refuse(Errc::number_out_of_range);
    // A currency that no instrument of ours settles in cannot back any of our positions.
    if (report.currency == CurrencyId::none) return true;
    return reading.push(EventKind::balance, InstrumentId::none, report) != nullptr;
}

bool read_account_summaries(Reading& reading, ondemand::value data) {
    std::string_view currency, summaries;
    std::string_view raw;
    if (!read_raw(data, raw)) return false;
    ondemand::parser parser{kMessageBytesMax};
    ondemand::document document;
    ondemand::value whole;
    if (!open_document(parser, raw, document)) return false;
    if (document.get_value().get(whole) != simdjson::SUCCESS) return false;
    const bool read = each_field(whole, [&](std::string_view key, ondemand::value& value) {
        return key == "summaries" ? read_raw(value, summaries) : true;
    });
    if (!read) return false;
    ondemand::parser inner{kMessageBytesMax};
    ondemand::document part;
    ondemand::value rows;
    if (!open_document(inner, summaries.empty() ? raw : summaries, part)) return false;
    if (part.get_value().get(rows) != simdjson::SUCCESS) return false;
    if (summaries.empty()) return read_portfolio(reading, rows);
    return each_item(rows, [&](ondemand::value& row) { return read_portfolio(reading, row); });
}

bool read_trades_answer(Reading& reading, ondemand::value data, bool ours, Message& message) {
    const auto read_rows = [&](ondemand::value rows) {
        return ours ? read_user_trades(reading, rows) : read_trades(reading, rows);
    };
    if (first_char(data) == '[') return read_rows(data);
    return each_field(data, [&](std::string_view key, ondemand::value& value) {
        if (key == "has_more") return read_bool(value, message.has_more);
        return key == "trades" ? read_rows(value) : true;
    });
}

}  // namespace keel::connectors::deribit
