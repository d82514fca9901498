#include <algorithm>

#include "connectors/deribit/encode.hpp"
#include "connectors/deribit/gateway.hpp"
#include "connectors/deribit/urls.hpp"

namespace keel::connectors::deribit {
namespace {

constexpr std::chrono::milliseconds kReadAgainAfter{200};  // when two readings of the positions differ
constexpr std::chrono::milliseconds kListAgainAfter{150};  // open orders, while cancelling ours
constexpr std::int64_t kTradeOverlapMs = 1'000;            // trades of the last known second are read again
constexpr std::size_t kTradePagesMax = 64;                 // of 1,000 trades: more than a day of this engine

}  // namespace

void Gateway::request(RequestKind kind, std::string_view method, std::string_view params) {
    encode_request(session_.scratch(), session_.next_id(kind), method, params);
    static_cast<void>(session_.send(session_.scratch()));
}

// Nothing is sent on a connection whose death would leave orders behind, and nothing is read before
// the account's stream runs: what happens while reading is then not missed.
void Gateway::arm() {
    sync_ = Sync::arming;
    answers_left_ = 2;
    if (last_trade_ms_ == 0) last_trade_ms_ = session_.venue_time_ms();
    request(RequestKind::cancel_on_disconnect, "private/enable_cancel_on_disconnect", R"("scope":"connection")");
    const std::vector<std::string> channels = private_channels();
    encode_subscribe(session_.scratch(), session_.next_id(RequestKind::subscribe), "private/subscribe", channels);
    static_cast<void>(session_.send(session_.scratch()));
}

void Gateway::begin_reading() {
    sync_ = Sync::reading;
    ++counts_.sync_rounds;
    positions_first_.clear();
    positions_agree_ = false;
    answers_left_ = 0;
    const auto ask = [this](RequestKind kind, std::string_view method, std::string_view params) {
        const std::uint64_t id = session_.next_id(kind);
        encode_request(session_.scratch(), id, method, params);
        static_cast<void>(session_.send(session_.scratch()));
        ++answers_left_;
        return id;
    };
    constexpr std::string_view kAnyCurrency = R"("currency":"any")";
    positions_first_id_ = ask(RequestKind::positions, "private/get_positions", kAnyCurrency);
    // After a cut only: before the first reading there is nothing of ours to have missed.
    if (session_.generation() > 1) {
        trade_pages_.clear();
        for (const std::string& currency : config_.currencies) ask_trades(currency, last_trade_ms_ - kTradeOverlapMs);
    }
    ask(RequestKind::open_orders, "private/get_open_orders", {});
    ask(RequestKind::account_summaries, "private/get_account_summaries", R"("extended":true)");
    positions_second_id_ = ask(RequestKind::positions, "private/get_positions", kAnyCurrency);
}

void Gateway::ask_trades(std::string_view currency, std::int64_t since_ms) {
    TradePage page{session_.next_id(RequestKind::user_trades), std::string{currency}, since_ms};
    std::string params = R"("currency":")" + page.currency + R"(","start_timestamp":)" + std::to_string(since_ms);
    params.append(R"(,"end_timestamp":)").append(std::to_string(session_.venue_time_ms() + kTradeOverlapMs));
    params.append(R"(,"count":1000,"sorting":"asc")");
    encode_request(session_.scratch(), page.id, "private/get_user_trades_by_currency_and_time", params);
    static_cast<void>(session_.send(session_.scratch()));
    ++answers_left_;
    trade_pages_.push_back(std::move(page));
}

// A full page means that there is another, which begins where this one ended. Trades of that
// millisecond come twice; the order table knows them by their ids.
void Gateway::on_trades(const Message& message, const EventBatch& batch) {
    const auto page = std::ranges::find(trade_pages_, message.request_id, &TradePage::id);
    if (page == trade_pages_.end() || !message.has_more) return;
    std::int64_t last_ms = page->since_ms;
    for (const Event& event : batch.events().subspan(message.events_begin)) {
        last_ms = std::max(last_ms, event.exchange_time.ms());
    }
    // More than a page in one millisecond: step over it, rather than asking the same for ever.
    if (last_ms == page->since_ms) ++last_ms;
    if (trade_pages_.size() < kTradePagesMax) ask_trades(std::string{page->currency}, last_ms);
}

void Gateway::on_sync_answer(const Message& message, EventBatch& batch) {
    switch (message.request) {
        case RequestKind::subscribe: {
            const Result<std::vector<std::string>> granted = parse_texts(message.result);
            if (!granted || granted->size() != private_channels().size()) {
                ++counts_.blocked;
                return session_.drop(Errc::venue_error);
            }
            break;
        }
        case RequestKind::cancel_on_disconnect: break;
        case RequestKind::positions: on_positions(message, batch); break;
        case RequestKind::open_orders: on_open_orders(message, batch); break;
        case RequestKind::order_state:
            for (Event& event : batch.events().subspan(message.events_begin)) {
                if (event.kind == EventKind::order_acked) event.set(kFound);
            }
            return;
        case RequestKind::account_summaries:
            if (const Result<RateLimits> limits = parse_rate_limits(message.result)) {
                granted_ = *limits;
                budget_.set_budget(message_budget(), std::chrono::steady_clock::now());
            }
            break;
        case RequestKind::user_trades: on_trades(message, batch); break;
        default: return;
    }
    if (sync_ == Sync::down || sync_ == Sync::ready || answers_left_ == 0 || --answers_left_ > 0) return;
    if (sync_ == Sync::arming) return begin_reading();
    finish_reading(batch);
}

void Gateway::on_positions(const Message& message, EventBatch& batch) {
    const std::span<const Event> events = batch.events().subspan(message.events_begin);
    std::vector<std::pair<InstrumentId, Quantity>> read;
    for (const Event& event : events) {
        const Quantity quantity = event.as<PositionReport>().quantity;
        if (quantity != Quantity{}) read.emplace_back(event.instrument, quantity);
    }
    std::ranges::sort(read);
    if (message.request_id == positions_first_id_) {
        positions_first_ = std::move(read);
        positions_first_id_ = 0;
        batch.truncate(message.events_begin);
        return;
    }
    const bool first_known = positions_first_id_ == 0;
    positions_agree_ = message.request_id == positions_second_id_ && first_known && read == positions_first_;
    if (!positions_agree_) {
        batch.truncate(message.events_begin);
        return;
    }
    // What was held and is no longer listed is flat: said aloud, so that nobody goes on holding it.
    for (const InstrumentId instrument : held_) {
        const bool listed = std::ranges::any_of(batch.events().subspan(message.events_begin),
                                                [&](const Event& event) { return event.instrument == instrument; });
        if (!listed) {
            static_cast<void>(
                batch.push(Event::of(EventKind::position, VenueId::deribit, instrument, PositionReport{})));
        }
    }
    const std::span<Event> all = batch.events().subspan(message.events_begin);
    for (Event& event : all) {
        event.flags = static_cast<std::uint8_t>(event.flags & ~(kFirst | kLast));
        if (std::ranges::find(held_, event.instrument) == held_.end()) held_.push_back(event.instrument);
    }
    if (all.empty()) return;
    all.front().set(kFirst);
    all.back().set(kLast);
}

void Gateway::on_open_orders(const Message& message, EventBatch& batch) {
    to_cancel_.clear();
    for (Event& event : batch.events().subspan(message.events_begin)) {
        if (event.kind != EventKind::order_acked) continue;
        event.set(kFound);
        OrderCommand cancel;
        cancel.kind = CommandKind::cancel;
        cancel.venue = VenueId::deribit;
        cancel.side = event.side();
        cancel.instrument = event.instrument;
        cancel.client_order_id = event.as<OrderReport>().client_order_id;
        to_cancel_.push_back(cancel);
    }
    if (!canceling_) return;
    listing_ = false;
    ours_left_.store(static_cast<std::int64_t>(to_cancel_.size()), std::memory_order_release);
    next_listing_ = std::chrono::steady_clock::now() + kListAgainAfter;
    for (const OrderCommand& cancel : to_cancel_) send(cancel);
}

void Gateway::finish_reading(EventBatch& batch) {
    if (!positions_agree_) {
        sync_ = Sync::pausing;
        next_reading_ = std::chrono::steady_clock::now() + kReadAgainAfter;
        return;
    }
    sync_ = Sync::ready;
    // The fate of what was in flight when the last connection died.
    for (const OrderCommand& command : doubts_) ask_for(command);
    doubts_.clear();
    report(SessionState::ready, batch);
}

void Gateway::pump_sync(net::Monotonic now) {
    if (sync_ == Sync::pausing && now >= next_reading_) begin_reading();
    if (rest_ != nullptr) rest_->warm();
}

void Gateway::cancel_ours() {
    ours_left_.store(kNotListed, std::memory_order_release);
    cancel_asked_.store(true, std::memory_order_release);
}

std::optional<std::size_t> Gateway::ours_left() const {
    const std::int64_t left = ours_left_.load(std::memory_order_acquire);
    // A request that poll() has not seen yet has no answer either, whatever an older listing said.
    if (left == kNotListed || cancel_asked_.load(std::memory_order_acquire)) return std::nullopt;
    return static_cast<std::size_t>(left);
}

void Gateway::pump_cancels(net::Monotonic now) {
    if (cancel_asked_.load(std::memory_order_acquire)) {
        canceling_ = true;
        listing_ = false;
        next_listing_ = {};
        ours_left_.store(kNotListed, std::memory_order_release);
        cancel_asked_.store(false, std::memory_order_release);
    }
    if (!canceling_ || listing_ || sync_ != Sync::ready || now < next_listing_) return;
    if (ours_left_.load(std::memory_order_acquire) == 0) return;
    listing_ = true;
    request(RequestKind::open_orders, "private/get_open_orders");
}

void Gateway::note_trade_times(std::span<const Event> events) {
    for (const Event& event : events) {
        if (event.kind == EventKind::fill) last_trade_ms_ = std::max(last_trade_ms_, event.exchange_time.ms());
    }
}

}  // namespace keel::connectors::deribit
