#pragma once

#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "simulator/deribit/request.hpp"
#include "simulator/exchange/exchange.hpp"

namespace keel::simulator::deribit {

// Lower-case hex of HMAC-SHA256.
[[nodiscard]] std::string hmac_sha256_hex(std::string_view secret, std::string_view text);

// The venue's two strings to sign; empty data or body keep their line feeds.
[[nodiscard]] std::string websocket_string_to_sign(std::string_view timestamp, std::string_view nonce,
                                                   std::string_view data);
[[nodiscard]] std::string http_string_to_sign(std::string_view timestamp, std::string_view nonce,
                                              std::string_view method, std::string_view target, std::string_view body);

// What a login gives.
struct Grant {
    AccountId account{AccountId::none};
    std::string access_token;
    std::string refresh_token;
    std::string scope;
    double expires_in_s{0.0};
};

// Checks credentials, signatures and tokens. A signature's timestamp must lie within 60 s of the wall
// clock or of simulated time; nonces may repeat. A refresh token works once.
// Thread: the server's. Allocates: per login.
class Authentication {
public:
    using Clock = std::chrono::steady_clock;

    Authentication(const Exchange& exchange, double token_lifetime_s)
        : exchange_{exchange}, token_lifetime_s_{token_lifetime_s} {}

    // public/auth. Errors: 13004, 13009, -32602.
    [[nodiscard]] std::expected<Grant, RpcError> grant(const Params& params);
    // The account of a live access token.
    [[nodiscard]] std::optional<AccountId> account_of(std::string_view access_token) const;
    // An HTTP Authorization header: Bearer, Basic or deri-hmac-sha256. Errors: 13004, 13009.
    [[nodiscard]] std::expected<AccountId, RpcError> authorize(std::string_view authorization, std::string_view method,
                                                               std::string_view target, std::string_view body) const;
    void forget(std::string_view access_token) { access_.erase(std::string{access_token}); }
    // From now on every access token is stale; refresh tokens still work.
    void expire_all() { access_.clear(); }
    // From now on no key is right and no token is live.
    void revoke_all() {
        revoked_ = true;
        access_.clear();
        refresh_.clear();
    }

private:
    struct Token {
        AccountId account{AccountId::none};
        std::string scope;
        Clock::time_point expires;
    };

    [[nodiscard]] std::expected<AccountId, RpcError> check_secret(std::string_view id, std::string_view secret) const;
    [[nodiscard]] std::expected<AccountId, RpcError> check_signature(std::string_view id, std::string_view timestamp,
                                                                     std::string_view string_to_sign,
                                                                     std::string_view signature) const;
    [[nodiscard]] bool timely(std::string_view timestamp) const;
    [[nodiscard]] Grant issue(AccountId account, std::string scope);

    const Exchange& exchange_;
    double token_lifetime_s_;
    bool revoked_{false};
    std::unordered_map<std::string, Token> access_;
    std::unordered_map<std::string, Token> refresh_;
};

}  // namespace keel::simulator::deribit
