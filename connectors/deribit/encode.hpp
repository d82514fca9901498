#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "connectors/deribit/requests.hpp"
#include "engine/core/instrument.hpp"
#include "engine/events/command.hpp"

namespace keel::connectors::deribit {

// Requests as JSON-RPC text. Each function replaces `out`, whose memory is reused, so that a session
// that has sent its longest message once allocates no more. Prices and amounts are written exactly.

// {"jsonrpc":"2.0","id":…,"method":"…","params":{…}}; `params` is the inside of the braces.
void encode_request(std::string& out, std::uint64_t id, std::string_view method, std::string_view params = {});

void encode_subscribe(std::string& out, std::uint64_t id, std::string_view method,
                      std::span<const std::string> channels);

struct Login {
    std::string_view key_id;
    std::int64_t timestamp_ms{0};
    std::string_view nonce;
    std::string_view signature;
};
void encode_login(std::string& out, std::uint64_t id, const Login& login);
void encode_refresh(std::string& out, std::uint64_t id, std::string_view refresh_token);

// private/buy or private/sell: a limit order with explicit post_only, reduce_only and time in force,
// our id as its label and valid_until where the command sets one.
void encode_submit(std::string& out, std::uint64_t id, const OrderCommand& command, const Instrument& instrument);
// private/edit; quantity is the new total. Every flag is sent again, since the venue forgets them.
void encode_replace(std::string& out, std::uint64_t id, const OrderCommand& command, const Instrument& instrument,
                    std::string_view venue_order_id);
void encode_cancel(std::string& out, std::uint64_t id, std::string_view venue_order_id);
// By label, for an order whose venue id is not known yet.
void encode_cancel_by_label(std::string& out, std::uint64_t id, ClientOrderId client_order_id,
                            std::string_view currency);
// Everything, or the orders of one instrument.
void encode_cancel_all(std::string& out, std::uint64_t id, std::string_view instrument = {});

// Appends mantissa * 10^exponent as plain text.
void append_decimal(std::string& out, const Decimal& value);

}  // namespace keel::connectors::deribit
