#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <thread>

#include "engine/journal/directory_lock.hpp"
#include "engine/journal/journal_reader.hpp"
#include "engine/journal/journal_writer.hpp"
#include "engine/journal/preamble.hpp"
#include "tests/support/event_builders.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_data.hpp"

namespace keel {
namespace {

using test::TemporaryDirectory;

JournalOptions small_options(const std::filesystem::path& path) {
    JournalOptions options;
    options.path = path;
    options.build_identity = "keel test build";
    options.boot_epoch = 7;
    options.chunk_bytes = 128u << 10;
    options.bytes_max = 64u << 20;
    return options;
}

Event numbered_event(std::uint64_t sequence) {
    Event event = test::level_event(EventKind::level_update, Side::bid, 100, static_cast<std::int64_t>(sequence),
                                    sequence, sequence - 1, kFirst | kLast);
    event.sequence = sequence;
    return event;
}

// `events` events, every tenth followed by a command, a decision and a refusal.
void fill_journal(JournalWriter& writer, std::uint64_t events) {
    for (std::uint64_t sequence = 1; sequence <= events; ++sequence) {
        ASSERT_TRUE(writer.append(numbered_event(sequence)));
        if (sequence % 10 != 0) continue;
        DecisionRecord decision;
        decision.event_sequence = sequence;
        Refusal refusal;
        refusal.event_sequence = sequence;
        OrderCommand command;
        command.trigger_sequence = sequence;
        ASSERT_TRUE(writer.append(decision) && writer.append(refusal) && writer.append(command));
    }
}

std::filesystem::path closed_journal(const TemporaryDirectory& directory, std::uint64_t events) {
    const auto path = directory.path() / "closed.journal";
    auto writer = JournalWriter::create(small_options(path)).value();
    EXPECT_TRUE(writer->append_config("[engine]\nmode = \"observe\"\n"));
    fill_journal(*writer, events);
    EXPECT_TRUE(writer->append(CheckpointRecord{events, 1}));
    EXPECT_TRUE(writer->close(events, 0xabcd).has_value());
    return path;
}

// Reads to the end or to the first error.
struct Reading {
    Errc error{Errc::none};
    std::uint64_t record{0};
    std::uint64_t offset{0};
    JournalTail tail{};
    JournalTotals totals{};
};
Reading read_all(const std::filesystem::path& path) {
    auto reader = JournalReader::open(path);
    if (!reader) return {reader.error().code, reader.error().detail, 0, {}, {}};
    for (;;) {
        const auto next = reader->next();
        if (!next) return {next.error().code, next.error().detail, reader->offset(), {}, {}};
        if (!next->has_value()) return {Errc::none, 0, reader->offset(), reader->tail(), reader->totals()};
    }
}

void flip_byte(const std::filesystem::path& path, std::uint64_t offset, std::uint8_t mask) {
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    file.seekg(static_cast<std::streamoff>(offset));
    const int byte = file.get();
    file.seekp(static_cast<std::streamoff>(offset));
    file.put(static_cast<char>(byte ^ mask));
}

TEST(JournalTest, GivesBackWhatWasWritten) {
    const TemporaryDirectory directory;
    const auto path = closed_journal(directory, 1'000);
    auto reader = JournalReader::open(path).value();
    EXPECT_EQ(reader.header().boot_epoch, 7u);
    EXPECT_EQ(reader.build_identity(), "keel test build");
    std::uint64_t sequence = 0;
    for (;;) {
        const auto next = reader.next().value();
        if (!next.has_value()) break;
        if (next->type != RecordType::event) continue;
        const Event event = next->as<Event>().value();
        const Event expected = numbered_event(++sequence);
        ASSERT_EQ(std::memcmp(&event, &expected, sizeof event), 0);
    }
    EXPECT_EQ(sequence, 1'000u);
    EXPECT_EQ(reader.tail(), JournalTail::closed);
    ASSERT_TRUE(reader.end().has_value());
    EXPECT_EQ(reader.end()->state_hash, 0xabcdu);
    EXPECT_EQ(reader.totals().commands, 100u);
    EXPECT_EQ(reader.totals().records, 1'302u);
}

TEST(JournalTest, IsReadableByItsOwnerOnlyAndNeverOverwritten) {
    const TemporaryDirectory directory;
    const auto path = closed_journal(directory, 1);
    struct stat status {};
    ASSERT_EQ(::stat(path.c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
    EXPECT_EQ(JournalWriter::create(small_options(path)).error().code, Errc::journal_unwritable);
}

TEST(JournalTest, GrowsOverManyChunksWithoutLosingOrder) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "long.journal";
    auto writer = JournalWriter::create(small_options(path)).value();
    std::uint64_t sequence = 0;
    while (sequence < 20'000) {
        if (writer->append(numbered_event(sequence + 1))) {
            ++sequence;
        } else {
            ASSERT_TRUE(writer->writable());
            std::this_thread::yield();
        }
    }
    ASSERT_TRUE(writer->close(sequence, 1).has_value());
    const Reading reading = read_all(path);
    EXPECT_EQ(reading.error, Errc::none);
    EXPECT_EQ(reading.tail, JournalTail::closed);
    EXPECT_EQ(reading.totals.events, 20'000u);
}

TEST(JournalTest, SyncsWithinItsWindow) {
    const TemporaryDirectory directory;
    auto writer = JournalWriter::create(small_options(directory.path() / "sync.journal")).value();
    ASSERT_TRUE(writer->append(numbered_event(1)));
    EXPECT_GT(writer->unsynced_bytes(), 0u);
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds{10};
    while (writer->unsynced_bytes() > 0 && std::chrono::steady_clock::now() < deadline) std::this_thread::yield();
    EXPECT_EQ(writer->unsynced_bytes(), 0u);
    EXPECT_TRUE(writer->writable());
}

TEST(JournalTest, RoundTripsConfigurationNamesAndInstruments) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "preamble.journal";
    InstrumentTable instruments;
    const std::string config(40'000, 'x');
    ASSERT_EQ(slot(instruments.underlying("BTC").value()), 0u);
    ASSERT_EQ(slot(instruments.underlying("ETH").value()), 1u);
    ASSERT_EQ(slot(instruments.currency("USDC").value()), 0u);
    for (const char* name : {"BTC-PERPETUAL", "ETH-PERPETUAL"}) {
        Instrument instrument;
        instrument.venue = VenueId::deribit;
        instrument.set_name(name);
        instrument.strike = 0.1;
        ASSERT_TRUE(instruments.add(instrument).has_value());
    }
    auto writer = JournalWriter::create(small_options(path)).value();
    ASSERT_TRUE(write_preamble(*writer, config, instruments));
    ASSERT_TRUE(writer->append(numbered_event(1)));
    ASSERT_TRUE(writer->close(1, 2).has_value());
    auto reader = JournalReader::open(path).value();
    const JournalPreamble preamble = read_preamble(reader).value();
    EXPECT_EQ(preamble.config_text, config);
    EXPECT_EQ(preamble.boot_epoch, 7u);
    EXPECT_EQ(preamble.instruments.find_underlying("ETH"), UnderlyingId{1});
    EXPECT_EQ(preamble.instruments.find_currency("USDC"), CurrencyId{0});
    EXPECT_EQ(preamble.instruments.find(VenueId::deribit, "ETH-PERPETUAL"), InstrumentId{1});
    EXPECT_EQ(preamble.instruments[InstrumentId{1}].strike, 0.1);
    EXPECT_EQ(reader.next().value()->type, RecordType::config_text) << "the reader is at its start again";
}

TEST(JournalTest, FindsEveryFlippedByteOfAClosedJournal) {
    const TemporaryDirectory directory;
    const auto path = closed_journal(directory, 200);
    const auto size = std::filesystem::file_size(path);
    std::mt19937_64 random{11};
    ASSERT_EQ(read_all(path).error, Errc::none);
    for (int flip = 0; flip < 1'000; ++flip) {
        // A third each over the header, the records and the last kilobyte.
        const std::uint64_t offset = flip % 3 == 0   ? random() % sizeof(JournalHeader)
                                     : flip % 3 == 1 ? random() % size
                                                     : size - 1 - random() % 1'024;
        const auto mask = static_cast<std::uint8_t>(1 + random() % 255);
        flip_byte(path, offset, mask);
        const Reading reading = read_all(path);
        ASSERT_EQ(reading.error, Errc::journal_corrupt) << "offset " << offset;
        ASSERT_LE(reading.offset, offset);
        ASSERT_LT(offset - reading.offset, sizeof(RecordHeader) + sizeof(DecisionRecord));
        flip_byte(path, offset, mask);
    }
    ASSERT_EQ(read_all(path).error, Errc::none);
}

TEST(JournalTest, FindsEveryFlippedByteOfAnUnclosedJournalAndItsZeroTail) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "open.journal";
    {
        auto writer = JournalWriter::create(small_options(path)).value();
        fill_journal(*writer, 300);
    }
    const Reading whole = read_all(path);
    ASSERT_EQ(whole.error, Errc::none);
    ASSERT_EQ(whole.tail, JournalTail::unclosed);
    ASSERT_EQ(whole.totals.events, 300u);
    const auto size = std::filesystem::file_size(path);
    ASSERT_GT(size, whole.offset + 4'096);
    std::mt19937_64 random{12};
    for (int flip = 0; flip < 1'000; ++flip) {
        const std::uint64_t offset =
            flip % 2 == 0 ? random() % whole.offset : whole.offset + random() % (size - whole.offset);
        const auto mask = static_cast<std::uint8_t>(1 + random() % 255);
        flip_byte(path, offset, mask);
        ASSERT_EQ(read_all(path).error, Errc::journal_corrupt) << "offset " << offset;
        flip_byte(path, offset, mask);
    }
}

TEST(JournalTest, FindsMissingAndSwappedRecords) {
    const TemporaryDirectory directory;
    const auto path = closed_journal(directory, 20);
    std::string bytes = test::read_file(path);
    constexpr std::size_t kEventRecord = sizeof(RecordHeader) + sizeof(Event);
    const std::size_t first = sizeof(JournalHeader) + padded_to_8(sizeof(RecordHeader) + 26);
    const auto write = [&path](const std::string& text) {
        std::ofstream{path, std::ios::binary | std::ios::trunc} << text;
    };
    std::string missing = bytes;
    missing.erase(first + kEventRecord, kEventRecord);
    write(missing);
    EXPECT_EQ(read_all(path).error, Errc::journal_corrupt);
    EXPECT_EQ(read_all(path).record, 3u);
    std::string swapped = bytes;
    std::swap_ranges(swapped.begin() + static_cast<std::ptrdiff_t>(first),
                     swapped.begin() + static_cast<std::ptrdiff_t>(first + kEventRecord),
                     swapped.begin() + static_cast<std::ptrdiff_t>(first + kEventRecord));
    write(swapped);
    EXPECT_EQ(read_all(path).error, Errc::journal_corrupt);
    write(bytes.substr(0, bytes.size() - 3));
    EXPECT_EQ(read_all(path).error, Errc::journal_corrupt);
    write(bytes + std::string(8, '\0'));
    EXPECT_EQ(read_all(path).error, Errc::journal_corrupt);
    write(bytes);
    EXPECT_EQ(read_all(path).error, Errc::none);
}

TEST(JournalTest, RefusesAJournalOfAnotherFormat) {
    const TemporaryDirectory directory;
    const auto path = closed_journal(directory, 1);
    std::string bytes = test::read_file(path);
    JournalHeader header;
    std::memcpy(&header, bytes.data(), sizeof header);
    header.event_bytes += 8;
    header.crc = header.computed_crc();
    std::memcpy(bytes.data(), &header, sizeof header);
    std::ofstream{path, std::ios::binary | std::ios::trunc} << bytes;
    EXPECT_EQ(read_all(path).error, Errc::journal_version);
}

// A half-written record (its number, not yet its length) is where a killed writer was; a reader must
// not call it corruption.
TEST(JournalTest, AcceptsAHalfWrittenRecordAtTheTail) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "torn.journal";
    {
        auto writer = JournalWriter::create(small_options(path)).value();
        fill_journal(*writer, 5);
    }
    const Reading before = read_all(path);
    std::fstream file{path, std::ios::in | std::ios::out | std::ios::binary};
    const std::uint64_t next = 6;
    file.seekp(static_cast<std::streamoff>(before.offset + 8));
    file.write(reinterpret_cast<const char*>(&next), sizeof next);
    file << "half of a payload";
    file.close();
    EXPECT_EQ(read_all(path).error, Errc::none);
    EXPECT_EQ(read_all(path).tail, JournalTail::unclosed);
    EXPECT_EQ(read_all(path).totals.events, 5u);
}

// A child appends as fast as it can and tells each sequence that it appended; it is killed at a random
// moment. Every event that it told of is in the file, and the file is not corrupt.
TEST(JournalTest, KeepsEveryAppendedRecordThroughSigkill) {
    std::mt19937_64 random{13};
    for (int round = 0; round < 20; ++round) {
        const TemporaryDirectory directory;
        const auto path = directory.path() / "killed.journal";
        int told[2];
        ASSERT_EQ(::pipe(told), 0);
        const pid_t child = ::fork();
        if (child == 0) {
            auto writer = JournalWriter::create(small_options(path));
            if (!writer) ::_exit(1);
            for (std::uint64_t sequence = 1;; ++sequence) {
                while (!(*writer)->append(numbered_event(sequence))) std::this_thread::yield();
                if (::write(told[1], &sequence, sizeof sequence) != sizeof sequence) ::_exit(2);
            }
        }
        ::close(told[1]);
        std::uint64_t last = 0;
        const std::uint64_t kill_at = 1 + random() % 5'000;
        std::uint64_t sequence = 0;
        while (last < kill_at && ::read(told[0], &sequence, sizeof sequence) == sizeof sequence) last = sequence;
        ::kill(child, SIGKILL);
        while (::read(told[0], &sequence, sizeof sequence) == sizeof sequence) last = sequence;
        ::close(told[0]);
        ::waitpid(child, nullptr, 0);
        ASSERT_GE(last, kill_at);
        const Reading reading = read_all(path);
        ASSERT_EQ(reading.error, Errc::none);
        ASSERT_EQ(reading.tail, JournalTail::unclosed);
        ASSERT_GE(reading.totals.events, last);
        ASSERT_LE(reading.totals.events, last + 1);
    }
}

// A full disk, by way of the file size limit of a child: the writer says so while there is still room
// for what is under way, refuses at the end, and still closes in order.
TEST(JournalTest, SaysUnwritableBeforeSpaceRunsOut) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "full.journal";
    const pid_t child = ::fork();
    if (child == 0) {
        std::signal(SIGXFSZ, SIG_IGN);
        const rlimit limit{1u << 20, 1u << 20};
        ::setrlimit(RLIMIT_FSIZE, &limit);
        auto writer = JournalWriter::create(small_options(path));
        if (!writer) ::_exit(2);
        std::uint64_t sequence = 0;
        std::uint64_t after_warning = 0;
        for (;;) {
            const bool warned = !(*writer)->writable();
            if ((*writer)->append(numbered_event(sequence + 1))) {
                ++sequence;
                if (warned) ++after_warning;
                // At a pace that the journal's thread keeps up with.
                while (sequence % 200 == 0 && (*writer)->unsynced_bytes() > 0) std::this_thread::yield();
            } else if (warned) {
                break;
            } else {
                std::this_thread::yield();
            }
        }
        if (after_warning == 0 || (*writer)->failed()) ::_exit(3);
        ::_exit((*writer)->close(sequence, 1).has_value() ? 0 : 4);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    const Reading reading = read_all(path);
    EXPECT_EQ(reading.error, Errc::none);
    EXPECT_EQ(reading.tail, JournalTail::closed);
}

// An event whose decisions found no room: nothing may claim the state that it led to.
TEST(JournalTest, AbandonedIsReadAsACrashLeftIt) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "abandoned.journal";
    auto writer = JournalWriter::create(small_options(path)).value();
    for (std::uint64_t sequence = 1; sequence <= 10; ++sequence) ASSERT_TRUE(writer->append(numbered_event(sequence)));
    const std::uint64_t bytes = writer->bytes();
    ASSERT_TRUE(writer->abandon().has_value());
    EXPECT_EQ(std::filesystem::file_size(path), bytes) << "no room ahead is kept";
    const Reading reading = read_all(path);
    EXPECT_EQ(reading.error, Errc::none);
    EXPECT_EQ(reading.tail, JournalTail::unclosed);
    EXPECT_EQ(reading.totals.events, 10U);
}

TEST(DirectoryLockTest, RefusesASecondHolderAndNamesTheFirst) {
    const TemporaryDirectory directory;
    {
        const auto held = DirectoryLock::take(directory.path() / "state");
        ASSERT_TRUE(held.has_value());
        const auto second = DirectoryLock::take(directory.path() / "state");
        ASSERT_FALSE(second.has_value());
        EXPECT_EQ(second.error().code, Errc::already_running);
        EXPECT_EQ(second.error().detail, static_cast<std::uint64_t>(::getpid()));
        EXPECT_TRUE(DirectoryLock::take(directory.path() / "state", "other").has_value());
    }
    EXPECT_TRUE(DirectoryLock::take(directory.path() / "state").has_value()) << "free again";
}

TEST(DirectoryLockTest, GivesEachRunABootEpochOfItsOwn) {
    const TemporaryDirectory directory;
    const std::uint32_t first = next_boot_epoch(directory.path()).value();
    const std::uint32_t second = next_boot_epoch(directory.path()).value();
    const std::uint32_t third = next_boot_epoch(directory.path()).value();
    EXPECT_GT(first, 1'700'000'000u);
    EXPECT_LT(first, second);
    EXPECT_LT(second, third);
    struct stat status {};
    ASSERT_EQ(::stat((directory.path() / "boot_epoch").c_str(), &status), 0);
    EXPECT_EQ(status.st_mode & 0777u, 0600u);
    EXPECT_FALSE(next_boot_epoch(directory.path() / "missing").has_value());
}

}  // namespace
}  // namespace keel
