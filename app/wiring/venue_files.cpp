#include "app/wiring/venue_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <system_error>
#include <utility>

#include "app/failure.hpp"

namespace keel::app {
namespace {

void write_private_file(const std::filesystem::path& path, const std::string& text) {
    const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (file < 0) throw OutsideError{"cannot write " + path.string()};
    const auto written = ::write(file, text.data(), text.size());
    ::close(file);
    if (written != static_cast<ssize_t>(text.size())) throw OutsideError{"cannot write " + path.string()};
}

}  // namespace

VenueFiles::VenueFiles(std::filesystem::path directory)
    : directory_{std::move(directory)}, staging_{directory_ / fmt::format(".starting-{}", ::getpid())} {
    std::error_code error;
    std::filesystem::create_directories(directory_, error);
    if (error) throw OutsideError{directory_.string() + ": cannot be created: " + error.message()};
    ::chmod(directory_.c_str(), 0700);
    std::filesystem::remove_all(staging_, error);  // of a killed start with this number
    const auto made = simulator::write_certificates(staging_);
    if (!made) {
        std::filesystem::remove_all(staging_, error);
        throw OutsideError{"cannot write certificates to " + directory_.string()};
    }
    certificates_ = *made;
}

VenueFiles::~VenueFiles() {
    std::error_code ignored;
    std::filesystem::remove_all(staging_, ignored);
}

void VenueFiles::add_credentials(const std::string& key_id, const std::string& secret) {
    write_private_file(staging_ / "credentials.toml",
                       fmt::format("key_id = \"{}\"\nsecret = \"{}\"\n", key_id, secret));
}

void VenueFiles::publish() {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator{staging_, error}) {
        const std::filesystem::path target = directory_ / entry.path().filename();
        std::filesystem::rename(entry.path(), target, error);
        if (error) throw OutsideError{fmt::format("cannot write {}: {}", target.string(), error.message())};
    }
}

}  // namespace keel::app
