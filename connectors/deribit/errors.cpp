#include "connectors/deribit/errors.hpp"

#include <algorithm>
#include <array>

namespace keel::connectors::deribit {
namespace {

struct Row {
    std::int64_t code;
    ErrorAction action;
};

using enum ErrorAction;

// Sorted by code; a test compares it with the classes of the protocol text.
constexpr auto kRows = std::to_array<Row>({
    {-32700, protocol_bug},
    {-32602, protocol_bug},
    {-32601, protocol_bug},
    {-32600, protocol_bug},
    {-32000, protocol_bug},
    {10000, reauthenticate},
    {10001, unknown},
    {10002, reject},
    {10003, reject},
    {10004, gone},
    {10005, reject},
    {10006, reject},
    {10007, reject},
    {10009, reject_funds},
    {10010, gone},
    {10011, reject},
    {10012, instrument_closed},
    {10013, reject_funds},
    {10014, reject_funds},
    {10015, reject_funds},
    {10016, reject_funds},
    {10017, reject_funds},
    {10018, reject_funds},
    {10019, account_blocked},
    {10020, instrument_closed},
    {10021, reject},
    {10022, reject},
    {10023, reject},
    {10024, reject},
    {10025, gone},
    {10026, reject},
    {10027, reject},
    {10028, throttle},
    {10029, gone},
    {10030, protocol_bug},
    {10031, protocol_bug},
    {10032, reject},
    {10033, protocol_bug},
    {10034, reject},
    {10035, reject},
    {10036, reject},
    {10037, reject_funds},
    {10038, reject_funds},
    {10039, reject_funds},
    {10040, retry_later},
    {10041, retry_later},
    {10043, reject},
    {10044, reject},
    {10045, account_blocked},
    {10046, account_blocked},
    {10047, retry_later},
    {10048, retry_later},
    {10049, protocol_bug},
    {10050, retry_later},
    {10066, retry_later},
    {10072, account_blocked},
    {11008, gone},
    {11013, reject_funds},
    {11021, reject},
    {11022, reject_funds},
    {11029, protocol_bug},
    {11030, reject},
    {11031, protocol_bug},
    {11035, reject_funds},
    {11036, reject},
    {11037, reject},
    {11038, reject},
    {11039, reject},
    {11041, reject},
    {11042, stop_credentials},
    {11043, protocol_bug},
    {11044, gone},
    {11046, reject},
    {11047, protocol_bug},
    {11049, protocol_bug},
    {11050, protocol_bug},
    {11051, retry_later},
    {11052, subscription},
    {11054, reject},
    {11055, reject},
    {11056, subscription},
    {11094, retry_later},
    {11098, account_blocked},
    {13004, stop_credentials},
    {13009, reauthenticate},
    {13019, instrument_closed},
    {13020, instrument_closed},
    {13021, stop_credentials},
    {13025, account_blocked},
    {13028, retry_later},
    {13030, reject},
    {13032, label_ambiguous},
    {13040, reject},
    {13042, reject},
    {13043, reject},
    {13403, stop_credentials},
    {13503, retry_later},
    {13666, superseded},
    {13668, stop_credentials},
    {13777, superseded},
    {13778, subscription},
    {13780, throttle},
    {13888, not_processed},
    {13902, reject},
    {13903, throttle},
    {13910, reject},
});
static_assert(std::ranges::is_sorted(kRows, {}, &Row::code));

}  // namespace

ErrorAction action_of(std::int64_t code) {
    const auto row = std::ranges::lower_bound(kRows, code, {}, &Row::code);
    return row != kRows.end() && row->code == code ? row->action : unknown;
}

std::string_view action_name(ErrorAction action) {
    switch (action) {
        case reauthenticate: return "reauthenticate";
        case stop_credentials: return "stop_credentials";
        case retry_later: return "retry_later";
        case not_processed: return "not_processed";
        case throttle: return "throttle";
        case reject: return "reject";
        case reject_funds: return "reject_funds";
        case gone: return "gone";
        case superseded: return "superseded";
        case label_ambiguous: return "label_ambiguous";
        case instrument_closed: return "instrument_closed";
        case account_blocked: return "account_blocked";
        case protocol_bug: return "protocol_bug";
        case subscription: return "subscription";
        case unknown: break;
    }
    return "unknown";
}

bool is_definite_refusal(ErrorAction action) {
    switch (action) {
        case retry_later:
        case unknown: return false;
        // An order that is already over was accepted once; only a query can tell how it ended.
        case gone: return false;
        default: return true;
    }
}

}  // namespace keel::connectors::deribit
