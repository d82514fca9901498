#pragma once

#include <filesystem>
#include <string>

#include "simulator/net/certificates.hpp"

namespace keel::app {

// Certificates and credentials of a simulated venue. They are made in a folder of their own, and moved to where
// clients look for them once the venue serves: a start that fails leaves the files of a running venue as they are.
// Thread: one, at start.
class VenueFiles {
public:
    // Makes the certificates. Throws OutsideError.
    explicit VenueFiles(std::filesystem::path directory);
    ~VenueFiles();
    VenueFiles(const VenueFiles&) = delete;
    VenueFiles& operator=(const VenueFiles&) = delete;

    // Adds the key that the venue will know; mode 0600. Throws OutsideError.
    void add_credentials(const std::string& key_id, const std::string& secret);

    // Until they are published. The server reads its own from here.
    [[nodiscard]] const simulator::CertificateFiles& certificates() const { return certificates_; }

    // Moves everything to where clients look. Throws OutsideError.
    void publish();

    // Where clients look.
    [[nodiscard]] std::filesystem::path authority() const { return directory_ / "ca.pem"; }
    [[nodiscard]] std::filesystem::path credentials() const { return directory_ / "credentials.toml"; }

private:
    std::filesystem::path directory_;
    std::filesystem::path staging_;
    simulator::CertificateFiles certificates_;
};

}  // namespace keel::app
