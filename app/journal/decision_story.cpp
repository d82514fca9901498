#include "app/journal/decision_story.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "app/journal/journal_file.hpp"

namespace keel::app {

namespace {

// The venue tells most facts twice, in the answer and on the private channel; the story tells them once.
bool told_already(const OrderStory& order, const Event& event) {
    for (const Event& earlier : order.events) {
        if (earlier.kind != event.kind) continue;
        if (event.kind == EventKind::fill) {
            if (earlier.as<FillReport>().trade_id == event.as<FillReport>().trade_id) return true;
            continue;
        }
        const auto a = earlier.as<OrderReport>();
        const auto b = event.as<OrderReport>();
        if (a.price == b.price && a.quantity == b.quantity && a.filled == b.filled && a.reason == b.reason) return true;
    }
    return false;
}

bool is_order_event(EventKind kind) { return kind >= EventKind::order_acked && kind <= EventKind::fill; }

ClientOrderId order_of(const Event& event) {
    return event.kind == EventKind::fill ? event.as<FillReport>().client_order_id
                                         : event.as<OrderReport>().client_order_id;
}

// Gathers stories while the journal is read.
class StoryBuilder {
public:
    explicit StoryBuilder(JournalStory& story) : story_{story} {}

    void take(const DecisionRecord& decision) {
        by_decision_[decision.id] = story_.decisions.size();
        story_.decisions.push_back({decision, {}, {}});
    }
    void take(const OrderCommand& command) {
        const auto decision = by_decision_.find(command.decision);
        if (command.kind != CommandKind::submit || decision == by_decision_.end()) return;
        DecisionStory& story = story_.decisions[decision->second];
        by_order_[command.client_order_id] = {decision->second, story.orders.size()};
        story.orders.push_back({command, {}});
    }
    void take(const Refusal& refusal) {
        const auto decision = by_decision_.find(refusal.decision);
        if (decision != by_decision_.end()) story_.decisions[decision->second].refusals.push_back(refusal);
    }
    // Told at the core's time, which never runs backwards: each link stamps with the time that it knows, and one that
    // has heard less than the core is behind it.
    void take(Event event) {
        now_ = event.receive_time = std::max(now_, event.receive_time);
        if (!is_order_event(event.kind)) return;
        const auto order = by_order_.find(order_of(event));
        if (order == by_order_.end()) return;
        OrderStory& story = story_.decisions[order->second.first].orders[order->second.second];
        if (!told_already(story, event)) story.events.push_back(event);
    }

private:
    JournalStory& story_;
    UnixNanos now_{};
    std::unordered_map<DecisionId, std::size_t> by_decision_;
    std::unordered_map<ClientOrderId, std::pair<std::size_t, std::size_t>> by_order_;
};

template <class T>
void take_as(const JournalRecord& record, StoryBuilder& builder) {
    if (const Result<T> value = record.as<T>()) builder.take(*value);
}

}  // namespace

Quantity OrderStory::filled() const {
    Quantity sum{};
    for (const Event& event : events) {
        if (event.kind == EventKind::fill) sum += event.as<FillReport>().quantity;
    }
    return sum;
}

std::uint64_t OrderStory::latency_cycles() const {
    if (command.trigger_cycles == 0 || command.emitted_cycles <= command.trigger_cycles) return 0;
    return command.emitted_cycles - command.trigger_cycles;
}

JournalStory read_story(const std::filesystem::path& path) {
    JournalReader reader = open_journal(path);
    JournalStory story;
    story.instruments = preamble_of(reader, path).instruments;
    StoryBuilder builder{story};
    while (const auto record = next_record(reader, path)) {
        switch (record->type) {
            case RecordType::event: take_as<Event>(*record, builder); break;
            case RecordType::command: take_as<OrderCommand>(*record, builder); break;
            case RecordType::decision: take_as<DecisionRecord>(*record, builder); break;
            case RecordType::refusal: take_as<Refusal>(*record, builder); break;
            default: break;
        }
    }
    return story;
}

const CandidateRecord* dearer_candidate(const DecisionRecord& decision) {
    const CandidateRecord* best = nullptr;
    for (std::size_t i = 0; i < decision.candidates_count && i < kCandidatesMax; ++i) {
        const CandidateRecord& candidate = decision.candidates[i];
        if (candidate.chosen.count() != 0 || !std::isfinite(candidate.unit_cost_usd.value())) continue;
        if (best == nullptr || candidate.unit_cost_usd.value() < best->unit_cost_usd.value()) best = &candidate;
    }
    return best;
}

double slippage_usd(const Event& event, const DecisionRecord& decision, const InstrumentTable& instruments) {
    const auto fill = event.as<FillReport>();
    if (slot(event.instrument) >= instruments.size()) return std::nan("");
    for (std::size_t i = 0; i < decision.candidates_count && i < kCandidatesMax; ++i) {
        const CandidateRecord& candidate = decision.candidates[i];
        if (candidate.instrument != event.instrument || candidate.reference.count() == 0) continue;
        const Instrument& instrument = instruments[event.instrument];
        const double price = instrument.price_value(fill.price);
        const double reference = instrument.price_value(candidate.reference);
        const double coins = instrument.coins(fill.quantity, price);
        return sign(event.side()) * (price - reference) * coins;
    }
    return std::nan("");
}

}  // namespace keel::app
