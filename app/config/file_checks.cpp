#include "app/config/file_checks.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <system_error>

#include "connectors/net/credentials.hpp"
#include "connectors/net/tls_context.hpp"

namespace keel::app {

namespace {

namespace net = connectors::net;

std::string contents_problem(const std::string& path) {
    const auto read = net::load_credentials(path);
    if (read) return "";
    if (read.error().code != Errc::config_invalid) return path + ": cannot be read, or is too large for a key";
    if (read.error().detail == 0) return path + ": must hold both key_id and secret";
    return fmt::format("{}:{}: must be key_id = \"...\" or secret = \"...\", each once, without blanks", path,
                       read.error().detail);
}

}  // namespace

std::string secret_file_problem(const std::string& path) {
    struct stat status {};
    if (::lstat(path.c_str(), &status) != 0) {
        return errno == ENOENT ? "" : path + ": cannot be examined";
    }
    if (!S_ISREG(status.st_mode)) return path + ": must be a regular file, not a link or directory";
    if (status.st_uid != ::geteuid()) return path + ": must belong to the user who runs keel";
    const unsigned mode = status.st_mode & 07777U;
    if (mode == 0600U || mode == 0400U) return contents_problem(path);
    return fmt::format("{}: mode {:04o} lets others read a secret; it must be 0600", path, mode);
}

std::string ca_file_problem(const std::string& path) {
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) return "";
    if (status.type() != std::filesystem::file_type::regular) return path + ": is not a file";
    return net::TlsContext::create(path) ? "" : path + ": holds no certificate in PEM that can be read";
}

std::string directory_problem(const std::string& path) {
    std::error_code error;
    std::filesystem::path at = path;
    while (!at.empty() && !std::filesystem::exists(at, error)) at = at.parent_path();
    if (at.empty() || std::filesystem::is_directory(at, error)) return "";
    return at.string() + ": is not a directory";
}

}  // namespace keel::app
