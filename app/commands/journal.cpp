// keel journal dump|stat|check: reads a journal and believes only what its checksums prove.
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <string>
#include <utility>

#include "app/commands/commands.hpp"
#include "app/exit_code.hpp"
#include "app/journal/journal_file.hpp"
#include "app/journal/journal_text.hpp"
#include "app/json_text.hpp"

namespace keel::app {

namespace {

// What a journal holds, counted by reading it.
struct JournalStat {
    std::array<std::uint64_t, static_cast<std::size_t>(RecordType::count)> records{};
    std::array<std::uint64_t, static_cast<std::size_t>(EventKind::operator_command) + 1> events{};
    std::uint64_t events_received{0};  // of venue origin, our own orders' answers included
    UnixNanos first{};
    UnixNanos last{};
    std::uint64_t state_hash{0};  // of the last checkpoint or the end

    void take(const JournalRecord& record) {
        ++records[static_cast<std::size_t>(record.type)];
        if (record.type == RecordType::event) {
            if (const auto event = record.as<Event>()) take(*event);
        } else if (record.type == RecordType::checkpoint) {
            if (const auto checkpoint = record.as<CheckpointRecord>()) state_hash = checkpoint->state_hash;
        } else if (record.type == RecordType::end) {
            if (const auto end = record.as<EndRecord>()) state_hash = end->state_hash;
        }
    }
    void take(const Event& event) {
        const auto kind = static_cast<std::size_t>(event.kind);
        if (kind < events.size()) ++events[kind];
        if (event.kind != EventKind::timer && event.kind != EventKind::operator_command) ++events_received;
        if (first.ns() == 0) first = event.receive_time;
        last = event.receive_time;
    }
};

const char* tail_text(JournalTail tail) {
    switch (tail) {
        case JournalTail::closed: return "closed";
        case JournalTail::unclosed: return "not closed: its writer was ended from outside";
        case JournalTail::unread: break;
    }
    return "unread";
}

void print_stat_json(const JournalReader& reader, const std::string& path, const JournalStat& stat) {
    const JournalTotals& totals = reader.totals();
    JsonText json;
    json.open_object();
    json.field("journal", path);
    json.field("build", reader.build_identity());
    json.field("boot_epoch", reader.header().boot_epoch);
    json.field("closed", reader.tail() == JournalTail::closed);
    json.field("bytes", reader.offset());
    json.field("records", totals.records);
    json.field("events", totals.events);
    json.field("events_received", stat.events_received);
    json.field("commands", totals.commands);
    json.field("decisions", totals.decisions);
    json.field("refusals", totals.refusals);
    json.field("checkpoints", totals.checkpoints);
    json.field("first_event", time_text(stat.first));
    json.field("last_event", time_text(stat.last));
    json.field("state_hash", fmt::format("{:016x}", stat.state_hash));
    json.open_object("by_kind");
    for (std::size_t kind = 0; kind < stat.events.size(); ++kind) {
        if (stat.events[kind] > 0) json.field(event_kind_name(static_cast<EventKind>(kind)), stat.events[kind]);
    }
    json.close_object();
    json.close_object();
    fmt::print("{}\n", json.text());
}

void print_stat(std::FILE* out, const JournalReader& reader, const std::string& path, const JournalStat& stat) {
    fmt::print(
        out, "{}\n  written by   {}\n  from         {}\n  to           {}\n  tail         {}\n  state hash   {:016x}\n",
        path, reader.build_identity().substr(0, reader.build_identity().find('\n')), time_text(stat.first),
        time_text(stat.last), tail_text(reader.tail()), stat.state_hash);
    for (std::size_t type = 1; type < stat.records.size(); ++type) {
        if (stat.records[type] == 0) continue;
        fmt::print(out, "  {:<18} {:>12}\n", record_type_name(static_cast<RecordType>(type)), stat.records[type]);
        if (static_cast<RecordType>(type) != RecordType::event) continue;
        for (std::size_t kind = 0; kind < stat.events.size(); ++kind) {
            if (stat.events[kind] == 0) continue;
            fmt::print(out, "    {:<16} {:>12}\n", event_kind_name(static_cast<EventKind>(kind)), stat.events[kind]);
        }
    }
    fmt::print(out, "  events received of venues: {}\n", stat.events_received);
}

int stat(const JournalOptions& options) {
    const std::filesystem::path path = find_journal(options.journal_path);
    JournalReader reader = open_journal(path);
    JournalStat stat;
    while (const auto record = next_record(reader, path)) stat.take(*record);
    print_stat(options.common.json ? stderr : stdout, reader, path.string(), stat);
    if (options.common.json) print_stat_json(reader, path.string(), stat);
    return kExitDone;
}

// Kind and text of one record; the kind is what --kind selects by.
std::pair<std::string, std::string> shown(const JournalRecord& record, const InstrumentTable& instruments) {
    switch (record.type) {
        case RecordType::event:
            if (const auto event = record.as<Event>()) {
                return {event_kind_name(event->kind), event_text(*event, instruments)};
            }
            break;
        case RecordType::command:
            if (const auto command = record.as<OrderCommand>()) return {"command", command_text(*command, instruments)};
            break;
        case RecordType::decision:
            if (const auto decision = record.as<DecisionRecord>())
                return {"decision", decision_text(*decision, instruments)};
            break;
        case RecordType::refusal:
            if (const auto refusal = record.as<Refusal>()) return {"refusal", refusal_text(*refusal, instruments)};
            break;
        case RecordType::instrument:
            if (const auto instrument = record.as<Instrument>())
                return {"instrument", std::string{instrument->name_view()}};
            break;
        case RecordType::checkpoint:
            if (const auto checkpoint = record.as<CheckpointRecord>()) {
                return {"checkpoint", fmt::format("after event {} state {:016x}", checkpoint->event_sequence,
                                                  checkpoint->state_hash)};
            }
            break;
        case RecordType::end:
            if (const auto end = record.as<EndRecord>()) {
                return {"end", fmt::format("after event {} state {:016x}", end->event_sequence, end->state_hash)};
            }
            break;
        default: break;
    }
    return {record_type_name(record.type), fmt::format("{} bytes", record.payload.size())};
}

std::uint64_t sequence_of(const JournalRecord& record) {
    if (record.type != RecordType::event) return 0;
    const Result<Event> event = record.as<Event>();
    return event ? event->sequence : 0;
}

int dump(const JournalOptions& options) {
    const std::filesystem::path path = find_journal(options.journal_path);
    JournalReader reader = open_journal(path);
    const JournalPreamble preamble = preamble_of(reader, path);
    std::uint64_t printed = 0;
    std::uint64_t sequence = 0;
    while (const auto record = next_record(reader, path)) {
        sequence = std::max(sequence, sequence_of(*record));
        if (sequence < options.from) continue;
        const auto [kind, text] = shown(*record, preamble.instruments);
        if (!options.kind.empty() && options.kind != kind && options.kind != record_type_name(record->type)) continue;
        if (options.common.json) {
            JsonText json;
            json.open_object();
            json.field("record", record->number);
            json.field("offset", record->offset);
            json.field("type", record_type_name(record->type));
            json.field("kind", kind);
            json.field("text", text);
            json.close_object();
            fmt::print("{}\n", json.text());
        } else {
            fmt::print("{:>8}  {:<11} {}\n", record->number, record_type_name(record->type), text);
        }
        if (++printed == options.count) break;
    }
    return kExitDone;
}

void print_check_json(bool good, std::uint64_t records, std::uint64_t record, std::uint64_t offset, bool closed) {
    JsonText json;
    json.open_object();
    json.field("good", good);
    json.field("records", records);
    json.field("closed", closed);
    if (good) {
        json.null_field("damaged_record");
        json.null_field("damaged_offset");
    } else {
        json.field("damaged_record", record);
        json.field("damaged_offset", offset);
    }
    json.close_object();
    fmt::print("{}\n", json.text());
}

int check(const JournalOptions& options) {
    const std::filesystem::path path = find_journal(options.journal_path);
    std::FILE* out = options.common.json ? stderr : stdout;
    std::uint64_t records = 0;
    try {
        JournalReader reader = open_journal(path);
        while (next_record(reader, path)) ++records;
        fmt::print(out, "{}: good, {} records, {}\n", path.string(), records, tail_text(reader.tail()));
        if (options.common.json) print_check_json(true, records, 0, 0, reader.tail() == JournalTail::closed);
        return kExitDone;
    } catch (const JournalDamaged& damage) {
        fmt::print(stderr, "keel: {}\n", damage.what());
        if (options.common.json) print_check_json(false, records, damage.record(), damage.offset(), false);
        return kExitCheckFailed;
    }
}

}  // namespace

int run_journal(const JournalOptions& options) {
    switch (options.job) {
        case JournalOptions::Job::dump: return dump(options);
        case JournalOptions::Job::stat: return stat(options);
        case JournalOptions::Job::check: return check(options);
    }
    return kExitUsage;
}

}  // namespace keel::app
