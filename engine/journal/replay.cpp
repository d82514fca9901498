#include "engine/journal/replay.hpp"

#include <cstring>
#include <utility>

#include "engine/core/assert.hpp"

namespace keel {
namespace {

std::string hex(std::uint64_t value) {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string text(16, '0');
    for (std::size_t at = 16; at-- > 0; value >>= 4) text[at] = kDigits[value & 15];
    return text;
}

struct Field {
    const char* name;
    std::string value;
};

std::string text_of(Real real) { return std::to_string(real.value()) + " (" + hex(real.bits) + ")"; }
std::string text_of(std::int64_t count) { return std::to_string(count); }
template <class Id>
requires std::is_enum_v<Id> std::string text_of(Id id) { return std::to_string(slot(id)); }

// The fields that must come out the same. Cycle stamps are not among them: they are measurements.
std::vector<Field> fields_of(const OrderCommand& command) {
    return {
        {"kind",             text_of(command.kind)                     },
        {"venue",            text_of(command.venue)                    },
        {"instrument",       text_of(command.instrument)               },
        {"side",             text_of(command.side)                     },
        {"client_order_id",  text_of(command.client_order_id)          },
        {"price",            text_of(command.price.count())            },
        {"quantity",         text_of(command.quantity.count())         },
        {"valid_until",      text_of(command.valid_until.ns())         },
        {"decision",         text_of(command.decision)                 },
        {"trigger_sequence", std::to_string(command.trigger_sequence)  },
        {"time_in_force",    text_of(command.time_in_force)            },
        {"reduce_only",      text_of(std::int64_t{command.reduce_only})},
        {"post_only",        text_of(std::int64_t{command.post_only})  }
    };
}

std::vector<Field> fields_of(const DecisionRecord& decision) {
    return {
        {"id",             text_of(decision.id)            },
        {"trigger metric", text_of(decision.trigger.metric)},
        {"trigger signal", text_of(decision.trigger.signal)},
        {"trigger value",  text_of(decision.trigger.value) },
        {"outcome",        text_of(decision.outcome)       },
        {"status",         text_of(decision.status)        },
        {"binding",        text_of(decision.binding)       },
        {"underlying",     text_of(decision.underlying)    },
        {"delta_now",      text_of(decision.delta_now)     },
        {"delta_target",   text_of(decision.delta_target)  },
        {"band_low",       text_of(decision.band_low)      },
        {"band_high",      text_of(decision.band_high)     },
        {"need",           text_of(decision.need)          },
        {"cost_usd",       text_of(decision.cost_usd)      }
    };
}

std::vector<Field> fields_of(const Refusal& refusal) {
    return {
        {"limit",      text_of(refusal.limit)           },
        {"kind",       text_of(refusal.kind)            },
        {"instrument", text_of(refusal.instrument)      },
        {"side",       text_of(refusal.side)            },
        {"price",      text_of(refusal.price.count())   },
        {"quantity",   text_of(refusal.quantity.count())},
        {"value",      text_of(refusal.value)           },
        {"bound",      text_of(refusal.bound)           }
    };
}

template <class T>
bool same_bytes(const T& a, const T& b) {
    static_assert(std::has_unique_object_representations_v<T>);
    return std::memcmp(&a, &b, sizeof(T)) == 0;
}

bool same_record(const DecisionRecord& a, const DecisionRecord& b) { return same_bytes(a, b); }
bool same_record(const Refusal& a, const Refusal& b) { return same_bytes(a, b); }
bool same_record(OrderCommand a, const OrderCommand& b) {
    a.trigger_cycles = b.trigger_cycles;
    a.emitted_cycles = b.emitted_cycles;
    return same_bytes(a, b);
}

}  // namespace

ReplayVerifier::ReplayVerifier(JournalReader& reader) : reader_{reader} {
    load_following();
    // Outputs before the first event would be nobody's.
    KEEL_ASSERT(commands_.empty() && decisions_.empty() && refusals_.empty());
}

// Reads on to the next event; what stands between belongs to the current one.
void ReplayVerifier::load_following() {
    following_.reset();
    decisions_.clear();
    refusals_.clear();
    commands_.clear();
    checkpoint_.reset();
    const auto take = [this](const auto& record, auto& into) {
        bool fits = record.has_value();
        if (!fits) {
            error_ = record.error();
        } else if (fits = into.push(*record); !fits) {
            error_ = Error{Errc::journal_corrupt, reader_.number(), std::source_location::current()};
        }
        return fits;
    };
    for (;;) {
        const auto next = reader_.next();
        if (!next) {
            error_ = next.error();
            return;
        }
        if (!next->has_value()) return;
        const JournalRecord& record = **next;
        bool taken = true;
        switch (record.type) {
            case RecordType::event:
                if (const Result<Event> event = record.as<Event>(); event) {
                    following_ = *event;
                } else {
                    error_ = event.error();
                }
                return;
            case RecordType::decision: taken = take(record.as<DecisionRecord>(), decisions_); break;
            case RecordType::refusal: taken = take(record.as<Refusal>(), refusals_); break;
            case RecordType::command: taken = take(record.as<OrderCommand>(), commands_); break;
            case RecordType::checkpoint:
                if (const Result<CheckpointRecord> checkpoint = record.as<CheckpointRecord>(); checkpoint) {
                    checkpoint_ = *checkpoint;
                } else {
                    error_ = checkpoint.error();
                    taken = false;
                }
                break;
            default: break;
        }
        if (!taken) return;
    }
}

bool ReplayVerifier::differ(std::string what, std::string expected, std::string got) {
    if (!report_.first_difference.has_value())
        report_.first_difference = ReplayDifference{sequence_, std::move(what), std::move(expected), std::move(got)};
    return false;
}

bool ReplayVerifier::event(const Event& event) {
    if (report_.first_difference.has_value() || error_.has_value()) return false;
    if (!following_.has_value()) return differ("event", "the end of the journal", "one event more");
    sequence_ = following_->sequence;
    if (!same_bytes(*following_, event))
        return differ("event", "the recorded event", "another event, sequence " + std::to_string(event.sequence));
    ++report_.events;
    load_following();
    return !error_.has_value();
}

template <class T>
bool ReplayVerifier::compare(const char* name, std::span<const T> expected, std::span<const T> got) {
    for (std::size_t at = 0; at < expected.size(); ++at) {
        const std::string label = std::string{name} + " " + std::to_string(at + 1);
        if (at == got.size()) return differ(label, "recorded", "missing");
        if (same_record(expected[at], got[at])) continue;
        const std::vector<Field> recorded = fields_of(expected[at]);
        const std::vector<Field> replayed = fields_of(got[at]);
        for (std::size_t field = 0; field < recorded.size(); ++field)
            if (recorded[field].value != replayed[field].value)
                return differ(label + " " + recorded[field].name, recorded[field].value, replayed[field].value);
        return differ(label, "the recorded bytes", "other bytes");
    }
    if (got.size() > expected.size() && !may_be_cut())
        return differ(std::string{name} + " " + std::to_string(expected.size() + 1), "none", "one more");
    return true;
}

bool ReplayVerifier::outputs(std::span<const DecisionRecord> decisions, std::span<const Refusal> refusals,
                             std::span<const OrderCommand> commands) {
    report_.decisions += decisions.size();
    report_.refusals += refusals.size();
    report_.commands += commands.size();
    // Commands first: a changed order is what the reader wants to hear of.
    return compare<OrderCommand>("command", {commands_.begin(), commands_.size()}, commands) &&
           compare<DecisionRecord>("decision", {decisions_.begin(), decisions_.size()}, decisions) &&
           compare<Refusal>("refusal", {refusals_.begin(), refusals_.size()}, refusals);
}

bool ReplayVerifier::checkpoint(const CheckpointRecord& checkpoint) {
    if (!checkpoint_.has_value()) return may_be_cut() || differ("checkpoint", "none", hex(checkpoint.state_hash));
    ++report_.checkpoints;
    if (same_bytes(*checkpoint_, checkpoint)) return true;
    return differ("checkpoint state hash", hex(checkpoint_->state_hash), hex(checkpoint.state_hash));
}

Result<ReplayReport> ReplayVerifier::finish(std::uint64_t state_hash) {
    if (error_.has_value()) return fail(*error_);
    report_.state_hash = state_hash;
    report_.closed = reader_.tail() == JournalTail::closed;
    if (!report_.first_difference.has_value()) {
        if (following_.has_value()) {
            differ("event", "one event more", "the end of the replay");
        } else if (const auto& end = reader_.end(); end.has_value() && end->state_hash != state_hash) {
            differ("final state hash", hex(end->state_hash), hex(state_hash));
        }
    }
    report_.verified = !report_.first_difference.has_value();
    return std::move(report_);
}

}  // namespace keel
