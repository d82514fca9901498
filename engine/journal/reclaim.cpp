#include "engine/journal/reclaim.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace keel {
namespace {

constexpr std::uint64_t kPage = 4096;
constexpr std::uint64_t kSector = 512;  // what st_blocks counts
constexpr std::uint64_t kBlock = 64U << 10U;

struct File {
    explicit File(const std::filesystem::path& path)
        : descriptor{::open(path.c_str(), O_RDWR | O_NOFOLLOW | O_CLOEXEC)} {}
    ~File() {
        if (descriptor >= 0) ::close(descriptor);
    }
    File(const File&) = delete;
    File& operator=(const File&) = delete;
    int descriptor;
};

std::unexpected<Error> refused() { return fail(Errc::file_unreadable, static_cast<std::uint64_t>(errno)); }

// Where the zeros at the end begin.
Result<std::uint64_t> end_of_contents(int file, std::uint64_t size) {
    std::array<char, kBlock> block{};
    for (std::uint64_t end = size; end > 0;) {
        const std::uint64_t begin = (end - 1) / kBlock * kBlock;
        const auto bytes = static_cast<std::size_t>(end - begin);
        if (::pread(file, block.data(), bytes, static_cast<off_t>(begin)) != static_cast<ssize_t>(bytes))
            return refused();
        while (end > begin && block[static_cast<std::size_t>(end - begin - 1)] == '\0') --end;
        if (end > begin) return end;
    }
    return 0;
}

}  // namespace

Result<std::uint64_t> reclaim_unwritten(const std::filesystem::path& journal) {
    const File file{journal};
    struct stat before {};
    if (file.descriptor < 0 || ::fstat(file.descriptor, &before) != 0) return refused();
    const auto size = static_cast<std::uint64_t>(before.st_size);
    // It has its hole already: its zeros need not be read at every start.
    if (static_cast<std::uint64_t>(before.st_blocks) * kSector < size) return 0;
    const auto end = end_of_contents(file.descriptor, size);
    if (!end) return end;
    const std::uint64_t from = (*end + kPage - 1) / kPage * kPage;
    if (from >= size) return 0;
    constexpr int kHole = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
    if (::fallocate(file.descriptor, kHole, static_cast<off_t>(from), static_cast<off_t>(size - from)) != 0)
        return refused();
    struct stat after {};
    const std::array<timespec, 2> times{before.st_atim, before.st_mtim};
    if (::futimens(file.descriptor, times.data()) != 0 || ::fstat(file.descriptor, &after) != 0) return refused();
    return static_cast<std::uint64_t>(std::max<blkcnt_t>(before.st_blocks - after.st_blocks, 0)) * kSector;
}

}  // namespace keel
