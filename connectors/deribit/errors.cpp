#include "connectors/deribit/errors.hpp"

#include <algorithm>
#include <array>

namespace keel::connectors::deribit {
namespace {

struct Row {
    std::int64_t code;
    ErrorAction action;
    std::string_view name;  // the venue's; its messages add limits and reasons to it
};

using enum ErrorAction;

// Sorted by code; a test compares it with the classes of the protocol text.
constexpr auto kRows = std::to_array<Row>({
    {-32700, protocol_bug, "Parse error"},
    {-32602, protocol_bug, "Invalid params"},
    {-32601, protocol_bug, "Method not found"},
    {-32600, protocol_bug, "Invalid request"},
    {-32000, protocol_bug, "Missing params"},
    {10000, reauthenticate, "authorization_required"},
    {10001, unknown, "error"},
    {10002, reject, "qty_too_low"},
    {10003, reject, "order_overlap"},
    {10004, gone, "order_not_found"},
    {10005, reject, "price_too_low"},
    {10006, reject, "price_too_low4idx"},
    {10007, reject, "price_too_high"},
    {10009, reject_funds, "not_enough_funds"},
    {10010, gone, "already_closed"},
    {10011, reject, "price_not_allowed"},
    {10012, instrument_closed, "book_closed"},
    {10013, reject_funds, "pme_max_total_open_orders"},
    {10014, reject_funds, "pme_max_future_open_orders"},
    {10015, reject_funds, "pme_max_option_open_orders"},
    {10016, reject_funds, "pme_max_future_open_orders_size"},
    {10017, reject_funds, "pme_max_option_open_orders_size"},
    {10018, reject_funds, "non_pme_max_future_position_size"},
    {10019, account_blocked, "locked_by_admin"},
    {10020, instrument_closed, "invalid_or_unsupported_instrument"},
    {10021, reject, "invalid_amount"},
    {10022, reject, "invalid_quantity"},
    {10023, reject, "invalid_price"},
    {10024, reject, "invalid_max_show"},
    {10025, gone, "invalid_order_id"},
    {10026, reject, "price_precision_exceeded"},
    {10027, reject, "non_integer_contract_amount"},
    {10028, throttle, "too_many_requests"},
    {10029, gone, "not_owner_of_order"},
    {10030, protocol_bug, "must_be_websocket_request"},
    {10031, protocol_bug, "invalid_args_for_instrument"},
    {10032, reject, "whole_cost_too_low"},
    {10033, protocol_bug, "not_implemented"},
    {10034, reject, "trigger_price_too_high"},
    {10035, reject, "trigger_price_too_low"},
    {10036, reject, "invalid_max_show_amount"},
    {10037, reject_funds, "non_pme_total_short_options_positions_size"},
    {10038, reject_funds, "pme_max_risk_reducing_orders"},
    {10039, reject_funds, "not_enough_funds_in_currency"},
    {10040, retry_later, "retry"},
    {10041, retry_later, "settlement_in_progress"},
    {10043, reject, "price_wrong_tick"},
    {10044, reject, "trigger_price_wrong_tick"},
    {10045, account_blocked, "can_not_cancel_liquidation_order"},
    {10046, account_blocked, "can_not_edit_liquidation_order"},
    {10047, retry_later, "matching_engine_queue_full"},
    {10048, retry_later, "not_on_this_server"},
    {10049, protocol_bug, "cancel_on_disconnect_failed"},
    {10050, retry_later, "lock_time_exceeded"},
    {10066, retry_later, "too_many_concurrent_requests"},
    {10072, account_blocked, "disabled_while_position_lock"},
    {11008, gone, "already_filled"},
    {11013, reject_funds, "max_spot_open_orders"},
    {11021, reject, "post_only_price_modification_not_possible"},
    {11022, reject_funds, "max_spot_order_quantity"},
    {11029, protocol_bug, "invalid_arguments"},
    {11030, reject, "other_reject"},
    {11031, protocol_bug, "other_error"},
    {11035, reject_funds, "no_more_triggers"},
    {11036, reject, "invalid_trigger_price"},
    {11037, reject, "outdated_instrument_for_IV_order"},
    {11038, reject, "no_adv_for_futures"},
    {11039, reject, "no_adv_postonly"},
    {11041, reject, "not_adv_order"},
    {11042, stop_credentials, "permission_denied"},
    {11043, protocol_bug, "bad_argument"},
    {11044, gone, "not_open_order"},
    {11046, reject, "outdated_instrument"},
    {11047, protocol_bug, "unsupported_arg_combination"},
    {11049, protocol_bug, "bad_arguments"},
    {11050, protocol_bug, "bad_request"},
    {11051, retry_later, "system_maintenance"},
    {11052, subscription, "subscribe_error_unsubscribed"},
    {11054, reject, "post_only_reject"},
    {11055, reject, "post_only_not_allowed"},
    {11056, subscription, "unauthenticated_public_requests_temporarily_disabled"},
    {11094, retry_later, "internal_server_error"},
    {11098, account_blocked, "account_locked"},
    {13004, stop_credentials, "invalid_credentials"},
    {13009, reauthenticate, "unauthorized"},
    {13019, instrument_closed, "orderbook_closed"},
    {13020, instrument_closed, "not_found"},
    {13021, stop_credentials, "forbidden"},
    {13025, account_blocked, "method_switched_off_by_admin"},
    {13028, retry_later, "temporarily_unavailable"},
    {13030, reject, "mmp_trigger"},
    {13032, label_ambiguous, "non_unique_order_label"},
    {13040, reject, "mmp_required"},
    {13042, reject, "cod_not_enabled"},
    {13043, reject, "quotes_frozen"},
    {13403, stop_credentials, "scope_exceeded"},
    {13503, retry_later, "unavailable"},
    {13666, superseded, "request_cancelled_by_user"},
    {13668, stop_credentials, "security_key_authorization_error"},
    {13777, superseded, "replaced"},
    {13778, subscription, "raw_subscriptions_not_available_for_unauthorized"},
    {13780, throttle, "move_positions_over_limit"},
    {13888, not_processed, "timed_out"},
    {13902, reject, "mass_quotes_disabled"},
    {13903, throttle, "too_many_quotes"},
    {13910, reject, "quote_crossed"},
});
static_assert(std::ranges::is_sorted(kRows, {}, &Row::code));

const Row* row_of(std::int64_t code) {
    const auto row = std::ranges::lower_bound(kRows, code, {}, &Row::code);
    return row != kRows.end() && row->code == code ? &*row : nullptr;
}

}  // namespace

ErrorAction action_of(std::int64_t code) {
    const Row* row = row_of(code);
    return row != nullptr ? row->action : unknown;
}

std::string_view error_name(std::int64_t code) {
    const Row* row = row_of(code);
    return row != nullptr ? row->name : std::string_view{};
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
