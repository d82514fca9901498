#include "simulator/net/certificates.hpp"

#include <fcntl.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <string_view>

#include "engine/core/assert.hpp"

namespace keel::simulator {
namespace {

constexpr long kDay = 24L * 60 * 60;
constexpr int kX509Version3 = 2;  // the field counts from zero

struct Free {
    void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
    void operator()(X509* certificate) const { X509_free(certificate); }
    void operator()(X509_EXTENSION* extension) const { X509_EXTENSION_free(extension); }
    void operator()(BIO* bio) const { BIO_free(bio); }
};
using Key = std::unique_ptr<EVP_PKEY, Free>;
using Certificate = std::unique_ptr<X509, Free>;

struct Validity {
    long from_s{-kDay};
    long until_s{30 * kDay};
};

Key make_key() {
    Key key{EVP_EC_gen("P-256")};
    KEEL_ASSERT(key != nullptr);
    return key;
}

void set_random_serial(X509* certificate) {
    std::uint64_t serial = 0;
    KEEL_ASSERT(RAND_bytes(reinterpret_cast<unsigned char*>(&serial), sizeof serial) == 1);
    KEEL_ASSERT(ASN1_INTEGER_set_uint64(X509_get_serialNumber(certificate), serial >> 1U) == 1);
}

void add_extension(X509* certificate, X509* issuer, int nid, const char* value) {
    X509V3_CTX context{};
    X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
    const std::unique_ptr<X509_EXTENSION, Free> extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value)};
    KEEL_ASSERT(extension != nullptr);
    KEEL_ASSERT(X509_add_ext(certificate, extension.get(), -1) == 1);
}

Certificate make_certificate(EVP_PKEY* key, const char* common_name, const Validity& validity) {
    Certificate certificate{X509_new()};
    KEEL_ASSERT(certificate != nullptr);
    X509* raw = certificate.get();
    X509_set_version(raw, kX509Version3);
    set_random_serial(raw);
    X509_gmtime_adj(X509_getm_notBefore(raw), validity.from_s);
    X509_gmtime_adj(X509_getm_notAfter(raw), validity.until_s);
    X509_set_pubkey(raw, key);
    X509_NAME* name = X509_get_subject_name(raw);
    const auto* text = reinterpret_cast<const unsigned char*>(common_name);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0);
    return certificate;
}

Certificate make_authority(EVP_PKEY* key) {
    Certificate authority = make_certificate(key, "Keel simulated venue authority", {});
    X509_set_issuer_name(authority.get(), X509_get_subject_name(authority.get()));
    add_extension(authority.get(), authority.get(), NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
    add_extension(authority.get(), authority.get(), NID_key_usage, "critical,keyCertSign,cRLSign");
    add_extension(authority.get(), authority.get(), NID_subject_key_identifier, "hash");
    KEEL_ASSERT(X509_sign(authority.get(), key, EVP_sha256()) > 0);
    return authority;
}

Certificate make_server(EVP_PKEY* key, X509* authority, EVP_PKEY* authority_key, CertificateFlaw flaw) {
    const Validity validity = flaw == CertificateFlaw::expired ? Validity{-30 * kDay, -kDay} : Validity{};
    Certificate server = make_certificate(key, "Keel simulated venue", validity);
    X509_set_issuer_name(server.get(), X509_get_subject_name(authority));
    add_extension(server.get(), authority, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(server.get(), authority, NID_key_usage, "critical,digitalSignature");
    add_extension(server.get(), authority, NID_ext_key_usage, "serverAuth");
    add_extension(server.get(), authority, NID_authority_key_identifier, "keyid:always");
    add_extension(server.get(), authority, NID_subject_alt_name,
                  flaw == CertificateFlaw::wrong_host ? "DNS:elsewhere.invalid" : "DNS:localhost,IP:127.0.0.1");
    KEEL_ASSERT(X509_sign(server.get(), authority_key, EVP_sha256()) > 0);
    return server;
}

std::string_view contents(BIO* bio) {
    char* bytes = nullptr;
    const long size = BIO_get_mem_data(bio, &bytes);
    return {bytes, static_cast<std::size_t>(size)};
}

// The mode is given to open(), so that the key is never readable by others, not even for a moment.
Result<void> write_file(const std::filesystem::path& path, std::string_view bytes, mode_t mode) {
    ::unlink(path.c_str());
    const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) return fail(Errc::file_unreadable, static_cast<std::uint64_t>(errno));
    const ssize_t written = ::write(fd, bytes.data(), bytes.size());
    const int error = errno;
    ::close(fd);
    if (written != static_cast<ssize_t>(bytes.size())) {
        return fail(Errc::file_unreadable, static_cast<std::uint64_t>(error));
    }
    return {};
}

Result<void> write_certificate(const std::filesystem::path& path, X509* certificate) {
    const std::unique_ptr<BIO, Free> bio{BIO_new(BIO_s_mem())};
    KEEL_ASSERT(PEM_write_bio_X509(bio.get(), certificate) == 1);
    return write_file(path, contents(bio.get()), 0644);
}

Result<void> write_key(const std::filesystem::path& path, EVP_PKEY* key) {
    const std::unique_ptr<BIO, Free> bio{BIO_new(BIO_s_mem())};
    KEEL_ASSERT(PEM_write_bio_PrivateKey(bio.get(), key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
    return write_file(path, contents(bio.get()), 0600);
}

}  // namespace

Result<CertificateFiles> write_certificates(const std::filesystem::path& directory, CertificateFlaw flaw) {
    std::error_code error;
    std::filesystem::create_directories(directory, error);
    if (error) return fail(Errc::file_unreadable, static_cast<std::uint64_t>(error.value()));

    const Key trusted_key = make_key();
    const Certificate trusted = make_authority(trusted_key.get());
    const Key other_key = make_key();
    const Certificate other = make_authority(other_key.get());
    const bool foreign = flaw == CertificateFlaw::other_authority;
    const Key server_key = make_key();
    const Certificate server = make_server(server_key.get(), (foreign ? other : trusted).get(),
                                           (foreign ? other_key : trusted_key).get(), flaw);

    const CertificateFiles files{directory / "ca.pem", directory / "server.pem", directory / "server.key"};
    if (const auto done = write_certificate(files.authority, trusted.get()); !done) return fail(done.error());
    if (const auto done = write_certificate(files.certificate, server.get()); !done) return fail(done.error());
    if (const auto done = write_key(files.key, server_key.get()); !done) return fail(done.error());
    return files;
}

}  // namespace keel::simulator
