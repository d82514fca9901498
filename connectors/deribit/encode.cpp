#include "connectors/deribit/encode.hpp"

#include <array>
#include <charconv>

#include "connectors/deribit/order_labels.hpp"

namespace keel::connectors::deribit {
namespace {

void append_integer(std::string& out, std::uint64_t value) {
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

void begin(std::string& out, std::uint64_t id, std::string_view method) {
    out.assign(R"({"jsonrpc":"2.0","id":)");
    append_integer(out, id);
    out.append(R"(,"method":")").append(method).append(R"(","params":{)");
}
void end(std::string& out) { out.append("}}"); }

// Key ids, tokens and labels hold no characters that JSON escapes; anything else is left out rather
// than breaking the message.
void append_text(std::string& out, std::string_view text) {
    out.push_back('"');
    for (const char c : text) {
        if (c != '"' && c != '\\' && static_cast<unsigned char>(c) >= 0x20) out.push_back(c);
    }
    out.push_back('"');
}

void append_flag(std::string& out, std::string_view name, bool value) {
    out.append(",\"").append(name).append(value ? "\":true" : "\":false");
}

std::string_view time_in_force_name(TimeInForce time_in_force) {
    switch (time_in_force) {
        case TimeInForce::immediate_or_cancel: return "immediate_or_cancel";
        case TimeInForce::fill_or_kill: return "fill_or_kill";
        case TimeInForce::good_til_cancelled: break;
    }
    return "good_til_cancelled";
}

void append_price_and_amount(std::string& out, const OrderCommand& command, const Instrument& instrument) {
    out.append(R"(,"amount":)");
    append_decimal(out, instrument.decimal_of(command.quantity));
    out.append(R"(,"price":)");
    append_decimal(out, instrument.decimal_of(command.price));
}

void append_flags(std::string& out, const OrderCommand& command) {
    append_flag(out, "post_only", command.post_only != 0);
    // A post-only order that would cross is refused, not repriced: its price was chosen for a reason.
    if (command.post_only != 0) append_flag(out, "reject_post_only", true);
    append_flag(out, "reduce_only", command.reduce_only != 0);
    if (command.valid_until > UnixNanos{}) {
        out.append(R"(,"valid_until":)");
        append_integer(out, static_cast<std::uint64_t>(command.valid_until.ms()));
    }
}

}  // namespace

void append_decimal(std::string& out, const Decimal& value) {
    std::array<char, 24> digits{};
    std::int64_t mantissa = value.mantissa;
    int exponent = value.exponent;
    while (exponent < 0 && mantissa % 10 == 0) {
        mantissa /= 10;
        ++exponent;
    }
    if (mantissa < 0) out.push_back('-');
    const auto magnitude =
        mantissa < 0 ? ~static_cast<std::uint64_t>(mantissa) + 1 : static_cast<std::uint64_t>(mantissa);
    const auto last = std::to_chars(digits.data(), digits.data() + digits.size(), magnitude).ptr;
    const auto size = static_cast<std::size_t>(last - digits.data());
    if (exponent >= 0) {
        out.append(digits.data(), size).append(magnitude == 0 ? 0 : static_cast<std::size_t>(exponent), '0');
        return;
    }
    const auto places = static_cast<std::size_t>(-exponent);
    if (size > places) {
        out.append(digits.data(), size - places).append(".").append(digits.data() + size - places, places);
    } else {
        out.append("0.").append(places - size, '0').append(digits.data(), size);
    }
}

void encode_request(std::string& out, std::uint64_t id, std::string_view method, std::string_view params) {
    begin(out, id, method);
    out.append(params);
    end(out);
}

void encode_subscribe(std::string& out, std::uint64_t id, std::string_view method,
                      std::span<const std::string> channels) {
    begin(out, id, method);
    out.append(R"("channels":[)");
    for (std::size_t i = 0; i < channels.size(); ++i) {
        if (i > 0) out.push_back(',');
        append_text(out, channels[i]);
    }
    out.push_back(']');
    end(out);
}

void encode_login(std::string& out, std::uint64_t id, const Login& login) {
    begin(out, id, "public/auth");
    out.append(R"("grant_type":"client_signature","client_id":)");
    append_text(out, login.key_id);
    out.append(R"(,"timestamp":)");
    append_integer(out, static_cast<std::uint64_t>(login.timestamp_ms));
    out.append(R"(,"nonce":)");
    append_text(out, login.nonce);
    out.append(R"(,"data":"","signature":)");
    append_text(out, login.signature);
    end(out);
}

void encode_refresh(std::string& out, std::uint64_t id, std::string_view refresh_token) {
    begin(out, id, "public/auth");
    out.append(R"("grant_type":"refresh_token","refresh_token":)");
    append_text(out, refresh_token);
    end(out);
}

void encode_submit(std::string& out, std::uint64_t id, const OrderCommand& command, const Instrument& instrument) {
    begin(out, id, command.side == Side::bid ? "private/buy" : "private/sell");
    out.append(R"("instrument_name":)");
    append_text(out, instrument.name_view());
    append_price_and_amount(out, command, instrument);
    const auto label = label_of(command.client_order_id);
    out.append(R"(,"type":"limit","label":)");
    append_text(out, {label.data(), label.size()});
    out.append(R"(,"time_in_force":")").append(time_in_force_name(command.time_in_force)).append("\"");
    append_flags(out, command);
    end(out);
}

void encode_replace(std::string& out, std::uint64_t id, const OrderCommand& command, const Instrument& instrument,
                    std::string_view venue_order_id) {
    begin(out, id, "private/edit");
    out.append(R"("order_id":)");
    append_text(out, venue_order_id);
    append_price_and_amount(out, command, instrument);
    append_flags(out, command);
    end(out);
}

void encode_cancel(std::string& out, std::uint64_t id, std::string_view venue_order_id) {
    begin(out, id, "private/cancel");
    out.append(R"("order_id":)");
    append_text(out, venue_order_id);
    end(out);
}

void encode_cancel_by_label(std::string& out, std::uint64_t id, ClientOrderId client_order_id,
                            std::string_view currency) {
    const auto label = label_of(client_order_id);
    begin(out, id, "private/cancel_by_label");
    out.append(R"("label":)");
    append_text(out, {label.data(), label.size()});
    if (!currency.empty()) {
        out.append(R"(,"currency":)");
        append_text(out, currency);
    }
    end(out);
}

void encode_cancel_all(std::string& out, std::uint64_t id, std::string_view instrument) {
    begin(out, id, instrument.empty() ? "private/cancel_all" : "private/cancel_all_by_instrument");
    if (!instrument.empty()) {
        out.append(R"("instrument_name":)");
        append_text(out, instrument);
    }
    end(out);
}

}  // namespace keel::connectors::deribit
