#include "connectors/net/credentials.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace keel::connectors::net {
namespace {

constexpr std::size_t kFileBytesMax = 4'096;  // two short lines and comments

std::string_view trimmed(std::string_view text) {
    constexpr std::string_view kBlank = " \t\r";
    const std::size_t first = text.find_first_not_of(kBlank);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

std::string_view unquoted(std::string_view text) {
    if (text.size() >= 2 && text.front() == '"' && text.back() == '"') return text.substr(1, text.size() - 2);
    return text;
}

// What keys and secrets are made of: printable, without blanks or quotes. Anything else is a slip of the editor.
bool is_token(std::string_view text) {
    return !text.empty() && std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7f'; }) &&
           text.find_first_of("\"'") == std::string_view::npos;
}

Result<Credentials> parse_lines(std::string_view text) {
    Credentials out;
    for (std::uint64_t line_number = 1; !text.empty(); ++line_number) {
        const std::size_t end = text.find('\n');
        const std::string_view line = trimmed(text.substr(0, end));
        text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
        if (line.empty() || line.front() == '#') continue;
        const std::size_t equals = line.find('=');
        if (equals == std::string_view::npos) return fail(Errc::config_invalid, line_number);
        const std::string_view key = trimmed(line.substr(0, equals));
        const std::string_view value = unquoted(trimmed(line.substr(equals + 1)));
        const bool is_id = key == "key_id" || key == "client_id";
        const bool is_secret = key == "secret" || key == "client_secret";
        const bool given_before = is_id ? !out.key_id.empty() : !out.secret.empty();
        if ((!is_id && !is_secret) || given_before || !is_token(value)) return fail(Errc::config_invalid, line_number);
        if (is_id) {
            out.key_id = value;
        } else {
            out.secret = Secret{value};
        }
    }
    if (out.key_id.empty() || out.secret.empty()) return fail(Errc::config_invalid);
    return out;
}

}  // namespace

Result<Credentials> load_credentials(const std::string& path) {
    const int file = ::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (file < 0) {
        // ELOOP: the last part of the path is a link, which somebody else may point elsewhere.
        return fail(errno == ELOOP ? Errc::file_mode_unsafe : Errc::file_unreadable, static_cast<std::uint64_t>(errno));
    }
    struct stat status {};
    if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
        ::close(file);
        return fail(Errc::file_unreadable);
    }
    if (status.st_uid != ::geteuid() || (status.st_mode & 077U) != 0) {
        ::close(file);
        return fail(Errc::file_mode_unsafe, status.st_mode & 0777U);
    }
    std::array<char, kFileBytesMax> bytes{};
    const ssize_t got = ::read(file, bytes.data(), bytes.size());
    ::close(file);
    if (got < 0 || static_cast<std::size_t>(got) == bytes.size()) return fail(Errc::file_unreadable);
    Result<Credentials> out = parse_lines({bytes.data(), static_cast<std::size_t>(got)});
    wipe_bytes(bytes.data(), bytes.size());
    return out;
}

Result<Credentials> credentials_from_environment(const std::string& prefix, bool allowed) {
    if (!allowed) return fail(Errc::config_invalid);
    const char* key_id = std::getenv((prefix + "_KEY_ID").c_str());
    const char* secret = std::getenv((prefix + "_SECRET").c_str());
    if (key_id == nullptr || secret == nullptr || !is_token(key_id) || !is_token(secret))
        return fail(Errc::config_invalid);
    return Credentials{key_id, Secret{secret}};
}

}  // namespace keel::connectors::net
