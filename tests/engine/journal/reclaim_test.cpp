#include "engine/journal/reclaim.hpp"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "engine/journal/journal_reader.hpp"
#include "engine/journal/journal_writer.hpp"
#include "tests/support/event_builders.hpp"
#include "tests/support/temporary_directory.hpp"
#include "tests/support/test_data.hpp"

namespace keel {
namespace {

class ReclaimTest : public testing::Test {
protected:
    // Writes events; the writer's destructor leaves the file as a crash would.
    void write_killed() const {
        auto writer = JournalWriter::create({.path = path_,
                                             .build_identity = "keel test build",
                                             .boot_epoch = 7,
                                             .chunk_bytes = 4U << 20U,
                                             .bytes_max = 64U << 20U})
                          .value();
        append(*writer);
    }
    static void append(JournalWriter& writer) {
        for (std::int64_t i = 1; i <= 1'000; ++i) {
            ASSERT_TRUE(writer.append(test::level_event(EventKind::level_update, Side::bid, 100, i,
                                                        static_cast<std::uint64_t>(i),
                                                        static_cast<std::uint64_t>(i) - 1, kFirst | kLast)));
        }
    }
    [[nodiscard]] std::uint64_t bytes_on_disk() const {
        struct stat status {};
        EXPECT_EQ(::stat(path_.c_str(), &status), 0);
        return static_cast<std::uint64_t>(status.st_blocks) * 512;
    }
    test::TemporaryDirectory directory_;
    std::filesystem::path path_ = directory_.path() / "1.journal";
};

TEST_F(ReclaimTest, AKilledJournalLosesItsDiskAndNothingElse) {
    write_killed();
    const std::string before = test::read_file(path_);
    const std::uint64_t disk = bytes_on_disk();
    const auto time = std::filesystem::last_write_time(path_);
    ASSERT_GE(disk, 12U << 20U) << "three chunks were allocated ahead";

    const auto given_back = reclaim_unwritten(path_);
    ASSERT_TRUE(given_back.has_value()) << given_back.error().detail;
    EXPECT_EQ(*given_back, disk - bytes_on_disk());
    EXPECT_LT(bytes_on_disk(), 1U << 20U);
    EXPECT_EQ(test::read_file(path_), before);
    EXPECT_EQ(std::filesystem::last_write_time(path_), time) << "the newest journal is found by it";

    auto reader = JournalReader::open(path_).value();
    while (reader.next().value().has_value()) {
    }
    EXPECT_EQ(reader.totals().events, 1'000U);
    EXPECT_EQ(reader.tail(), JournalTail::unclosed);
    EXPECT_EQ(reclaim_unwritten(path_).value(), 0U) << "there is no more";
}

TEST_F(ReclaimTest, AClosedJournalStaysAsItIs) {
    auto writer = JournalWriter::create({.path = path_, .build_identity = "keel test build", .boot_epoch = 7}).value();
    append(*writer);
    ASSERT_TRUE(writer->close(1'000, 1).has_value());
    const std::string before = test::read_file(path_);
    EXPECT_EQ(reclaim_unwritten(path_).value(), 0U);
    EXPECT_EQ(test::read_file(path_), before);
}

TEST_F(ReclaimTest, WhatIsNoFileIsLeftAlone) {
    EXPECT_EQ(reclaim_unwritten(path_).error().code, Errc::file_unreadable);
    std::filesystem::create_symlink("/dev/null", path_);
    EXPECT_EQ(reclaim_unwritten(path_).error().code, Errc::file_unreadable);
}

}  // namespace
}  // namespace keel
