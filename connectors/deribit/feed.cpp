#include "connectors/deribit/feed.hpp"

#include <algorithm>
#include <unordered_set>

#include "connectors/deribit/encode.hpp"
#include "connectors/deribit/urls.hpp"
#include "connectors/net/rest_client.hpp"

namespace keel::connectors::deribit {
namespace {

constexpr std::size_t kChannelsPerCallMax = 400;                       // the venue takes about 500
constexpr std::size_t kFramesPerPollMax = 64;                          // then timers and commands get their turn
constexpr std::size_t kEventsPerPollMax = EventBatch::kEventsMax / 2;  // leaves room for one whole frame
constexpr std::chrono::seconds kSnapshotWait{5};                       // after which a book is asked for once more
constexpr std::chrono::milliseconds kRetryEvery{250};

}  // namespace

Result<std::size_t> load_instruments(const Config& config, const net::TlsContext& tls, InstrumentTable& table) {
    constexpr unsigned kOk = 200;
    net::RestClient client{{rest_endpoint(config), config.connect_deadline, config.connect_deadline}, tls};
    Decoder decoder{table};
    EventBatch batch;
    std::size_t total = 0;
    for (const std::string& currency : config.currencies) {
        const std::string target = instruments_target(currency);
        const Result<net::RestResponse> response = client.call({"GET", target, {}, {}});
        if (!response) return fail(response.error());
        if (response->status != kOk) return fail(Errc::http_status, response->status);
        const Result<Message> message = decoder.decode_answer(response->body, RequestKind::get_instruments, batch);
        if (!message) return fail(message.error());
        if (message->kind != MessageKind::answer) return fail(Errc::malformed_message);
        const Result<std::size_t> added = parse_instruments(message->result, table);
        if (!added) return fail(added.error());
        total += *added;
    }
    return total;
}

Feed::Feed(const Config& config, net::TlsContext tls, const InstrumentTable& instruments, EdgeClock& clock,
           net::ConnectBudget* budget, const net::Credentials* credentials)
    : config_{config},
      instruments_{instruments},
      clock_{clock},
      session_{config,         net::kPublicFrameBytesMax,
               std::move(tls), config.interval == "raw" ? credentials : nullptr,
               budget,         config.seed},
      decoder_{instruments},
      subscribe_budget_{{config.subscribe_burst, config.subscribe_per_s, 0.0}, std::chrono::steady_clock::now()},
      channels_{public_channels(config, instruments)},
      chains_(instruments.size()) {}

std::size_t Feed::poll(EventBatch& batch) {
    const net::Monotonic now = std::chrono::steady_clock::now();
    turn(session_.tick(now), batch);
    std::size_t frames = 0;
    while (frames < kFramesPerPollMax && batch.size() < kEventsPerPollMax) {
        const std::optional<net::Frame> frame = session_.next_frame();
        if (!frame) break;
        take(*frame, batch);
        ++frames;
    }
    if (session_.is_up()) {
        retry_silent_books(now);
        resubscribe(now);
        pump_requests(now);
        if (ready_ && !ready_reported_) {
            ready_reported_ = true;
            report(SessionState::ready, batch);
        }
    }
    return frames;
}

void Feed::turn(RpcSession::Turn turn, EventBatch& batch) {
    switch (turn) {
        case RpcSession::Turn::none: return;
        case RpcSession::Turn::connecting: ++counts_.connects; return report(SessionState::connecting, batch);
        case RpcSession::Turn::up: begin_subscribing(); return report(SessionState::syncing, batch);
        case RpcSession::Turn::down:
            ready_ = false;
            to_send_.clear();
            in_flight_.clear();
            stale_books_.clear();
            for (Chain& chain : chains_) chain = Chain{};
            return report(SessionState::down, batch);
    }
}

void Feed::report(SessionState state, EventBatch& batch) {
    static_cast<void>(batch.push(session_.report(state, SessionRole::market_data, clock_.now())));
}

void Feed::take(const net::Frame& frame, EventBatch& batch) {
    ++counts_.frames;
    const std::size_t begin = batch.size();
    const Result<Message> message = decoder_.decode(frame.text, batch);
    if (!message) {
        ++counts_.frames_refused;
        // A book that missed a message is wrong from here on, whatever was wrong with the message.
        const InstrumentId refused = decoder_.refused_book();
        if (refused == InstrumentId::none || chains_[slot(refused)].waiting) return;
        mark_stale(refused, Level{}, {}, batch);
        return stamp(begin, frame, batch);
    }
    if (session_.consume(*message)) return;
    if (message->kind == MessageKind::book) {
        check_book(*message, batch);
    } else if (message->request == RequestKind::subscribe) {
        message->kind == MessageKind::answer ? on_subscribed(*message) : on_subscribe_error(*message);
    }
    stamp(begin, frame, batch);
    counts_.events += batch.size() - begin;
}

void Feed::stamp(std::size_t begin, const net::Frame& frame, EventBatch& batch) {
    const std::span<Event> events = batch.events().subspan(begin);
    if (events.empty()) return;
    for (const Event& event : events) clock_.observe(event.exchange_time);
    const UnixNanos now = clock_.now();
    const std::uint64_t decoded = cycles_now();
    for (Event& event : events) {
        event.receive_time = now;
        event.receive_cycles = frame.receive_cycles;
        event.decoded_cycles = decoded;
    }
}

void Feed::check_book(const Message& message, EventBatch& batch) {
    Chain& chain = chains_[slot(message.instrument)];
    if (message.snapshot) {
        chain.change_id = message.change_id;
        chain.waiting = false;
        return;
    }
    if (!chain.waiting && message.change_id_previous == chain.change_id) {
        chain.change_id = message.change_id;
        return;
    }
    const UnixNanos exchange_time = batch.events()[message.events_begin].exchange_time;
    batch.truncate(message.events_begin);
    if (chain.waiting) return;  // said so already; what comes before the snapshot means nothing
    ++counts_.gaps;
    Level level;
    level.sequence = message.change_id;
    level.sequence_previous = message.change_id_previous;
    mark_stale(message.instrument, level, exchange_time, batch);
}

void Feed::mark_stale(InstrumentId instrument, const Level& level, UnixNanos exchange_time, EventBatch& batch) {
    Chain& chain = chains_[slot(instrument)];
    chain.waiting = true;
    chain.queued = true;
    stale_books_.push_back(instrument);
    Event event = Event::of(EventKind::book_stale, VenueId::deribit, instrument, level);
    event.exchange_time = exchange_time;
    event.set(kFirst);
    event.set(kLast);
    static_cast<void>(batch.push(event));
}

void Feed::begin_subscribing() {
    to_send_.clear();
    in_flight_.clear();
    dropped_.clear();
    ready_ = false;
    ready_reported_ = false;
    counts_.channels_subscribed = 0;
    for (std::size_t begin = 0; begin < channels_.size(); begin += kChannelsPerCallMax) {
        const std::size_t end = std::min(begin + kChannelsPerCallMax, channels_.size());
        Request request;
        request.channels.assign(channels_.begin() + static_cast<std::ptrdiff_t>(begin),
                                channels_.begin() + static_cast<std::ptrdiff_t>(end));
        to_send_.push_back(std::move(request));
    }
    if (channels_.empty()) ready_ = true;
}

void Feed::pump_requests(net::Monotonic now) {
    while (!to_send_.empty() && subscribe_budget_.take(1.0, now)) {
        Request request = std::move(to_send_.front());
        to_send_.pop_front();
        request.id = session_.next_id(RequestKind::subscribe);
        encode_subscribe(session_.scratch(), request.id, "public/subscribe", request.channels);
        if (!session_.send(session_.scratch())) {
            to_send_.push_front(std::move(request));
            return;
        }
        in_flight_.push_back(std::move(request));
    }
}

void Feed::on_subscribed(const Message& message) {
    const auto request = std::ranges::find(in_flight_, message.request_id, &Request::id);
    if (request == in_flight_.end()) return;
    const Result<std::vector<std::string>> granted = parse_texts(message.result);
    if (!granted) return session_.drop(Errc::malformed_message);
    const std::unordered_set<std::string> names{granted->begin(), granted->end()};
    for (const std::string& channel : request->channels) {
        if (names.contains(channel)) {
            ++counts_.channels_subscribed;
            expect_snapshot(channel);
        } else {
            ++counts_.channels_dropped;
            dropped_.push_back(channel);
        }
    }
    in_flight_.erase(request);
    if (in_flight_.empty() && to_send_.empty()) ready_ = true;
}

// A book whose snapshot does not come, or was refused, is asked for again after a while.
void Feed::expect_snapshot(std::string_view channel) {
    constexpr std::string_view kBook = "book.";
    if (!channel.starts_with(kBook)) return;
    const std::string_view name = channel.substr(kBook.size(), channel.rfind('.') - kBook.size());
    const InstrumentId instrument = instruments_.find(VenueId::deribit, name);
    if (instrument != InstrumentId::none) chains_[slot(instrument)].asked = std::chrono::steady_clock::now();
}

void Feed::on_subscribe_error(const Message& message) {
    const auto request = std::ranges::find(in_flight_, message.request_id, &Request::id);
    if (request == in_flight_.end()) return;
    // The whole call was refused (13778 and its like): each of its channels is missing.
    counts_.channels_dropped += request->channels.size();
    dropped_.insert(dropped_.end(), request->channels.begin(), request->channels.end());
    in_flight_.erase(request);
    if (in_flight_.empty() && to_send_.empty()) ready_ = true;
}

// A second subscription to a live channel brings no snapshot: it must be given up first.
void Feed::resubscribe(net::Monotonic now) {
    if (stale_books_.empty() || !subscribe_budget_.take(2.0, now)) return;
    const std::size_t count = std::min(stale_books_.size(), kChannelsPerCallMax);
    Request request;
    for (std::size_t i = 0; i < count; ++i) {
        request.channels.push_back(book_channel(config_, instruments_[stale_books_[i]].name_view()));
        Chain& chain = chains_[slot(stale_books_[i])];
        chain.queued = false;
        chain.asked = now;
    }
    stale_books_.erase(stale_books_.begin(), stale_books_.begin() + static_cast<std::ptrdiff_t>(count));
    counts_.resubscribed += count;
    encode_subscribe(session_.scratch(), session_.next_id(RequestKind::unsubscribe), "public/unsubscribe",
                     request.channels);
    static_cast<void>(session_.send(session_.scratch()));
    request.id = session_.next_id(RequestKind::subscribe);
    encode_subscribe(session_.scratch(), request.id, "public/subscribe", request.channels);
    static_cast<void>(session_.send(session_.scratch()));
    // Not put in flight: these channels were counted when they were first granted.
}

void Feed::retry_silent_books(net::Monotonic now) {
    if (now < next_retry_) return;
    next_retry_ = now + kRetryEvery;
    for (const Instrument& row : instruments_) {
        Chain& chain = chains_[slot(row.id)];
        const bool asked = chain.asked != net::Monotonic{};
        if (!asked || !chain.waiting || chain.queued || now - chain.asked < kSnapshotWait) continue;
        chain.queued = true;
        stale_books_.push_back(row.id);
    }
}

}  // namespace keel::connectors::deribit
