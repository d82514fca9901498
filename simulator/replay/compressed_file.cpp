#include "simulator/replay/compressed_file.hpp"

#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <memory>
#include <sstream>

namespace keel::simulator {
namespace {

constexpr std::size_t kFileBytesMax = 4ULL << 30U;  // held in memory whole; a day of one busy symbol is below 1 GiB
constexpr std::size_t kBlockBytes = 1U << 20U;

Result<std::string> read_plain(const std::filesystem::path& file) {
    std::ifstream stream{file, std::ios::binary};
    if (!stream) return fail(Errc::file_unreadable);
    std::ostringstream text;
    text << stream.rdbuf();
    return std::move(text).str();
}

Result<std::string> read_gzip(const std::filesystem::path& file) {
    const std::unique_ptr<gzFile_s, int (*)(gzFile)> stream{gzopen(file.c_str(), "rb"), gzclose};
    if (!stream) return fail(Errc::file_unreadable);
    std::string out;
    for (;;) {
        const std::size_t size = out.size();
        if (size > kFileBytesMax) return fail(Errc::file_unreadable, size);
        out.resize(size + kBlockBytes);
        const int got = gzread(stream.get(), out.data() + size, static_cast<unsigned>(kBlockBytes));
        if (got < 0) return fail(Errc::file_unreadable, size);
        out.resize(size + static_cast<std::size_t>(got));
        if (got > 0) continue;
        int error = Z_OK;
        gzerror(stream.get(), &error);
        if (error != Z_OK) return fail(Errc::file_unreadable, size);  // Z_BUF_ERROR: cut short
        return out;
    }
}

Result<std::string> read_zstd(const std::filesystem::path& file) {
    const Result<std::string> packed = read_plain(file);
    if (!packed) return fail(packed.error());
    const std::unique_ptr<ZSTD_DCtx, std::size_t (*)(ZSTD_DCtx*)> context{ZSTD_createDCtx(), ZSTD_freeDCtx};
    ZSTD_inBuffer in{packed->data(), packed->size(), 0};
    std::string out;
    std::size_t left = 1;
    while (in.pos < in.size) {
        const std::size_t size = out.size();
        if (size > kFileBytesMax) return fail(Errc::file_unreadable, size);
        out.resize(size + kBlockBytes);
        ZSTD_outBuffer block{out.data() + size, kBlockBytes, 0};
        left = ZSTD_decompressStream(context.get(), &block, &in);
        if (ZSTD_isError(left) != 0) return fail(Errc::file_unreadable, in.pos);
        out.resize(size + block.pos);
    }
    while (left != 0) {  // the input is used up, but a full block may hold back output
        const std::size_t size = out.size();
        out.resize(size + kBlockBytes);
        ZSTD_outBuffer block{out.data() + size, kBlockBytes, 0};
        left = ZSTD_decompressStream(context.get(), &block, &in);
        if (ZSTD_isError(left) != 0) return fail(Errc::file_unreadable, in.pos);
        out.resize(size + block.pos);
        if (block.pos == 0) return fail(Errc::file_unreadable, in.pos);  // cut short
    }
    return out;
}

}  // namespace

Result<std::string> read_compressed(const std::filesystem::path& file) {
    if (file.extension() == ".gz") return read_gzip(file);
    if (file.extension() == ".zst") return read_zstd(file);
    return read_plain(file);
}

}  // namespace keel::simulator
