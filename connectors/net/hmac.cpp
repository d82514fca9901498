#include "connectors/net/hmac.hpp"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include <bit>
#include <vector>

#include "engine/core/assert.hpp"

namespace keel::connectors::net {
namespace {

constexpr std::string_view kHexDigits = "0123456789abcdef";

}  // namespace

struct HmacSha256::Context {
    EVP_MAC* algorithm{nullptr};
    EVP_MAC_CTX* keyed{nullptr};

    Context() = default;
    Context(const Context&) = delete;
    Context& operator=(const Context&) = delete;
    ~Context() {
        EVP_MAC_CTX_free(keyed);
        EVP_MAC_free(algorithm);
    }
};

HmacSha256::HmacSha256(const Secret& key) : context_{std::make_unique<Context>()} {
    context_->algorithm = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
    KEEL_ASSERT(context_->algorithm != nullptr);
    context_->keyed = EVP_MAC_CTX_new(context_->algorithm);
    KEEL_ASSERT(context_->keyed != nullptr);
    std::array<char, 7> digest_name{"SHA256"};
    const std::array<OSSL_PARAM, 2> parameters{
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest_name.data(), 0), OSSL_PARAM_construct_end()};
    const std::string_view bytes = key.reveal();
    // An empty key is legal; the library wants a pointer all the same.
    const auto* data = reinterpret_cast<const unsigned char*>(bytes.empty() ? "" : bytes.data());
    KEEL_ASSERT(EVP_MAC_init(context_->keyed, data, bytes.size(), parameters.data()) == 1);
}

HmacSha256::~HmacSha256() = default;
HmacSha256::HmacSha256(HmacSha256&&) noexcept = default;
HmacSha256& HmacSha256::operator=(HmacSha256&&) noexcept = default;

Digest HmacSha256::digest(std::string_view message) {
    Digest out{};
    std::size_t size = 0;
    // A null key starts a new message under the key that is already there.
    KEEL_ASSERT(EVP_MAC_init(context_->keyed, nullptr, 0, nullptr) == 1);
    KEEL_ASSERT(
        EVP_MAC_update(context_->keyed, reinterpret_cast<const unsigned char*>(message.data()), message.size()) == 1);
    KEEL_ASSERT(EVP_MAC_final(context_->keyed, out.data(), &size, out.size()) == 1);
    KEEL_ASSERT(size == out.size());
    return out;
}

HexDigest HmacSha256::hex(std::string_view message) { return hex_of(digest(message)); }

HexDigest hex_of(const Digest& digest) {
    HexDigest out{};
    for (std::size_t i = 0; i < digest.size(); ++i) {
        out[2 * i] = kHexDigits[digest[i] >> 4U];
        out[2 * i + 1] = kHexDigits[digest[i] & 0x0fU];
    }
    return out;
}

std::string base64_of(std::string_view bytes) {
    std::vector<unsigned char> out(4 * ((bytes.size() + 2) / 3) + 1);
    const int size = EVP_EncodeBlock(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()),
                                     static_cast<int>(bytes.size()));
    return {reinterpret_cast<const char*>(out.data()), static_cast<std::size_t>(size)};
}

std::string random_hex(std::size_t bytes) {
    std::vector<unsigned char> raw(bytes);
    KEEL_ASSERT(RAND_bytes(raw.data(), static_cast<int>(raw.size())) == 1);
    std::string out;
    out.reserve(2 * bytes);
    for (const unsigned char byte : raw) {
        out.push_back(kHexDigits[byte >> 4U]);
        out.push_back(kHexDigits[byte & 0x0fU]);
    }
    return out;
}

std::uint64_t random_number() {
    std::array<unsigned char, sizeof(std::uint64_t)> raw{};
    KEEL_ASSERT(RAND_bytes(raw.data(), static_cast<int>(raw.size())) == 1);
    return std::bit_cast<std::uint64_t>(raw);
}

}  // namespace keel::connectors::net
