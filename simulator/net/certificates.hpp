#pragma once

#include <cstdint>
#include <filesystem>

#include "engine/core/result.hpp"

namespace keel::simulator {

// What is wrong with a server certificate, so that a client's refusals can be tested.
enum class CertificateFlaw : std::uint8_t {
    none,
    wrong_host,       // names a host that nobody connects to
    expired,          // its last day was yesterday
    other_authority,  // signed by an authority of the same name but another key
};

// PEM files of one loopback server. The keys have mode 0600.
struct CertificateFiles {
    std::filesystem::path authority;    // what a client must trust
    std::filesystem::path certificate;  // what the server shows
    std::filesystem::path key;          // the server's private key
};

// Makes an authority (EC P-256, kept in memory only) and a server certificate for localhost and
// 127.0.0.1 signed by it, and writes the three files into `directory`, which is created where it is
// missing. Nothing outlives the run: there is no key to leak. Errors: file_unreadable where a file
// cannot be written.
Result<CertificateFiles> write_certificates(const std::filesystem::path& directory,
                                            CertificateFlaw flaw = CertificateFlaw::none);

}  // namespace keel::simulator
