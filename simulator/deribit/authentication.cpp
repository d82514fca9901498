#include "simulator/deribit/authentication.hpp"

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include <array>
#include <charconv>
#include <cstdlib>

#include "engine/core/assert.hpp"
#include "engine/core/clock.hpp"

namespace keel::simulator::deribit {
namespace {

constexpr std::int64_t kSignatureWindowMs = 60'000;

std::string hex(const unsigned char* bytes, std::size_t size) {
    std::string text;
    for (std::size_t i = 0; i < size; ++i) text += fmt::format("{:02x}", bytes[i]);
    return text;
}

std::string random_token() {
    std::array<unsigned char, 24> bytes{};
    KEEL_ASSERT(RAND_bytes(bytes.data(), static_cast<int>(bytes.size())) == 1);
    return hex(bytes.data(), bytes.size());
}

bool equal_secrets(std::string_view a, std::string_view b) {
    return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string base64_decoded(std::string_view text) {
    std::string out(text.size(), '\0');
    const int size =
        EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                        reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
    if (size < 0) return {};
    out.resize(static_cast<std::size_t>(size));
    while (!text.empty() && text.back() == '=' && !out.empty()) {
        out.pop_back();
        text.remove_suffix(1);
    }
    return out;
}

// The value of `name` in "id=x,ts=1,nonce=y,sig=z".
std::string_view list_value(std::string_view list, std::string_view name) {
    while (!list.empty()) {
        const std::size_t end = list.find(',');
        const std::string_view pair = list.substr(0, end);
        list = end == std::string_view::npos ? "" : list.substr(end + 1);
        if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
    }
    return {};
}

RpcError invalid_credentials() { return {13004, "invalid_credentials", {}}; }

}  // namespace

std::string hmac_sha256_hex(std::string_view secret, std::string_view text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    const auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
    KEEL_ASSERT(HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes, text.size(), digest.data(),
                     &size) != nullptr);
    return hex(digest.data(), size);
}

std::string websocket_string_to_sign(std::string_view timestamp, std::string_view nonce, std::string_view data) {
    return fmt::format("{}\n{}\n{}", timestamp, nonce, data);
}

std::string http_string_to_sign(std::string_view timestamp, std::string_view nonce, std::string_view method,
                                std::string_view target, std::string_view body) {
    return fmt::format("{}\n{}\n{}\n{}\n{}\n", timestamp, nonce, method, target, body);
}

bool Authentication::timely(std::string_view timestamp) const {
    std::int64_t ms = 0;
    if (std::from_chars(timestamp.data(), timestamp.data() + timestamp.size(), ms).ec != std::errc{}) return false;
    return std::llabs(ms - wall_now().ms()) <= kSignatureWindowMs ||
           std::llabs(ms - exchange_.now().ms()) <= kSignatureWindowMs;
}

std::expected<AccountId, RpcError> Authentication::check_secret(std::string_view id, std::string_view secret) const {
    const auto account = exchange_.find_account(id);
    if (revoked_ || !account || !equal_secrets(exchange_.client_secret(*account), secret)) {
        return std::unexpected{invalid_credentials()};
    }
    return *account;
}

std::expected<AccountId, RpcError> Authentication::check_signature(std::string_view id, std::string_view timestamp,
                                                                   std::string_view string_to_sign,
                                                                   std::string_view signature) const {
    const auto account = exchange_.find_account(id);
    if (revoked_ || !account || !timely(timestamp)) return std::unexpected{invalid_credentials()};
    if (!equal_secrets(hmac_sha256_hex(exchange_.client_secret(*account), string_to_sign), signature)) {
        return std::unexpected{invalid_credentials()};
    }
    return *account;
}

Grant Authentication::issue(AccountId account, std::string scope) {
    Grant grant{account, random_token(), random_token(), std::move(scope), token_lifetime_s_};
    const auto lifetime = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>{token_lifetime_s_});
    const Token token{account, grant.scope, Clock::now() + lifetime};
    access_[grant.access_token] = token;
    refresh_[grant.refresh_token] = token;
    return grant;
}

std::expected<Grant, RpcError> Authentication::grant(const Params& params) {
    const std::string_view type = params.text("grant_type").value_or("");
    const std::string_view id = params.text("client_id").value_or("");
    std::string scope{params.text("scope").value_or("connection")};
    scope += " mainaccount trade:read_write wallet:read_write account:read_write";
    if (type == "client_credentials") {
        const auto account = check_secret(id, params.text("client_secret").value_or(""));
        if (!account) return std::unexpected{account.error()};
        return issue(*account, std::move(scope));
    }
    if (type == "client_signature") {
        const std::string_view timestamp = params.text("timestamp").value_or("");
        const auto account = check_signature(
            id, timestamp,
            websocket_string_to_sign(timestamp, params.text("nonce").value_or(""), params.text("data").value_or("")),
            params.text("signature").value_or(""));
        if (!account) return std::unexpected{account.error()};
        return issue(*account, std::move(scope));
    }
    if (type == "refresh_token") {
        const auto used = refresh_.extract(std::string{params.text("refresh_token").value_or("")});
        if (used.empty()) return std::unexpected{unauthorized("invalid_token")};
        return issue(used.mapped().account, used.mapped().scope);
    }
    return std::unexpected{invalid_params("unknown grant type", "grant_type")};
}

std::optional<AccountId> Authentication::account_of(std::string_view access_token) const {
    const auto found = access_.find(std::string{access_token});
    if (found == access_.end() || found->second.expires < Clock::now()) return std::nullopt;
    return found->second.account;
}

std::expected<AccountId, RpcError> Authentication::authorize(std::string_view authorization, std::string_view method,
                                                             std::string_view target, std::string_view body) const {
    const std::size_t space = authorization.find(' ');
    const std::string_view scheme = authorization.substr(0, space);
    const std::string_view rest = space == std::string_view::npos ? "" : authorization.substr(space + 1);
    if (scheme == "Bearer" || scheme == "bearer") {
        const auto account = account_of(rest);
        if (!account) return std::unexpected{unauthorized("invalid_token")};
        return *account;
    }
    if (scheme == "Basic") {
        const std::string pair = base64_decoded(rest);
        const std::size_t colon = pair.find(':');
        if (colon == std::string::npos) return std::unexpected{invalid_credentials()};
        return check_secret(std::string_view{pair}.substr(0, colon), std::string_view{pair}.substr(colon + 1));
    }
    if (scheme == "deri-hmac-sha256") {
        const std::string_view timestamp = list_value(rest, "ts");
        return check_signature(list_value(rest, "id"), timestamp,
                               http_string_to_sign(timestamp, list_value(rest, "nonce"), method, target, body),
                               list_value(rest, "sig"));
    }
    return std::unexpected{unauthorized("invalid_token")};
}

}  // namespace keel::simulator::deribit
